/// A TCP sequence number: a place on a circle of 2^32, ordered by the shorter way (RFC 9293
/// section 3.4).
public struct SequenceNumber: Hashable, Sendable {
    public let value: UInt32

    @inlinable public init(_ value: UInt32) { self.value = value }

    /// Bytes from `other` to this place; negative where this place lies before.
    @inlinable public func distance(from other: SequenceNumber) -> Int {
        Int(Int32(bitPattern: value &- other.value))
    }

    /// The place `count` bytes on.
    @inlinable public func advanced(by count: Int) -> SequenceNumber {
        SequenceNumber(value &+ UInt32(truncatingIfNeeded: count))
    }
}
