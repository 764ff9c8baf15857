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

    private struct Hook {
        var visit: Visit
        var base: NftRuleset.Base
        /// Order: the group of hooks, then this, then that of equals.
        var group: Int
        var priority: Int
        var second: Int
        var created: Int
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

    /// Hooks that a packet from outside passes, in order (netfilter_ipv4.h).
    private mutating func hooks() -> [Hook] {
        var hooks: [Hook] = []
        var natCreated = Int.max
        for (index, table) in ruleset.tables.enumerated() where !table.dormant {
            guard ["ip", "ip6", "inet", "netdev"].contains(table.name.family) else { continue }
            for (position, chain) in table.chains.enumerated() {
                guard let base = chain.base else { continue }
                guard let priority = base.priority else {
                    faults.append((chain.place, "its priority can't be told"))
                    continue
                }
                let isNAT = base.type == "nat"
                if isNAT, priority <= NftPoint.trackingPriority {
                    faults.append(
                        (chain.place, "a chain of type nat needs a priority above -200"))
                }
                guard let (group, point) = Self.point(base.hook, priority) else { continue }
                if isNAT { natCreated = min(natCreated, chain.created) }
                // Translation of destinations is one hook of its own; priorities only order
                // what hangs in it (nf_nat_proto.c).
                hooks.append(
                    Hook(
                        visit: Visit(
                            table: index, chain: position, point: point, translates: isNAT),
                        base: base, group: group,
                        priority: isNAT ? (group == 1 ? -100 : 100) : priority, second: priority,
                        created: chain.created))
            }
        }
        // Of equals, the one that came last goes first (nf_hook_entries_grow).
        return hooks.sorted { a, b in
            let (first, other) = (
                a.base.type == "nat" ? natCreated : a.created,
                b.base.type == "nat" ? natCreated : b.created
            )
            if a.group != b.group { return a.group < b.group }
            if a.priority != b.priority { return a.priority < b.priority }
            if first != other { return first > other }
            return a.second != b.second ? a.second < b.second : a.created > b.created
        }
    }

    private static func point(_ hook: String, _ priority: Int) -> (Int, NftPoint)? {
        switch hook {
        case "ingress": (0, .ingress)
        case "prerouting":
            (
                1,
                .prerouting(
                    tracked: priority == NftPoint.trackingPriority
                        ? nil : priority > NftPoint.trackingPriority)
            )
        case "input": (2, .input)
        case "forward": (3, .forward)
        case "postrouting": (4, .postrouting)
        default: nil
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

    // MARK: stages

    private mutating func stage(_ hook: Hook) {
        let table = ruleset.tables[hook.visit.table]
        let chain = table.chains[hook.visit.chain]
        var name = key(hook.visit, chain.name)
        let translates = hook.base.type == "nat" && hook.group == 1
        let drops = hook.base.policy == .drop
        // Sources are translated there; only a drop matters.
        if hook.base.type == "nat", !translates, !drops, !device.mayDeny(name) { return }
        let source = SourceLine(
            file: file, line: nil,
            text: "policy \(drops ? "drop" : "accept") of chain \(table.name.text) \(chain.name)")
        var ending: Setting<Action> = Setting(
            drops ? .deny(answered: false) : translates ? .keep : .permit, source)
        let places: Set<Device.Place> =
            switch hook.group {
            case 0, 1: [.host, .through]
            case 2: [.host]
            default: [.through]
            }
        var families = Self.families(table)
        if hook.base.type == "nat" {
            families.formIntersection(tracked)
            if families.isEmpty {
                assumptions.insert(
                    "nothing in the file asks for connection tracking, without which chains of type nat see no packet"
                )
                return
            }
        }
        if hook.group == 0 {
            // Only what comes by one of its devices passes through it.
            let bound = name + " devices"
            var match = Match()
            match.entering = Match.Names(hook.base.devices)
            let policy = FilterRule(Match(), drops ? .deny(answered: false) : .permit, source)
            device.chains[name]?.rules.append(policy)
            device.chains[bound] = Chain(
                name: bound, rules: [FilterRule(match, .go(name), source)])
            name = bound
            let none = SourceLine(file: file, line: nil, text: "no chain of its interface")
            ending = Setting(.permit, none)
        }
        device.stages.append(
            Stage(
                translates ? .translate : .filter, chain: name, ending: ending, places: places,
                families: families))
    }

    static func families(_ table: NftRuleset.Table) -> Set<IPAddress.Family> {
        switch table.name.family {
        case "ip": [.v4]
        case "ip6": [.v6]
        default: [.v4, .v6]
        }
    }

    /// Families whose connections are tracked, because a rule asks for it.
    private var tracked: Set<IPAddress.Family> {
        var tracked: Set<IPAddress.Family> = []
        for table in ruleset.tables where !table.dormant {
            let asks = table.chains.contains { chain in
                chain.rules.contains { rule in
                    rule.statements.contains { statement in
                        if case .translate = statement { return true }
                        let words = statement.text.split(separator: " ")
                        return words.contains("ct") || words.starts(with: ["flow", "add"])
                    }
                }
            }
            if asks { tracked.formUnion(Self.families(table)) }
        }
        return tracked
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

extension Device {
    /// Whether a rule of a chain, or of one that it leads to, may deny.
    func mayDeny(_ chain: String) -> Bool {
        hasRule(from: [chain]) { rule in
            switch rule.action {
            case .deny, .unknown: true
            default: false
            }
        }
    }
}
