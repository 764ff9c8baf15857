import Policy
import PolicyText

/// What becomes of the packets that follow on a SYN that passed: rules for new connections alone
/// stop them, and a rule set without any for connections that exist may.
extension NftDevice {
    /// Where packets are taken out of connection tracking nothing is told of them.
    mutating func judgeFollowing() {
        device.remembers = true
        let statements = ruleset.tables.flatMap(\.chains).flatMap(\.rules).flatMap(\.statements)
        let untracks = statements.contains { if case .untrack = $0 { true } else { false } }
        guard !untracks else { return }
        let (faults, assumptions) = (faults, assumptions)
        judge(.host, .request, hooks: ["prerouting", "input"])
        judge(.host, .answer, hooks: ["output", "postrouting"])
        for following in [Following.request, .answer] {
            judge(.through, following, hooks: ["prerouting", "forward", "postrouting"])
        }
        (self.faults, self.assumptions) = (faults, assumptions)
    }

    private mutating func judge(
        _ place: Device.Place, _ following: Following, hooks: Set<String>
    ) {
        for (index, table) in ruleset.tables.enumerated()
        where !table.dormant && ["ip", "ip6", "inet"].contains(table.name.family) {
            for (position, chain) in table.chains.enumerated() {
                guard let base = chain.base, base.type == "filter", hooks.contains(base.hook),
                    let point = Self.point(base)
                else { continue }
                let start = Visit(
                    table: index, chain: position, point: point, translates: nil,
                    following: following)
                let notes = notes
                var (work, known) = ([start], Set([start]))
                while let visit = work.popLast() {
                    for next in lower(visit, intoDevice: true) where known.insert(next).inserted {
                        work.append(next)
                    }
                }
                let drops = base.policy == .drop
                let name = "\(table.name.text) \(chain.name)"
                let source = SourceLine(
                    file: file, line: nil,
                    text: "policy \(drops ? "drop" : "accept") of chain \(name)")
                let stage = Stage(
                    .filter, chain: key(start, chain.name),
                    ending: Setting(drops ? .deny(answered: false) : .permit, source),
                    families: Self.families(table))
                if device.passesAll(stage) {
                    self.notes = notes
                } else {
                    device.answers[first(place), default: []].append(stage)
                }
            }
        }
    }

    /// The chain at which the filter of a place starts; one that passes all where it has none.
    private mutating func first(_ place: Device.Place) -> String {
        let found = device.stages.first { $0.work == .filter && $0.places == [place] }
        if let found { return found.chain }
        let source = SourceLine(file: file, line: nil, text: "no chain judges what enters")
        device.stages.append(
            Stage(
                .filter, chain: "entering \(place.rawValue)", ending: Setting(.permit, source),
                places: [place]))
        return "entering \(place.rawValue)"
    }

    /// Before connection tracking no state is known: not judged.
    private static func point(_ base: NftRuleset.Base) -> NftPoint? {
        switch base.hook {
        case "prerouting":
            (base.priority ?? NftPoint.trackingPriority) > NftPoint.trackingPriority
                ? .prerouting(tracked: true) : nil
        case "input": .input
        case "forward": .forward
        case "postrouting": .postrouting
        case "output": (base.priority ?? 0) > NftPoint.trackingPriority ? .output : nil
        default: nil
        }
    }
}
