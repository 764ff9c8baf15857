import Net

/// Numbers by which connections are found: the same for both directions, and not to be foreseen by
/// who sends the packets.
struct FlowHash: Sendable {
    private let seed = WordHash.seed

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
        var value = WordHash.mix(seed ^ UInt64(truncatingIfNeeded: low))
        value = WordHash.mix(value ^ UInt64(truncatingIfNeeded: high) ^ ports << 32)
        if packet.family == .v6 {
            value = WordHash.mix(value ^ UInt64(truncatingIfNeeded: low >> 64))
            value = WordHash.mix(value ^ UInt64(truncatingIfNeeded: high >> 64))
        }
        packet.flowHash = UInt32(truncatingIfNeeded: value >> 32)
    }
}
