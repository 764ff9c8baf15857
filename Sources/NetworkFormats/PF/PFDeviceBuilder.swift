import Net
import Policy
import PolicyText

/// What a file says in pf's terms, whatever its own form is.
struct PFPolicy {
    var text: ConfigText
    var rules: [PFRule] = []
    var answersBlocked = false
    var skipped: [(interfaces: [String], line: Int)] = []
    var assumptions: [String] = []
    /// Redirections to ftp-proxy(8).
    var proxies: [(ports: PortSet, line: Int)] = []
    /// Whether names of interfaces are those of interfaces, never of groups.
    var namesInterfaces = false
    /// Named where nobody says.
    var interfaces: [DeviceInterface] = []
    /// The name of what holds where no rule matches, for a product that brings rules of its own.
    var ending = "no rule matches: pf passes it"
}

/// Turns pf's rules, of which the last that matches counts, into chains of which the first does:
/// quick rules in their order, then the others from last to first.
struct PFDeviceBuilder {
    let reader: PFPolicy
    var device = Device(usualPlace: .host)
    /// Rules with those of anchors in their place.
    private var rules: [PFRule] = []
    /// Places of `match` rules that redirect: rules behind them see the new destination.
    private var moving: [Int] = []
    private static let mostMoving = 64

    init(_ policy: PFPolicy) { reader = policy }

    mutating func build() -> Device {
        for rule in reader.rules { rules += Self.flat(rule) }
        moving = rules.indices.filter { rules[$0].kind == .match && rules[$0].target != nil }
        if moving.count > Self.mostMoving { moving = [] }
        let redirects = rules.contains { $0.target != nil && $0.target?.isLocal != true }
        device.usualPlace = redirects ? .through : .host
        device.assumptions = reader.assumptions
        device.interfaces = reader.interfaces
        translateEntering()
        filter(.entering)
        passTranslations()
        leavingSources()
        filter(.leaving)
        for proxy in reader.proxies {
            device.inspections.append(
                Inspection(
                    controlPorts: proxy.ports, opensFilter: true, rewritesAddress: true,
                    source: source(proxy.line)))
        }
        return device
    }

    private static func flat(_ rule: PFRule) -> [PFRule] {
        guard let inner = rule.inner else { return [rule] }
        let all = inner.flatMap(flat).map { within(rule, $0) }
        guard rule.quick else { return all }
        // pf.conf(5), ANCHORS: evaluation ends behind a quick anchor of which any rule matched.
        let steady = all.allSatisfy { $0.tag == nil && ($0.kind != .match || $0.target == nil) }
        let last = all.filter { !$0.quick }.map { final($0, isLastFirst: steady) }
        return all.filter(\.quick) + (steady ? last.reversed() : last)
    }

    /// A rule of a quick anchor that isn't quick itself: of those the last that matches counts.
    private static func final(_ rule: PFRule, isLastFirst: Bool) -> PFRule {
        var rule = rule
        rule.quick = true
        if !isLastFirst { rule.doubts.append("a rule of a quick anchor") }
        return rule
    }

    /// A rule of an anchor, as far as the anchor's own conditions hold.
    private static func within(_ anchor: PFRule, _ rule: PFRule) -> PFRule {
        var both = rule
        if let way = anchor.direction {
            if let own = rule.direction, own != way {
                both.never = "its anchor is for the other direction"
            }
            both.direction = way
        }
        both.family = rule.family ?? anchor.family
        if let outer = anchor.family, let own = rule.family, outer != own {
            both.never = "its anchor is for another family"
        }
        both.never = both.never ?? anchor.never
        both.doubts += anchor.doubts
        both.tagged += anchor.tagged
        both.narrow(toInterfacesOf: anchor)
        let ends = (
            rule.sources.common(anchor.sources), rule.destinations.common(anchor.destinations)
        )
        if ends.0 == nil || ends.1 == nil { both.doubts.append("addresses of its anchor") }
        (both.sources, both.destinations) = (ends.0 ?? rule.sources, ends.1 ?? rule.destinations)
        both.sourcePorts = common(rule.sourcePorts, anchor.sourcePorts)
        both.destinationPorts = common(rule.destinationPorts, anchor.destinationPorts)
        return both
    }

    private static func common(_ one: PortSet?, _ other: PortSet?) -> PortSet? {
        guard let one, let other else { return one ?? other }
        return one.intersection(other)
    }

    func source(_ line: Int) -> SourceLine { reader.text.source(line) }

    // MARK: filters

    private mutating func filter(_ way: PFRule.Direction) {
        var quick = skips(way, .permit)
        var others: [[FilterRule]] = []
        if way == .entering {
            for rule in rules where rule.kind == .rdr && rule.passes {
                var match = Match()
                match.tests = [.tagged(Self.passed(rule), true)]
                quick.append(FilterRule(match, .permit, source(rule.first)))
            }
        }
        for (index, rule) in rules.enumerated() {
            guard rule.direction == nil || rule.direction == way, let action = action(rule) else {
                continue
            }
            var made = expand(rule, index, action, way)
            if rule.kind == .pass, rule.target != nil {
                for place in made.indices { made[place].effects.append(.tag(Self.decided(rule))) }
            }
            if rule.quick { quick += made } else { others.append(made) }
        }
        let name = way == .entering ? "in" : "out"
        device.chains[name] = Chain(name: name, rules: quick + others.reversed().flatMap(\.self))
        let absence = reader.text.absence(reader.ending)
        device.stages.append(
            Stage(
                .filter, chain: name, ending: Setting(.permit, absence),
                places: way == .entering ? [.host, .through] : [.through]))
    }

    /// `set skip`: what enters or leaves there passes as if pf were disabled, untranslated too.
    func skips(_ way: PFRule.Direction, _ action: Action) -> [FilterRule] {
        reader.skipped.map { skip in
            var match = Match()
            let names = Match.Names(patterns(skip.interfaces))
            if way == .entering { match.entering = names } else { match.leaving = names }
            return FilterRule(match, action, source(skip.line))
        }
    }

    private func action(_ rule: PFRule) -> Action? {
        switch rule.kind {
        case .pass where !rule.keepsState && blocksLeaving:
            .unknown("it keeps no state, and another rule may block the answers")
        case .pass: .permit
        case .block(let answers): .deny(answered: answers ?? reader.answersBlocked)
        case .anchor(let name): .unknown("the rules of anchor \(name) aren't in the file")
        case .puzzle(let why): .unknown(why)
        case .match, .rdr, .nat, .binat: nil
        }
    }

    private var blocksLeaving: Bool {
        rules.contains {
            guard case .block = $0.kind else { return false }
            return $0.direction != .entering
        }
    }

    static func passed(_ rule: PFRule) -> String { "rdr pass at line \(rule.first)" }
    static func decided(_ rule: PFRule) -> String { "decided at line \(rule.first)" }
    static func moved(_ rule: PFRule) -> String { "redirected at line \(rule.first)" }

    // MARK: matches

    /// A group's name (letters alone) stands for its interfaces.
    private func patterns(_ names: [String]) -> [String] {
        if reader.namesInterfaces { return names }
        return names.flatMap { $0.last?.isNumber == true ? [$0] : [$0, "\($0)*"] }
    }

    /// The rule as matches: for what is known, for the host's own addresses, for what isn't known.
    func expand(
        _ rule: PFRule, _ place: Int, _ action: Action, _ way: PFRule.Direction
    ) -> [FilterRule] {
        var base = Match()
        base.never = rule.never
        base.notModelled = rule.doubts
        base.sourcePorts = rule.sourcePorts
        base.destinationPorts = rule.destinationPorts
        base.tests = rule.tagged.map { .tagged("tag \($0.name)", !$0.negated) }
        if !rule.receivedOn.isEmpty {
            base.entering = Match.Names(patterns(rule.receivedOn))
        }
        var matches = onInterfaces(rule, base, way)
        matches = matches.flatMap { destinations(rule, $0) }
        matches = matches.flatMap { sources(rule, $0, way) }
        if way == .entering { matches = matches.flatMap { arrival($0, place) } }
        return matches.map { FilterRule($0, action, source(rule.first)) }
    }

    private func onInterfaces(_ rule: PFRule, _ base: Match, _ way: PFRule.Direction) -> [Match] {
        guard !rule.interfaces.isEmpty else { return [base] }
        func with(_ match: Match, _ names: Match.Names) -> Match {
            var match = match
            if way == .entering { match.entering = names } else { match.leaving = names }
            return match
        }
        let names = Match.Names(patterns(rule.interfaces), negated: rule.notOn)
        let groups =
            reader.namesInterfaces
            ? []
            : rule.interfaces.filter { $0.last?.isNumber != true && $0 != "lo" }
        guard !groups.isEmpty else { return [with(base, names)] }
        // Any interface may belong to a group.
        var maybe = with(base, Match.Names(names.names, negated: true))
        maybe.notModelled.append(
            "whether the interface is one of \(groups.joined(separator: ", "))")
        if rule.notOn {
            return [maybe]
        }
        return [with(base, names), maybe]
    }

    private func destinations(_ rule: PFRule, _ base: Match) -> [Match] {
        var result: [Match] = []
        let family: AddressSet? = rule.family.map { $0 == .v4 ? .allV4 : .allV6 }
        var known = base
        known.destinations = rule.destinations.isAny ? family : rule.destinations.set
        if let family, !rule.destinations.isAny {
            known.destinations = rule.destinations.set.intersection(family)
        }
        if known.destinations?.isEmpty != true { result.append(known) }
        if !rule.destinations.own.isEmpty {
            var here = base
            here.destinations = family
            here.tests += [.translated(false), .local(true)]
            result.append(here)
            var perhaps = base
            perhaps.destinations = family
            perhaps.tests += [.translated(false), .local(false)]
            let names = rule.destinations.own.joined(separator: ", ")
            perhaps.notModelled.append("the addresses of \(names) aren't in the file")
            result.append(perhaps)
        }
        if !rule.destinations.unknown.isEmpty {
            var perhaps = base
            perhaps.destinations = family
            perhaps.notModelled += rule.destinations.unknown
            result.append(perhaps)
        }
        return result
    }

    private func sources(_ rule: PFRule, _ base: Match, _ way: PFRule.Direction) -> [Match] {
        guard !rule.sources.isAny else { return [base] }
        var result: [Match] = []
        if !rule.sources.set.isEmpty {
            var known = base
            known.sources = rule.sources.set
            guard way == .leaving, rules.contains(where: \.hidesSource) else {
                return [known] + unknownSources(rule, base)
            }
            known.tests.append(.tagged(Self.hidden, false))
            var hidden = base
            hidden.tests.append(.tagged(Self.hidden, true))
            hidden.notModelled.append("the client's address is translated before")
            result += [known, hidden]
        }
        return result + unknownSources(rule, base)
    }

    private func unknownSources(_ rule: PFRule, _ base: Match) -> [Match] {
        var reasons = rule.sources.unknown
        if !rule.sources.own.isEmpty {
            let names = rule.sources.own.joined(separator: ", ")
            reasons.append("the addresses of \(names) aren't in the file")
        }
        guard !reasons.isEmpty else { return [] }
        var perhaps = base
        perhaps.notModelled += reasons
        return [perhaps]
    }

    static let hidden = "the sender is translated"

    /// Before a later redirection, a rule sees the destination as it arrived.
    private func arrival(_ match: Match, _ place: Int) -> [Match] {
        let later = moving.filter { $0 > place }
        guard !later.isEmpty else { return [match] }
        var plain = match
        plain.tests += later.map { .tagged(Self.moved(rules[$0]), false) }
        return [plain]
            + later.map { index in
                var before = match
                before.tests.append(.tagged(Self.moved(rules[index]), true))
                (before.originalDestinations, before.destinations) = (match.destinations, nil)
                (before.originalPorts, before.destinationPorts) = (match.destinationPorts, nil)
                before.tests.removeAll { $0 == .translated(false) }
                return before
            }
    }

    var allRules: [PFRule] { rules }
    var isMovingTooMuch: Bool {
        moving.isEmpty && rules.contains { $0.kind == .match && $0.target != nil }
    }
}
