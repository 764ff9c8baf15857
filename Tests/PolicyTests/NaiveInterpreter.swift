import Net

@testable import Policy

/// One packet at a time through a device, rule by rule, as the words of the model say: slow, and
/// made to be right. Where a rule can't be told to match, it goes both ways.
struct NaiveInterpreter {
    struct Fate: Hashable {
        var permitted: Bool
        var lines: [Int?]
        var destination: IPAddress?
        var port: ClosedRange<UInt16>?
        /// It goes to the device in place of that.
        var isOwn = false
    }

    private struct State {
        var source: IPAddress
        var destination: IPAddress
        var port: ClosedRange<UInt16>
        var place: Device.Place
        /// The destination is an address of the device, none knows which.
        var isOwn = false
        var translated = false
        var rewritten = false
        var mark: UInt32 = 0
        var lines: [Int?] = []
        var last: Int?? = nil
    }

    private enum Step {
        case end(Action, [Int?], isDefault: Bool)
        case fell
    }

    let device: Device

    func fates(from source: IPAddress, to: IPAddress, port: UInt16, place: Device.Place) -> Set<
        Fate
    > {
        var done: Set<Fate> = []
        let start = State(source: source, destination: to, port: port...port, place: place)
        run(device.stages[...], start, &done)
        return done
    }

    private func run(_ stages: ArraySlice<Stage>, _ state: State, _ done: inout Set<Fate>) {
        guard let stage = stages.first else {
            var lines = state.lines
            if let last = state.last { lines.append(last) }
            done.insert(
                Fate(
                    permitted: true, lines: lines, destination: state.destination,
                    port: state.port, isOwn: state.isOwn))
            return
        }
        let rest = stages.dropFirst()
        guard stage.places.contains(state.place), stage.work == .filter || !state.translated else {
            return run(rest, state, &done)
        }
        for (step, after) in walk(stage.chain, 0, state, []) {
            var after = after
            var (action, lines, isDefault) = (stage.ending.value, [nil] as [Int?], true)
            if case .end(let decided, let by, _) = step {
                (action, lines, isDefault) = (decided, by, false)
            }
            switch action {
            case .deny:
                done.insert(Fate(permitted: false, lines: after.lines + lines))
                continue
            case .translate(let translation):
                after.lines += lines
                after.translated = true
                if case .addresses(let list) = translation.address, let first = list.first {
                    if after.place == .host, first != after.destination { after.place = .through }
                    after.destination = first
                    after.isOwn = false
                }
                if translation.address == .device {
                    if after.place != .host { after.isOwn = true }
                    after.place = .host
                }
                if let ports = translation.ports {
                    let inside = ports.contains(after.port.lowerBound)
                    if !(translation.keepsPortsWithin && inside) { after.port = ports }
                }
                after.rewritten =
                    after.destination != state.destination || after.place != state.place
                    || after.port != state.port
            default:
                if stage.work == .filter {
                    if isDefault {
                        after.last = .some(nil)
                    } else {
                        after.lines += lines
                        after.last = nil
                    }
                }
            }
            run(rest, after, &done)
        }
    }

    /// Every way through a chain from a rule on.
    private func walk(
        _ name: String, _ index: Int, _ state: State, _ jumps: [Int?]
    ) -> [(Step, State)] {
        guard let chain = device.chains[name], index < chain.rules.count else {
            return [(.fell, state)]
        }
        let rule = chain.rules[index]
        var ways: [(Step, State)] = []
        let matches = holds(rule.match, state)
        if matches != true { ways += walk(name, index + 1, state, jumps) }
        guard matches != false else { return ways }
        var state = state
        for effect in rule.effects {
            if case .mark(let clear, let flip) = effect {
                state.mark = (state.mark & ~clear) ^ flip
            }
        }
        switch rule.action {
        case .next: ways += walk(name, index + 1, state, jumps)
        case .return: ways.append((.fell, state))
        case .jump(let target):
            for (step, after) in walk(target, 0, state, jumps + [rule.source.line]) {
                if case .fell = step {
                    ways += walk(name, index + 1, after, jumps)
                } else {
                    ways.append((step, after))
                }
            }
        case .go(let target): ways += walk(target, 0, state, jumps + [rule.source.line])
        default:
            ways.append((.end(rule.action, jumps + [rule.source.line], isDefault: false), state))
        }
        return ways
    }

    /// Nil: it can't be told.
    private func holds(_ match: Match, _ state: State) -> Bool? {
        if match.never != nil { return false }
        if let sources = match.sources, !sources.contains(state.source) { return false }
        var isDoubtful = !match.notModelled.isEmpty
        if let wanted = match.destinations {
            if state.isOwn {
                if wanted.isDisjoint(with: .allV4) { return false }
                if !AddressSet.allV4.isSubset(of: wanted) { isDoubtful = true }
            } else if !wanted.contains(state.destination) {
                return false
            }
        }
        for test in match.tests {
            if case .mark(let value, let mask, let negated) = test,
                (state.mark & mask == value) == negated
            {
                return false
            }
            if case .translated(let wanted) = test, state.rewritten != wanted { return false }
        }
        if let ports = match.destinationPorts {
            let inside = state.port.count { ports.contains($0) }
            if inside == 0 { return false }
            if inside < state.port.count { isDoubtful = true }
        }
        return isDoubtful ? nil : true
    }
}
