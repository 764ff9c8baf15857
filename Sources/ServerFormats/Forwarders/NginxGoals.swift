import Net
import Policy
import PolicyText

/// Where nginx hands connections on to: addresses, upstreams, and maps of the port asked for.
struct NginxGoals {
    struct Goal: Hashable {
        var target: Translation.Target
        var mapping: ForwardedPorts.Mapping

        static func unknown(_ why: String) -> Goal { Goal(target: .unknown(why), mapping: .kept) }
    }

    /// A map: rows in order of their ports, and the default.
    struct Map {
        var rows: [(ports: ClosedRange<UInt16>, goal: Goal)] = []
        var rest = PortSet(0...65535)
        var usual: Goal
    }

    private var upstreams: [String: NginxDirective] = [:]
    private var maps: [String: NginxDirective] = [:]
    private var readUpstreams: [String: Goal] = [:]
    private var readMaps: [String: Map] = [:]
    private var asked: Set<Int> = []
    /// Lines that say where it goes.
    private(set) var used: [Int] = []
    /// What else is to be said of lines.
    private(set) var said: [(line: Int, state: LineNote.State, why: String)] = []
    /// Lines at which nginx stops, or may.
    private(set) var faults: [(line: Int, state: LineNote.State, why: String)] = []

    mutating func take(_ items: [NginxDirective]) {
        for item in items where item.words.count > 1 {
            if item.name == "upstream" { upstreams[item.words[1]] = item }
            if item.name == "map", item.words.count > 2 { maps[item.words[2]] = item }
        }
    }

    /// Whether a server hands on by this upstream or map.
    func isUsed(_ item: NginxDirective) -> Bool { asked.contains(item.line) }

    /// Where the ports go, piece by piece.
    mutating func of(
        _ pass: NginxDirective?, _ ports: ClosedRange<UInt16>
    ) -> [(ports: ClosedRange<UInt16>, goal: Goal)] {
        guard let pass, pass.words.count > 1 else {
            return [(ports, .unknown("it hands on to nobody"))]
        }
        let word = pass.words[1]
        guard let map = maps[word.stripping("{}").replacing("${", with: "$")] else {
            let goal = goal(word)
            if case .unknown(let why) = goal.target { said.append((pass.line, .notModelled, why)) }
            return [(ports, goal)]
        }
        asked.insert(map.line)
        let known = read(map: map)
        if case .unknown(let why) = known.usual.target, known.rows.isEmpty {
            said.append((pass.line, .notModelled, why))
        }
        var found = known.rows.filter { $0.ports.overlaps(ports) }
            .map { ($0.ports.clamped(to: ports), $0.goal) }
        found += known.rest.intersection(PortSet(ports)).ranges.map { ($0, known.usual) }
        return found
    }

    // MARK: maps

    /// A row for a port, and the default.
    mutating func read(map: NginxDirective) -> Map {
        guard map.words.count > 2 else { return Map(usual: .unknown("a map of nothing")) }
        if let known = readMaps[map.words[2]] { return known }
        let known = rows(map)
        readMaps[map.words[2]] = known
        return known
    }

    private mutating func rows(_ map: NginxDirective) -> Map {
        guard map.words[1] == "$server_port" else {
            return Map(
                usual: .unknown(
                    "what \(map.words[1].excerpt) is isn't known before the connection"))
        }
        used.append(map.line)
        var usual = Goal.unknown("the map has no default")
        var goals: [UInt16: Goal] = [:]
        for row in map.block ?? [] {
            used.append(row.line)
            if row.words == ["volatile"] { continue }
            if row.words.count == 2, row.words[0] == "default" {
                usual = goal(row.words[1])
            } else if row.words.count == 2, let port = UInt16(row.words[0]) {
                if goals[port] == nil { goals[port] = goal(row.words[1]) }
            } else {
                // A pattern or an included file: any port may be meant.
                let why = "a row of the map isn't modelled"
                said.append((row.line, .notModelled, why))
                return Map(usual: .unknown(why))
            }
        }
        var result = Map(usual: usual)
        for (port, goal) in goals.sorted(by: { $0.key < $1.key }) {
            let plain =
                goal.mapping == .one(port) ? Goal(target: goal.target, mapping: .kept) : goal
            if let last = result.rows.last, last.goal == plain, last.ports.upperBound + 1 == port {
                result.rows[result.rows.count - 1].ports = last.ports.lowerBound...port
            } else {
                result.rows.append((port...port, plain))
            }
        }
        result.rest = result.rest.subtracting(PortSet(result.rows.map(\.ports)))
        return result
    }

    // MARK: addresses

    /// An address or the name of an upstream, with a port, the port asked for, or none.
    private mutating func goal(_ word: String) -> Goal {
        if let upstream = upstreams[word] {
            asked.insert(upstream.line)
            return read(upstream: upstream)
        }
        return Self.plain(word)
    }

    private static func plain(_ word: String) -> Goal {
        let plain = word.replacing("${server_port}", with: "$server_port")
        guard let colon = plain.lastIndex(of: ":"), !plain.hasSuffix("]"),
            !plain.hasPrefix("unix:")
        else { return .unknown("\(word.excerpt) isn't in the file") }
        let host = String(plain[..<colon])
        let port = String(plain[plain.index(after: colon)...])
        guard let address = IPAddress(host.stripping("[]")) else {
            return .unknown("what address \(host.excerpt) is isn't in the file")
        }
        if port == "$server_port" { return Goal(target: .addresses([address]), mapping: .kept) }
        guard let one = UInt16(port), one > 0 else {
            return .unknown("the port of \(word.excerpt) isn't known")
        }
        return Goal(target: .addresses([address]), mapping: .one(one))
    }

    // MARK: upstreams

    /// Servers by turns; `backup` only where no other is up.
    mutating func read(upstream: NginxDirective) -> Goal {
        guard upstream.words.count > 1 else { return .unknown("an upstream without a name") }
        if let known = readUpstreams[upstream.words[1]] { return known }
        var active: [Goal] = []
        var backup: [Goal] = []
        var doubt: String?
        for item in upstream.block ?? [] {
            switch item.name {
            case "server" where item.words.count > 1:
                if item.words.contains("down") {
                    said.append((item.line, .irrelevant, "the server takes no connection"))
                    continue
                }
                doubt = self.doubt(item) ?? doubt
                used.append(item.line)
                let goal = Self.plain(item.words[1])
                if item.words.contains("backup") {
                    backup.append(goal)
                } else {
                    active.append(goal)
                }
            case "include", "state":
                doubt = "another file may name more servers"
                said.append((item.line, .notModelled, "another file may name more servers"))
            default:
                guard !NginxWords.upstream.contains(item.name) else {
                    said.append((item.line, .irrelevant, "which of the servers takes it"))
                    continue
                }
                let why = "\(item.name.excerpt) isn't known, and nginx refuses what it doesn't know"
                faults.append((item.line, .notRecognised, why))
            }
        }
        let goal = doubt.map { .unknown($0) } ?? Self.one(of: active.isEmpty ? backup : active)
        readUpstreams[upstream.words[1]] = goal
        return goal
    }

    /// Why a server of an upstream may stand elsewhere.
    private mutating func doubt(_ item: NginxDirective) -> String? {
        for word in item.words.dropFirst(2) {
            let name = String(word.prefix { $0 != "=" })
            if NginxWords.server.contains(name) { continue }
            let isKnown = ["resolve", "service", "drain", "route"].contains(name)
            let why = "what \(word.excerpt) makes of the server isn't modelled"
            if isKnown {
                said.append((item.line, .notModelled, why))
                return why
            }
            faults.append((item.line, .notRecognised, "\(word.excerpt) isn't known"))
        }
        return nil
    }

    private static func one(of meant: [Goal]) -> Goal {
        guard let first = meant.first else { return .unknown("the upstream has no server") }
        guard meant.count <= ForwardedPorts.maximumServers else {
            return .unknown("limit of \(ForwardedPorts.maximumServers) servers reached")
        }
        guard meant.allSatisfy({ $0.mapping == first.mapping }) else {
            return .unknown("its servers have different ports")
        }
        var addresses: [IPAddress] = []
        var known: Set<IPAddress> = []
        for goal in meant {
            guard case .addresses(let own) = goal.target else { return goal }
            addresses += own.filter { known.insert($0).inserted }
        }
        return Goal(target: .addresses(addresses), mapping: first.mapping)
    }
}
