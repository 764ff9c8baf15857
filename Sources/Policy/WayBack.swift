import Net

/// The answers to a connection, on their way through the stateless filters of a path.
///
/// Most stateful devices let answers pass by what they remember, so only devices with `answers` are
/// asked. Every source port of the question must get its answers, or the way back is unknown.
struct WayBack {
    /// What becomes of the answers, over a partition of the server's ports × the clients.
    private(set) var cells: [Cell] = []

    struct Cell {
        var region: Region
        var verdict: Reach.Verdict
        var notes: [String] = []
        var deniedBy: [SourceLine] = []
    }

    /// Parts of the client's ports that rules tell apart.
    static let maximumPieces = 64

    /// The segments with their way back. A host that sends a connection on to another address
    /// forwards what follows on it, and its answers.
    static func told(
        of segments: [Reach.Segment], _ path: [Hop], _ question: ReachQuestion
    ) -> [Reach.Segment] {
        let lines = path.map(sendingOn)
        var known: [Set<Int>: WayBack?] = [:]
        return segments.flatMap { segment in
            let forwarding = Set(
                path.indices.filter { index in
                    segment.translatedTo.map { $0 != question.to } ?? false
                        && segment.decidedBy.contains {
                            $0.hop ?? "" == path[index].name && lines[index].contains($0.source)
                        }
                })
            if known[forwarding] == nil {
                known[forwarding] = .some(WayBack(path, question, forwarding: forwarding))
            }
            return (known[forwarding] ?? nil)?.split(segment) ?? [segment]
        }
    }

    /// Lines of a host that lead connections to other addresses than its own.
    private static func sendingOn(_ hop: Hop) -> Set<SourceLine> {
        guard hop.place == .host, let device = hop.configuration.device else { return [] }
        let loopback = Prefix("127.0.0.0/8")
        return Set(
            device.chains.values.flatMap(\.rules).filter { rule in
                guard case .translate(let translation) = rule.action,
                    case .addresses(let addresses) = translation.address
                else { return false }
                return !addresses.allSatisfy { loopback?.contains($0) ?? false }
            }.map(\.source))
    }

    /// Nil where no device on the path is stateless; the hops of these indexes send the connections
    /// on to another address.
    init?(_ path: [Hop], _ question: ReachQuestion, forwarding: Set<Int> = []) {
        let filters = path.indices.compactMap { index in
            var hop = path[index]
            let sendsOn = forwarding.contains(index)
            if sendsOn { hop.place = .through }
            return hop.configuration.device.map {
                Filter(hop, $0, among: path, question.to.family, sendsOn: sendsOn)
            }
        }
        .filter { !$0.stages.isEmpty }
        guard !filters.isEmpty else { return nil }
        let whole = Region(ports: question.ports, sources: question.from)
        let pieces = Self.pieces(of: question.sourcePorts, filters)
        guard pieces.count <= Self.maximumPieces else {
            let limit = "limit of \(Self.maximumPieces) parts of the client's ports reached"
            cells = [Cell(region: whole, verdict: .unknown, notes: ["way back: \(limit)"])]
            return
        }
        var permitted = whole
        var denied = whole
        var notes = Notes()
        var lines: [SourceLine] = []
        var verdicts: Set<Outcome.Verdict> = []
        for piece in pieces {
            var passing = Region()
            var stopped = Region()
            for cell in Self.outcomes(whole, piece, question, filters).all {
                verdicts.insert(cell.outcome.verdict)
                for doubt in cell.outcome.doubts { notes.add("way back: \(doubt)") }
                switch cell.outcome.verdict {
                case .permitted: passing.add(cell.region)
                case .denied:
                    stopped.add(cell.region)
                    if let by = cell.outcome.decidedBy.last?.source {
                        if !lines.contains(by) { lines.append(by) }
                        notes.add("way back: denied: \(StageWalk.sentence(by, by.text))")
                    }
                case .unknown: break
                }
            }
            permitted = permitted.remove(passing)
            denied = denied.remove(stopped)
        }
        var unknown = whole
        unknown.subtract(permitted)
        unknown.subtract(denied)
        if verdicts.isSuperset(of: [.permitted, .denied]), pieces.count > 1 {
            notes.add("way back: it depends on the client's port")
        }
        cells = [
            Cell(region: permitted, verdict: .permitted),
            Cell(region: denied, verdict: .denied, notes: notes.list, deniedBy: lines),
            Cell(region: unknown, verdict: .unknown, notes: notes.list),
        ]
    }

    /// The segment with its way back; several where that differs.
    func split(_ segment: Reach.Segment) -> [Reach.Segment] {
        guard segment.verdict != .denied else { return [segment] }
        var rest = Region(ports: segment.ports, sources: segment.from)
        return cells.flatMap { cell in
            rest.remove(cell.region).boxes.map { box in
                var part = segment
                part.ports = box.ports
                part.from = box.sources
                part.back = cell.verdict
                part.backDeniedBy = cell.deniedBy
                part.notes += cell.notes
                return part
            }
        }
    }

    /// A stateless device, and what judges answers there.
    private struct Filter {
        let device: Device
        let name: String?
        var stages: [Stage] = []
        /// Whether another device stands on the path that rewrites addresses.
        let rewritten: Bool
        var place = Device.Place.through
        /// Whether its own translation sends the connections on.
        let sendsOn: Bool
        /// Whether it may take connections to others itself, and then judges none of them here.
        var redirects: Bool {
            place == .through && !sendsOn
                && device.chains.values.flatMap(\.rules).contains {
                    if case .translate(let to) = $0.action { to.address == .device } else { false }
                }
        }
        /// Whether it sees the address of what forwards in place of the client's.
        let isBehindForwarder: Bool
        /// The interfaces on the clients' and on the server's side, where known.
        var context: (entering: String?, leaving: String?) = (nil, nil)

        init(
            _ hop: Hop, _ device: Device, among path: [Hop], _ family: IPAddress.Family,
            sendsOn: Bool
        ) {
            self.device = device
            self.sendsOn = sendsOn
            name = path.count == 1 && hop.name.isEmpty ? nil : hop.name
            rewritten = path.contains { other in
                other.configuration.device?.stages.contains { $0.work == .translate } ?? false
            }
            isBehindForwarder = path.prefix { $0.name != hop.name }.contains { other in
                other.configuration.device?.hidesClients ?? false
            }
            guard !device.answers.isEmpty else { return }
            let all = InForce.stages(device, hop).0
            let (entering, leaving) = InForce.interfaces(all, device, hop)
            context = (entering, leaving)
            place = hop.place
            stages = all.filter { stage in
                guard stage.places.contains(hop.place) else { return false }
                guard stage.direction == .entering, let own = stage.interface, let entering else {
                    return true
                }
                return own == entering
            }
            .flatMap { device.answers[$0.chain] ?? [] }
            .filter { $0.families.contains(family) }
        }
    }

    private static func pieces(of ports: PortSet, _ filters: [Filter]) -> [PortSet] {
        var pieces = [ports]
        for filter in filters {
            for set in filter.device.chains.values.flatMap(\.rules).compactMap(\.match.sourcePorts)
            {
                pieces = pieces.flatMap { [$0.intersection(set), $0.subtracting(set)] }
                    .filter { !$0.isEmpty }
                if pieces.count > maximumPieces { return pieces }
            }
        }
        return pieces
    }

    private static func outcomes(
        _ region: Region, _ ports: PortSet, _ question: ReachQuestion, _ filters: [Filter]
    ) -> Outcomes {
        var outcomes = Outcomes()
        var flows = [
            Flow(packet: Packet(to: .oneOf([question.to]), place: .through), region: region)
        ]
        for filter in filters.reversed() {
            let context = MatchContext(
                sourcePorts: ports, entering: filter.context.entering,
                leaving: filter.context.leaving, clientsMayBeLocal: question.mayBeLocal,
                clients: question.clients)
            if filter.redirects {
                for index in flows.indices {
                    flows[index].doubt(["it may be taken by the device itself"])
                }
            }
            let taken = filter.redirects ? flows : []
            for stage in filter.stages {
                var next: [Flow] = []
                for flow in flows {
                    var flow = flow
                    flow.packet.place = filter.place
                    flow.packet.clientHidden = filter.isBehindForwarder
                    if filter.rewritten {
                        flow.packet.destination = .unknown("the address is rewritten on the way")
                        flow.packet.ports = .to(0...65535)
                    }
                    var walk = StageWalk(
                        chains: filter.device.chains, context: context, hop: filter.name,
                        trials: ReachLimit.ruleTrials)
                    walk.pass(stage, flow)
                    next += walk.exits.compactMap { leave($0, &outcomes) }
                }
                flows = next
            }
            flows += taken
        }
        for flow in flows { outcomes.add(outcome(flow, .permitted), flow.region) }
        return outcomes
    }

    private static func leave(_ exit: StageWalk.Exit, _ outcomes: inout Outcomes) -> Flow? {
        var flow = exit.flow
        flow.decided += exit.by
        switch exit.action {
        case .deny:
            outcomes.add(outcome(flow, .denied), flow.region)
            return nil
        case .unknown(let why):
            flow.doubt([why])
            outcomes.add(outcome(flow, .denied), flow.region)
            return flow
        default: return flow
        }
    }

    private static func outcome(_ flow: Flow, _ verdict: Outcome.Verdict) -> Outcome {
        // Where answers go is no matter here, so that worlds that let them pass agree.
        Outcome(verdict: verdict, decidedBy: flow.decided, packet: nil, doubts: flow.doubts)
    }
}
