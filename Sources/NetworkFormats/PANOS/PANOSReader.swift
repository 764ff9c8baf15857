import Net
import Policy
import PolicyText

/// Reads a PAN-OS configuration, XML, braces or `set` lines, into zones, rules and translations.
struct PANOSReader {
    var tree = ConfigTree()
    var notes: [LineNote]
    var firewall: ZonedFirewall
    let text: ConfigText
    private let hostsTold = Told<ZonedFirewall.Hosts>()
    private let servicesTold = Told<[Match]>()
    /// Nodes that may hold objects and rules: a virtual system, what is shared, the root.
    var bases: [Int] = []

    init(_ text: ConfigText) {
        self.text = text
        firewall = ZonedFirewall(text: text)
        notes = text.blankNotes(Self.withoutSecrets)
        tree.grammar = PANOSGrammar.root
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

    mutating func note(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        notes.mark(line, state, why)
    }

    mutating func mark(_ node: Int, _ state: LineNote.State, _ why: String = "") {
        for line in tree.lines(node) { note(line, state, why) }
    }

    static func withoutSecrets(_ line: String) -> String {
        for mark in ["phash", "password", "secret", "private-key", "-key", "community"] {
            guard let found = line.range(of: mark) else { continue }
            return line[..<found.upperBound] + " xxxxx"
        }
        return line
    }

    // MARK: forms

    mutating func readLines() {
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
            let bare = Self.command(line.trimmingBlanks)
            guard !bare.isEmpty, !bare.hasPrefix("#") else { continue }
            let words = ConfigTree.words(bare)
            switch words.first {
            case "set": tree.set(words.dropFirst(), line: offset + 1)
            case "delete":
                tree.remove(Array(words.dropFirst()))
                note(offset + 1, .used)
            case "move" where move(words): note(offset + 1, .used)
            case "move", "rename", "copy", "edit":
                tree.odd.append((offset + 1, .notModelled, "a command that changes what was set"))
            default: tree.odd.append((offset + 1, .notRecognised, "no command known here"))
            }
        }
    }

    /// What a console shows around the lines: `[edit]`, `admin@edge> configure`, `admin@edge# show`.
    private static func command(_ line: String) -> String {
        if line.hasPrefix("[edit") && line.hasSuffix("]") { return "" }
        if line == "Entering configuration mode" || line == "Exiting configuration mode" {
            return ""
        }
        guard let end = line.firstIndex(where: { $0 == ">" || $0 == "#" }),
            line[..<end].contains("@"), !line[..<end].contains(" ")
        else { return line }
        let command = line[line.index(after: end)...].drop { $0 == " " }
        let word = command.prefix { $0 != " " }
        let idle = ["show", "configure", "exit", "quit"].contains(word)
        return idle || command.hasPrefix("set cli ") ? "" : String(command)
    }

    /// `move … NAME top`, `bottom`, `before OTHER` or `after OTHER`; false where it is another.
    private mutating func move(_ words: [String]) -> Bool {
        guard words.count > 3 else { return false }
        switch (words[words.count - 1], words[words.count - 2]) {
        case ("top", _), ("bottom", _):
            return tree.move(Array(words[1..<words.count - 1]), isBefore: words.last == "top")
        case (let other, "before"), (let other, "after"):
            let isBefore = words[words.count - 2] == "before"
            return tree.move(Array(words[1..<words.count - 2]), isBefore: isBefore, other)
        default: return false
        }
    }

    mutating func insert(_ node: XMLTree.Node, _ xml: XMLTree, below parent: Int) {
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

    mutating func findBases() {
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
        for base in systems + devices {
            for name in ["pre-rulebase", "post-rulebase"] {
                guard let rules = tree.find(name, in: base) else { continue }
                let why = "rules of a Panorama"
                mark(rules, .notModelled, why)
                firewall.unknown.append((tree.line(rules), why))
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

    func nodes(_ path: String...) -> [Int] {
        bases.compactMap { tree.find(path, from: $0) }
    }

    func entry(_ kind: String, _ name: String) -> Int? {
        bases.lazy.compactMap { tree.find([kind, name], from: $0) }.first
    }

    // MARK: network

    mutating func network() {
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

    mutating func add(_ name: String, _ node: Int) {
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

    mutating func objects() {
        for kind in ["address", "address-group", "service", "service-group"] {
            for root in nodes(kind) { mark(root, .used) }
        }
    }

    func hosts(_ name: String, depth: Int = 0) -> ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        if name == "any" { return .any }
        if let node = entry("address", name) {
            let kinds = ["ip-netmask", "ip-range", "fqdn", "ip-wildcard"]
            if kinds.flatMap({ tree.values($0, in: node) }).count > 1 {
                hosts.unknown = ["address \(name) has several values"]
            } else if let word = tree.values("ip-netmask", in: node).first,
                let prefix = Prefix(word)
            {
                hosts.set = AddressSet(prefix)
            } else if let word = tree.values("ip-range", in: node).first,
                let range = Self.range(word)
            {
                hosts.set = AddressSet(range)
            } else {
                hosts.unknown = ["address \(name) is of a kind that isn't modelled"]
            }
        } else if let node = entry("address-group", name), depth < 16 {
            hosts = hostsTold.value(of: name, meanwhile: .circular(name)) {
                let members = tree.values("static", in: node)
                var all = ZonedFirewall.Hosts(
                    joining: members.map { self.hosts($0, depth: depth + 1) })
                if members.isEmpty { all.unknown = ["group \(name) is filled elsewhere"] }
                return all
            }
        } else if let prefix = Prefix(name) {
            hosts.set = AddressSet(prefix)
        } else if let range = Self.range(name) {
            hosts.set = AddressSet(range)
        } else {
            hosts.unknown = ["address \(name) isn't defined"]
        }
        return hosts
    }

    static func range(_ word: String) -> ClosedRange<IPAddress>? {
        let ends = word.split(separator: "-").map(String.init)
        guard ends.count == 2, let first = IPAddress(ends[0]), let last = IPAddress(ends[1]),
            first.family == last.family, first <= last
        else { return nil }
        return first...last
    }

    func joined(_ names: [String]) -> ZonedFirewall.Hosts {
        ZonedFirewall.Hosts(joining: names.map { hosts($0) })
    }

    func services(_ name: String, depth: Int = 0) -> [Match] {
        var match = Match()
        if let node = entry("service", name) {
            guard let tcp = tree.find("protocol", "tcp", in: node) else {
                return [IOSConfig.never("not TCP")]
            }
            match.notModelled = tree.strays(node, PANOSGrammar.service, values: 0)
            if tree.values("port", in: tcp).isEmpty { match.notModelled.append("no port") }
            for (key, source) in [("port", false), ("source-port", true)] {
                let words = tree.values(key, in: tcp)
                guard let word = words.first else { continue }
                if words.count > 1 { match.notModelled.append("\(key) with several values") }
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
            let circle = [Match(notModelled: ["\(name) holds itself"])]
            return servicesTold.value(of: name, meanwhile: circle) {
                tree.values("members", in: node).flatMap { services($0, depth: depth + 1) }
                    .bounded(name)
            }
        }
        switch name {
        case "any": return [match]
        case "service-http": match.destinationPorts = PortSet(ports: [80, 8080])
        case "service-https": match.destinationPorts = PortSet(443...443)
        default: match.notModelled = ["service \(name) isn't defined"]
        }
        return [match]
    }
}

extension Substring {
    /// Without blanks at both ends.
    var trimmingCharacters: String { String(self).trimmingBlanks }
}
