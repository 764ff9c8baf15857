import Net
import Policy
import PolicyText

/// Redirections and tags.
extension PFDeviceBuilder {
    /// `rdr`, `binat` and `match … rdr-to` before the filter sees a packet; and what tags it.
    mutating func translateEntering() {
        var old: [FilterRule] = []
        for (index, rule) in allRules.enumerated() where rule.kind == .rdr {
            var made = translation(rule, index)
            if rule.passes {
                for place in made.indices { made[place].effects = [.tag(Self.passed(rule))] }
            }
            old += made
        }
        if !old.isEmpty { stage("redirections", old) }
        // What no `rdr` redirects, `binat` may; `no rdr` doesn't keep it from that.
        var both: [FilterRule] = []
        for rule in allRules where rule.kind == .binat { both += backward(rule) }
        for place in both.indices { both[place].match.tests.append(.translated(false)) }
        if !both.isEmpty { stage("both ways", both) }
        var moves: [FilterRule] = []
        let last = allRules.lastIndex {
            $0.kind == .match && $0.target != nil || $0.tag != nil && $0.direction != .leaving
        }
        guard let last else { return }
        for (index, rule) in allRules.enumerated() where index <= last {
            guard rule.direction != .leaving else { continue }
            if rule.kind == .match, rule.target != nil {
                if isMovingTooMuch {
                    moves.append(
                        FilterRule(
                            Match(), .unknown("too many redirections"), source(rule.first)))
                } else {
                    moves += translation(rule, index)
                }
            } else if let tag = rule.tag, !rule.quick {
                moves += expand(rule, index, .next, .entering).map { tagging($0, tag) }
            } else if rule.quick {
                let ends = expand(rule, index, .keep, .entering)
                moves += rule.tag.map { tag in ends.map { tagging($0, tag) } } ?? ends
            }
        }
        stage("matches", moves)
    }

    private func tagging(_ rule: FilterRule, _ tag: String) -> FilterRule {
        var rule = rule
        let others = Set(allRules.compactMap(\.tag)).subtracting([tag]).sorted()
        rule.effects = others.map { .untag("tag \($0)") } + [.tag("tag \(tag)")]
        return rule
    }

    private mutating func stage(
        _ name: String, _ rules: [FilterRule], _ way: PFRule.Direction = .entering,
        places: Set<Device.Place> = [.host, .through]
    ) {
        device.chains[name] = Chain(name: name, rules: skips(way, .keep) + rules)
        let keep = Setting(Action.keep, reader.text.absence("no translation matches"))
        device.stages.append(Stage(.translate, chain: name, ending: keep, places: places))
    }

    /// `pass … rdr-to`: the rule that decided translates.
    mutating func passTranslations() {
        var rules: [FilterRule] = []
        for rule in allRules where rule.kind == .pass && rule.direction != .leaving {
            guard let target = rule.target else { continue }
            var match = Match()
            match.tests = [.tagged(Self.decided(rule), true)]
            rules += moves(rule, match, target)
        }
        if !rules.isEmpty { stage("redirections of what passed", rules) }
    }

    /// Rules that translate senders on the way out: the filter behind them sees another client.
    mutating func leavingSources() {
        var rules: [FilterRule] = []
        for (index, rule) in allRules.enumerated() where rule.hidesSource {
            guard rule.direction != .entering else { continue }
            rules += expand(rule, index, .next, .leaving).map {
                var made = $0
                made.match.tests.removeAll { test in
                    if case .tagged(Self.hidden, _) = test { true } else { false }
                }
                made.effects = [.tag(Self.hidden)]
                return made
            }
        }
        for (index, rule) in allRules.enumerated() {
            guard let tag = rule.tag, rule.direction == .leaving else { continue }
            rules += expand(rule, index, .next, .leaving).map { tagging($0, tag) }
        }
        if !rules.isEmpty { stage("senders", rules, .leaving, places: [.through]) }
    }

    // MARK: rules

    /// A redirection, for what its conditions match.
    private func translation(_ rule: PFRule, _ index: Int) -> [FilterRule] {
        var rule = rule
        var assumed = rule
        if !rule.destinations.own.isEmpty {
            // Only the sender knows the address; the one asked for is taken to be it.
            assumed.destinations = .any
            rule = assumed
        }
        guard let target = rule.target else {
            return expand(rule, index, .keep, .entering)
        }
        return expand(rule, index, .keep, .entering).flatMap { made in
            moves(rule, made.match, target)
        }
    }

    private func moves(_ rule: PFRule, _ match: Match, _ target: PFTarget) -> [FilterRule] {
        let line = source(rule.first)
        var effects: [Effect] = [.tag(Self.moved(rule))]
        if let tag = rule.tag { effects.append(.tag("tag \(tag)")) }
        func made(_ match: Match, _ to: Translation) -> FilterRule {
            FilterRule(match, .translate(to), line, effects: effects)
        }
        if let unknown = target.unknown {
            return [made(match, Translation(address: .unknown(unknown)))]
        }
        if target.isLocal {
            let ports = target.firstPort.map { $0...$0 }
            return [made(match, Translation(address: .device, ports: ports))]
        }
        let address: Translation.Target
        if !target.hosts.own.isEmpty {
            address = .device
        } else if let all = Self.few(target.hosts.set) {
            let local = all.allSatisfy { Prefix("127.0.0.0/8")?.contains($0) ?? false }
            if local {
                let ports = target.firstPort.map { $0...$0 }
                return [made(match, Translation(address: .device, ports: ports))]
            }
            address = .addresses(all)
        } else {
            address = .unknown("a network of more than 256 addresses")
        }
        guard let first = target.firstPort else {
            return [made(match, Translation(address: address))]
        }
        guard target.goesOn else {
            let last = max(first, target.lastPort ?? first)
            return [made(match, Translation(address: address, ports: first...last))]
        }
        return shifted(match, first).map {
            made($0.match, Translation(address: address, ports: $0.to))
        }
    }

    /// `port 4000:*`: ports in their order, from 4000.
    private func shifted(
        _ match: Match, _ first: UInt16
    ) -> [(match: Match, to: ClosedRange<UInt16>?)] {
        guard let asked = match.destinationPorts?.ranges, asked.count == 1, let range = asked.first
        else { return [(match, first...first)] }
        if range.lowerBound == first { return [(match, nil)] }
        return zip(range, first...65535).prefix(4096).map { from, to in
            var match = match
            match.destinationPorts = PortSet(from...from)
            return (match, to...to)
        }
    }

    private static func few(_ set: AddressSet) -> [IPAddress]? {
        var all: [IPAddress] = []
        for range in set.ranges {
            var next: IPAddress? = range.lowerBound
            while let address = next, address <= range.upperBound {
                guard all.count < 256 else { return nil }
                all.append(address)
                next = address.next
            }
        }
        return all.isEmpty ? nil : all
    }

    /// `binat`: from outside, the outer address stands for the inner one.
    private func backward(_ rule: PFRule) -> [FilterRule] {
        guard let target = rule.target else { return [] }
        var back = rule
        back.direction = .entering
        back.destinations = target.hosts
        back.sources = rule.destinations
        (back.sourcePorts, back.destinationPorts) = (rule.destinationPorts, rule.sourcePorts)
        var to = PFTarget(hosts: rule.sources)
        if !rule.sources.unknown.isEmpty || !rule.sources.own.isEmpty {
            to.unknown = "the inner address isn't in the file"
        }
        back.target = to
        let one = Self.few(rule.sources.set)?.count == 1
        if !one, to.unknown == nil { back.target?.unknown = "a network is translated" }
        return expand(back, 0, .keep, .entering).flatMap { made in
            moves(back, made.match, back.target ?? to)
        }
    }
}
