public import Net

/// IPv4 addresses that are equal to a value in every bit that a wildcard leaves 0, kept as they
/// were written: scattered bits stand for up to 65,536 ranges each, and lists have many lines.
public struct AddressMask: Hashable, Sendable {
    public let value: UInt32
    public let wildcard: UInt32

    /// Nil where 256 ranges or fewer hold them: then a set of addresses is as good.
    public init?(value: UInt32, wildcard: UInt32) {
        let trailing = (~wildcard).trailingZeroBitCount
        guard wildcard.nonzeroBitCount - trailing > 8 else { return nil }
        self.value = value & ~wildcard
        self.wildcard = wildcard
    }

    public func contains(_ address: IPAddress) -> Bool {
        address.family == .v4 && UInt32(truncatingIfNeeded: address.bits) & ~wildcard == value
    }

    /// From the first of them to the last.
    public var hull: AddressSet {
        AddressSet(IPAddress(v4: value)...IPAddress(v4: value | wildcard))
    }

    /// Those of a range of addresses; nil where that takes more than 65,536 ranges.
    public func ranges(within bounds: ClosedRange<IPAddress>) -> AddressSet? {
        guard bounds.upperBound.family == .v4 else {
            return bounds.lowerBound.family == .v4
                ? AddressSet(v4: value, wildcard: wildcard) : AddressSet()
        }
        let low = UInt32(truncatingIfNeeded: bounds.lowerBound.bits)
        let high = UInt32(truncatingIfNeeded: bounds.upperBound.bits)
        var found: [ClosedRange<IPAddress>] = []
        // Blocks that share their first bits, the lowest on top.
        var left = [(first: UInt32(0), free: UInt32.max)]
        while let (first, free) = left.popLast() {
            let last = first | free
            guard first <= high, last >= low, (first ^ value) & ~wildcard & ~free == 0 else {
                continue
            }
            if wildcard & free == free {
                guard found.count < 65536 else { return nil }
                found.append(IPAddress(v4: max(first, low))...IPAddress(v4: min(last, high)))
            } else {
                let half = free >> 1
                left += [(first | (half &+ 1), half), (first, half)]
            }
        }
        return AddressSet(found)
    }
}

extension Match {
    /// Whether what is bound for the address may match.
    public func mayBe(for address: IPAddress) -> Bool {
        (destinations?.contains(address) ?? true) && (destinationMask?.contains(address) ?? true)
    }

    /// The senders; nil where they are too many ranges.
    public var allSources: AddressSet? {
        guard let mask = sourceMask else { return sources ?? .all }
        return AddressSet(v4: mask.value, wildcard: mask.wildcard)
    }

    /// The destinations; nil where they are too many ranges.
    public var allDestinations: AddressSet? {
        guard let mask = destinationMask else { return destinations ?? .all }
        return AddressSet(v4: mask.value, wildcard: mask.wildcard)
    }
}
