import Net
import Policy
import PolicyText

/// Reads a Junos configuration, `set` lines or braces, into zones, policies and filters.
struct JunosReader {
    var tree = ConfigTree()
    var notes: [LineNote]
    var firewall: ZonedFirewall
    private let text: ConfigText
    private let hostsTold = Told<ZonedFirewall.Hosts>()
    private let servicesTold = Told<[Match]>()

    init(_ text: ConfigText) {
        self.text = text
        firewall = ZonedFirewall(text: text)
        notes = text.blankNotes(Self.withoutSecrets)
        tree.grammar = JunosGrammar.root
        readLines()
        if !holdsOnlyNodeGroups,
            let groups = tree.find(["groups"]) ?? tree.any(named: "apply-groups")
        {
            let why = "groups that are put in elsewhere"
            mark(groups, .notModelled, why)
            firewall.unknown.append((tree.line(groups), why))
        }
        interfaces()
        forwarding()
        applications()
        zones()
        filters()
        translations()
        policies()
        algs()
        furniture()
        for odd in tree.odd {
            firewall.unknown.append((odd.line, odd.why))
            note(odd.line, odd.state, odd.why)
        }
    }

    mutating func note(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        notes.mark(line, state, why)
    }

    mutating func mark(_ node: Int, _ state: LineNote.State, _ why: String = "") {
        for line in tree.lines(node) { note(line, state, why) }
    }

    private static func withoutSecrets(_ line: String) -> String {
        let marks = [
            "encrypted-password", "authentication-key", "secret", "ascii-text", "hexadecimal",
            "ssh-rsa", "community",
        ]
        for mark in marks {
            if let found = line.range(of: mark + " ") { return line[..<found.upperBound] + "xxxxx" }
        }
        return line
    }

    private mutating func readLines() {
        let isSet = text.lines.contains { $0.hasPrefix("set ") }
        guard isSet else { return tree.braces(text) }
        for (offset, line) in text.lines.enumerated() {
            let bare = line.trimmingBlanks
            guard !bare.isEmpty, !bare.hasPrefix("#"), !bare.hasPrefix("!") else { continue }
            let words = ConfigTree.words(bare)
            switch words.first {
            case "set": tree.set(words.dropFirst(), line: offset + 1)
            case "deactivate":
                if let node = tree.find(words.dropFirst()) { tree.deactivate(node) }
                note(offset + 1, .used)
            case "delete":
                tree.remove(Array(words.dropFirst()))
                note(offset + 1, .used)
            case "insert" where insert(words): note(offset + 1, .used)
            case "activate", "annotate", "edit", "top", "insert", "rename", "replace":
                tree.odd.append((offset + 1, .notModelled, "a command that changes what was set"))
            default: tree.odd.append((offset + 1, .notRecognised, "no command known here"))
            }
        }
    }

    /// `insert … policy A before policy B`; false where it is another.
    private mutating func insert(_ words: [String]) -> Bool {
        guard let place = words.lastIndex(where: { $0 == "before" || $0 == "after" }), place > 2,
            words.count == place + 3, words[place + 1] == words[place - 2]
        else { return false }
        return tree.move(
            Array(words[1..<place]), isBefore: words[place] == "before", words[place + 2])
    }

    /// What is known and without influence, and what isn't known.
    private mutating func furniture() {
        let known: Set<String> = [
            "version", "system", "interfaces", "routing-options", "protocols", "policy-options",
            "snmp", "chassis", "vlans", "class-of-service", "forwarding-options", "security",
            "firewall", "applications", "access", "services", "event-options",
            "ethernet-switching-options",
            "routing-instances", "groups", "apply-groups", "poe", "virtual-chassis",
            "switch-options",
            "bridge-domains", "logical-systems", "tenants", "dynamic-profiles",
            "accounting-options", "schedulers",
        ]
        for node in tree.children(0) where !known.contains(tree.name(node)) {
            for line in tree.lines(node)
            where notes.indices.contains(line - 1)
                && notes[line - 1].state == .irrelevant
            {
                note(line, .notRecognised, "no part of a configuration known here")
            }
        }
    }

    /// Families that pass by the policies, or by which nothing passes (Juniper, `forwarding-options
    /// (Security)`); for IPv6 it hangs on product and release where the file doesn't say.
    private mutating func forwarding() {
        let root = tree.find(["security", "forwarding-options", "family"])
        if tree.find(["security", "zones"]) != nil {
            forwarding6(root.flatMap { tree.find("inet6", "mode", in: $0) })
        }
        for family in tree.children(root) {
            let mode = tree.values("mode", in: family).first ?? ""
            switch (tree.name(family), mode) {
            case ("inet6", "flow-based"), ("inet6", "drop"), ("iso", _): mark(family, .used)
            default:
                let why = "forwarding \(mode) of family \(tree.name(family))"
                mark(family, .notModelled, why)
                let only: AddressSet = tree.name(family) == "inet6" ? .allV6 : .all
                firewall.unknown.append((tree.line(family), why))
                firewall.doubtful[tree.line(family)] = only
            }
        }
    }

    /// `drop`, as older releases have it by themselves.
    private mutating func forwarding6(_ mode: Int?) {
        var denial = ZonedFirewall.Policy(lines: [], action: .deny(answered: false))
        denial.destinations.set = .allV6
        if let mode {
            guard tree.children(mode).map(tree.name) == ["drop"] else { return }
            denial.lines = [tree.line(mode)]
        } else {
            denial.absence = "no mode of family inet6"
            denial.doubts = ["the file doesn't say whether IPv6 is forwarded"]
        }
        firewall.policies.append(denial)
    }

    // MARK: interfaces and zones

    private mutating func interfaces() {
        for physical in tree.children(tree.find(["interfaces"])) {
            for unit in tree.children(tree.find("unit", in: physical)) {
                let name = "\(tree.name(physical)).\(tree.name(unit))"
                var interface = ZonedFirewall.Interface(name: name)
                for family in ["inet", "inet6"] {
                    guard let node = tree.find("family", family, in: unit) else { continue }
                    for word in tree.values("address", in: node) {
                        guard let prefix = Prefix(word),
                            let address = IPAddress(String(word.prefix { $0 != "/" }))
                        else { continue }
                        interface.addresses.append(address)
                        interface.networks.append(prefix)
                    }
                    if let address = tree.find("address", in: node) { mark(address, .used) }
                    guard let filter = tree.find("filter", in: node) else { continue }
                    mark(filter, .used)
                    bind(filter, name, family == "inet" ? .v4 : .v6)
                }
                firewall.interfaces.append(interface)
            }
        }
    }

    /// The key of a filter: each family has its own, by the same names perhaps.
    static func list(_ name: String, _ family: IPAddress.Family) -> String {
        family == .v4 ? name : "\(name) of inet6"
    }

    private mutating func bind(_ node: Int, _ interface: String, _ family: IPAddress.Family) {
        for (word, way) in [("input", Stage.Direction.entering), ("output", .leaving)] {
            func bind(_ list: String) {
                firewall.bound.append((list, interface, way, tree.line(node), family))
            }
            if let name = tree.values(word, in: node).first { bind(Self.list(name, family)) }
            let several = tree.values("\(word)-list", in: node).map { Self.list($0, family) }
            guard !several.isEmpty else { continue }
            let name = several.joined(separator: ", then ")
            if several.count > 1 { listed.append((name, several)) }
            bind(name)
        }
    }

    /// Filters that are tried one after the other.
    private var listed: [(name: String, parts: [String])] = []
    /// Addresses by zone (`global` for all), then name.
    private var books: [String: Int] = [:]
    private var applicationsOwn: [String: [Match]] = [:]
    private(set) var ftpPorts = PortSet(21...21)

    private mutating func zones() {
        for zone in tree.children(tree.find(["security", "zones", "security-zone"])) {
            let name = tree.name(zone)
            mark(zone, .used)
            for member in tree.values("interfaces", in: zone) where member != "all" {
                let full = member.contains(".") ? member : "\(member).0"
                if let index = firewall.interfaces.firstIndex(where: { $0.name == full }) {
                    firewall.interfaces[index].zone = name
                } else {
                    firewall.interfaces.append(ZonedFirewall.Interface(name: full, zone: name))
                }
            }
            if let book = tree.find("address-book", in: zone) { books[name] = book }
        }
        for zone in tree.children(tree.find(["security", "zones", "security-zone"]))
        where tree.find("interfaces", "all", in: zone) != nil {
            for index in firewall.interfaces.indices where firewall.interfaces[index].zone == nil {
                firewall.interfaces[index].zone = tree.name(zone)
            }
        }
        for book in tree.children(tree.find(["security", "address-book"])) {
            mark(book, .used)
            let zones = tree.values("attach", "zone", in: book)
            for zone in zones where books[zone] == nil { books[zone] = book }
            if zones.isEmpty { books["global"] = book }
        }
        for route in tree.children(tree.find(["routing-options", "static", "route"])) {
            guard let prefix = Prefix(tree.name(route)),
                let hop = tree.values("next-hop", in: route).first
            else { continue }
            let index =
                firewall.interfaces.firstIndex { $0.name == hop }
                ?? IPAddress(hop).flatMap { address in
                    firewall.interfaces.firstIndex {
                        $0.networks.contains { $0.contains(address) }
                    }
                }
            guard let index else { continue }
            mark(route, .used)
            firewall.interfaces[index].networks.append(prefix)
        }
    }

    func hosts(_ name: String, _ zones: [String], depth: Int = 0) -> ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        switch name {
        case "any": return .any
        case "any-ipv4":
            hosts.set = .allV4
            return hosts
        case "any-ipv6":
            hosts.set = .allV6
            return hosts
        default: break
        }
        guard depth < 16 else { return hosts }
        // A zone's own book goes before that of all.
        for book in (zones.compactMap { books[$0] } + [books["global"]].compactMap(\.self)) {
            if let entry = tree.find("address", name, in: book) {
                return address(entry, name)
            }
            if let set = tree.find("address-set", name, in: book) {
                let key = zones.joined(separator: " ") + "/" + name
                return hostsTold.value(of: key, meanwhile: .circular(name)) {
                    let members = ["address", "address-set"].flatMap { tree.values($0, in: set) }
                    return ZonedFirewall.Hosts(
                        joining: members.map { self.hosts($0, zones, depth: depth + 1) })
                }
            }
        }
        hosts.unknown = ["address \(name) isn't defined"]
        return hosts
    }

    private func address(_ node: Int, _ name: String) -> ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        for value in tree.children(node) {
            let word = tree.name(value)
            if let prefix = Prefix(word) {
                hosts.set = hosts.set.union(AddressSet(prefix))
            } else if word == "range-address", let low = tree.children(value).first,
                let first = IPAddress(tree.name(low)),
                let last = tree.values("to", in: low).first.flatMap({ IPAddress($0) }),
                first.family == last.family, first <= last
            {
                hosts.set = hosts.set.union(AddressSet(first...last))
            } else if word != "description" {
                hosts.unknown.append("address \(name) is of a kind that isn't modelled")
            }
        }
        if hosts.set.isEmpty, hosts.unknown.isEmpty { hosts.unknown = ["address \(name) is empty"] }
        return hosts
    }

    // MARK: applications

    private mutating func applications() {
        for node in tree.children(tree.find(["applications", "application"])) {
            mark(node, .used)
            let terms = tree.children(tree.find("term", in: node))
            let parts = terms.isEmpty ? [node] : terms
            applicationsOwn[tree.name(node)] = parts.map(application)
            let odd = parts.flatMap { tree.strays($0, JunosGrammar.application, values: 0) }
            if let why = odd.first { mark(node, .notModelled, "\(why) isn't known here") }
            if tree.values("application-protocol", in: node) == ["ftp"] {
                for match in applicationsOwn[tree.name(node)] ?? [] where match.never == nil {
                    ftpPorts = ftpPorts.union(match.destinationPorts ?? PortSet())
                }
            }
        }
        for node in tree.children(tree.find(["applications", "application-set"])) {
            mark(node, .used)
        }
    }

    private func application(_ node: Int) -> Match {
        var match = Match()
        let proto = tree.values("protocol", in: node).first
        if let proto, proto != "tcp", proto != "6" { return IOSConfig.never("\(proto), not TCP") }
        match.notModelled = tree.strays(node, JunosGrammar.application, values: 0)
            .map { "\($0) isn't known here" }
        for (key, source) in [("destination-port", false), ("source-port", true)] {
            let words = tree.values(key, in: node)
            guard let word = words.first else { continue }
            if words.count > 1 { match.notModelled.append("\(key) with several values") }
            guard let ports = JunosPorts.range(word) else {
                match.notModelled.append("port \(word) isn't known here")
                continue
            }
            if source { match.sourcePorts = ports } else { match.destinationPorts = ports }
        }
        if proto == nil, match.destinationPorts == nil, match.sourcePorts == nil {
            match.notModelled.append("it names neither a protocol nor a port")
        }
        return match
    }

    func services(_ name: String, depth: Int = 0) -> [Match] {
        if name == "any" || name == "junos-tcp-any" { return [Match()] }
        if let own = applicationsOwn[name] { return own }
        if let port = JunosPorts.builtin[name] {
            var match = Match()
            match.destinationPorts = PortSet(port...port)
            return [match]
        }
        if JunosPorts.notTCP.contains(name) { return [IOSConfig.never("not TCP")] }
        if let set = tree.find("applications", "application-set", name, in: 0), depth < 16 {
            let circle = [Match(notModelled: ["\(name) holds itself"])]
            return servicesTold.value(of: name, meanwhile: circle) {
                ["application", "application-set"].flatMap { tree.values($0, in: set) }
                    .flatMap { services($0, depth: depth + 1) }.bounded(name)
            }
        }
        var match = Match()
        match.notModelled = ["application \(name) isn't known here"]
        return [match]
    }

    var lists: [(name: String, parts: [String])] { listed }
}

enum JunosPorts {
    /// Predefined applications of TCP with one port.
    static let builtin: [String: UInt16] = [
        "junos-ftp": 21, "junos-ftp-data": 20, "junos-ssh": 22, "junos-telnet": 23,
        "junos-smtp": 25, "junos-smtps": 465, "junos-dns-tcp": 53, "junos-http": 80,
        "junos-http-ext": 7001, "junos-pop3": 110, "junos-ident": 113, "junos-nntp": 119,
        "junos-ntalk": 518, "junos-imap": 143, "junos-imaps": 993, "junos-ldap": 389,
        "junos-https": 443, "junos-rtsp": 554, "junos-bgp": 179, "junos-finger": 79,
        "junos-pptp": 1723, "junos-printer": 515, "junos-rlogin": 513, "junos-rsh": 514,
        "junos-whois": 43, "junos-who": 513, "junos-gopher": 70, "junos-irc": 6660,
    ]
    static let notTCP: Set<String> = [
        "junos-tftp", "junos-ntp", "junos-dns-udp", "junos-ping", "junos-pingv6",
        "junos-icmp-all", "junos-icmp-ping", "junos-icmp6-all", "junos-udp-any", "junos-gre",
        "junos-ospf", "junos-rip", "junos-syslog", "junos-snmp-get", "junos-ike",
        "junos-dhcp-client",
        "junos-dhcp-relay", "junos-dhcp-server", "junos-bootps", "junos-bootpc", "junos-radius",
    ]

    /// `21`, `5001-5201`, `ftp`.
    static func range(_ word: String) -> PortSet? {
        if let port = PFReader.port(word) { return PortSet(port...port) }
        let ends = word.split(separator: "-").map(String.init)
        guard ends.count == 2, let first = PFReader.port(ends[0]),
            let last = PFReader.port(ends[1]),
            first <= last
        else { return nil }
        return PortSet(first...last)
    }
}
