package import Policy

/// Numbers that commands give to entries of an ordered list: those of one change are not those of
/// another, so that all commands of a report may follow one another; the same change gets the same.
package final class Numbering {
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
