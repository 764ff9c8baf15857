import Net

/// Numbers by which connections are found: the same for both directions, and not to be foreseen by
/// who sends the packets.
struct FlowHash: Sendable {
    private static let common = UInt64.random(in: .min ... .max)
    private let seed = common

    /// Notes in a packet which of its ends is the smaller, and the number of its connection.
    @inline(__always)
    func mark(_ packet: inout Packet) {
        let (source, destination) = (packet.sourceBits, packet.destinationBits)
        let isFromLow =
            source == destination
            ? packet.sourcePort <= packet.destinationPort : source < destination
        packet.isFromLow = isFromLow
        let (from, to) = (UInt64(packet.sourcePort), UInt64(packet.destinationPort))
        let ports = isFromLow ? from << 16 | to : to << 16 | from
        let (low, high) = isFromLow ? (source, destination) : (destination, source)
        var value = Self.mix(seed ^ UInt64(truncatingIfNeeded: low))
        value = Self.mix(value ^ UInt64(truncatingIfNeeded: high) ^ ports << 32)
        if packet.family == .v6 {
            value = Self.mix(value ^ UInt64(truncatingIfNeeded: low >> 64))
            value = Self.mix(value ^ UInt64(truncatingIfNeeded: high >> 64))
        }
        packet.flowHash = UInt32(truncatingIfNeeded: value >> 32)
    }

    /// A multiplication whose two halves are folded (the mixing step of wyhash).
    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let (high, low) = value.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return high ^ low ^ value
    }
}
