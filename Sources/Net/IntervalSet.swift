/// Values in a row, each with a next and a previous one, so that a set of them can be kept as ranges.
public protocol Discrete: Comparable, Hashable, Sendable, CustomStringConvertible {
    var next: Self? { get }
    var previous: Self? { get }
    /// All values, as ascending ranges.
    static var universe: [ClosedRange<Self>] { get }
}

extension UInt16: Discrete {
    @inlinable public var next: UInt16? { self == .max ? nil : self + 1 }
    @inlinable public var previous: UInt16? { self == 0 ? nil : self - 1 }
    @inlinable public static var universe: [ClosedRange<UInt16>] { [0...65535] }
}

extension IPAddress: Discrete {
    public static var universe: [ClosedRange<IPAddress>] {
        [IPAddress(v4: 0)...IPAddress(v4: .max), IPAddress(v6: 0)...IPAddress(v6: .max)]
    }
}

/// An exact set as sorted, separate, non-adjacent ranges.
public struct IntervalSet<Element: Discrete>: Hashable, Sendable {
    /// Ascending; between two ranges at least one value is missing.
    @inlinable public var ranges: [ClosedRange<Element>] { storage }

    @usableFromInline var storage: [ClosedRange<Element>]

    /// The empty set.
    @inlinable public init() { storage = [] }

    @inlinable public init(_ range: ClosedRange<Element>) { storage = [range] }

    /// The union of the ranges, in any order, overlapping or not.
    @inlinable public init(_ ranges: some Sequence<ClosedRange<Element>>) {
        self.storage = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.storage.last,
                last.upperBound.next.map({ range.lowerBound <= $0 })
                    ?? (range.lowerBound <= last.upperBound)
            {
                self.storage[self.storage.count - 1] =
                    last.lowerBound...Swift.max(last.upperBound, range.upperBound)
            } else {
                self.storage.append(range)
            }
        }
    }

    /// Every value there is.
    @inlinable public static var all: IntervalSet { IntervalSet(Element.universe) }

    @inlinable public var isEmpty: Bool { ranges.isEmpty }

    @inlinable public var first: Element? { ranges.first?.lowerBound }

    @inlinable public var last: Element? { ranges.last?.upperBound }

    @inlinable public func contains(_ value: Element) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(value)
    }

    @inlinable public func union(_ other: IntervalSet) -> IntervalSet {
        var result = self
        result.formUnion(other)
        return result
    }

    /// Adds the values of `other`, in place: for a small `other` it costs little more than moving
    /// the ranges behind it.
    @inlinable public mutating func formUnion(_ other: IntervalSet) {
        guard other.ranges.count <= 8 else {
            self = IntervalSet(ranges + other.ranges)
            return
        }
        for range in other.ranges { insert(range) }
    }

    @inlinable mutating func insert(_ new: ClosedRange<Element>) {
        let first = index(endingAtOrAfter: new.lowerBound.previous ?? new.lowerBound)
        let last = new.upperBound.next ?? new.upperBound
        var end = first
        while end < storage.count, storage[end].lowerBound <= last { end += 1 }
        guard first < end else {
            storage.insert(new, at: first)
            return
        }
        let low = Swift.min(new.lowerBound, storage[first].lowerBound)
        let high = Swift.max(new.upperBound, storage[end - 1].upperBound)
        storage.replaceSubrange(first..<end, with: CollectionOfOne(low...high))
    }

    /// The first range that ends at `value` or later; the count where none does.
    @inlinable func index(endingAtOrAfter value: Element) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    @inlinable public func intersection(_ other: IntervalSet) -> IntervalSet {
        var result = IntervalSet()
        guard let first = ranges.first, let otherFirst = other.ranges.first else { return result }
        // Ranges below the other's first are passed over at once: one of the two is often tiny.
        var left = index(endingAtOrAfter: otherFirst.lowerBound)
        var right = other.index(endingAtOrAfter: first.lowerBound)
        while left < ranges.count, right < other.ranges.count {
            let (a, b) = (ranges[left], other.ranges[right])
            let low = Swift.max(a.lowerBound, b.lowerBound)
            let high = Swift.min(a.upperBound, b.upperBound)
            if low <= high { result.storage.append(low...high) }
            if a.upperBound < b.upperBound { left += 1 } else { right += 1 }
        }
        return result
    }

    /// Takes the values of `other` out, in place: for a small `other` it costs little more than
    /// moving the ranges behind the hole.
    @inlinable public mutating func subtract(_ other: IntervalSet) {
        guard other.ranges.count <= 8 else {
            self = subtracting(other)
            return
        }
        for hole in other.ranges {
            let first = index(endingAtOrAfter: hole.lowerBound)
            var end = first
            var left: [ClosedRange<Element>] = []
            while end < ranges.count, ranges[end].lowerBound <= hole.upperBound {
                let range = ranges[end]
                if range.lowerBound < hole.lowerBound, let last = hole.lowerBound.previous {
                    left.append(range.lowerBound...last)
                }
                if range.upperBound > hole.upperBound, let next = hole.upperBound.next {
                    left.append(next...range.upperBound)
                }
                end += 1
            }
            if first < end { storage.replaceSubrange(first..<end, with: left) }
        }
    }

    @inlinable public func subtracting(_ other: IntervalSet) -> IntervalSet {
        var result = IntervalSet()
        var cut = other.ranges[...]
        for range in ranges {
            var low: Element? = range.lowerBound
            while let start = low, let hole = cut.first, hole.lowerBound <= range.upperBound {
                if hole.upperBound < start {
                    cut.removeFirst()
                    continue
                }
                if start < hole.lowerBound, let end = hole.lowerBound.previous {
                    result.storage.append(start...end)
                }
                low = hole.upperBound.next.flatMap { $0 <= range.upperBound ? $0 : nil }
                if hole.upperBound >= range.upperBound {
                    low = nil
                } else {
                    cut.removeFirst()
                }
            }
            if let start = low { result.storage.append(start...range.upperBound) }
        }
        return result
    }

    /// All values that are not in the set.
    @inlinable public var complement: IntervalSet { Self.all.subtracting(self) }

    @inlinable public func isSubset(of other: IntervalSet) -> Bool { subtracting(other).isEmpty }

    @inlinable public func isDisjoint(with other: IntervalSet) -> Bool {
        intersection(other).isEmpty
    }
}
