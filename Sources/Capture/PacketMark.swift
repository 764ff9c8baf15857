public import Net

/// A place in the captures, in two words.
public struct PacketMark: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64
    private var place: UInt64

    @inlinable public var time: Timestamp { Timestamp(nanoseconds: nanoseconds) }
    public var capture: Int { Int(place >> 48) }
    public var number: Int { Int(place & 0xffff_ffff_ffff) }

    /// The capture's index is kept up to 65535, the number up to 2^48.
    public init(nanoseconds: Int64, capture: Int, number: Int) {
        self.nanoseconds = nanoseconds
        place =
            UInt64(truncatingIfNeeded: capture & 0xffff) << 48
            | UInt64(truncatingIfNeeded: number) & 0xffff_ffff_ffff
    }

    /// By time, then by capture and number.
    @inline(__always)
    public static func < (a: PacketMark, b: PacketMark) -> Bool {
        a.nanoseconds == b.nanoseconds ? a.place < b.place : a.nanoseconds < b.nanoseconds
    }

    public init(_ header: FrameHeader) {
        self.init(
            nanoseconds: header.time.nanoseconds, capture: header.capture, number: header.number)
    }
}
