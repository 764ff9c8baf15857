import Net

/// Blocks of a pcapng file, little-endian, times in nanoseconds.
///
/// Interfaces are written before the packets and are numbered from 0 in their order.
/// Source: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/
public enum PcapngWriter {
    /// Text longer than this is cut: an option's length has 16 bits.
    static let longestText = 65_532

    /// The section header block.
    public static func section(application: String, comment: String) -> [UInt8] {
        block(
            PcapngFormat.sectionHeader,
            little(0x1a2b_3c4d as UInt32) + little(1 as UInt16) + little(0 as UInt16)
                + little(UInt64.max) + option(1, comment) + option(4, application) + end)
    }

    /// An interface description block.
    ///
    /// `offset` are seconds that are added to the time of each packet: below zero where packets are
    /// older than 1970.
    public static func interface(
        _ linkType: LinkType, name: String, comment: String, offset: Int64
    ) -> [UInt8] {
        var body = little(UInt16(truncatingIfNeeded: linkType.rawValue)) + little(0 as UInt16)
        body += little(0 as UInt32) + option(1, comment) + option(2, name) + option(9, [9])
        if offset != 0 { body += option(14, little(UInt64(bitPattern: offset))) }
        return block(1, body + end)
    }

    /// An enhanced packet block.
    public static func packet(
        _ bytes: Span<UInt8>, _ header: FrameHeader, interface: Int, offset: Int64, comment: String
    ) -> [UInt8] {
        // More than half of what 64 bits count may lie between the first packet and this one.
        let units = UInt64(
            clamping: Int128(header.time.nanoseconds) - Int128(offset) * 1_000_000_000)
        var body: [UInt8] = []
        body.reserveCapacity(bytes.count + 80)
        body += little(UInt32(clamping: interface))
        body += little(UInt32(truncatingIfNeeded: units >> 32))
        body += little(UInt32(truncatingIfNeeded: units))
        body += little(UInt32(clamping: bytes.count))
        body += little(UInt32(clamping: header.originalLength))
        for index in 0..<bytes.count { body.append(bytes[index]) }
        pad(&body)
        return block(6, body + option(1, comment) + end)
    }

    /// Lets a file that was written whole take the place of another.
    ///
    /// - Returns: Why it could not; nil where it did.
    public static func move(_ path: String, to name: String) -> String? {
        Descriptor.rename(path, to: name).map(Descriptor.message)
    }

    private static let end: [UInt8] = [0, 0, 0, 0]

    private static func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
        let length = little(UInt32(clamping: body.count + 12))
        return little(type) + length + body + length
    }

    private static func option(_ code: UInt16, _ text: String) -> [UInt8] {
        option(code, Array(text.utf8.prefix(longestText)))
    }

    private static func option(_ code: UInt16, _ value: [UInt8]) -> [UInt8] {
        var bytes = little(code) + little(UInt16(clamping: value.count)) + value
        pad(&bytes)
        return bytes
    }

    private static func pad(_ bytes: inout [UInt8]) {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    private static func little<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Number($0 * 8)) }
    }
}
