import Net
import Policy

/// Base chains in the order of a packet's way, and the stages that they make.
extension NftDevice {
    struct Hook {
        var visit: Visit
        var base: NftRuleset.Base
        /// Order: the group of hooks, then this, then that of equals.
        var group: Int
        var priority: Int
        var second: Int
        var created: Int
    }

    /// Hooks that a packet from outside passes, in order (netfilter_ipv4.h).
    mutating func hooks() -> [Hook] {
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

    /// Puts a hook into the device's way.
    mutating func stage(_ hook: Hook) {
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
