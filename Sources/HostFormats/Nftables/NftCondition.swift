import Net
import Policy

/// What a condition asks of a SYN.
struct NftCondition {
    /// It holds where one of these does.
    var ways: [Match]
    /// It holds where none of them does.
    var isNegated = false
    /// Why no SYN of TCP can meet it.
    var never: String?
    /// Whether that is because it is for another protocol.
    var isOtherProtocol = false

    static let always = NftCondition(ways: [Match()])

    static func never(_ why: String, otherProtocol: Bool = false) -> NftCondition {
        NftCondition(ways: [], never: why, isOtherProtocol: otherProtocol)
    }

    static func holds(_ value: Bool, else why: String) -> NftCondition {
        value ? always : never(why)
    }

    /// It may hold or not.
    static func unknown(_ why: String) -> NftCondition {
        NftCondition(ways: [Match(notModelled: [why])])
    }

    static func when(_ change: (inout Match) -> Void) -> NftCondition {
        var match = Match()
        change(&match)
        return NftCondition(ways: [match])
    }

    /// The condition that holds where this one doesn't.
    var negated: NftCondition {
        if never != nil || ways.isEmpty { return .always }
        if ways.contains(Match()) {
            return isNegated ? .always : .never("it holds for every connection")
        }
        var other = self
        other.isNegated.toggle()
        return other
    }

    /// It holds where one of both does; neither may be negated.
    func or(_ other: NftCondition) -> NftCondition {
        if never != nil { return other }
        if other.never != nil { return self }
        return NftCondition(ways: ways + other.ways)
    }
}

extension Match {
    /// What both ask together.
    func and(_ other: Match) -> Match {
        var both = self
        both.sources = Self.common(sources, other.sources)
        both.destinations = Self.common(destinations, other.destinations)
        both.sourcePorts = Self.common(sourcePorts, other.sourcePorts)
        both.destinationPorts = Self.common(destinationPorts, other.destinationPorts)
        both.originalDestinations = Self.common(originalDestinations, other.originalDestinations)
        both.originalPorts = Self.common(originalPorts, other.originalPorts)
        both.expectedOnly = expectedOnly || other.expectedOnly
        both.never = never ?? other.never
        both.notModelled += other.notModelled.filter { !notModelled.contains($0) }
        both.tests += other.tests.filter { !tests.contains($0) }
        both.join(\.entering, other.entering)
        both.join(\.leaving, other.leaving)
        return both
    }

    private static func common<T>(
        _ a: IntervalSet<T>?, _ b: IntervalSet<T>?
    ) -> IntervalSet<T>? {
        guard let a, let b else { return a ?? b }
        return a.intersection(b)
    }

    private mutating func join(_ side: WritableKeyPath<Match, Names?>, _ other: Names?) {
        guard let other else { return }
        guard let mine = self[keyPath: side] else {
            self[keyPath: side] = other
            return
        }
        switch (mine.negated, other.negated) {
        case (true, true):
            self[keyPath: side] = Names(mine.names + other.names, negated: true)
        case (false, false):
            let both =
                mine.names.filter { other.covers($0) }
                + other.names.filter { name in mine.covers(name) && !mine.names.contains(name) }
            finish(side, both)
        case (false, true): subtract(side, mine, other)
        case (true, false): subtract(side, other, mine)
        }
    }

    /// Names of `from` that `without` doesn't name.
    private mutating func subtract(
        _ side: WritableKeyPath<Match, Names?>, _ from: Names, _ without: Names
    ) {
        let rest = from.names.filter { !without.covers($0) }
        let touched = rest.contains { name in
            name.hasSuffix("*") && without.names.contains { Self.covers(name, $0) }
        }
        if touched { notModelled.append("some interfaces of \(rest.joined(separator: ", ")) only") }
        finish(side, rest)
    }

    private mutating func finish(_ side: WritableKeyPath<Match, Names?>, _ names: [String]) {
        if names.isEmpty { never = never ?? "no interface is meant" }
        self[keyPath: side] = Names(names)
    }

    fileprivate static func covers(_ pattern: String, _ name: String) -> Bool {
        pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : pattern == name
    }
}

extension Match.Names {
    /// Whether one of the names stands for all that `name` stands for.
    fileprivate func covers(_ name: String) -> Bool {
        names.contains { Match.covers($0, name) }
    }
}
