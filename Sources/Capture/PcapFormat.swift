import Net

/// The classic pcap file: one link type, microseconds or nanoseconds, either byte order, and the
/// "modified" form of old Linux with longer record headers.
///
/// Source: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/
struct PcapFormat {
    static let headerLength = 24

    let bigEndian: Bool
    let nanoseconds: Bool
    let recordHeaderLength: Int
    private(set) var linkType = LinkType.unknown
    private(set) var longestFrame = 262_144
    private var minorVersion: UInt16 = 4

    /// - Parameter magic: the first four bytes, read as a big-endian number.
    init?(magic: UInt32) {
        switch magic {
        case 0xa1b2_c3d4: (bigEndian, nanoseconds, recordHeaderLength) = (true, false, 16)
        case 0xd4c3_b2a1: (bigEndian, nanoseconds, recordHeaderLength) = (false, false, 16)
        case 0xa1b2_3c4d: (bigEndian, nanoseconds, recordHeaderLength) = (true, true, 16)
        case 0x4d3c_b2a1: (bigEndian, nanoseconds, recordHeaderLength) = (false, true, 16)
        case 0xa1b2_cd34: (bigEndian, nanoseconds, recordHeaderLength) = (true, false, 24)
        case 0x34cd_b2a1: (bigEndian, nanoseconds, recordHeaderLength) = (false, false, 24)
        default: return nil
        }
    }

    mutating func readHeader(_ bytes: Span<UInt8>, at start: Int) {
        minorVersion = bytes.load16(start + 6, bigEndian: bigEndian)
        let snapLength = Int(bytes.load32(start + 16, bigEndian: bigEndian))
        longestFrame = min(max(longestFrame, snapLength), CaptureFile.longestFrame)
        // The upper bits tell the length of a frame check sequence.
        let link = bytes.load32(start + 20, bigEndian: bigEndian) & 0xffff
        linkType = LinkType(rawValue: link)
    }

    struct Record {
        var time: Timestamp
        var captured: Int
        var original: Int
    }

    @inline(__always)
    func record(_ bytes: Span<UInt8>, at start: Int) -> Record {
        // Cut to its length, so that one check stands for those of all bytes.
        let head = bytes.extracting(start..<start + 16)
        let seconds = head.load32(0, bigEndian: bigEndian)
        let fraction = Int64(head.load32(4, bigEndian: bigEndian))
        var captured = Int(head.load32(8, bigEndian: bigEndian))
        var original = Int(head.load32(12, bigEndian: bigEndian))
        // Before version 2.3 the two lengths stood the other way round; 2.3 has both.
        if minorVersion < 3 || (minorVersion == 3 && captured > original) {
            swap(&captured, &original)
        }
        return Record(
            time: Timestamp(
                nanoseconds: Int64(seconds) * 1_000_000_000
                    + (nanoseconds ? fraction : fraction * 1000)),
            captured: captured, original: original)
    }
}
