import Net
import Policy
import PolicyText

/// Turns a comparison of nft into what it asks of a SYN.
extension NftContext {
    typealias Comparison = NftStatement.Comparison

    /// Conditions that must all hold.
    mutating func conditions(
        _ left: NftExpression, _ comparison: Comparison, _ right: NftExpression
    ) throws(NftValues.Problem) -> [NftCondition] {
        if case .concatenation(let parts) = left {
            return try concatenation(parts, left, comparison, right)
        }
        do throws(NftValues.Problem) {
            return try single(left, comparison, right)
        } catch .unresolved(let what) {
            return [.unknown("\(what) isn't known")]
        } catch {
            throw error
        }
    }

    private mutating func concatenation(
        _ parts: [NftExpression], _ key: NftExpression, _ comparison: Comparison,
        _ right: NftExpression
    ) throws(NftValues.Problem) -> [NftCondition] {
        var (elements, also) = try members(right, key: key)
        var implied: [NftCondition] = []
        for part in parts { implied += try self.implied(part) }
        if let never = implied.first(where: { $0.never != nil }) { return [never] }
        if elements.contains(where: { $0.key == .wildcard }) { elements = []; also = [Match()] }
        var ways = also
        for element in elements {
            ways += try self.ways(parts, element.key)
            if ways.count > NftRuleLowering.maximumWays {
                ways = [Match(notModelled: ["more than \(NftRuleLowering.maximumWays) elements"])]
                break
            }
        }
        var condition = NftCondition(ways: ways)
        if ways.isEmpty { condition = .never("the set is empty") }
        return implied + [comparison == .unequal ? condition.negated : condition]
    }

    /// What it asks to have these parts equal to those of an element; nothing: it can't be.
    mutating func ways(
        _ parts: [NftExpression], _ key: NftExpression
    ) throws(NftValues.Problem) -> [Match] {
        if key == .wildcard { return [Match()] }
        guard parts.count > 1 else {
            return try ways(of: parts[0], in: key)
        }
        guard case .concatenation(let values) = key, values.count == parts.count else {
            return [Match(notModelled: ["element \(key.text) isn't understood"])]
        }
        var ways = [Match()]
        for (part, value) in zip(parts, values) {
            let more = try self.ways(of: part, in: value)
            ways = ways.flatMap { way in more.map { way.and($0) } }
            guard ways.count <= 64 else { return [Match(notModelled: ["element \(key.text)"])] }
        }
        return ways
    }

    private mutating func ways(
        of part: NftExpression, in value: NftExpression
    ) throws(NftValues.Problem) -> [Match] {
        // An element is compared as a whole, also where bits are asked for outside of sets.
        let set = NftExpression.set([NftElement(key: value)])
        var ways = [Match()]
        for condition in try conditions(part, .equal, set) {
            if condition.never != nil { return [] }
            guard !condition.isNegated else {
                return [Match(notModelled: ["\(part.text) \(value.text)"])]
            }
            ways = ways.flatMap { way in condition.ways.map { way.and($0) } }
        }
        return ways
    }

    /// What a field asks for by being there: its header's family, a connection.
    private mutating func implied(
        _ part: NftExpression
    ) throws(NftValues.Problem) -> [NftCondition] {
        guard let name = Self.fieldName(part) else { return [] }
        switch NftField.named(name) {
        case .source(let family), .destination(let family), .transport(let family?),
            .originalSource(let family?), .originalDestination(let family?):
            return [Self.family(family)] + ofConnection(name)
        case .fragment: return [Self.family(.v4)]
        case .absent(let why):
            return [.never(why, otherProtocol: why == "another protocol")]
        default: return ofConnection(name)
        }
    }

    /// Before connection tracking there is no connection to ask, and none of an untracked packet.
    func ofConnection(_ name: String) -> [NftCondition] {
        guard name.hasPrefix("ct "), name != "ct state" else { return [] }
        switch point.isTracked {
        case true?: return [.when { $0.tests = [.tracked(true)] }]
        case false?: return [.never("no connection is known there")]
        case nil: return [.unknown("it isn't known whether a connection is known there")]
        }
    }

    static func family(_ family: IPAddress.Family) -> NftCondition {
        .when { $0.sources = family == .v4 ? .allV4 : .allV6 }
    }

    static func fieldName(_ expression: NftExpression) -> String? {
        switch expression {
        case .field(let name): name
        case .operation(_, let left, _): fieldName(left)
        default: nil
        }
    }

    // MARK: one field

    private mutating func single(
        _ left: NftExpression, _ comparison: Comparison, _ right: NftExpression
    ) throws(NftValues.Problem) -> [NftCondition] {
        guard let name = Self.fieldName(left) else {
            return [.unknown("'\(left.text)' isn't modelled")]
        }
        let named = NftField.named(name)
        let field = following == .answer ? named.turned : named
        if case .absent = field, right.name == "missing" { return [.always] }
        let implied = try self.implied(left)
        if let never = implied.first(where: { $0.never != nil }) { return [never] }
        if case .operation = left {
            return implied + [try masked(left, field, comparison, right)]
        }
        switch field {
        case .source, .destination, .originalDestination, .originalSource:
            return implied + [try addresses(field, left, comparison, right)]
        case .sourcePort, .destinationPort, .originalPort, .originalSourcePort:
            return implied + [try ports(field, left, comparison, right, through: nil)]
        case .entering, .leaving:
            return implied + [try interfaces(field, left, comparison, right)]
        case .mark, .connectionMark:
            return implied + [try marks(field, left, .max, comparison, right)]
        case .state, .status, .flags:
            return implied + [try bits(field, left, .max, comparison, right)]
        default:
            return implied + [try constant(field, left, comparison, right)]
        }
    }

    /// A field seen through a mask or another operation.
    private mutating func masked(
        _ left: NftExpression, _ field: NftField, _ comparison: Comparison, _ right: NftExpression
    ) throws(NftValues.Problem) -> NftCondition {
        if case .sourcePort = field {
            return try ports(field, left, comparison, right, through: left)
        }
        if case .destinationPort = field {
            return try ports(field, left, comparison, right, through: left)
        }
        guard case .operation("&", .field, let mask) = left else {
            return .unknown("'\(left.text)' isn't modelled")
        }
        switch field {
        case .mark, .connectionMark:
            return try marks(field, left, NftValues.constant(mask), comparison, right)
        case .flags:
            return try bits(field, left, NftValues.bits(mask, NftValues.flags), comparison, right)
        case .state:
            return try bits(field, left, NftValues.bits(mask, NftValues.states), comparison, right)
        case .status:
            return try bits(field, left, NftValues.bits(mask, NftValues.status), comparison, right)
        case .source(.v4), .destination(.v4):
            let mask = try NftValues.address(mask)
            guard let value = right.name.flatMap(Self.address), value.family == .v4,
                let set = AddressSet(
                    v4: UInt32(truncatingIfNeeded: value.bits),
                    wildcard: ~UInt32(truncatingIfNeeded: mask.bits))
            else { return .unknown("'\(left.text)' isn't modelled") }
            let fits = value.bits & ~mask.bits == 0
            let found = narrowed(field, fits ? set : AddressSet(), .v4)
            return try signed(found, comparison, left)
        case .fragment:
            // A SYN comes whole: neither `more fragments` nor an offset (RFC 791, 3.1).
            guard try NftValues.constant(mask) & ~0x3fff == 0 else {
                return .unknown("'\(left.text)' isn't modelled")
            }
            let condition = NftCondition.holds(
                try NftValues.constant(right) == 0, else: "only for fragments")
            return try signed(condition, comparison, left)
        default: return .unknown("'\(left.text)' isn't modelled")
        }
    }

    /// An address, or its bits as a number.
    private static func address(_ text: String) -> IPAddress? {
        IPAddress(text) ?? NftValues.number(text).map { IPAddress(v4: $0) }
    }

    func signed(
        _ condition: NftCondition, _ comparison: Comparison, _ left: NftExpression
    ) throws(NftValues.Problem) -> NftCondition {
        switch comparison {
        case .implicit, .equal: return condition
        case .unequal: return condition.negated
        default: throw .unresolved("'\(left.text) \(comparison.rawValue)'")
        }
    }

    // MARK: sets of addresses and ports

    private func narrowed(
        _ field: NftField, _ set: AddressSet, _ family: IPAddress.Family?
    ) -> NftCondition {
        if set.isEmpty { return .never("no address is meant") }
        return .when { match in
            switch field {
            case .destination: match.destinations = set
            case .originalDestination: match.originalDestinations = set
            default: match.sources = set
            }
        }
    }

    private mutating func addresses(
        _ field: NftField, _ left: NftExpression, _ comparison: Comparison, _ right: NftExpression
    ) throws(NftValues.Problem) -> NftCondition {
        let (elements, also) = try members(right, key: left)
        var family: IPAddress.Family?
        switch field {
        case .source(let known), .destination(let known): family = known
        case .originalSource(let known), .originalDestination(let known): family = known
        default: break
        }
        // Without a header of its own, the first address tells.
        let kind = family ?? Self.family(of: elements) ?? .v4
        var ranges: [ClosedRange<IPAddress>] = []
        var ways = also
        for element in elements {
            do throws(NftValues.Problem) {
                ranges += try NftValues.addresses(element.key, kind).ranges
            } catch .unresolved(let what) {
                ways.append(Match(notModelled: ["\(what) isn't known"]))
            } catch { throw error }
        }
        let universe: AddressSet = kind == .v4 ? .allV4 : .allV6
        var set = AddressSet(ranges)
        switch comparison {
        case .implicit, .equal: break
        case .unequal:
            guard ways.isEmpty else {
                return NftCondition(ways: ways).or(narrowed(field, set, kind)).negated
            }
            set = universe.subtracting(set)
        case .below, .atMost, .above, .atLeast:
            guard let one = set.first, set.last == one, ways.isEmpty else {
                throw .unresolved("'\(right.text)'")
            }
            set = Self.beside(one, comparison, universe)
        case .none: throw .unresolved("'!'")
        }
        let found = narrowed(field, set, kind)
        return ways.isEmpty ? found : NftCondition(ways: ways).or(found)
    }

    private static func family(of elements: [NftElement]) -> IPAddress.Family? {
        for element in elements {
            if element.key.text.contains(":") { return .v6 }
            if element.key.text.contains(".") { return .v4 }
        }
        return nil
    }

    private static func beside<T: Discrete>(
        _ one: T, _ comparison: Comparison, _ universe: IntervalSet<T>
    ) -> IntervalSet<T> {
        guard let first = universe.first, let last = universe.last else { return universe }
        let below = one.previous.flatMap { $0 < first ? nil : IntervalSet(first...$0) }
        let above = one.next.flatMap { $0 > last ? nil : IntervalSet($0...last) }
        return switch comparison {
        case .below: below ?? IntervalSet()
        case .atMost: (below ?? IntervalSet()).union(IntervalSet(one...one))
        case .above: above ?? IntervalSet()
        default: (above ?? IntervalSet()).union(IntervalSet(one...one))
        }
    }

    private mutating func ports(
        _ field: NftField, _ left: NftExpression, _ comparison: Comparison,
        _ right: NftExpression, through operation: NftExpression?
    ) throws(NftValues.Problem) -> NftCondition {
        let (elements, also) = try members(right, key: left)
        var ranges: [ClosedRange<UInt16>] = []
        var ways = also
        for element in elements {
            do throws(NftValues.Problem) {
                ranges += try NftValues.ports(element.key).ranges
            } catch .unresolved(let what) {
                ways.append(Match(notModelled: ["\(what) isn't known"]))
            } catch { throw error }
        }
        var set = PortSet(ranges)
        switch comparison {
        case .implicit, .equal: break
        case .unequal:
            if ways.isEmpty { set = set.complement }
        case .below, .atMost, .above, .atLeast:
            guard let one = set.first, set.last == one, ways.isEmpty else {
                throw .unresolved("'\(right.text)'")
            }
            set = Self.beside(one, comparison, .all)
        case .none: throw .unresolved("'!'")
        }
        if let operation {
            var seen: [UInt16] = []
            for port in UInt16.min...UInt16.max {
                let value = try Self.value(operation, of: UInt32(port))
                if let value = UInt16(exactly: value), set.contains(value) { seen.append(port) }
            }
            set = PortSet(ports: seen)
        }
        let found: NftCondition =
            set.isEmpty
            ? .never("no port is meant")
            : .when { match in
                switch field {
                case .sourcePort, .originalSourcePort: match.sourcePorts = set
                case .originalPort: match.originalPorts = set
                default: match.destinationPorts = set
                }
            }
        guard !ways.isEmpty else { return found }
        let either = NftCondition(ways: ways).or(found)
        return comparison == .unequal ? either.negated : either
    }

    /// What an operation makes of a field's value.
    private static func value(
        _ expression: NftExpression, of field: UInt32
    ) throws(NftValues.Problem) -> UInt32 {
        switch expression {
        case .field: return field
        case .operation(let sign, let left, let right):
            return try NftValues.combined(
                try value(left, of: field), sign, try NftValues.constant(right))
        default: throw .unresolved("'\(expression.text)'")
        }
    }
}
