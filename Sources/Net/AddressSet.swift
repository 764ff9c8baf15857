/// A set of addresses of both families.
public typealias AddressSet = IntervalSet<IPAddress>

extension IntervalSet where Element == IPAddress {
    public init(_ address: IPAddress) { self.init(address...address) }

    public init(_ prefix: Prefix) { self.init(prefix.address...prefix.last) }

    /// Every IPv4 address.
    public static var allV4: AddressSet { AddressSet(IPAddress(v4: 0)...IPAddress(v4: .max)) }

    /// Every IPv6 address.
    public static var allV6: AddressSet { AddressSet(IPAddress(v6: 0)...IPAddress(v6: .max)) }

    /// IPv4 addresses equal to `value` in every bit that `wildcard` leaves 0 (Cisco's wildcard
    /// mask); bits of the wildcard may be scattered. Nil where that takes more than `limit` ranges.
    public init?(v4 value: UInt32, wildcard: UInt32, limit: Int = 65536) {
        let low = wildcard & ~(wildcard &+ 1)
        let run = UInt32(low.trailingOneBits)
        let block = run == 32 ? UInt32.max : (UInt32(1) << run) - 1
        let scattered = wildcard & ~block
        guard scattered.nonzeroBitCount < 31, 1 << scattered.nonzeroBitCount <= limit else {
            return nil
        }
        var ranges: [ClosedRange<IPAddress>] = []
        var subset: UInt32 = 0
        repeat {
            let first = (value & ~wildcard) | subset
            ranges.append(IPAddress(v4: first)...IPAddress(v4: first | block))
            subset = (subset &- scattered) & scattered
        } while subset != 0
        self.init(ranges)
    }
}

extension UInt32 {
    fileprivate var trailingOneBits: Int { (~self).trailingZeroBitCount }
}

extension Prefix {
    /// The prefix that is just this range, if it is one.
    public init?(exactly range: ClosedRange<IPAddress>) {
        let size = range.upperBound.bits &- range.lowerBound.bits
        guard range.lowerBound.family == range.upperBound.family, size & (size &+ 1) == 0 else {
            return nil
        }
        let host = 128 - size.leadingZeroBitCount
        self.init(range.lowerBound, length: range.lowerBound.family.width - host)
        guard address == range.lowerBound else { return nil }
    }
}
