import Net
import Policy

/// Reads a PAN-OS configuration, XML, braces or `set` lines, into zones, rules and translations.
struct PANOSReader {
    private(set) var tree = ConfigTree()
    private(set) var notes: [LineNote]
    private(set) var firewall: ZonedFirewall
    private let text: ConfigText
    /// Nodes that may hold objects and rules: a virtual system, what is shared, the root.
    private var bases: [Int] = []

    init(_ text: ConfigText) {
        self.text = text
        firewall = ZonedFirewall(text: text)
        notes = text.blankNotes(Self.withoutSecrets)
        readLines()
        for odd in tree.odd {
            firewall.unknown.append((odd.line, odd.why))
            note(odd.line, odd.state, odd.why)
        }
        findBases()
        network()
        objects()
        translations()
        policies()
    }

    private mutating func note(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        guard notes.indices.contains(line - 1) else { return }
        notes[line - 1].state = state
        notes[line - 1].why = why
    }

    private mutating func mark(_ node: Int, _ state: LineNote.State, _ why: String = "") {
        for line in tree.lines(node) { note(line, state, why) }
    }

    private static func withoutSecrets(_ line: String) -> String {
        for mark in ["phash", "password", "secret", "private-key", "-key", "community"] {
            guard let found = line.range(of: mark) else { continue }
            return line[..<found.upperBound] + " xxxxx"
        }
        return line
    }

    // MARK: forms

    private mutating func readLines() {
        if text.lines.prefix(20).contains(where: { $0.trimmingBlanks.hasPrefix("<") }) {
            let xml = XMLTree(text.whole)
            if let root = xml.root { insert(root, xml, below: 0) }
            if let fault = xml.fault { tree.odd.append((fault.line, .invalid, fault.why)) }
            return
        }
        guard text.lines.contains(where: { $0.hasPrefix("set ") }) else {
            return tree.braces(text)
        }
        for (offset, line) in text.lines.enumerated() {
            let bare = line.trimmingBlanks
            guard !bare.isEmpty, !bare.hasPrefix("#") else { continue }
            let words = ConfigTree.words(bare)
            switch words.first {
            case "set": _ = tree.set(words.dropFirst(), line: offset + 1)
            case "delete":
                tree.remove(Array(words.dropFirst()))
                note(offset + 1, .used)
            case "move", "rename", "copy", "edit":
                tree.odd.append((offset + 1, .notModelled, "a command that changes what was set"))
            default: tree.odd.append((offset + 1, .notRecognised, "no command known here"))
            }
        }
    }

    private mutating func insert(_ node: XMLTree.Node, _ xml: XMLTree, below parent: Int) {
        var path: [String] = []
        if node.name == "member" {
            path = [node.text]
        } else if node.name == "entry" {
            path = [node.attributes["name"] ?? ""]
        } else {
            path = [node.name]
        }
        let at = tree.insert(path, below: parent, line: node.line)
        if node.name != "member", !node.text.isEmpty {
            tree.insert([node.text], below: at, line: node.line)
        }
        tree.insert([], below: at, line: node.lastLine)
        for child in xml.children(node) { insert(child, xml, below: at) }
    }

    private mutating func findBases() {
        var devices = [0]
        for device in tree.children(tree.find("config", "devices", in: 0))
            + tree.children(tree.find("devices", in: 0))
        {
            devices.append(device)
        }
        var systems: [Int] = []
        for device in devices {
            systems += tree.children(tree.find("vsys", in: device))
            for group in tree.children(tree.find("device-group", in: device)) {
                let why = "rules of a Panorama's device groups"
                mark(group, .notModelled, why)
                firewall.unknown.append((tree.line(group), why))
            }
        }
        let shared = [tree.find("config", "shared", in: 0), tree.find("shared", in: 0)]
        bases = systems + devices + shared.compactMap(\.self)
        let ruled = systems.filter { tree.find("rulebase", "security", in: $0) != nil }
        if ruled.count > 1 {
            let names = ruled.map { tree.name($0) }.joined(separator: ", ")
            firewall.unknown.append((tree.line(ruled[0]), "several virtual systems: \(names)"))
        }
    }

    private func nodes(_ path: String...) -> [Int] {
        bases.compactMap { tree.find(path, from: $0) }
    }

    private func entry(_ kind: String, _ name: String) -> Int? {
        bases.lazy.compactMap { tree.find([kind, name], from: $0) }.first
    }

    // MARK: network

    private mutating func network() {
        for kind in ["ethernet", "aggregate-ethernet", "vlan", "loopback", "tunnel"] {
            for root in nodes("network", "interface", kind) {
                mark(root, .used)
                let physical = kind == "ethernet" || kind == "aggregate-ethernet"
                let members = physical ? tree.children(root) : [root]
                for node in members {
                    let base = physical ? tree.find("layer3", in: node) ?? node : node
                    if physical { add(tree.name(node), base) }
                    for unit in tree.children(tree.find("units", in: base)) {
                        add(tree.name(unit), unit)
                    }
                }
            }
        }
        for root in nodes("zone") {
            for zone in tree.children(root) {
                mark(zone, .used)
                for kind in ["layer3", "layer2", "virtual-wire", "tap"] {
                    for member in tree.values("network", kind, in: zone) {
                        if let index = firewall.interfaces.firstIndex(where: { $0.name == member })
                        {
                            firewall.interfaces[index].zone = tree.name(zone)
                        } else {
                            firewall.interfaces.append(
                                ZonedFirewall.Interface(name: member, zone: tree.name(zone)))
                        }
                    }
                }
            }
        }
        for router in nodes("network", "virtual-router").flatMap({ tree.children($0) }) {
            let routes = tree.find("routing-table", "ip", "static-route", in: router)
            for route in tree.children(routes) {
                guard
                    let prefix = tree.values("destination", in: route).first.flatMap({ Prefix($0) })
                else { continue }
                let name = tree.values("interface", in: route).first
                let hop = tree.values("nexthop", "ip-address", in: route).first
                    .flatMap { IPAddress($0) }
                let index = firewall.interfaces.firstIndex { interface in
                    if let name { return interface.name == name }
                    guard let hop else { return false }
                    return interface.networks.contains { $0.contains(hop) }
                }
                guard let index else { continue }
                mark(route, .used)
                firewall.interfaces[index].networks.append(prefix)
            }
        }
    }

    private mutating func add(_ name: String, _ node: Int) {
        var interface = ZonedFirewall.Interface(name: name)
        for word in tree.values("ip", in: node) {
            guard let prefix = Prefix(word),
                let address = IPAddress(String(word.prefix { $0 != "/" }))
            else { continue }
            interface.addresses.append(address)
            interface.networks.append(prefix)
        }
        firewall.interfaces.append(interface)
    }

    // MARK: objects

    private mutating func objects() {
        for kind in ["address", "address-group", "service", "service-group"] {
            for root in nodes(kind) { mark(root, .used) }
        }
    }

    private func hosts(_ name: String, depth: Int = 0) -> ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        if name == "any" { return .any }
        if let node = entry("address", name) {
            if let word = tree.values("ip-netmask", in: node).first, let prefix = Prefix(word) {
                hosts.set = AddressSet(prefix)
            } else if let word = tree.values("ip-range", in: node).first,
                let range = Self.range(word)
            {
                hosts.set = AddressSet(range)
            } else {
                hosts.unknown = ["address \(name) is of a kind that isn't modelled"]
            }
        } else if let node = entry("address-group", name), depth < 16 {
            let members = tree.values("static", in: node)
            for member in members { hosts.join(self.hosts(member, depth: depth + 1)) }
            if members.isEmpty { hosts.unknown = ["group \(name) is filled elsewhere"] }
        } else if let prefix = Prefix(name) {
            hosts.set = AddressSet(prefix)
        } else if let range = Self.range(name) {
            hosts.set = AddressSet(range)
        } else {
            hosts.unknown = ["address \(name) isn't defined"]
        }
        return hosts
    }

    private static func range(_ word: String) -> ClosedRange<IPAddress>? {
        let ends = word.split(separator: "-").map(String.init)
        guard ends.count == 2, let first = IPAddress(ends[0]), let last = IPAddress(ends[1]),
            first.family == last.family, first <= last
        else { return nil }
        return first...last
    }

    private func joined(_ names: [String]) -> ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        for name in names { hosts.join(self.hosts(name)) }
        return hosts
    }

    private func services(_ name: String, depth: Int = 0) -> [Match] {
        var match = Match()
        if let node = entry("service", name) {
            guard let tcp = tree.find("protocol", "tcp", in: node) else {
                return [IOSConfig.never("not TCP")]
            }
            for (key, source) in [("port", false), ("source-port", true)] {
                guard let word = tree.values(key, in: tcp).first else { continue }
                var set = PortSet()
                for part in word.split(separator: ",") {
                    if let range = JunosPorts.range(part.trimmingCharacters) {
                        set = set.union(range)
                    } else {
                        match.notModelled.append("port \(part) isn't known here")
                    }
                }
                if source { match.sourcePorts = set } else { match.destinationPorts = set }
            }
            return [match]
        }
        if let node = entry("service-group", name), depth < 16 {
            return tree.values("members", in: node).flatMap { services($0, depth: depth + 1) }
        }
        switch name {
        case "any": return [match]
        case "service-http": match.destinationPorts = PortSet(ports: [80, 8080])
        case "service-https": match.destinationPorts = PortSet(443...443)
        default: match.notModelled = ["service \(name) isn't defined"]
        }
        return [match]
    }

    // MARK: translations

    private mutating func translations() {
        for rule in nodes("rulebase", "nat", "rules").flatMap({ tree.children($0) }) {
            guard tree.values("disabled", in: rule).first != "yes" else {
                mark(rule, .irrelevant, "the rule is disabled")
                continue
            }
            mark(rule, .used)
            var forward = ZonedFirewall.Forward(
                lines: tree.lines(rule), name: "nat \(tree.name(rule))",
                from: tree.values("from", in: rule), leaving: tree.values("to", in: rule))
            forward.sources = joined(tree.values("source", in: rule))
            forward.destinations = joined(tree.values("destination", in: rule))
            let names = tree.values("service", in: rule)
            let all = names.flatMap { services($0) }
            let doubts = all.flatMap(\.notModelled)
            if all.contains(where: { $0.sourcePorts != nil }) {
                forward.doubts.append("source-port")
            }
            if !all.isEmpty, all.allSatisfy({ $0.never != nil }) { forward.never = "not TCP" }
            let open = all.filter { $0.never == nil }
            if !open.contains(where: { $0.destinationPorts == nil }), !open.isEmpty {
                forward.ports = open.reduce(PortSet()) {
                    $0.union($1.destinationPorts ?? PortSet())
                }
            }
            forward.doubts += doubts
            let back = backward(rule, forward)
            if let node = tree.find("destination-translation", in: rule)
                ?? tree.find("dynamic-destination-translation", in: rule)
            {
                var to = joined(tree.values("translated-address", in: node))
                if to.set.isEmpty, to.unknown.isEmpty { to.unknown = ["no address to go to"] }
                if tree.name(node).hasPrefix("dynamic") { to.unknown = ["a dynamic translation"] }
                if let port = tree.values("translated-port", in: node).first.flatMap({ UInt16($0) })
                {
                    forward.toPorts = port...port
                }
                forward.isOneToOne = true
                forward.to = to
            }
            if let why = forward.doubts.first ?? forward.to?.unknown.first {
                mark(rule, .notModelled, why)
            }
            firewall.forwards.append(forward)
            if let back { firewall.forwards.append(back) }
        }
    }

    /// `bi-directional yes`: the outer address stands for the inner one.
    private func backward(
        _ rule: Int, _ forward: ZonedFirewall.Forward
    ) -> ZonedFirewall.Forward? {
        guard let node = tree.find("source-translation", "static-ip", in: rule),
            tree.values("bi-directional", in: node).first == "yes"
        else { return nil }
        var back = ZonedFirewall.Forward(
            lines: forward.lines, name: forward.name + " back", from: forward.leaving)
        back.destinations = joined(tree.values("translated-address", in: node))
        back.to = forward.sources
        back.isOneToOne = true
        return back
    }

    // MARK: rules

    private mutating func policies() {
        let rules = nodes("rulebase", "security", "rules").flatMap { tree.children($0) }
        guard !nodes("rulebase", "security").isEmpty else { return }
        firewall.hasPolicies = true
        firewall.ending = Setting(.deny(answered: false), text.absence("interzone-default"))
        for rule in rules { policy(rule) }
        let zones = Set(firewall.interfaces.compactMap(\.zone)).sorted()
        for zone in zones {
            firewall.policies.append(
                ZonedFirewall.Policy(
                    lines: [], from: [zone], to: [zone], action: .permit,
                    absence: "intrazone-default"))
        }
        for root in nodes("rulebase", "default-security-rules") {
            let why = "changed default rules"
            mark(root, .notModelled, why)
            firewall.unknown.append((tree.line(root), why))
        }
        firewall.inspections = [
            Inspection(
                controlPorts: PortSet(21...21), opensFilter: true,
                rewritesAddress: !firewall.forwards.isEmpty,
                source: text.absence("application ftp (the default)"))
        ]
    }

    private mutating func policy(_ rule: Int) {
        guard tree.values("disabled", in: rule).first != "yes" else {
            mark(rule, .irrelevant, "the rule is disabled")
            return
        }
        let word = tree.values("action", in: rule).first ?? ""
        let actions: [String: Action] = [
            "allow": .permit, "deny": .deny(answered: nil), "drop": .deny(answered: false),
            "reset-client": .deny(answered: true), "reset-both": .deny(answered: true),
            "reset-server": .deny(answered: false),
        ]
        var policy = ZonedFirewall.Policy(
            lines: tree.lines(rule), from: tree.values("from", in: rule),
            to: tree.values("to", in: rule),
            action: actions[word] ?? .unknown("\(word) is no action known here"))
        policy.seesOriginal = true
        policy.sources = joined(tree.values("source", in: rule))
        policy.destinations = joined(tree.values("destination", in: rule))
        for (key, meant) in [
            ("negate-source", "no"), ("negate-destination", "no"), ("source-user", "any"),
            ("category", "any"), ("rule-type", "universal"), ("source-hip", "any"),
            ("destination-hip", "any"), ("hip-profiles", "any"), ("schedule", ""),
            ("source-device", "any"),
        ] {
            let values = tree.values(key, in: rule)
            if !values.isEmpty, values != [meant] { policy.doubts.append(key) }
        }
        if policy.doubts.contains("negate-source") { policy.sources = .any }
        if policy.doubts.contains("negate-destination") { policy.destinations = .any }
        applications(rule, &policy)
        let why =
            policy.doubts + policy.sources.unknown + policy.destinations.unknown
            + policy.services.flatMap(\.notModelled)
        if why.isEmpty {
            mark(rule, .used)
        } else {
            mark(rule, .notModelled, why.joined(separator: ", "))
        }
        firewall.policies.append(policy)
    }

    /// The first packet shows no application: a rule for some is sure only at their own ports.
    private func applications(_ rule: Int, _ policy: inout ZonedFirewall.Policy) {
        let names = tree.values("application", in: rule)
        let services = tree.values("service", in: rule)
        let anyApplication = names.isEmpty || names == ["any"]
        guard services != ["application-default"] else {
            var known = Match()
            known.destinationPorts = PortSet(21...21)
            var unsure = Match()
            unsure.notModelled = ["which application it is shows only later"]
            policy.services = names == ["ftp"] ? [known] : [unsure]
            if names == ["ftp"], policy.action != .permit { policy.services = [unsure] }
            return
        }
        policy.services = services.flatMap { self.services($0) }
        if policy.services.isEmpty { policy.services = [Match()] }
        guard !anyApplication else { return }
        if names == ["ftp"], policy.action == .permit {
            // What begins at port 21 is let in until it turns out to be something else.
            for index in policy.services.indices
            where policy.services[index].destinationPorts != PortSet(21...21) {
                policy.services[index].notModelled.append(
                    "which application it is shows only later")
            }
        } else {
            policy.doubts.append("which application it is shows only later")
        }
    }
}

extension Substring {
    /// Without blanks at both ends.
    var trimmingCharacters: String { String(self).trimmingBlanks }
}
