public import Policy

/// Numbers that commands give to entries of an ordered list: those of one change are not those of
/// another, so that all commands of a report may follow one another; the same change gets the same.
public final class Numbering {
    private var fixes: [Change: Fix?] = [:]
    private var taken: [String: Set<Int>] = [:]
    private var anew: Set<String> = []

    package init() {}

    /// The commands for a change, made once.
    package func fix(_ change: Change, _ make: (Change) -> Fix?) -> Fix? {
        if let known = fixes[change] { return known }
        let fix = make(change)
        fixes[change] = .some(fix)
        return fix
    }

    /// Numbers of a list that went to other changes.
    package func taken(of list: String) -> Set<Int> { taken[list] ?? [] }

    package func take(_ numbers: some Sequence<Int>, of list: String) {
        taken[list, default: []].formUnion(numbers)
    }

    /// Whether commands number a list anew: what was given before is no matter then, and later
    /// commands must do so too.
    package func isNumberedAnew(_ list: String) -> Bool { anew.contains(list) }

    package func numberAnew(_ list: String) { anew.insert(list) }
}

/// A format whose commands number or name what they make.
public protocol NumberedFormat: ConfigFormat {
    /// The commands for a change, by numbers and names that went to no other.
    static func fix(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix?
}

extension NumberedFormat {
    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        fix(change, configuration, Numbering())
    }

    public static func fixer(_ configuration: Configuration) -> (Change) -> Fix? {
        let numbering = Numbering()
        return { change in numbering.fix(change) { fix($0, configuration, numbering) } }
    }
}
