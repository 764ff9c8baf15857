import Net
import Policy
import PolicyText

/// Conditions on interfaces and marks.
extension NftContext {
    mutating func interfaces(
        _ field: NftField, _ left: NftExpression, _ comparison: Comparison, _ right: NftExpression
    ) throws(NftValues.Problem) -> NftCondition {
        let (elements, also) = try members(right, key: left)
        if field == .leaving, !point.knowsLeaving, following == nil {
            // Nothing leaves there: no name is the right one.
            return .holds(comparison == .unequal, else: "nothing leaves there")
        }
        var names: [String] = []
        var ways = also
        let byIndex = left == .field("meta iif") || left == .field("meta oif")
        for element in elements {
            guard let name = element.key.name, !(byIndex && UInt32(name) != nil) else {
                if element.key == .wildcard {
                    names.append("*")
                } else {
                    ways.append(Match(notModelled: ["interface \(element.key.text) isn't known"]))
                }
                continue
            }
            names.append(name)
        }
        let negated = comparison == .unequal
        guard [.implicit, .equal, .unequal].contains(comparison) else {
            throw .unresolved("'\(left.text) \(comparison.rawValue)'")
        }
        if names.isEmpty, ways.isEmpty {
            return .holds(negated, else: "the set is empty")
        }
        let direct = negated && ways.isEmpty
        let wanted: NftCondition =
            names.isEmpty
            ? .never("the set is empty")
            : .when { match in
                let list = Match.Names(names, negated: direct)
                if field == .entering { match.entering = list } else { match.leaving = list }
            }
        if direct { return wanted }
        let either = NftCondition(ways: ways).or(wanted)
        let found = ways.isEmpty ? wanted : either
        return negated ? found.negated : found
    }

    mutating func marks(
        _ field: NftField, _ left: NftExpression, _ mask: UInt32, _ comparison: Comparison,
        _ right: NftExpression
    ) throws(NftValues.Problem) -> NftCondition {
        guard following == nil else { return .unknown("marks of what follows aren't modelled") }
        guard marksAreKnown else { return .unknown("marks are set in ways that aren't modelled") }
        let (elements, also) = try members(right, key: left)
        var ways = also
        for element in elements {
            do throws(NftValues.Problem) {
                let range = try Self.compared(NftValues.numbers(element.key), comparison)
                for block in NftValues.blocks(range) where block.value & ~mask == 0 {
                    var match = Match()
                    match.tests = [
                        field == .mark
                            ? .mark(value: block.value, mask: block.mask & mask, negated: false)
                            : .connectionMark(
                                value: block.value, mask: block.mask & mask, negated: false)
                    ]
                    ways.append(match)
                }
            } catch .unresolved {
                ways.append(Match(notModelled: ["mark \(element.key.text) isn't modelled"]))
            } catch { throw error }
        }
        let found: NftCondition =
            ways.isEmpty ? .never("no mark is meant") : NftCondition(ways: ways)
        return comparison == .unequal ? found.negated : found
    }

    /// The numbers that a comparison with those of `range` is true of; for unequal, those of which
    /// it isn't.
    private static func compared(
        _ range: ClosedRange<UInt32>?, _ comparison: Comparison
    ) throws(NftValues.Problem) -> ClosedRange<UInt32>? {
        guard let range, comparison != .implicit, comparison != .equal, comparison != .unequal
        else { return range }
        guard range.count == 1 else { throw .unresolved("'\(comparison.rawValue)' of a range") }
        let one = range.lowerBound
        switch comparison {
        case .below: return one == .min ? nil : .min...one - 1
        case .atMost: return .min...one
        case .above: return one == .max ? nil : one + 1 ... .max
        case .atLeast: return one ... .max
        default: throw .unresolved("'\(comparison.rawValue)'")
        }
    }
}
