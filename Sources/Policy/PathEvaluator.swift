import Net

/// Answers a reach question along a path of hops, outermost first.
///
/// The answer is exact: sets of ports and clients are split by every line that tells them apart.
/// Where a line can't be told to match, both ways are followed, and only where they end alike the
/// verdict is theirs; else it is unknown, and a note names the line.
public struct PathEvaluator: Sendable {
    public let path: [Hop]
    /// Beside `path`.
    private let hulls: [DestinationHulls?]

    public init(_ path: [Hop]) {
        self.path = path
        hulls = path.map { $0.configuration.device.map(DestinationHulls.init) }
    }

    /// The regions of `question` with one verdict each; together they cover its ports for its
    /// clients of the destination's address family exactly. Ascending by port.
    public func reach(_ question: ReachQuestion) -> Reach {
        var question = question
        let family: AddressSet = question.to.family == .v4 ? .allV4 : .allV6
        question.from = question.from.intersection(family)
        let whole = Region(ports: question.ports, sources: question.from)
        var notes = Notes()
        let blue = outcomes(question, whole, announced: nil, &notes)
        let expected = expectedOutcomes(question, &notes)
        let writer = SegmentWriter(question)
        var segments: [Reach.Segment] = []
        for cell in blue.all {
            guard cell.outcome.verdict == .denied, let expected else {
                segments += writer.segments(cell.region, cell.outcome)
                continue
            }
            // Denied out of the blue; perhaps let in as an expected data connection.
            var rest = cell.region
            for other in expected where other.outcome.verdict != .denied {
                let common = rest.remove(other.region)
                segments += writer.segments(common, other.outcome, byInspection: true)
            }
            segments += writer.segments(rest, cell.outcome)
        }
        segments = WayBack.told(of: segments, path, question)
        return Reach(to: question.to, segments: writer.merged(segments), notes: notes.list)
    }

    /// Who would announce an expected data connection, and what watches its control connection.
    private struct Announcement {
        var servers: AddressSet
        /// Nil: it isn't known what rules assigned to the control connection.
        var assigned: Set<Packet.Assignment>?
        var sent: [Int: Destination]
    }

    /// What a control connection's way tells of who watches it.
    private struct Watched: Hashable {
        var assigned: Set<Packet.Assignment>?
        var sent: [Int: Destination]
    }

    /// The world in which the port is announced on a control connection that devices watch; nil
    /// where none does, or the question names no cleartext control connection.
    private func expectedOutcomes(
        _ question: ReachQuestion, _ notes: inout Notes
    ) -> [(region: Region, outcome: Outcome)]? {
        guard let control = question.control, !question.encrypted,
            path.indices.contains(where: { inspection($0, control) != nil })
        else { return nil }
        // No control connection, no announcement.
        var own = question
        own.ports = PortSet(control...control)
        own.control = nil
        var ignored = Notes()
        let open = outcomes(
            own, Region(ports: own.ports, sources: own.from), announced: nil, &ignored)
        // Clients whose control connections are watched by the same inspections go together.
        var order: [Watched] = []
        var clients: [Watched: AddressSet] = [:]
        var servers = AddressSet(question.to)
        for cell in open.all where cell.outcome.verdict != .denied {
            let packet = cell.outcome.packet
            let watched = Watched(assigned: packet?.assigned, sent: packet?.sent ?? [:])
            if clients[watched] == nil { order.append(watched) }
            let known = clients[watched] ?? AddressSet()
            clients[watched] = known.union(cell.region.sources)
            if case .oneOf(let addresses) = cell.outcome.packet?.destination {
                servers = servers.union(AddressSet(addresses.map { $0...$0 }))
            }
        }
        return order.flatMap { watched in
            let region = Region(
                ports: question.ports.subtracting(question.controlPorts),
                sources: clients[watched] ?? AddressSet())
            let announced = Announcement(
                servers: servers, assigned: watched.assigned, sent: watched.sent)
            return outcomes(question, region, announced: announced, &notes).all
        }
    }

    /// What at the hop reads the control connection of the question's expected data connection.
    private func inspection(
        _ index: Int, _ control: UInt16?, announced: Announcement? = nil
    ) -> Inspection? {
        let hop = path[index]
        guard let control, let device = hop.configuration.device else { return nil }
        let (entering, leaving) = InForce.interfaces(InForce.stages(device, hop).0, device, hop)
        return device.inspections.first { inspection in
            // Rules that assign may see a translated port; what they assigned tells better.
            let isTold =
                inspection.assignedBy != nil && (announced.map { $0.assigned != nil } ?? true)
            guard isTold || inspection.controlPorts.contains(control) else { return false }
            if let own = inspection.servers, let servers = announced?.servers,
                own.isDisjoint(with: servers)
            {
                return false
            }
            if let tag = inspection.assignedBy, let assigned = announced?.assigned,
                !assigned.contains(Packet.Assignment(hop: index, tag: tag))
            {
                return false
            }
            guard let interface = inspection.interface else { return true }
            if inspection.direction == .leaving {
                return (leaving ?? device.usualLeaving).map { $0 == interface } ?? true
            }
            return entering == interface
        }
    }

    /// Whether another hop at the same place speaks of the family, and of it alone.
    private func isTold(of family: IPAddress.Family, besides hop: Hop) -> Bool {
        path.contains { $0.place == hop.place && $0.configuration.device?.families == [family] }
    }

    /// What becomes of the region; as expected data connections where they are announced.
    private func outcomes(
        _ question: ReachQuestion, _ region: Region, announced: Announcement?,
        _ notes: inout Notes
    ) -> Outcomes {
        let expected = announced != nil
        var packet = Packet(to: .oneOf([question.to]), place: .through)
        packet.expectedHere = expected
        var flows = [Flow(packet: packet, region: region)].filter { !$0.region.isEmpty }
        var outcomes = Outcomes()
        var trials = ReachLimit.ruleTrials
        for (index, hop) in path.enumerated() {
            guard let device = hop.configuration.device, let hulls = hulls[index] else {
                let why =
                    hop.configuration.problem.map { "hop '\(hop.name)' could not be read: \($0)" }
                    ?? "\(hop.configuration.file): it holds no filter or translation"
                for index in flows.indices { flows[index].doubt([why]) }
                for flow in flows {
                    outcomes.add(Self.denial(flow, []), flow.region)
                }
                continue
            }
            if !device.families.contains(question.to.family) {
                // Another file of the path may hold the rules of this family.
                if isTold(of: question.to.family, besides: hop) { continue }
                let name = question.to.family == .v4 ? "IPv4" : "IPv6"
                let why =
                    "\(hop.configuration.file): it holds no rules for \(name), which has its own"
                for index in flows.indices { flows[index].doubt([why]) }
                for flow in flows { outcomes.add(Self.denial(flow, []), flow.region) }
                continue
            }
            for sentence in device.assumptions { notes.add(sentence) }
            if hop.place == .host, device.seemsToStandBefore(question.to) {
                notes.add(
                    "\(hop.configuration.file): taken to run on \(question.to) itself, though its rules name that address among what passes through"
                )
            }
            for name in [hop.outside, hop.inside].compactMap(\.self) {
                if let sentence = device.neverNames(interface: name) {
                    notes.add("\(hop.configuration.file): \(sentence)")
                }
            }
            var walk = HopWalk(
                hop, device, hulls, name: path.count == 1 && hop.name.isEmpty ? nil : hop.name,
                question: question,
                inspection: expected
                    ? inspection(index, question.control, announced: announced) : nil,
                follows: announced?.sent[index],
                trials: trials)
            var next: [Flow] = []
            let assigning = Set(device.inspections.compactMap(\.assignedBy))
            let isFollowed = device.inspections.contains { $0.followsBy != nil }
            for flow in flows {
                next += walk.pass(flow).map { passed in
                    var passed = passed
                    passed.packet.expectedHere = expected
                    for tag in passed.packet.tags.intersection(assigning) {
                        passed.packet.assigned.insert(.init(hop: index, tag: tag))
                    }
                    if isFollowed, passed.packet.destination != flow.packet.destination {
                        passed.packet.sent[index] = passed.packet.destination
                    }
                    return passed
                }
            }
            if next.contains(where: \.packet.isSentToDevice) {
                notes.add(
                    "\(hop.configuration.file): what it redirects to itself is judged as if it went on to \(question.to)"
                )
            }
            flows = next
            trials = walk.trials
            for (flow, by) in walk.denied { outcomes.add(Self.denial(flow, by), flow.region) }
            for line in walk.noted { notes.addSourcePort(line) }
        }
        for flow in flows.flatMap(Self.told) {
            let known: Outcome.Verdict =
                if case .unknown = flow.packet.destination { .unknown } else { .permitted }
            var doubts = flow.doubts
            if case .unknown(let why) = flow.packet.destination { doubts.append(why) }
            outcomes.add(
                Outcome(
                    verdict: known, decidedBy: flow.decided, packet: flow.packet, doubts: doubts),
                flow.region)
        }
        return outcomes
    }

    /// A port translated to itself is a port kept: worlds that differ in that alone agree.
    private static func told(_ flow: Flow) -> [Flow] {
        guard case .to(let range) = flow.packet.ports, range.count == 1 else { return [flow] }
        var rest = flow
        var same = flow
        same.region = rest.region.remove(ports: PortSet(range), sources: nil)
        same.packet.ports = .kept
        return [same, rest].filter { !$0.region.isEmpty }
    }

    private static func denial(_ flow: Flow, _ by: [Reach.Decision]) -> Outcome {
        Outcome(
            verdict: .denied, decidedBy: flow.decided + by, packet: nil, doubts: flow.doubts)
    }
}

/// Notes of a whole answer: each once, and not without end.
struct Notes {
    private(set) var list: [String] = []
    private var sourcePortLines = 0

    mutating func add(_ note: String) {
        if !list.contains(note) { list.append(note) }
    }

    mutating func addSourcePort(_ line: SourceLine) {
        sourcePortLines += 1
        guard sourcePortLines <= 20 else { return }
        add(
            StageWalk.sentence(
                line, "it needs a source port that a client needn't have; not counted on"))
    }
}
