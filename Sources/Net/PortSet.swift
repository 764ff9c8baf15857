/// A set of TCP ports as sorted, separate, non-adjacent ranges.
public struct PortSet: Hashable, Sendable {
    /// Ascending; between two ranges at least one port is missing.
    public private(set) var ranges: [ClosedRange<UInt16>]

    public init() { ranges = [] }

    public init(_ range: ClosedRange<UInt16>) { ranges = [range] }

    /// The union of the ranges, in any order, overlapping or not.
    public init(_ ranges: some Sequence<ClosedRange<UInt16>>) {
        self.ranges = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last, Int(range.lowerBound) <= Int(last.upperBound) + 1 {
                self.ranges[self.ranges.count - 1] =
                    last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    public init(ports: some Sequence<UInt16>) { self.init(ports.map { $0...$0 }) }

    /// Every port from 0 to 65535.
    public static let all = PortSet(0...65535)

    public var isEmpty: Bool { ranges.isEmpty }

    /// How many ports it holds, up to 65536.
    public var count: Int { ranges.reduce(0) { $0 + $1.count } }

    public var first: UInt16? { ranges.first?.lowerBound }

    public var last: UInt16? { ranges.last?.upperBound }

    public func contains(_ port: UInt16) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < port { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(port)
    }

    public func union(_ other: PortSet) -> PortSet { PortSet(ranges + other.ranges) }

    public func intersection(_ other: PortSet) -> PortSet {
        var result = PortSet()
        var (left, right) = (0, 0)
        while left < ranges.count, right < other.ranges.count {
            let (a, b) = (ranges[left], other.ranges[right])
            let low = max(a.lowerBound, b.lowerBound)
            let high = min(a.upperBound, b.upperBound)
            if low <= high { result.ranges.append(low...high) }
            if a.upperBound < b.upperBound { left += 1 } else { right += 1 }
        }
        return result
    }

    public func subtracting(_ other: PortSet) -> PortSet { intersection(other.complement) }

    /// All ports that are not in the set.
    public var complement: PortSet {
        var result = PortSet()
        var next = 0
        for range in ranges {
            if next < Int(range.lowerBound) {
                result.ranges.append(UInt16(next)...(range.lowerBound - 1))
            }
            next = Int(range.upperBound) + 1
        }
        if next <= 65535 { result.ranges.append(UInt16(next)...65535) }
        return result
    }

    public func isSubset(of other: PortSet) -> Bool { subtracting(other).isEmpty }
}

extension PortSet {
    /// The ports in ascending order.
    public var ports: some Sequence<UInt16> { ranges.lazy.joined() }
}

extension PortSet: CustomStringConvertible, LosslessStringConvertible {
    /// `21,5001-5201`; empty for the empty set.
    public var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }

    /// Reads ports and ascending ranges separated by commas; blanks around them are allowed.
    public init?(_ text: String) {
        var ranges: [ClosedRange<UInt16>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.filter { $0 != " " } }
            guard let low = UInt16(bounds[0]), let high = UInt16(bounds[bounds.count - 1]),
                low <= high, bounds.allSatisfy({ $0.allSatisfy(\.isNumber) })
            else { return nil }
            ranges.append(low...high)
        }
        self.init(ranges)
    }
}
