import Net

/// The way of flows through one device: its stages in order.
struct HopWalk {
    let hop: Hop
    let device: Device
    private let hulls: DestinationHulls
    /// Name in decisions; nil where a lone device is asked.
    let name: String?
    private(set) var context: MatchContext
    /// What watches the control connection of the question, where something does.
    let inspection: Inspection?
    /// Where that control connection was translated to here, and that data connections follow.
    let follows: Destination?
    var trials: Int
    private(set) var denied: [(Flow, [Reach.Decision])] = []
    private(set) var noted: [SourceLine] = []
    private let stages: [Stage]
    private let namedLeaving: String?
    /// Why the stages that are in force can't be told.
    private let undecided: String?

    init(
        _ hop: Hop, _ device: Device, _ hulls: DestinationHulls, name: String?,
        question: ReachQuestion, inspection: Inspection?, follows: Destination? = nil, trials: Int
    ) {
        self.hop = hop
        self.device = device
        self.hulls = hulls
        self.name = name
        self.inspection = inspection
        self.follows = follows
        self.trials = trials
        (stages, undecided) = InForce.stages(device, hop)
        let interfaces = InForce.interfaces(stages, device, hop)
        namedLeaving = interfaces.leaving
        context = MatchContext(
            sourcePorts: question.sourcePorts, entering: interfaces.entering,
            leaving: interfaces.leaving,
            clientsMayBeLocal: question.mayBeLocal, clients: question.clients)
    }

    /// The interface by which a packet leaves: as the hop says, else towards the network that is
    /// connected, else as the device usually does.
    private func leaving(_ packet: Packet) -> String? {
        if let namedLeaving { return namedLeaving }
        if case .oneOf(let addresses) = packet.destination, addresses.count == 1 {
            if let towards = device.interface(towards: addresses[0]) { return towards }
        }
        return device.usualLeaving
    }

    /// Flows that pass, each with what decided here.
    mutating func pass(_ flow: Flow) -> [Flow] {
        var arriving = flow
        arriving.packet = flow.packet.arriving(
            place: hop.place, expected: flow.packet.expectedHere && inspection != nil)
        arriving.byDefault = nil
        if let undecided { return bothWays(arriving, undecided) }
        var flows = [arriving]
        for stage in stages where !flows.isEmpty {
            var next: [Flow] = []
            for flow in flows { next += run(stage, flow) }
            flows = next
        }
        return flows.map(leave)
    }

    /// Puts the default of the last stage among the decisions, where it let the flow pass.
    private func leave(_ flow: Flow) -> Flow {
        var flow = flow
        if let byDefault = flow.byDefault { flow.decided.append(byDefault) }
        flow.byDefault = nil
        if device.hidesClients { flow.packet.clientHidden = true }
        if flow.decided.last?.hop != name || flow.decided.isEmpty {
            let file = hop.configuration.file
            let source = SourceLine(file: file, line: nil, text: "no filter applies")
            flow.decided.append(Reach.Decision(hop: name, source: source))
        }
        return flow
    }

    private mutating func run(_ stage: Stage, _ flow: Flow) -> [Flow] {
        guard stage.places.contains(flow.packet.place) else { return [flow] }
        if let family = flow.packet.destination.family, !stage.families.contains(family) {
            return [flow]
        }
        if stage.work == .translate, flow.packet.translatedHere || !flow.packet.tracked {
            return [flow]
        }
        if stage.work == .translate, let followed = follow(flow) { return followed }
        var flow = flow
        context.leaving = leaving(flow.packet)
        var bypassing: [Flow] = []
        if let interface = stage.interface {
            let actual = stage.direction == .leaving ? context.leaving : context.entering
            if let actual {
                guard MatchContext.matches(interface, actual) else { return [flow] }
            } else {
                let verb = stage.direction == .leaving ? "leaves" : "enters"
                flow.doubt(["it isn't known whether a packet \(verb) by \(interface)"])
                bypassing = [flow]
            }
        }
        var walk = StageWalk(
            chains: device.chains, hulls: hulls, context: context, hop: name, trials: trials)
        walk.pass(stage, flow)
        trials = walk.trials
        for line in walk.noted where !noted.contains(line) { noted.append(line) }
        return bypassing + walk.exits.flatMap { leave(stage, $0) }
    }

    /// An expected data connection goes the way of its control connection, without a question to
    /// the rules; or nothing expects it (nf_nat_ftp.c, nf_conntrack_ftp.c).
    private mutating func follow(_ flow: Flow) -> [Flow]? {
        guard flow.packet.expectedHere, case .oneOf(let addresses)? = follows, let inspection,
            let needed = inspection.followsBy
        else { return nil }
        let why = StageWalk.sentence(
            inspection.source,
            "data ports of the translated control connection are open with \(needed) only, and it isn't known whether it is there"
        )
        return bothWays(flow, why).flatMap {
            translate($0, Translation(address: .addresses(addresses)))
        }
    }

    /// What an exit makes of the flow for the next stage.
    private mutating func leave(_ stage: Stage, _ exit: StageWalk.Exit) -> [Flow] {
        var flow = exit.flow
        switch exit.action {
        case .deny:
            if flow.packet.expectedHere, let inspection, inspection.opensFilter {
                flow.decided.append(Reach.Decision(hop: name, source: inspection.source))
                flow.byDefault = nil
                return [flow]
            }
            denied.append((flow, exit.by))
            return []
        case .translate(let translation):
            flow.decided += exit.by
            return translate(flow, translation)
        case .unknown(let why):
            return bothWays(flow, why, exit.by)
        case .permit, .keep, .next, .return, .jump, .go:
            guard stage.work == .filter else { return [flow] }
            if exit.isDefault {
                flow.byDefault = exit.by.first
            } else {
                flow.decided += exit.by
                flow.byDefault = nil
            }
            return [flow]
        }
    }

    /// It passes, or it doesn't.
    private mutating func bothWays(
        _ flow: Flow, _ why: String, _ by: [Reach.Decision] = []
    ) -> [Flow] {
        var flow = flow
        flow.doubt([why])
        denied.append((flow, by))
        flow.decided += by
        return [flow]
    }

    private func translate(_ flow: Flow, _ translation: Translation) -> [Flow] {
        let before = flow.packet
        var flow = flow
        flow.packet.translatedHere = true
        switch translation.address {
        case .unchanged: break
        case .device:
            // To the address of the interface by which it came (nf_nat_redirect.c).
            if flow.packet.place != .host { flow.packet.isSentToDevice = true }
            flow.packet.place = .host
        case .addresses(let addresses):
            if flow.packet.place == .host, Destination.oneOf(addresses) != flow.packet.destination,
                !addresses.allSatisfy({ Prefix("127.0.0.0/8")?.contains($0) ?? false })
            {
                flow.packet.place = .through
            }
            flow.packet.destination = .oneOf(addresses)
            flow.packet.isSentToDevice = false
        case .unknown(let why):
            flow.packet.destination = .unknown(why)
            flow.packet.isSentToDevice = false
        }
        // What comes out as it went in is no translated connection (nf_nat_core.c).
        flow.packet.rewrittenHere =
            flow.packet.destination != before.destination || flow.packet.place != before.place
        guard let ports = translation.ports else { return [flow] }
        var same = flow
        switch flow.packet.ports {
        case .kept:
            guard translation.keepsPortsWithin || ports.count == 1 else {
                same.region = Region()
                break
            }
            same.region = flow.region.remove(ports: PortSet(ports), sources: nil)
            if !translation.keepsPortsWithin { same.packet.ports = .to(ports) }
        case .to(let now):
            let kept = translation.keepsPortsWithin && PortSet(now).isSubset(of: PortSet(ports))
            if kept || now == ports && now.count == 1 { return [flow] }
            same.region = Region()
        }
        flow.packet.ports = .to(ports)
        flow.packet.rewrittenHere = true
        return [same, flow].filter { !$0.region.isEmpty }
    }
}
