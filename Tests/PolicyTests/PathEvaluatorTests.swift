import Net
import Testing

@testable import Policy

@Suite struct PathEvaluatorTests {
    static let file = "f"

    static func hop(_ device: Device, name: String = "", place: Device.Place = .host) -> Hop {
        let configuration = Configuration(
            file: file, format: "made-up", kinds: [.firewall], device: device, notes: [])
        return Hop(
            name: name, configuration: configuration, place: place,
            source: SourceLine(file: "site", line: 1, text: ""))
    }

    static func segment(
        _ reach: Reach, _ client: IPAddress, _ port: UInt16
    ) -> [Reach.Segment] {
        reach.segments.filter { $0.ports.contains(port) && $0.from.contains(client) }
    }

    /// Random devices against the naive interpreter, packet by packet.
    @Test(arguments: [false, true])
    func `agrees with a packet-by-packet interpreter`(doubtful: Bool) {
        // A seed that once failed: a port translated to itself looked unlike a port kept.
        for seed in [11_158_762_690_704_834_517, UInt64.random(in: 0 ... .max)] {
            print("seed \(seed)")
            compare(seed: seed, doubtful: doubtful)
        }
    }

    private func compare(seed: UInt64, doubtful: Bool) {
        for round in 0..<400 {
            var maker = RandomDevice(seed: seed &+ UInt64(round), doubtful: doubtful)
            let device = maker.device()
            let place: Device.Place = round % 2 == 0 ? .host : .through
            let from = AddressSet(RandomDevice.clients.map { $0...$0 })
            let question = ReachQuestion(
                from: from, to: RandomDevice.server, ports: PortSet(RandomDevice.ports))
            let reach = PathEvaluator([Self.hop(device, place: place)]).reach(question)
            let naive = NaiveInterpreter(device: device)
            for client in RandomDevice.clients {
                for port in RandomDevice.ports {
                    let fates = naive.fates(
                        from: client, to: RandomDevice.server, port: port, place: place)
                    let found = Self.segment(reach, client, port)
                    guard found.count == 1, let segment = found.first else {
                        Issue.record("seed \(seed) round \(round): \(found.count) segments")
                        return
                    }
                    let problem = Self.difference(segment, fates, port)
                    guard problem == nil else {
                        Issue.record(
                            "seed \(seed) round \(round) \(client) port \(port): \(problem ?? "")")
                        return
                    }
                }
            }
        }
    }

    /// What is wrong with a segment, given all that may become of the packet.
    static func difference(
        _ segment: Reach.Segment, _ fates: Set<NaiveInterpreter.Fate>, _ port: UInt16
    ) -> String? {
        let outcomes = Set(fates.map { [$0.permitted ? 1 : 0, $0.permitted ? $0.hashed : 0] })
        if outcomes.count > 1 {
            return segment.verdict == .unknown ? nil : "\(segment.verdict), not unknown: \(fates)"
        }
        guard let fate = fates.first else { return "no fate" }
        guard segment.verdict == (fate.permitted ? .permitted : .denied) else {
            return "\(segment.verdict): \(segment.notes) \(fates)"
        }
        if fates.count == 1 {
            let lines = segment.decidedBy.map(\.source.line)
            guard lines == fate.lines || fate.lines.isEmpty else {
                return "decided by \(lines), not \(fate.lines)"
            }
        }
        guard fate.permitted else { return nil }
        let destination = segment.translatedTo ?? RandomDevice.server
        let ports = segment.translatedPorts ?? port...port
        guard destination == fate.destination, ports == fate.port else {
            return "delivered to \(destination) \(ports), not \(fate)"
        }
        return nil
    }

    private static func rule(
        _ match: Match, _ action: Action, _ line: Int
    ) -> FilterRule {
        FilterRule(match, action, SourceLine(file: file, line: line, text: "line \(line)"))
    }

    private static func ports(_ range: ClosedRange<UInt16>) -> Match {
        Match(destinationPorts: PortSet(range))
    }

    private static func filter(_ chains: [String: [FilterRule]]) -> Device {
        var device = Device(usualPlace: .host)
        for (name, rules) in chains { device.chains[name] = Chain(name: name, rules: rules) }
        let source = SourceLine(file: file, line: nil, text: "policy DROP")
        let ending: Setting<Action> = Setting(.deny(answered: false), source)
        device.stages = [Stage(.filter, chain: "INPUT", ending: ending)]
        return device
    }

    private static func ask(
        _ hops: [Hop], ports: ClosedRange<UInt16> = 1...65535, control: UInt16? = nil
    ) -> Reach {
        PathEvaluator(hops).reach(
            ReachQuestion(
                from: .all, to: RandomDevice.server, ports: PortSet(ports), control: control))
    }

    @Test func `names the jumps before the rule, and a default without a line`() {
        let device = Self.filter([
            "INPUT": [Self.rule(Self.ports(5001...5201), .jump("ftp"), 3)],
            "ftp": [Self.rule(Match(), .permit, 7)],
        ])
        let reach = Self.ask([Self.hop(device)])
        #expect(reach.segments.map { "\($0.ports)" } == ["1-5000,5202-65535", "5001-5201"])
        #expect(reach.segments.map { $0.decidedBy.map(\.source.line) } == [[nil], [3, 7]])
        #expect(reach.segments.first?.decidedBy.first?.source.text == "policy DROP")
    }

    @Test func `where a limit ends the walk, the line at which it ended is told`() {
        let rules = (1...9).map {
            Self.rule(Self.ports(UInt16($0)...UInt16($0)), .permit, $0)
        }
        let device = Self.filter(["INPUT": rules])
        let context = MatchContext(
            sourcePorts: .all, entering: nil, leaving: nil, clientsMayBeLocal: false)
        var walk = StageWalk(chains: device.chains, context: context, hop: nil, trials: 4)
        let packet = Packet(to: .oneOf([RandomDevice.server]), place: .host)
        walk.pass(
            device.stages[0], Flow(packet: packet, region: Region(ports: .all, sources: .all)))
        let given = walk.exits.filter { !$0.flow.isCertain }
        #expect(given.count == 2)
        #expect(given.allSatisfy { $0.by.map(\.source.line) == [4] })
        #expect(given.allSatisfy { $0.flow.doubts.first?.contains(":4: limit of") == true })
    }

    @Test func `a goto doesn't come back to the chain that it left`() {
        let device = Self.filter([
            "INPUT": [
                Self.rule(Self.ports(21...21), .go("other"), 1), Self.rule(Match(), .permit, 2),
            ],
            "other": [],
        ])
        let reach = Self.ask([Self.hop(device)], ports: 20...21)
        #expect(reach.segments.map(\.verdict) == [.permitted, .denied])
    }

    @Test func `is denied where a line that can't be told changes nothing`() {
        let device = Self.filter([
            "INPUT": [
                Self.rule(Match(notModelled: ["a full moon"]), .deny(answered: nil), 1),
                Self.rule(Self.ports(21...21), .permit, 2),
            ]
        ])
        let reach = Self.ask([Self.hop(device)], ports: 20...21)
        #expect(reach.segments.map(\.verdict) == [.denied, .unknown])
        #expect(reach.segments.last?.notes == ["f:1: a full moon"])
    }

    @Test func `chains that jump in a circle end with a limit's name`() {
        let device = Self.filter(["INPUT": [Self.rule(Match(), .jump("INPUT"), 1)]])
        let reach = Self.ask([Self.hop(device)], ports: 21...21)
        #expect(reach.segments.map(\.verdict) == [.unknown])
        #expect(reach.segments.first?.notes.first?.contains("64 nested jumps") == true)
    }

    /// Level by level: without remembering what came back, a power of three of 40 walks.
    @Test func `chains that jump to the next one three times are walked level by level`() {
        let levels = 40
        var chains: [String: [FilterRule]] = [:]
        for level in 0..<levels {
            var (some, others) = (Match(), Match())
            some.sources = AddressSet(IPAddress(v4: 0x0a00_0000 + UInt32(level)))
            others.destinationPorts = PortSet(0...UInt16(100 + level))
            chains[level == 0 ? "INPUT" : "c\(level)"] = [some, others, Match()].map {
                Self.rule($0, .jump("c\(level + 1)"), level + 1)
            }
        }
        var match = Match()
        match.destinationPorts = PortSet(22...22)
        chains["c\(levels)"] = [Self.rule(match, .permit, 99)]
        let reach = Self.ask([Self.hop(Self.filter(chains))], ports: 21...22)
        #expect(reach.segments.map(\.verdict) == [.denied, .permitted])
        #expect(reach.segments.last?.decidedBy.count == levels + 1)
    }

    @Test func `a data connection that a device expects needs cleartext control on its port`() {
        var match = Match()
        match.expectedOnly = true
        var device = Self.filter([
            "INPUT": [Self.rule(match, .permit, 1), Self.rule(Self.ports(21...21), .permit, 2)]
        ])
        let source = SourceLine(file: Self.file, line: 9, text: "CT --helper ftp")
        device.inspections = [
            Inspection(
                controlPorts: PortSet(21...21), opensFilter: false, rewritesAddress: false,
                source: source)
        ]
        let hops = [Self.hop(device)]
        #expect(Self.ask(hops, ports: 5001...5001).segments.map(\.verdict) == [.denied])
        let watched = Self.ask(hops, ports: 5001...5001, control: 21)
        #expect(watched.segments.map(\.verdict) == [.permittedByInspection])
        #expect(watched.segments.first?.decidedBy.map(\.source.line) == [1])
        #expect(
            Self.ask(hops, ports: 5001...5001, control: 2121).segments.map(\.verdict) == [.denied])
        var question = ReachQuestion(
            from: .all, to: RandomDevice.server, ports: PortSet(5001...5001), control: 21)
        question.encrypted = true
        #expect(PathEvaluator(hops).reach(question).segments.map(\.verdict) == [.denied])
    }

    @Test func `an inspection opens a filter that denies, where it stands on the way`() {
        var device = Self.filter(["INPUT": [Self.rule(Self.ports(21...21), .permit, 2)]])
        device.inspections = [
            Inspection(
                controlPorts: PortSet(21...21), opensFilter: true, rewritesAddress: true,
                source: SourceLine(file: Self.file, line: 9, text: "inspect ftp"))
        ]
        let reach = Self.ask([Self.hop(device)], ports: 5001...5001, control: 21)
        #expect(reach.segments.map(\.verdict) == [.permittedByInspection])
        #expect(reach.segments.first?.decidedBy.map(\.source.line) == [9])
    }

    @Test func `a pool of several gives the alternatives`() {
        var device = Self.filter(["INPUT": []])
        let inside = RandomDevice.inside
        let next = IPAddress(v4: 0x0a00_0006)
        device.chains["nat"] = Chain(
            name: "nat",
            rules: [
                Self.rule(
                    Match(), .translate(Translation(address: .addresses([inside, next]))), 4)
            ])
        let keep: Setting<Action> = Setting(.keep, SourceLine(file: Self.file, line: nil, text: ""))
        device.stages = [Stage(.translate, chain: "nat", ending: keep)]
        let reach = Self.ask([Self.hop(device, place: .through)], ports: 21...21)
        #expect(reach.segments.first?.alternatives == [inside, next])
        #expect(reach.segments.first?.verdict == .permitted)
    }

    @Test func `the second hop judges what the first one made of the packet`() {
        var edge = Device(usualPlace: .through)
        edge.chains["nat"] = Chain(
            name: "nat",
            rules: [
                Self.rule(
                    Self.ports(990...990),
                    .translate(
                        Translation(address: .addresses([RandomDevice.inside]), ports: 21...21)), 4)
            ])
        let keep: Setting<Action> = Setting(.keep, SourceLine(file: Self.file, line: nil, text: ""))
        edge.stages = [Stage(.translate, chain: "nat", ending: keep)]
        let host = Self.filter(["INPUT": [Self.rule(Self.ports(21...21), .permit, 1)]])
        let reach = Self.ask(
            [Self.hop(edge, name: "edge", place: .through), Self.hop(host, name: "host")],
            ports: 990...991)
        #expect(reach.segments.map(\.verdict) == [.permitted, .denied])
        #expect(reach.segments.first?.decidedBy.map(\.hop) == ["edge", "host"])
        #expect(reach.segments.first?.translatedPorts == 21...21)
        #expect(reach.segments.first?.translatedTo == RandomDevice.inside)
    }

    @Test func `several lists and none selected are unknown, with their names`() {
        var device = Self.filter(["INPUT": [], "100": [Self.rule(Match(), .permit, 1)]])
        device.selectable = ["INPUT", "100"]
        device.stages = []
        var hop = Self.hop(device)
        let open = Self.ask([hop], ports: 21...21)
        #expect(open.segments.map(\.verdict) == [.unknown])
        #expect(open.segments.first?.notes.first?.contains("INPUT, 100") == true)
        hop.select = "100"
        #expect(Self.ask([hop], ports: 21...21).segments.map(\.verdict) == [.permitted])
    }

    @Test func `ten thousand rules are no matter of seconds`() {
        #if DEBUG
            let count = 1_000
        #else
            let count = 10_000
        #endif
        var rules: [FilterRule] = []
        for index in 0..<count {
            var match = Match(
                destinationPorts: PortSet(UInt16(index % 60_000)...UInt16(index % 60_000)))
            if index % 3 == 0 {
                match.sources = AddressSet(IPAddress(v4: 0x0a00_0000 + UInt32(index) * 256))
            }
            rules.append(
                Self.rule(match, index % 2 == 0 ? .permit : .deny(answered: nil), index + 1))
        }
        let clock = ContinuousClock()
        let time = clock.measure {
            let reach = Self.ask([Self.hop(Self.filter(["INPUT": rules]))])
            #expect(reach.segments.count > count * 9 / 10)
        }
        print("\(count) rules: \(time)")
        #expect(time < .seconds(10))
    }

    @Test func `a rule for each of thousands of clients is no matter of seconds`() {
        #if DEBUG
            let count = 4_000
        #else
            let count = 20_000
        #endif
        let rules = (0..<count).map { index in
            let client = IPAddress(v4: 0x0a00_0000 + UInt32(index * 7919 % count) * 2)
            let match = Match(sources: AddressSet(client), destinationPorts: PortSet(21...21))
            return Self.rule(match, .permit, index + 1)
        }
        var device = Self.filter(["INPUT": rules])
        device.answers = ["INPUT": device.stages]
        let clock = ContinuousClock()
        let time = clock.measure {
            let reach = Self.ask([Self.hop(device)])
            #expect(reach.segments.count { $0.verdict == .permitted } == count)
        }
        print("\(count) clients: \(time)")
        #expect(time < .seconds(8))
    }
}

extension NaiveInterpreter.Fate {
    /// Where it is delivered, as a number that differs where the place does.
    var hashed: Int {
        var hasher = Hasher()
        hasher.combine(destination)
        hasher.combine(port)
        hasher.combine(isOwn)
        return hasher.finalize()
    }
}
