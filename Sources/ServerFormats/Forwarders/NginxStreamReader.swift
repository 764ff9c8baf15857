import Net
import Policy
import PolicyText

/// Reads nginx's directives: what isn't known to be harmless makes its server's ports unknown, and
/// what nginx refuses, all.
struct NginxStreamReader {
    private let text: ConfigText
    private var notes: LineNotes
    /// What is said of lines whatever else stands on them.
    private var said: [(line: Int, state: LineNote.State, why: String)] = []
    private var forwards: ForwardedPorts
    private var goals = NginxGoals()
    /// Ports that servers take, by the address at which they listen.
    private var places: [String: PortSet] = [:]
    private var keepsClients = false
    /// What `stream` says for servers that don't say it themselves.
    private var shared = Shared()

    private struct Shared {
        /// The last directive of a name that makes ports unknown.
        var doubtful: [String: NginxDirective] = [:]
        var bind: NginxDirective?
        var clients: AddressSet?
        var doubts: [String] = []
    }

    init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
        forwards = ForwardedPorts(
            ending: Setting(
                .deny(answered: true), text.absence("no server of nginx listens at the port")))
    }

    mutating func read(_ tree: [NginxDirective]) -> Configuration {
        if NginxStream.isFragment(tree) {
            readStream(tree)
        } else {
            for item in tree { readMain(item) }
        }
        for line in goals.used { notes.add(line, .used) }
        for fault in goals.faults { refuse(fault.line, fault.state, fault.why) }
        for (line, state, why) in goals.said + said { notes.set(line, state, why) }
        forwards.sortByAddress()
        forwards.hidesClients = !keepsClients
        return Configuration(
            file: text.file, format: NginxStream.name, kinds: [.nat],
            device: forwards.device(.host),
            notes: notes.finish { _, line in
                let bare = line.bare
                let isIdle = bare.hasPrefix("#") || bare.allSatisfy { " \t{};".contains($0) }
                return isIdle
                    ? (.irrelevant, "comment or blank") : (.notRecognised, "no known directive")
            })
    }

    // MARK: notes

    private mutating func note(
        _ item: NginxDirective, _ state: LineNote.State, _ why: String = ""
    ) {
        let last = item.block == nil ? max(item.line, item.last) : item.line
        for line in item.line...last { notes.add(line, state, why) }
    }

    private mutating func idle(_ item: NginxDirective) {
        for line in item.line...max(item.line, item.last) {
            notes.add(line, .irrelevant, "no influence on which port goes where")
        }
    }

    private mutating func doubt(_ item: NginxDirective, _ why: String) {
        said.append((item.line, .notModelled, why))
    }

    /// Notes that nginx refuses the file for this line, or may: nothing is known of any port.
    private mutating func refuse(_ line: Int, _ state: LineNote.State, _ why: String) {
        said.append((line, state, why))
        forwards.doubtAll(Setting(why, text.source(line)))
    }

    private mutating func strange(_ item: NginxDirective) {
        refuse(
            item.line, .notRecognised,
            "\(item.name.excerpt) isn't known, and nginx refuses what it doesn't know")
    }

    private mutating func included(_ item: NginxDirective) {
        let why = "another file may listen at more ports"
        doubt(item, why)
        forwards.ending = Setting(.unknown(why), text.source(item.line))
    }

    // MARK: blocks

    private mutating func readMain(_ item: NginxDirective) {
        switch item.name {
        case "stream":
            note(item, .used)
            readStream(item.block ?? [])
        case "include":
            if item.words.count == 2, NginxWords.modules.contains(item.words[1]) {
                return idle(item)
            }
            included(item)
        case "http", "mail":
            readServers(item)
            idle(item)
        default:
            let isIdle =
                item.block == nil
                ? NginxWords.main.contains(item.name) : NginxWords.idleBlocks.contains(item.name)
            isIdle ? idle(item) : strange(item)
        }
    }

    /// Ports at which it speaks HTTP or mail.
    private mutating func readServers(_ block: NginxDirective) {
        for item in block.block ?? [] {
            if item.name == "include", item.words.last?.hasSuffix("mime.types") != true {
                included(item)
            }
            guard item.name == "server" else { continue }
            let items = item.block ?? []
            let listens = items.filter { $0.name == "listen" && $0.words.count > 1 }
            for file in items where file.name == "include" { included(file) }
            for listen in listens { speaks(block.name, listen.words[1], listen) }
            // By its manual at 80, and without the rights for that at 8000.
            guard listens.isEmpty, block.name == "http" else { continue }
            for port in ["80", "8000"] { speaks(block.name, port, item) }
        }
    }

    private mutating func speaks(_ what: String, _ word: String, _ item: NginxDirective) {
        if word.hasPrefix("unix:") { return note(item, .irrelevant, "no socket of TCP") }
        let why = "it speaks \(what == "http" ? "HTTP" : "mail") there"
        var forward = ForwardedPorts.Forward(
            ports: 1...65535, target: .unknown(why), source: text.source(item.line))
        if let place = place(word, item.words, usual: 80) {
            forward.ports = place.ports
            forward.addresses = place.addresses
            forward.mayBeAnyAddress = place.isNamed
            note(item, .used)
        } else {
            forward.mayBeAnyAddress = true
            doubt(item, "where it listens can't be read")
        }
        forwards.add(forward)
    }

    private mutating func readStream(_ items: [NginxDirective]) {
        goals.take(items)
        share(items)
        for item in items {
            switch item.name {
            case "include":
                refuse(item.line, .notModelled, "another file may say more of all servers")
            case "server" where item.block != nil: readServer(item)
            case "upstream", "map": break
            case "allow", "deny", "proxy_bind": note(item, .used)
            default: readShared(item)
            }
        }
        for item in items where item.name == "upstream" || item.name == "map" {
            if item.name == "map" {
                _ = goals.read(map: item)
            } else {
                _ = goals.read(upstream: item)
            }
            if goals.isUsed(item) { notes.add(item.line, .used) }
            idle(item)
        }
    }

    private mutating func share(_ items: [NginxDirective]) {
        shared = Shared()
        for item in items where NginxWords.doubtful[item.name] != nil {
            shared.doubtful[item.name] = item
        }
        shared.bind = items.first { $0.name == "proxy_bind" }
        var doubts: [String] = []
        shared.clients = clients(items.filter { ["allow", "deny"].contains($0.name) }, &doubts)
        shared.doubts = doubts
    }

    /// A directive that may stand in `stream` and in a server.
    private mutating func readShared(_ item: NginxDirective) {
        if let why = NginxWords.doubtful[item.name] {
            if item.words.dropFirst().first == "off" { return idle(item) }
            doubt(item, why)
        } else if NginxWords.stream.contains(item.name) {
            idle(item)
        } else {
            strange(item)
        }
    }

    private mutating func readServer(_ server: NginxDirective) {
        let items = server.block ?? []
        note(server, .used)
        var doubts: [String] = []
        for item in items {
            switch item.name {
            case "listen", "proxy_pass", "proxy_bind", "allow", "deny": break
            case "include":
                doubt(item, "another file may say more of this server")
                doubts = ["another file may say more of this server"]
                included(item)
            default: readShared(item)
            }
        }
        doubts += self.doubts(items)
        let bind = items.first { $0.name == "proxy_bind" } ?? shared.bind
        if let bind, bind.words.contains("transparent") {
            keepsClients = true
            doubt(bind, "whose address the server sees isn't modelled")
        }
        for item in items where item.name == "proxy_bind" { note(item, .used) }
        let rules = items.filter { ["allow", "deny"].contains($0.name) }
        if rules.isEmpty { doubts += shared.doubts }
        let clients = rules.isEmpty ? shared.clients : self.clients(rules, &doubts)
        let passes = items.filter { $0.name == "proxy_pass" }
        if passes.count > 1 { refuse(passes[1].line, .invalid, "proxy_pass stands twice") }
        for item in items where item.name == "listen" {
            listen(item, passes.first, clients, doubts)
        }
    }

    /// Why connections may not go where `proxy_pass` says; what a server says counts more than
    /// what stands around it.
    private func doubts(_ items: [NginxDirective]) -> [String] {
        var meant = shared.doubtful
        for item in items where NginxWords.doubtful[item.name] != nil { meant[item.name] = item }
        return meant.keys.sorted().compactMap { name in
            meant[name]?.words.dropFirst().first == "off" ? nil : NginxWords.doubtful[name]
        }
    }

    // MARK: where it listens

    private mutating func listen(
        _ item: NginxDirective, _ pass: NginxDirective?, _ clients: AddressSet?, _ doubts: [String]
    ) {
        guard item.words.count > 1 else {
            return refuse(item.line, .invalid, "no place to listen at")
        }
        if item.words.contains("udp") { return note(item, .irrelevant, "not TCP") }
        if item.words[1].hasPrefix("unix:") {
            return note(item, .irrelevant, "no socket of TCP")
        }
        var own = doubts
        for word in item.words.dropFirst(2) {
            switch word {
            case "proxy_protocol": own.append("it takes only what a proxy sends")
            case "deferred": own.append("it waits for the client to speak first")
            default:
                guard NginxWords.listen.contains(String(word.prefix { $0 != "=" })) else {
                    return refuse(item.line, .notRecognised, "\(word.excerpt) isn't known")
                }
            }
        }
        var forward = ForwardedPorts.Forward(
            ports: 1...65535, clients: clients, target: .unchanged, source: text.source(item.line))
        guard let place = place(item.words[1], item.words, usual: nil) else {
            let why = "where it listens can't be read"
            doubt(item, why)
            (forward.target, forward.mayBeAnyAddress) = (.unknown(why), true)
            return forwards.add(forward)
        }
        note(item, .used)
        if place.isNamed { own.append("the address at which it listens is a name") }
        if !takes(
            place.ports,
            at: place.isNamed ? item.words[1] : "\(String(describing: place.addresses))"),
            !doubts.contains(NginxWords.doubtful["server_name"] ?? "")
        {
            refuse(item.line, .invalid, "two servers listen at the same place")
        }
        forward.addresses = place.addresses
        forward.mayBeAnyAddress = place.isNamed
        forward.doubts = own
        if let pass { note(pass, .used) }
        for (ports, goal) in goals.of(pass, place.ports) where forwards.undecided == nil {
            (forward.ports, forward.target, forward.mapping) = (ports, goal.target, goal.mapping)
            forwards.add(forward)
        }
    }

    /// Whether no server before takes one of the ports there.
    private mutating func takes(
        _ ports: ClosedRange<UInt16>, at address: String
    ) -> Bool {
        guard forwards.undecided == nil else { return true }
        let own = PortSet(ports)
        let isFree = places[address]?.isDisjoint(with: own) ?? true
        places[address] = places[address]?.union(own) ?? own
        return isFree
    }

    /// `[address:]port[-port]`; `*` and no address are all of IPv4.
    private func place(
        _ word: String, _ words: [String], usual: UInt16?
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
        case "[::]":
            // Alone for IPv6 since 1.3.4, unless it is told otherwise.
            return (range, words.contains("ipv6only=off") ? nil : .allV6, false)
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
        guard rules.count <= Self.maximumRules else {
            doubts.append("limit of \(Self.maximumRules) lines of allow and deny reached")
            return nil
        }
        var (permitted, left) = (AddressSet(), AddressSet.all)
        for rule in rules where rule.words.count > 1 && !rule.words[1].hasPrefix("unix:") {
            let word = rule.words[1]
            guard let set = word == "all" ? .all : Prefix(word).map({ AddressSet($0) }) else {
                doubt(rule, "whom it means can't be read")
                doubts.append("whom allow or deny means can't be read")
                continue
            }
            note(rule, .used)
            if rule.name == "allow" { permitted = permitted.union(set.intersection(left)) }
            left = left.subtracting(set)
        }
        return permitted.union(left)
    }

    /// Lines of `allow` and `deny` that count for one server.
    private static let maximumRules = 2000
}
