import Net
import Policy
import PolicyText

/// Conditions, aliases and translations.
extension PfSenseReader {
    mutating func conditions(_ node: XMLTree.Node, _ rule: inout PFRule) {
        switch tree.text("ipprotocol", of: node)?.lowercased() {
        case nil, "", "inet": rule.family = .v4
        case "inet6": rule.family = .v6
        case "inet46": rule.family = nil
        default: rule.doubts.append("ipprotocol")
        }
        family = rule.family
        protocols(node, &rule)
        rule.doubts += foreign(node)
        if doubtsState(node, rule) { rule.doubts.append("statetype") }
        rule.notOn = isOn("interfacenot", node)
        if rule.notOn, tree.text("interface", of: node)?.contains(",") == true {
            // Each of them makes a rule of its own for all the others.
            (rule.interfaces, rule.notOn) = ([], false)
            rule.doubts.append("interfacenot of several interfaces")
        }
        if let tag = tree.text("tag", of: node), !tag.isEmpty { rule.tag = tag }
        if let tagged = tree.text("tagged", of: node), !tagged.isEmpty {
            rule.tagged.append((tagged, isOn("nottagged", node)))
        }
        let set = (tree.text("tcpflags1", of: node) ?? "").lowercased()
        let mask = (tree.text("tcpflags2", of: node) ?? "").lowercased()
        guard !mask.isEmpty, tree.children(node, "tcpflags_any").first.map(isOn) != true else {
            return
        }
        let flags = set.split(separator: ",")
        if flags.contains(where: { $0 != "syn" })
            || mask.split(separator: ",").contains("syn") != flags.contains("syn")
        {
            rule.never = rule.never ?? "flags that a new connection's SYN hasn't"
        }
    }

    private func protocols(_ node: XMLTree.Node, _ rule: inout PFRule) {
        let word = (tree.text("protocol", of: node) ?? "any").lowercased()
        if !["", "any", "tcp", "tcp/udp"].contains(word) { rule.never = "\(word), not TCP" }
    }

    mutating func end(_ node: XMLTree.Node?, _ rule: inout PFRule, source: Bool) {
        guard let node else { return }
        var all = PFHosts()
        for child in tree.children(node) {
            switch child.name {
            case "any": all = .any
            case "network", "address": join(&all, hosts(child.text))
            default: continue
            }
        }
        let named = tree.children(node).contains {
            ["any", "network", "address"].contains($0.name)
        }
        if !named { all = .any }
        if let not = tree.children(node, "not").first, not.text != "0" { all = Self.negated(all) }
        let (set, doubts) = ports(tree.text("port", of: node) ?? "")
        rule.doubts += doubts + foreignEnds(node)
        if source {
            (rule.sources, rule.sourcePorts) = (all, set)
        } else {
            (rule.destinations, rule.destinationPorts) = (all, set)
        }
    }

    func join(_ hosts: inout PFHosts, _ more: PFHosts) {
        hosts.set = hosts.set.union(more.set)
        hosts.own += more.own
        hosts.unknown += more.unknown
    }

    static func negated(_ hosts: PFHosts) -> PFHosts {
        var result = hosts
        result.set = hosts.set.complement
        if !hosts.own.isEmpty {
            result.unknown.append("the addresses of an interface aren't in the file")
            result.own = []
        }
        if !result.unknown.isEmpty { result.set = AddressSet() }
        return result
    }

    // MARK: addresses

    /// An address, a network, an interface's address (`wanip`) or network (`lan`), or an alias.
    func hosts(_ word: String, depth: Int = 0) -> PFHosts {
        let word = word.trimmingBlanks
        var hosts = PFHosts()
        guard !word.isEmpty else { return hosts }
        if word == "any" { return .any }
        if word == "(self)" {
            for interface in interfaces.values { join(&hosts, own(interface)) }
            return hosts
        }
        if let alias = aliases[word] {
            return depth < 16 ? resolved(word, alias, depth) : PFHosts()
        }
        if word.hasSuffix("ip"), let interface = interfaces[String(word.dropLast(2))] {
            return own(interface)
        }
        if let interface = interfaces[word] {
            hosts.set = AddressSet(interface.networks.map { $0.address...$0.last })
            if isOpen(interface) {
                hosts.unknown = ["the network of \(word) isn't in the file"]
            }
            return hosts
        }
        if let prefix = Prefix(word) {
            hosts.set = AddressSet(prefix)
            return hosts
        }
        let ends = word.split(separator: "-").map(String.init)
        if ends.count == 2, let first = IPAddress(ends[0]), let last = IPAddress(ends[1]),
            first.family == last.family, first <= last
        {
            hosts.set = AddressSet(first...last)
            return hosts
        }
        hosts.unknown = ["\(word) is no address that is in the file"]
        return hosts
    }

    private func own(_ interface: PfSenseInterface) -> PFHosts {
        var hosts = PFHosts()
        hosts.set = AddressSet(interface.addresses.map { $0...$0 })
        if isOpen(interface) { hosts.own = [interface.key] }
        return hosts
    }

    /// Whether an address of the rule's family isn't in the file.
    private func isOpen(_ interface: PfSenseInterface) -> Bool {
        guard let family else { return !interface.dynamic.isEmpty || interface.addresses.isEmpty }
        return interface.dynamic.contains(family)
    }

    private func resolved(_ name: String, _ alias: PfSenseAlias, _ depth: Int) -> PFHosts {
        var hosts = PFHosts()
        guard ["host", "network", "networkgroup", "internal"].contains(alias.kind) else {
            hosts.unknown = ["alias \(name) is filled from elsewhere (\(alias.kind))"]
            return hosts
        }
        var excluded = AddressSet()
        for word in alias.words.prefix(65536) {
            if word.hasPrefix("!") {
                excluded = excluded.union(
                    self.hosts(String(word.dropFirst()), depth: depth + 1).set)
            } else {
                join(&hosts, self.hosts(word, depth: depth + 1))
            }
        }
        hosts.set.subtract(excluded)
        return hosts
    }

    /// Nil: all.
    func ports(_ words: String, depth: Int = 0) -> (PortSet?, [String]) {
        let parts = words.split { $0 == "," || $0 == " " || $0.isNewline }.map(String.init)
        guard !parts.isEmpty, words != "any" else { return (nil, []) }
        var set = PortSet()
        for word in parts {
            let ends = word.split { $0 == "-" || $0 == ":" }.map(String.init)
            if let alias = aliases[word], alias.kind == "port", depth < 16 {
                let (more, doubts) = ports(alias.words.joined(separator: " "), depth: depth + 1)
                guard doubts.isEmpty else { return (nil, doubts) }
                set = set.union(more ?? .all)
            } else if ends.count <= 2, let first = ends.first.flatMap(PFReader.port),
                let last = ends.last.flatMap(PFReader.port), first <= last
            {
                set = set.union(PortSet(first...last))
            } else {
                return (nil, ["port \(word) isn't known here"])
            }
        }
        return (set, [])
    }

    mutating func readAliases() {
        let blanks: (Character) -> Bool = { $0 == " " || $0.isNewline || $0 == "," }
        for node in (tree.node("aliases").map { tree.children($0, "alias") } ?? []) {
            mark(node, .used)
            let words = tree.text("address", of: node) ?? ""
            aliases[tree.text("name", of: node) ?? ""] = PfSenseAlias(
                line: node.line, kind: (tree.text("type", of: node) ?? "host").lowercased(),
                words: words.split(whereSeparator: blanks).map(String.init))
        }
        let new = tree.node("OPNsense", "Firewall", "Alias", "aliases")
        for node in (new.map { tree.children($0, "alias") } ?? []) {
            mark(node, .used)
            guard tree.text("enabled", of: node) != "0" else { continue }
            let words = tree.text("content", of: node) ?? ""
            aliases[tree.text("name", of: node) ?? ""] = PfSenseAlias(
                line: node.line, kind: (tree.text("type", of: node) ?? "host").lowercased(),
                words: words.split(whereSeparator: blanks).map(String.init))
        }
    }

    // MARK: translations

    mutating func readTranslations() {
        guard let nat = tree.node("nat") else { return }
        for node in tree.children(nat) {
            switch node.name {
            case "rule": forward(node)
            case "onetoone": oneToOne(node)
            case "outbound", "advancedoutbound":
                mark(node, .irrelevant, "it translates the sender")
            default: continue
            }
        }
        for node
            in (tree.node("OPNsense", "Firewall", "Filter", "onetoone")
            .map { tree.children($0, "rule") } ?? [])
        {
            guard tree.text("enabled", of: node) != "0" else { continue }
            add([
                PFRule(
                    kind: .puzzle("one-to-one translation of the new kind"), first: node.line,
                    last: node.lastLine, quick: true)
            ])
            mark(node, .notModelled, "one-to-one translation of the new kind")
        }
    }

    private mutating func forward(_ node: XMLTree.Node) {
        guard !node.children.isEmpty else { return }
        if isOn("disabled", node) {
            mark(node, .irrelevant, "the rule is disabled")
            return
        }
        var rule = PFRule(kind: .rdr, first: node.line, last: node.lastLine)
        rule.direction = .entering
        let names = (tree.text("interface", of: node) ?? "wan").split(separator: ",")
        rule.interfaces = names.flatMap { groups[String($0)] ?? [String($0)] }
        conditions(node, &rule)
        end(tree.node("source", of: node), &rule, source: true)
        end(tree.node("destination", of: node), &rule, source: false)
        if tree.children(node, "destination").isEmpty {
            // Before 2.0 the address stood by itself.
            let outer = tree.text("external-address", of: node) ?? ""
            rule.destinations = outer.isEmpty ? hosts("wanip") : hosts(outer)
            let (set, doubts) = ports(tree.text("external-port", of: node) ?? "")
            rule.destinationPorts = set
            rule.doubts += doubts
        }
        // pf.conf(5): "no rdr pass" is none; a leftover of the form lets nothing in.
        let redirects = !isOn("nordr", node)
        rule.passes = redirects && tree.text("associated-rule-id", of: node) == "pass"
        if redirects {
            var target = PFTarget(hosts: hosts(tree.text("target", of: node) ?? ""))
            if !target.hosts.unknown.isEmpty {
                target.unknown = target.hosts.unknown.joined(separator: ", ")
            }
            let word = tree.text("local-port", of: node) ?? ""
            let (local, doubts) = ports(word)
            if !doubts.isEmpty { target.unknown = doubts.joined(separator: ", ") }
            if let first = local?.first, local != rule.destinationPorts {
                target.firstPort = first
                target.goesOn = (rule.destinationPorts?.count ?? 1) > 1
                if rule.destinationPorts?.first == first { target.firstPort = nil }
            }
            rule.target = target
        }
        finish(node, rule)
        add([rule])
    }

    /// The outer network stands for the inner one.
    private mutating func oneToOne(_ node: XMLTree.Node) {
        guard !node.children.isEmpty, !isOn("disabled", node) else { return }
        var rule = PFRule(kind: .binat, first: node.line, last: node.lastLine)
        rule.interfaces = [tree.text("interface", of: node) ?? "wan"]
        end(tree.node("source", of: node), &rule, source: true)
        end(tree.node("destination", of: node), &rule, source: false)
        rule.target = PFTarget(hosts: hosts(tree.text("external", of: node) ?? ""))
        rule.doubts += foreign(node)
        let type = tree.text("type", of: node) ?? ""
        if !type.isEmpty, type != "binat" { rule.doubts.append("type \(type)") }
        if isOn("nobinat", node) { rule.doubts.append("nobinat") }
        finish(node, rule)
        add([rule])
    }
}
