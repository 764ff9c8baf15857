import Net
import Policy
import PolicyText

/// The Windows firewall while its settings are gathered: exceptions, rules, and the switches.
///
/// A block beats a permission whatever the order; what neither names is dropped silently.
/// Scripts, listings and exports of every kind come to this.
struct WindowsFirewall {
    /// What an exception of `netsh firewall` is known by.
    enum Key: Hashable {
        case port(UInt16, interface: String?)
        case program(String)
        case service(String)
    }

    struct Hole: Hashable {
        /// Ports of a program or service; nil: those on which it listens, so perhaps any.
        var ports: PortSet?
        /// Nil: from everywhere.
        var sources: AddressSet?
        /// What makes it uncertain: a scope or a profile that isn't known.
        var doubt: String?
        var source: SourceLine
        /// Of a doubt that is for other clients, the scope.
        var scope: WindowsScope?

        /// From where it opens for certain, in spite of a doubt.
        var certain: AddressSet? { doubt == nil || doubt != scope?.doubt ? nil : scope?.known }

        /// Whether it opens the same, by whatever line.
        func opensSame(as other: Hole?) -> Bool {
            ports == other?.ports && sources == other?.sources && doubt == other?.doubt
                && certain == other?.certain && other != nil
        }
    }

    /// A setting that is on by a line, or perhaps on.
    struct Switch: Hashable {
        /// Every profile that there is.
        static let everywhere: Set<String> = ["domain", "private", "public"]

        var source: SourceLine
        /// Why it may not be so.
        var doubt: String?
        /// The profiles in which it is on.
        var profiles = everywhere

        /// Nil: it is on, whatever profile is in force.
        var uncertainty: String? {
            if let doubt { return doubt }
            guard profiles != Self.everywhere else { return nil }
            let names = profiles.sorted().joined(separator: " and ")
            return "in the \(names) profile only, and which is in force isn't known"
        }
    }

    /// A line beyond the model that may open ports.
    struct Doubt: Hashable {
        /// Nil: it does, on the interface.
        var why: String?
        var source: SourceLine
        /// Nil: any.
        var ports: PortSet?
        var interface: String?
        /// It may as well shut what others open, whether they stand before it or behind.
        var shuts = false
    }

    var holes: [Key: Hole] = [:] { didSet { edits &+= 1 } }
    var rules: [AdvancedRule] = [] { didSet { edits &+= 1 } }
    var doubts: [Doubt] = [] { didSet { edits &+= 1 } }
    /// The firewall is off.
    var off: Switch? { didSet { edits &+= 1 } }
    /// No exception and no rule counts.
    var shielded: Switch? { didSet { edits &+= 1 } }
    /// What nothing blocks is let in.
    var open: Switch? { didSet { edits &+= 1 } }
    /// The profiles of which one is in force: all that there are, where the text doesn't tell.
    var inForce = Switch.everywhere
    /// A file's own word whether the firewall opens what a cleartext control connection announces
    /// (StatefulFTP).
    var followsFTP: Setting<Bool>? { didSet { edits &+= 1 } }
    /// Tells whether anything was written since.
    private(set) var edits = 0

    /// How much work it is to compare it.
    var weight: Int { holes.count + rules.count + doubts.count }

    mutating func doubt(_ why: String, _ source: SourceLine, ports: PortSet? = nil) {
        let doubt = Doubt(why: why, source: source, ports: ports)
        if doubts.last != doubt, !doubts.contains(doubt) { doubts.append(doubt) }
    }

    /// Makes all that is gathered uncertain: it may have been taken away, and more be open.
    mutating func doubtAll(_ why: String, _ source: SourceLine) {
        for key in holes.keys { holes[key]?.doubt = why }
        for index in rules.indices { rules[index].doubt = why }
        off?.doubt = why
        shielded?.doubt = why
        open?.doubt = why
        doubt(why, source)
    }

    /// Makes all uncertain, what is said later too: whatever it is, it may shut ports and open them.
    mutating func veil(_ why: String, _ source: SourceLine) {
        doubtAll(why, source)
        for index in doubts.indices where doubts[index].source == source {
            doubts[index].shuts = true
        }
    }

    /// Turns a switch on or off in some profiles, perhaps.
    static func turn(_ switched: inout Switch?, on: Bool, _ it: Switch) {
        guard var now = switched else {
            if on { switched = it }
            return
        }
        if it.doubt != nil {
            now.doubt = it.doubt
            if on { now.profiles.formUnion(it.profiles) }
        } else if it.profiles == Switch.everywhere {
            switched = on ? it : nil
            return
        } else if on {
            now.profiles.formUnion(it.profiles)
        } else {
            now.profiles.subtract(it.profiles)
        }
        switched = now.profiles.isEmpty ? nil : now
    }

    /// What is left where either this or the other is so.
    mutating func join(_ other: WindowsFirewall, _ why: String) {
        if holes != other.holes {
            for (key, hole) in holes where !hole.opensSame(as: other.holes[key]) {
                holes[key]?.doubt = why
            }
            for (key, hole) in other.holes where holes[key] == nil {
                holes[key] = hole
                holes[key]?.doubt = why
            }
        }
        if rules != other.rules {
            let theirs = Set(other.rules.map(\.essence))
            let ours = Set(rules.map(\.essence))
            for index in rules.indices where !theirs.contains(rules[index].essence) {
                rules[index].doubt = why
            }
            for var rule in other.rules where !ours.contains(rule.essence) {
                rule.doubt = why
                rules.append(rule)
            }
        }
        for doubt in other.doubts where !doubts.contains(doubt) { doubts.append(doubt) }
        if followsFTP?.value != other.followsFTP?.value { followsFTP = nil }
        off = Self.join(off, other.off, why)
        shielded = Self.join(shielded, other.shielded, why)
        open = Self.join(open, other.open, why)
    }

    private static func join(_ a: Switch?, _ b: Switch?, _ why: String) -> Switch? {
        if a?.doubt == b?.doubt, a?.profiles == b?.profiles { return a }
        guard var result = a ?? b else { return nil }
        result.doubt = why
        return result
    }

    /// The device; all that nothing lets in is dropped silently.
    func device(_ text: ConfigText, assumptions: [String]) -> Device {
        let off = counted(off)
        let shielded = counted(shielded)
        let open = counted(open)
        let chain = Chain(name: "inbound", rules: chainRules(off, shielded, open))
        var ending = Setting<Action>(.deny(answered: false), text.absence("implicit deny"))
        if let shielded, shielded.uncertainty == nil {
            ending.source = shielded.source
        } else if let open, open.uncertainty == nil {
            ending = Setting(.permit, open.source)
        }
        var device = Device(
            usualPlace: .host, chains: ["inbound": chain],
            stages: [Stage(.filter, chain: "inbound", ending: ending)], assumptions: assumptions)
        device.denialsFirst = true
        if followsFTP != nil || !rules.isEmpty || text.mentions("advfirewall") {
            let source = followsFTP?.source ?? text.absence("StatefulFTP isn't mentioned")
            device.followsFTP = Setting(followsFTP?.value, source)
        }
        if let followsFTP, followsFTP.value {
            let doubt = shielded?.uncertainty
            guard shielded == nil || doubt != nil else { return device }
            device.inspections = [
                Inspection(
                    controlPorts: PortSet(21...21), opensFilter: doubt == nil,
                    rewritesAddress: false, source: followsFTP.source)
            ]
            if let doubt {
                device.chains["inbound"]?.rules.insert(
                    FilterRule(
                        Match(expectedOnly: true, notModelled: [doubt]), .permit,
                        followsFTP.source),
                    at: 0)
            }
        }
        return device
    }

    /// The switch as it counts in the profiles that may be in force.
    private func counted(_ it: Switch?) -> Switch? {
        guard var it else { return nil }
        if it.profiles.isDisjoint(with: inForce) { return nil }
        if it.profiles.isSuperset(of: inForce) { it.profiles = Switch.everywhere }
        return it
    }

    /// What each rule means, where those that say the same in other profiles stand beside it.
    func meanings() -> [AdvancedRule.Meaning] {
        var shared: [[String?]: Set<String>] = [:]
        let limited = rules.map { rule -> [String?]? in
            guard let profiles = rule.profiles, profiles != Switch.everywhere,
                rule.arguments["enable"]?.same("no") != true
            else { return nil }
            let scope = rule.scope
            shared[scope, default: []].formUnion(profiles)
            return scope
        }
        return zip(rules, limited).map { rule, scope in
            rule.meaning(in: inForce, shared: scope.flatMap { shared[$0] })
        }
    }

    private func filterRules() -> [FilterRule] {
        meanings().compactMap { if case .rule(let rule) = $0 { rule } else { nil } }
    }

    private func chainRules(_ off: Switch?, _ shielded: Switch?, _ open: Switch?) -> [FilterRule] {
        var result: [FilterRule] = []
        if let off {
            result.append(Self.rule(off, .permit))
            if off.uncertainty == nil { return result }
        }
        if let shielded {
            guard shielded.uncertainty != nil else { return result }
            result.append(Self.rule(shielded, .deny(answered: false)))
        }
        var narrow = self
        narrow.rules = rules.compactMap(\.withoutPlaces)
        let parts = narrow.filterRules().filter { $0.match.notModelled.isEmpty }
        let advanced = parts + filterRules()
        let blocks = advanced.filter { $0.action == .deny(answered: false) }
        result += blocks.filter { $0.match.notModelled.isEmpty }
        result += blocks.filter { !$0.match.notModelled.isEmpty }
        let permits = exceptions() + advanced.filter { $0.action == .permit }
        let unclear = advanced.filter { if case .unknown = $0.action { true } else { false } }
        result += unclear
        result += doubts.filter(\.shuts).map {
            FilterRule(Match(), .unknown($0.why ?? ""), $0.source)
        }
        result += permits.filter { Self.isCertain($0) } + permits.filter { !Self.isCertain($0) }
        result += doubts.map {
            FilterRule(
                Match(
                    destinationPorts: $0.ports, entering: $0.interface.map { Match.Names([$0]) },
                    notModelled: $0.why.map { [$0] } ?? []),
                .permit, $0.source)
        }
        if let open, open.uncertainty != nil { result.append(Self.rule(open, .permit)) }
        return result
    }

    private static func rule(_ it: Switch, _ action: Action) -> FilterRule {
        FilterRule(Match(notModelled: it.uncertainty.map { [$0] } ?? []), action, it.source)
    }

    private static func isCertain(_ rule: FilterRule) -> Bool {
        rule.match.notModelled.isEmpty && rule.match.entering == nil
    }

    /// One rule for the ports of a line, in the order of the lines.
    private func exceptions() -> [FilterRule] {
        struct Group: Hashable {
            var hole: Hole
            var interface: String?
        }
        var groups: [Group: [UInt16]] = [:]
        for (key, hole) in holes {
            guard case .port(let port, let interface) = key else {
                groups[Group(hole: hole), default: []] = []
                continue
            }
            groups[Group(hole: hole, interface: interface), default: []].append(port)
        }
        let rules = groups.flatMap { group, ports in
            var match = Match(
                sources: group.hole.sources,
                destinationPorts: ports.isEmpty ? group.hole.ports : PortSet(ports: ports),
                entering: group.interface.map { Match.Names([$0]) })
            var rules: [FilterRule] = []
            if let certain = group.hole.certain {
                var narrow = match
                narrow.sources = certain
                rules.append(FilterRule(narrow, .permit, group.hole.source))
            }
            match.notModelled = group.hole.doubt.map { [$0] } ?? []
            return rules + [FilterRule(match, .permit, group.hole.source)]
        }
        func rank(_ rule: FilterRule) -> (Int, UInt16, String) {
            (
                rule.source.line ?? 0, rule.match.destinationPorts?.first ?? 0,
                rule.match.notModelled.first ?? ""
            )
        }
        return rules.sorted { rank($0) < rank($1) }
    }
}
