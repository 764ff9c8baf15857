import Net
import Policy
import PolicyText

struct NginxStreamReader {
    /// Where connections are handed on to.
    private struct Goal {
        var target: Translation.Target
        var mapping: ForwardedPorts.Mapping
    }

    private let text: ConfigText
    private var notes: LineNotes
    private var upstreams: [String: NginxDirective] = [:]
    private var maps: [String: NginxDirective] = [:]
    private var forwards: ForwardedPorts
    private var keepsClients = false

    init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
        forwards = ForwardedPorts(
            ending: Setting(
                .deny(answered: true), text.absence("no server of nginx listens at the port")))
    }

    mutating func read(_ tree: [NginxDirective]) -> Configuration {
        for item in tree {
            switch item.name {
            case "stream": readStream(item.block ?? [])
            case "include" where !item.words.joined(separator: " ").contains("modules"):
                included(item)
            case "http": readHTTP(item)
            default: break
            }
        }
        if NginxStream.isFragment(tree) { readStream(tree) }
        forwards.hidesClients = !keepsClients
        return Configuration(
            file: text.file, format: NginxStream.name, kinds: [.nat],
            device: forwards.device(.host),
            notes: notes.finish { _, line in
                let bare = line.bare
                let isEmpty = bare.isEmpty || bare.hasPrefix("#")
                return (
                    .irrelevant,
                    isEmpty ? "comment or blank" : "no influence on which port goes where"
                )
            })
    }

    private mutating func note(
        _ item: NginxDirective, _ state: LineNote.State, _ why: String = ""
    ) {
        let last = item.block == nil ? max(item.line, item.last) : item.line
        for line in item.line...last { notes.add(line, state, why) }
    }

    private mutating func included(_ item: NginxDirective) {
        let why = "another file may listen at more ports"
        note(item, .notModelled, why)
        forwards.ending = Setting(.unknown(why), text.source(item.line))
    }

    /// Ports at which it speaks HTTP.
    private mutating func readHTTP(_ http: NginxDirective) {
        for server in http.block ?? [] where server.name == "server" {
            for item in server.block ?? [] where item.name == "listen" {
                guard item.words.count > 1, let place = place(item.words[1], usual: 80) else {
                    continue
                }
                note(item, .used)
                forwards.forwards.append(
                    ForwardedPorts.Forward(
                        ports: place.ports, addresses: place.addresses,
                        target: .unknown("it speaks HTTP there"), source: text.source(item.line)))
            }
        }
    }

    private mutating func readStream(_ items: [NginxDirective]) {
        for item in items where item.words.count > 1 {
            if item.name == "upstream" { upstreams[item.words[1]] = item }
            if item.name == "map", item.words.count > 2 { maps[item.words[2]] = item }
        }
        for item in items {
            if item.name == "include" { included(item) }
            if item.name == "server" { readServer(item, items) }
        }
    }

    private mutating func readServer(_ server: NginxDirective, _ stream: [NginxDirective]) {
        let items = server.block ?? []
        note(server, .used)
        var doubts: [String] = []
        if let file = items.first(where: { $0.name == "include" }) {
            note(file, .notModelled, "another file isn't read")
            doubts.append("another file may say more of this server")
        }
        let transparent = (items + stream).first { $0.name == "proxy_bind" && $0.block == nil }
        if let transparent, transparent.words.contains("transparent") {
            keepsClients = true
            note(transparent, .notModelled, "whose address the server sees isn't modelled")
        }
        var rules = items.filter { ["allow", "deny"].contains($0.name) }
        if rules.isEmpty { rules = stream.filter { ["allow", "deny"].contains($0.name) } }
        let clients = self.clients(rules, &doubts)
        let pass = items.last { $0.name == "proxy_pass" }
        for item in items where item.name == "listen" && item.words.count > 1 {
            if item.words.contains("udp") {
                note(item, .irrelevant, "not TCP")
                continue
            }
            if item.words[1].hasPrefix("unix:") {
                note(item, .irrelevant, "no socket of TCP")
                continue
            }
            guard let place = place(item.words[1], usual: nil) else {
                let why = "where it listens can't be read"
                note(item, .notModelled, why)
                forwards.forwards.append(
                    ForwardedPorts.Forward(
                        ports: 1...65535, target: .unknown(why), source: text.source(item.line)))
                continue
            }
            note(item, .used)
            var own = doubts
            if item.words.contains("proxy_protocol") {
                own.append("it takes only what a proxy sends")
            }
            if place.isNamed { own.append("the address at which it listens is a name") }
            let source = text.source(item.line)
            for (ports, goal) in goals(pass, place.ports) {
                forwards.forwards.append(
                    ForwardedPorts.Forward(
                        ports: ports, addresses: place.addresses, clients: clients,
                        target: goal.target, mapping: goal.mapping, source: source, doubts: own))
            }
        }
    }

    /// `[address:]port[-port]`; `*` and no address are all of IPv4.
    private func place(
        _ word: String, usual: UInt16?
    ) -> (ports: ClosedRange<UInt16>, addresses: AddressSet?, isNamed: Bool)? {
        func ports(_ text: some StringProtocol) -> ClosedRange<UInt16>? {
            CloudValues.ports(String(text)).flatMap { $0.lowerBound > 0 ? $0 : nil }
        }
        if let ports = ports(word) { return (ports, .allV4, false) }
        var host = word
        var range = usual.map { $0...$0 }
        if let colon = word.lastIndex(of: ":"), !word.hasSuffix("]") {
            host = String(word[..<colon])
            range = ports(word[word.index(after: colon)...])
        }
        guard let range, !word.contains("$") else { return nil }
        switch host {
        case "*", "0.0.0.0": return (range, .allV4, false)
        case "[::]": return (range, .allV6, false)
        default:
            guard let own = IPAddress(host.stripping("[]")) else { return (range, nil, true) }
            return (range, AddressSet(own), false)
        }
    }

    /// Whom `allow` and `deny` let in, the first that matches; nil: all.
    private mutating func clients(
        _ rules: [NginxDirective], _ doubts: inout [String]
    ) -> AddressSet? {
        guard !rules.isEmpty else { return nil }
        var (permitted, left) = (AddressSet(), AddressSet.all)
        for rule in rules where rule.words.count > 1 && !rule.words[1].hasPrefix("unix:") {
            let word = rule.words[1]
            guard let set = word == "all" ? .all : Prefix(word).map({ AddressSet($0) }) else {
                note(rule, .notModelled, "whom it means can't be read")
                doubts.append("whom allow or deny means can't be read")
                continue
            }
            note(rule, .used)
            if rule.name == "allow" { permitted = permitted.union(set.intersection(left)) }
            left = left.subtracting(set)
        }
        return permitted.union(left)
    }

    // MARK: where it goes

    private mutating func goals(
        _ pass: NginxDirective?, _ ports: ClosedRange<UInt16>
    ) -> [(ClosedRange<UInt16>, Goal)] {
        guard let pass, pass.words.count > 1 else {
            return [(ports, Goal(target: .unknown("it hands on to nobody"), mapping: .kept))]
        }
        let word = pass.words[1]
        note(pass, .used)
        guard let map = maps[word.stripping("{}").replacing("${", with: "$")] else {
            let goal = self.goal(word)
            if case .unknown(let why) = goal.target { note(pass, .notModelled, why) }
            return [(ports, goal)]
        }
        guard map.words[1] == "$server_port" else {
            let why = "what \(map.words[1].excerpt) is isn't known before the connection"
            note(pass, .notModelled, why)
            return [(ports, Goal(target: .unknown(why), mapping: .kept))]
        }
        return goals(map: map, ports)
    }

    /// By a map of the port asked for: a row for a port, and the default.
    private mutating func goals(
        map: NginxDirective, _ ports: ClosedRange<UInt16>
    ) -> [(ClosedRange<UInt16>, Goal)] {
        note(map, .used)
        var found: [(ClosedRange<UInt16>, Goal)] = []
        var rest = PortSet(ports)
        var usual = Goal(target: .unknown("the map has no default"), mapping: .kept)
        for row in map.block ?? [] {
            note(row, .used)
            if row.words.count == 2, row.words[0] == "default" {
                usual = goal(row.words[1])
            } else if row.words.count == 2, let port = UInt16(row.words[0]) {
                guard rest.contains(port) else { continue }
                rest = rest.subtracting(PortSet(port...port))
                found.append((port...port, goal(row.words[1])))
            } else {
                // A pattern or an included file: any port may be meant.
                note(row, .notModelled, "a row that isn't modelled")
                usual = Goal(
                    target: .unknown("a row of the map isn't modelled"), mapping: .kept)
                return [(ports, usual)]
            }
        }
        return found + rest.ranges.map { ($0, usual) }
    }

    /// An address or the name of an upstream, with a port, the port asked for, or none.
    private mutating func goal(_ word: String) -> Goal {
        if let upstream = upstreams[word] { return goal(upstream: upstream) }
        let plain = word.replacing("${server_port}", with: "$server_port")
        guard let colon = plain.lastIndex(of: ":"), !plain.hasSuffix("]"),
            !plain.hasPrefix("unix:")
        else { return Goal(target: .unknown("\(word.excerpt) isn't in the file"), mapping: .kept) }
        let host = String(plain[..<colon])
        let port = String(plain[plain.index(after: colon)...])
        let target: Translation.Target
        if let address = IPAddress(host.stripping("[]")) {
            target = .addresses([address])
        } else {
            target = .unknown("what address \(host.excerpt) is isn't in the file")
        }
        if port == "$server_port" { return Goal(target: target, mapping: .kept) }
        guard let one = UInt16(port), one > 0 else {
            return Goal(target: .unknown("the port of \(word.excerpt) isn't known"), mapping: .kept)
        }
        return Goal(target: target, mapping: .one(one))
    }

    /// Servers by turns; `backup` only where no other is up.
    private mutating func goal(upstream: NginxDirective) -> Goal {
        note(upstream, .used)
        var active: [Goal] = []
        var backup: [Goal] = []
        for item in upstream.block ?? [] where item.name == "server" && item.words.count > 1 {
            if item.words.contains("down") {
                note(item, .irrelevant, "the server takes no connection")
                continue
            }
            let goal = upstreams[item.words[1]] == nil ? self.goal(item.words[1]) : nil
            guard let goal else { continue }
            note(item, .used)
            if item.words.contains("backup") { backup.append(goal) } else { active.append(goal) }
        }
        let meant = active.isEmpty ? backup : active
        guard let first = meant.first else {
            return Goal(target: .unknown("the upstream has no server"), mapping: .kept)
        }
        guard meant.allSatisfy({ $0.mapping == first.mapping }) else {
            return Goal(target: .unknown("its servers have different ports"), mapping: .kept)
        }
        var addresses: [IPAddress] = []
        for goal in meant {
            guard case .addresses(let own) = goal.target else { return goal }
            addresses += own.filter { !addresses.contains($0) }
        }
        return Goal(target: .addresses(addresses), mapping: first.mapping)
    }
}
