import Net
import Policy
import PolicyText

/// Reads a config.xml of pfSense or OPNsense into pf's rules, as the product makes them.
struct PfSenseReader {
    let tree: XMLTree
    let isOPNsense: Bool
    private(set) var notes: [LineNote]
    private(set) var policy: PFPolicy
    var aliases: [String: PfSenseAlias] = [:]
    /// Addresses and networks of each interface by its key: `wan`.
    private(set) var interfaces: [String: PfSenseInterface] = [:]
    private(set) var groups: [String: [String]] = [:]
    private let text: ConfigText
    /// Of the rule that is being read; nil: both.
    var family: IPAddress.Family?

    init(_ text: ConfigText) {
        self.text = text
        tree = XMLTree(text.whole)
        isOPNsense = tree.root?.name == "opnsense"
        policy = PFPolicy(text: text)
        policy.namesInterfaces = true
        policy.ending = "no rule matches"
        notes = text.lines.enumerated().map {
            LineNote(
                line: $0.offset + 1, state: .irrelevant, text: Self.withoutSecrets($0.element),
                why: "no influence on who reaches which port")
        }
        readInterfaces()
        readAliases()
        if let off = tree.node("system", "disablefilter"), isOn(off) {
            mark(off, .used)
            policy.rules = [PFRule(kind: .pass, first: off.line, last: off.lastLine, quick: true)]
        } else {
            readTranslations()
            readFilter()
        }
        if !["pfsense", "opnsense"].contains(tree.root?.name ?? "") {
            let why = "it holds no configuration of pfSense or OPNsense"
            policy.rules = [PFRule(kind: .puzzle(why), first: 1, last: 1, quick: true)]
        }
        if let fault = tree.fault {
            if notes.indices.contains(fault.line - 1) {
                notes[fault.line - 1].state = .invalid
                notes[fault.line - 1].why = fault.why
            }
            policy.rules.insert(
                PFRule(kind: .puzzle(fault.why), first: fault.line, last: fault.line, quick: true),
                at: 0)
        }
    }

    mutating func mark(_ node: XMLTree.Node, _ state: LineNote.State, _ why: String = "") {
        for line in node.line...max(node.line, node.lastLine)
        where notes.indices.contains(line - 1) {
            notes[line - 1].state = state
            notes[line - 1].why = why
        }
    }

    private static func withoutSecrets(_ line: String) -> String {
        let lower = line.lowercased()
        let marks = [
            "password", "bcrypt-hash", "md5-hash", "secret", "psk", "<key", "prv>", "<prv",
        ]
        guard marks.contains(where: { lower.contains($0) }), let start = line.firstIndex(of: ">"),
            let end = line.lastIndex(of: "<"), start < end
        else { return line }
        return line[...start] + "xxxxx" + line[end...]
    }

    /// pfSense asks whether the element is there; OPNsense what stands in it.
    func isOn(_ node: XMLTree.Node?) -> Bool {
        guard let node else { return false }
        return isOPNsense ? !node.text.isEmpty && node.text != "0" : node.text != "0"
    }

    func isOn(_ name: String, _ node: XMLTree.Node) -> Bool {
        isOn(tree.children(node, name).first)
    }

    private mutating func assume(_ sentence: String) {
        if !policy.assumptions.contains(sentence) { policy.assumptions.append(sentence) }
    }

    // MARK: interfaces

    private mutating func readInterfaces() {
        for node in (tree.node("interfaces").map { tree.children($0) } ?? []) {
            mark(node, .used)
            var interface = PfSenseInterface(key: node.name, node: node)
            interface.device = tree.text("if", of: node) ?? ""
            interface.title = tree.text("descr", of: node) ?? ""
            for (key, size) in [("ipaddr", "subnet"), ("ipaddrv6", "subnetv6")] {
                guard let word = tree.text(key, of: node), !word.isEmpty else { continue }
                if let address = IPAddress(word), let length = Int(tree.text(size, of: node) ?? ""),
                    let network = Prefix(address, length: length)
                {
                    interface.addresses.append(address)
                    interface.networks.append(network)
                } else {
                    interface.dynamic.insert(key == "ipaddr" ? .v4 : .v6)
                }
            }
            interfaces[node.name] = interface
            var made = DeviceInterface(
                name: node.name, addresses: interface.addresses, networks: interface.networks)
            made.aliases = [interface.device, interface.title].filter { !$0.isEmpty }
            policy.interfaces.append(made)
        }
        for group in (tree.node("ifgroups").map { tree.children($0, "ifgroupentry") } ?? []) {
            mark(group, .used)
            let members = tree.text("members", of: group) ?? ""
            groups[tree.text("ifname", of: group) ?? ""] = members.split {
                $0 == " " || $0 == "," || $0.isNewline
            }.map(String.init)
        }
    }

    // MARK: filter

    private mutating func readFilter() {
        let anchor = tree.node("filter") ?? tree.root
        guard let line = anchor?.line else { return }
        // What the product puts before and behind the user's rules.
        var rules = [
            PFRule(kind: .block(answers: false), first: line, last: line, direction: .entering),
            PFRule(kind: .pass, first: line, last: line, direction: .leaving),
        ]
        let allows6 = tree.node("system", "ipv6allow")
        if let allows6, isOn(allows6) {
            mark(allows6, .used)
        } else {
            var block = PFRule(kind: .block(answers: false), first: line, last: line, quick: true)
            block.family = .v6
            rules.append(block)
        }
        rules += unwanted()
        let old = (tree.node("filter").map { tree.children($0, "rule") } ?? [])
            .compactMap { oldRule($0) }
        let new =
            (tree.node("OPNsense", "Firewall", "Filter", "rules")
            .map { tree.children($0, "rule") } ?? []).enumerated().sorted {
                (sequence($0.element), $0.offset) < (sequence($1.element), $1.offset)
            }.compactMap { newRule($0.element) }
        if !old.isEmpty, !new.isEmpty {
            assume("rules of the old kind are taken to come before those of the new one")
        }
        for rank in 0...2 { rules += (old + new).filter { $0.rank == rank }.map(\.rule) }
        policy.rules += rules
    }

    private func sequence(_ node: XMLTree.Node) -> Int {
        Int(tree.text("sequence", of: node) ?? "") ?? 0
    }

    /// `blockpriv` and `blockbogons` of interfaces.
    private mutating func unwanted() -> [PFRule] {
        var rules: [PFRule] = []
        let networks = ["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
        for interface in interfaces.values.sorted(by: { $0.key < $1.key }) {
            if let node = tree.children(interface.node, "blockpriv").first, isOn(node) {
                var rule = PFRule(
                    kind: .block(answers: false), first: node.line, last: node.lastLine,
                    direction: .entering, quick: true)
                rule.interfaces = [interface.key]
                rule.sources = PFHosts()
                rule.sources.set = AddressSet(
                    networks.compactMap { Prefix($0).map { $0.address...$0.last } })
                rules.append(rule)
            }
            if let node = tree.children(interface.node, "blockbogons").first, isOn(node) {
                assume("clients are taken not to be bogons (blockbogons)")
            }
        }
        return rules
    }

    private typealias Ranked = (rule: PFRule, rank: Int)

    private mutating func oldRule(_ node: XMLTree.Node) -> Ranked? {
        guard !node.children.isEmpty else { return nil }
        if isOn("disabled", node) {
            mark(node, .irrelevant, "the rule is disabled")
            return nil
        }
        let floats = isOn("floating", node)
        var rule = PFRule(
            kind: kind(tree.text("type", of: node)), first: node.line, last: node.lastLine)
        rule.direction = .entering
        // OPNsense, "Rules", Direction: rules of one interface have one too; none is "in".
        if floats || isOPNsense {
            switch tree.text("direction", of: node)?.lowercased() {
            case "out": rule.direction = .leaving
            case "any": rule.direction = nil
            case "", nil: if !isOPNsense { rule.direction = nil }
            default: break
            }
        }
        let quick = tree.text("quick", of: node)
        rule.quick = floats ? quick.map { !["", "0", "no"].contains($0) } ?? false : quick != "0"
        let rank = place(tree.text("interface", of: node) ?? "", floats, &rule)
        conditions(node, &rule)
        end(tree.node("source", of: node), &rule, source: true)
        end(tree.node("destination", of: node), &rule, source: false)
        finish(node, rule)
        return (rule, rank)
    }

    private mutating func newRule(_ node: XMLTree.Node) -> Ranked? {
        guard tree.text("enabled", of: node) != "0" else {
            mark(node, .irrelevant, "the rule is disabled")
            return nil
        }
        var rule = PFRule(
            kind: kind(tree.text("action", of: node)), first: node.line, last: node.lastLine)
        rule.quick = tree.text("quick", of: node) != "0"
        switch tree.text("direction", of: node)?.lowercased() {
        case "out": rule.direction = .leaving
        case "any": rule.direction = nil
        default: rule.direction = .entering
        }
        let words = tree.text("interface", of: node) ?? ""
        let rank = place(words, words.isEmpty || words.contains(","), &rule)
        conditions(node, &rule)
        for side in ["source", "destination"] {
            let nets = tree.text("\(side)_net", of: node) ?? "any"
            var hosts = PFHosts()
            for word in nets.split(separator: ",").map(String.init) {
                join(&hosts, self.hosts(word))
            }
            if nets.isEmpty { hosts = .any }
            if tree.text("\(side)_not", of: node) == "1" { hosts = Self.negated(hosts) }
            let (set, doubts) = ports(tree.text("\(side)_port", of: node) ?? "")
            rule.doubts += doubts
            if side == "source" {
                (rule.sources, rule.sourcePorts) = (hosts, set)
            } else {
                (rule.destinations, rule.destinationPorts) = (hosts, set)
            }
        }
        finish(node, rule)
        return (rule, rank)
    }

    mutating func finish(_ node: XMLTree.Node, _ rule: PFRule) {
        let why = rule.doubts + rule.sources.unknown + rule.destinations.unknown
        if case .puzzle(let what) = rule.kind {
            mark(node, .notRecognised, what)
        } else if !why.isEmpty, rule.never == nil {
            mark(node, .notModelled, why.joined(separator: ", "))
        } else {
            mark(node, .used)
        }
    }

    private func kind(_ word: String?) -> PFRule.Kind {
        switch word?.lowercased() {
        case nil, "", "pass": .pass
        case "block": .block(answers: false)
        case "reject": .block(answers: true)
        case "match": .match
        case .some(let word): .puzzle("\(word) is no action known here")
        }
    }

    /// Where the rule stands: 0 floating, 1 of a group, 2 of an interface.
    private func place(_ words: String, _ floats: Bool, _ rule: inout PFRule) -> Int {
        let names = words.split { $0 == "," || $0 == " " }.map(String.init)
            .filter { $0 != "any" }
        rule.interfaces = names.flatMap { groups[$0] ?? [$0] }
        if floats { return 0 }
        return names.contains { interfaces[$0] == nil } ? 1 : 2
    }
}

struct PfSenseInterface {
    var key: String
    var node: XMLTree.Node
    var device = ""
    var title = ""
    var addresses: [IPAddress] = []
    var networks: [Prefix] = []
    /// Families of which an address is given from outside.
    var dynamic: Set<IPAddress.Family> = []
}

struct PfSenseAlias {
    var line: Int
    var kind: String
    var words: [String]
}

extension PfSenseReader {
    mutating func add(_ rules: [PFRule]) { policy.rules += rules }
}
