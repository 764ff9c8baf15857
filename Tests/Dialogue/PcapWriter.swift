import Net

/// Classic pcap: draft-ietf-opsawg-pcap.
enum PcapWriter {
    private static let ethernet: UInt32 = 1
    private static let snapLength: UInt32 = 262_144

    /// A whole file: little-endian, microseconds, times cut down to them.
    static func file(_ frames: [Frame]) -> [UInt8] {
        var bytes = little(0xa1b2_c3d4) + [2, 0, 4, 0] + little(0) + little(0)
        bytes += little(snapLength) + little(ethernet)
        for frame in frames {
            let micros = max(0, frame.time.nanoseconds / 1000)
            bytes += little(UInt32(clamping: micros / 1_000_000))
            bytes += little(UInt32(clamping: micros % 1_000_000))
            bytes += little(UInt32(clamping: frame.bytes.count))
            bytes += little(UInt32(clamping: frame.originalLength))
            bytes += frame.bytes
        }
        return bytes
    }

    private static func little(_ value: UInt32) -> [UInt8] { big(value).reversed() }
}
