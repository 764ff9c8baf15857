import Net
import Policy
import PolicyText

/// Puts the chains of a rule set into the order of a packet's way.
struct NftDevice {
    let ruleset: NftRuleset
    private let source: (NftRuleset.Rule) -> SourceLine
    let file: String
    var notes: NftNotes
    var faults: [(place: NftPlace, why: String)] = []
    var device = Device(usualPlace: .host)
    var assumptions: Set<String> = []
    private var marksAreKnown = true
    /// By table, sets that rules change: the keys, and whether they take elements out.
    private var changes: [NftRuleset.TableName: [String: Set<NftExpression>]] = [:]
    private var emptied: [NftRuleset.TableName: Set<String>] = [:]
    /// Chains that were read at some point of the way.
    private var seen: Set<String> = []

    /// One chain at one point.
    struct Visit: Hashable {
        var table: Int
        var chain: Int
        var point: NftPoint
        var translates: Bool?
        /// Nil: it is asked of a SYN.
        var following: Following?
    }

    init(
        _ ruleset: NftRuleset, notes: NftNotes, file: String,
        source: @escaping (NftRuleset.Rule) -> SourceLine
    ) {
        self.ruleset = ruleset
        self.notes = notes
        self.file = file
        self.source = source
        faults = ruleset.faults
    }

    /// The device, and the first reason why nft refuses the rule set, if it does.
    mutating func make() -> (Device, fault: (place: NftPlace, why: String)?) {
        scan()
        let hooks = hooks()
        var work: [Visit] = hooks.map(\.visit)
        var known = Set(work)
        while let visit = work.popLast() {
            for next in lower(visit, intoDevice: true) where known.insert(next).inserted {
                work.append(next)
            }
        }
        checkRest()
        faults += NftJumps.faults(ruleset)
        if let fault = faults.min(by: { $0.place < $1.place }) { return (broken(fault), fault) }
        for hook in hooks { stage(hook) }
        judgeFollowing()
        if let gap = ruleset.gaps.first { open(gap.why) }
        device.assumptions = assumptions.sorted()
        return (device, nil)
    }

    // MARK: before

    private mutating func scan() {
        for table in ruleset.tables {
            // There it isn't known whether a connection is there to be marked.
            let isAtTracking = table.chains.contains {
                $0.base?.priority == NftPoint.trackingPriority
            }
            for rule in table.chains.flatMap(\.rules) {
                if !NftMarks.areKnown(rule.statements)
                    || isAtTracking && NftMarks.areOfConnection(rule.statements)
                {
                    marksAreKnown = false
                }
                for case .change(let verb, let set, let key, _, _) in rule.statements {
                    if verb == "delete" {
                        emptied[table.name, default: []].insert(set)
                    } else {
                        changes[table.name, default: [:]][set, default: []].insert(key)
                    }
                }
            }
        }
    }

    // MARK: chains

    func key(_ visit: Visit, _ chain: String) -> String {
        Self.key(ruleset.tables[visit.table].name, visit, chain)
    }

    private static func key(
        _ table: NftRuleset.TableName, _ visit: Visit, _ chain: String
    ) -> String {
        (visit.following.map { "\($0.rawValue) " } ?? "")
            + "\(table.text) \(chain) @\(visit.point.text)\(visit.translates == true ? "/nat" : "")"
    }

    /// Reads the rules of a chain at a point; gives back the chains to which they lead.
    mutating func lower(_ visit: Visit, intoDevice: Bool) -> [Visit] {
        let table = ruleset.tables[visit.table]
        let chain = table.chains[visit.chain]
        let name = key(visit, chain.name)
        seen.insert("\(visit.table) \(visit.chain)")
        var context = NftContext(table: table, point: visit.point)
        context.changes = changes[table.name] ?? [:]
        context.emptied = emptied[table.name] ?? []
        context.marksAreKnown = marksAreKnown
        context.following = visit.following
        var made = Chain(name: name)
        var next: [Visit] = []
        for (index, rule) in chain.rules.enumerated() {
            var lowering = NftRuleLowering(
                context, translates: visit.translates, source: source(rule),
                tagBase: "\(name) \(index)", chainKey: { Self.key(table.name, visit, $0) })
            do throws(NftValues.Problem) {
                try lowering.lower(rule.statements)
            } catch {
                let why =
                    switch error {
                    case .invalid(let why): why
                    case .unresolved(let what): "\(what) isn't known"
                    }
                faults.append((rule.place, why))
                if visit.following == nil { notes.note(rule.place, .invalid, why) }
            }
            made.rules += lowering.rules
            if !lowering.rules.isEmpty { assumptions.formUnion(lowering.context.assumptions) }
            if intoDevice, visit.following == nil {
                notes.note(rule.place, through: rule.last, lowering.state, lowering.why)
            } else if intoDevice, visit.point == .output {
                // A condition of what does nothing is no matter.
                let matters = lowering.state != .notModelled || !lowering.rules.isEmpty
                notes.note(
                    rule.place, through: rule.last, matters ? lowering.state : .used, lowering.why)
            }
            // What stands below a line for all that follows is never reached.
            if visit.following != nil, let last = lowering.rules.last, last.match == Match(),
                last.action == .permit
            {
                break
            }
            for ports in lowering.helperPorts {
                var inspection = Inspection(
                    controlPorts: ports, opensFilter: false, rewritesAddress: false,
                    source: source(rule))
                inspection.assignedBy = NftRuleLowering.helperTag
                inspection.followsBy = Inspection.linuxTranslation
                if !device.inspections.contains(inspection) {
                    device.inspections.append(inspection)
                }
            }
            for target in NftJumps.targets(rule, table) {
                guard let chain = table.chain(target) else {
                    faults.append((rule.place, "there is no chain \(target)"))
                    notes.note(rule.place, .invalid, "there is no chain \(target)")
                    continue
                }
                var step = visit
                step.chain = chain
                next.append(step)
            }
        }
        if intoDevice { device.chains[name] = made }
        return next
    }

    /// Chains to which no packet from outside comes: they must load all the same.
    private mutating func checkRest() {
        for (index, table) in ruleset.tables.enumerated() {
            let family = table.name.family
            let why: String? =
                family == "bridge" || family == "arp"
                ? "family \(family) sees no routed packets"
                : table.dormant ? "its table is dormant" : nil
            for (position, chain) in table.chains.enumerated()
            where !seen.contains("\(index) \(position)") {
                for rule in chain.rules {
                    let out = ["output", "postrouting", "egress"].contains(chain.base?.hook ?? "")
                    let reason =
                        why
                        ?? (out
                            ? "it judges packets on their way out"
                            : "no packet from outside comes to its chain")
                    let unknown = rule.statements.contains {
                        if case .unknown = $0 { true } else { false }
                    }
                    notes.note(
                        rule.place, through: rule.last, unknown ? .notRecognised : .irrelevant,
                        reason)
                }
                guard why == nil || table.dormant else { continue }
                let kept = device
                let assumed = assumptions
                let visit = Visit(
                    table: index, chain: position, point: .postrouting,
                    translates: chain.base.map { $0.type == "nat" })
                _ = lower(visit, intoDevice: false)
                device = kept
                assumptions = assumed
            }
            if let why { markBridge(table, why) }
        }
    }

    private mutating func markBridge(_ table: NftRuleset.Table, _ why: String) {
        guard table.name.family == "bridge", !table.dormant else { return }
        let drops = table.chains.contains { chain in
            chain.base?.policy == .drop
                || chain.rules.contains { rule in
                    rule.statements.contains { statement in
                        switch statement {
                        case .verdict(.drop), .reject: true
                        default: false
                        }
                    }
                }
        }
        if drops {
            assumptions.insert("the table \(table.name.text) isn't judged: \(why)")
        }
    }

    private func broken(_ fault: (place: NftPlace, why: String)) -> Device {
        var device = Device(usualPlace: .host)
        let source = SourceLine(
            file: file, line: fault.place.file == 0 ? fault.place.line : nil, text: fault.why)
        let ending: Setting<Action> = Setting(
            .unknown("the rule set doesn't load: \(fault.why)"), source)
        device.stages = [Stage(.filter, chain: "", ending: ending)]
        return device
    }

    /// Rules that the file doesn't show may deny before, or permit before a policy denies.
    private mutating func open(_ why: String) {
        for index in device.stages.indices where device.stages[index].work == .filter {
            if case .deny = device.stages[index].ending.value {
                device.stages[index].ending.value = .unknown("before the policy, \(why)")
            }
        }
        let source = SourceLine(file: file, line: nil, text: why)
        device.stages.insert(
            Stage(.filter, chain: "", ending: Setting(.unknown(why), source)), at: 0)
    }
}
