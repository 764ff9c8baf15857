import Net

/// Limits of the evaluation; where one is hit, the region is unknown and names it.
public enum ReachLimit {
    /// Jumps within jumps. Kernels stop at 16 (nftables).
    public static let jumpDepth = 64
    /// Rules tried, each against each flow.
    public static let ruleTrials = 20_000_000
    /// Ranges of clients of one flow, summed over its ranges of ports.
    public static let ranges = 2_000_000
    /// Comparisons of possible worlds, region by region.
    public static let comparisons = 5_000_000
    /// Flows of a stage whose doubts are told apart.
    public static let toldApart = 64
}

/// One passage of one flow through the chains of a stage.
struct StageWalk {
    /// A flow for which the stage was decided, by a line or by its end.
    struct Exit {
        var flow: Flow
        var action: Action
        /// Jumps and the rule; or the default.
        var by: [Reach.Decision]
        /// No line decided but the stage's ending.
        var isDefault = false
    }

    let chains: [String: Chain]
    let hulls: DestinationHulls?
    let context: MatchContext
    let hop: String?
    /// Trials left, of all the question.
    var trials: Int
    private(set) var exits: [Exit] = []
    /// Lines noted for a source port that clients don't have.
    private(set) var noted: [SourceLine] = []
    /// What came back from a chain as it went in, and for certain.
    private var unchanged: [Passage: Region] = [:]
    /// Chains that were jumped to.
    private var entered: Set<String> = []

    private struct Passage: Hashable {
        var chain: String
        var packet: Packet
    }

    init(
        chains: [String: Chain], hulls: DestinationHulls? = nil, context: MatchContext,
        hop: String?, trials: Int
    ) {
        self.chains = chains
        self.hulls = hulls
        self.context = context
        self.hop = hop
        self.trials = trials
    }

    mutating func pass(_ stage: Stage, _ flow: Flow) {
        let fallen = walk(stage.chain, Flows(flow), [])
        let ending = Reach.Decision(hop: hop, source: stage.ending.source)
        for flow in fallen.list {
            exits.append(
                Exit(flow: flow, action: stage.ending.value, by: [ending], isDefault: true))
        }
    }

    /// Gives back the flows that reached the end of the chain or returned.
    private mutating func walk(
        _ name: String, _ flows: Flows, _ jumps: [Reach.Decision]
    ) -> Flows {
        guard let chain = chains[name] else { return flows }
        var pending = flows
        var fallen = Flows()
        let destination = flows.onlyDestination
        let hulls = hulls?.of(name)
        for index in chain.rules.indices {
            if pending.isEmpty { break }
            // Most lines of a long list are for other servers: seen without a look at the line.
            if let destination, let hull = hulls?[index], !hull.contains(destination) {
                trials -= 1
                continue
            }
            let rule = chain.rules[index]
            if rule.action == .next, rule.effects.isEmpty { continue }
            trials -= pending.list.count
            guard trials > 0 else {
                exhaust(
                    pending, "limit of \(ReachLimit.ruleTrials) rule trials reached", rule, jumps)
                return fallen
            }
            apply(rule, &pending, &fallen, jumps)
        }
        fallen.add(pending)
        return fallen
    }

    private mutating func apply(
        _ rule: FilterRule, _ pending: inout Flows, _ fallen: inout Flows,
        _ jumps: [Reach.Decision]
    ) {
        let count = pending.list.count
        var again: [Flow] = []
        var touched = false
        for index in 0..<count {
            guard let result = context.evaluate(rule, pending.list[index].packet) else {
                if noted.count < 50, context.needsOtherSourcePort(rule) {
                    noted.append(rule.source)
                }
                continue
            }
            var inside = pending.change(index) { flow in
                let region = flow.region.remove(ports: result.ports, sources: result.sources)
                return flow.with(region)
            }
            guard !inside.region.isEmpty else { continue }
            touched = true
            if pending.list[index].region.size > ReachLimit.ranges {
                let limit = "limit of \(ReachLimit.ranges) ranges reached"
                exhaust(Flows(pending.list[index]), limit, rule, jumps)
                pending.change(index) { $0.region = Region() }
            }
            if !result.doubts.isEmpty {
                inside.doubt(result.doubts)
                again.append(inside)
            }
            for effect in rule.effects { inside.packet.take(effect) }
            act(rule, inside, &again, &fallen, jumps)
        }
        guard touched else { return }
        pending.removeEmpty()
        for flow in again { pending.add(flow) }
    }

    private mutating func act(
        _ rule: FilterRule, _ inside: Flow, _ again: inout [Flow], _ fallen: inout Flows,
        _ jumps: [Reach.Decision]
    ) {
        let by = jumps + [Reach.Decision(hop: hop, source: rule.source)]
        switch rule.action {
        case .permit, .deny, .translate, .keep:
            exits.append(Exit(flow: inside, action: rule.action, by: by))
        case .next: again.append(inside)
        case .return: fallen.add(inside)
        case .jump(let name), .go(let name):
            guard jumps.count < ReachLimit.jumpDepth else {
                let limit = "limit of \(ReachLimit.jumpDepth) nested jumps reached"
                exhaust(Flows(inside), limit, rule, jumps)
                return
            }
            let back = enter(name, inside, by)
            if case .go = rule.action { fallen.add(back) } else { again += back.list }
        case .unknown(let why):
            var flow = inside
            flow.doubt([Self.sentence(rule.source, why)])
            again.append(flow)
            exits.append(Exit(flow: flow, action: .permit, by: by))
            exits.append(Exit(flow: flow, action: .deny(answered: nil), by: by))
        }
    }

    /// Walks a chain that is jumped to. What it makes of a pair hangs on the packet alone: of what is
    /// known to come back as it is, it isn't asked again. Else chains that jump to the same one
    /// several times, level by level, would take a power of their number.
    private mutating func enter(
        _ name: String, _ flow: Flow, _ jumps: [Reach.Decision]
    ) -> Flows {
        // Most chains are jumped to once: nothing is kept of the first time.
        guard !entered.insert(name).inserted else { return walk(name, Flows(flow), jumps) }
        let passage = Passage(chain: name, packet: flow.packet)
        var rest = flow
        let known = unchanged[passage].map { rest.region.remove($0) } ?? Region()
        var back = rest.region.isEmpty ? Flows() : walk(name, Flows(rest), jumps)
        if flow.isCertain {
            for other in back.list where other.isCertain && other.packet == flow.packet {
                unchanged[passage, default: Region()].add(other.region)
            }
        }
        back.add(flow.with(known))
        return back
    }

    /// Gives flows up at the rule: they may pass or not.
    private mutating func exhaust(
        _ flows: Flows, _ limit: String, _ rule: FilterRule, _ jumps: [Reach.Decision]
    ) {
        let by = jumps + [Reach.Decision(hop: hop, source: rule.source)]
        for flow in flows.list {
            var flow = flow
            flow.doubt([Self.sentence(rule.source, limit)])
            exits.append(Exit(flow: flow, action: .permit, by: by))
            exits.append(Exit(flow: flow, action: .deny(answered: nil), by: by))
        }
    }

    static func sentence(_ source: SourceLine, _ why: String) -> String {
        source.line.map { "\(source.file):\($0): \(why)" } ?? "\(source.file): \(why)"
    }
}
