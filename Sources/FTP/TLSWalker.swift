/// Walks over the TLS records of one direction, to find where clear text follows (RFC 4217
/// section 5: CCC). Nothing inside a record is looked at.
struct TLSWalker {
    private var header: [UInt8] = []
    private var remaining = 0
    private var records = 0
    /// The place in the records is not known any more.
    private var isLost = false

    /// RFC 8446 section 5.2: 2^14 bytes and 256 for protection; older versions allow 2048.
    private static let longestRecord = 16_384 + 2048

    init() {}

    /// Takes bytes from `start` on; the index where text begins, if it does.
    mutating func walk(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var at = start
        if isLost, remaining == 0, header.isEmpty { isLost = !Self.beginsRecord(bytes, at) }
        while at < bytes.count, !isLost {
            if remaining > 0 {
                let step = min(remaining, bytes.count - at)
                remaining -= step
                at += step
                continue
            }
            if header.isEmpty, records > 0, Self.isText(bytes[at]) { return at }
            header.append(bytes[at])
            at += 1
            readHeader()
        }
        return nil
    }

    private mutating func readHeader() {
        // SSL 2 wrote its hello with two bytes of length.
        if header[0] & 0x80 != 0 {
            guard header.count == 2 else { return }
            remaining = Int(header[0] & 0x7f) << 8 | Int(header[1])
        } else {
            guard (20...24).contains(header[0]) else {
                lose()
                return
            }
            guard header.count == 5 else { return }
            remaining = Int(header[3]) << 8 | Int(header[4])
            guard header[1] == 3, remaining <= Self.longestRecord else {
                lose()
                return
            }
        }
        records += 1
        header.removeAll(keepingCapacity: true)
    }

    /// Bytes are missing: the next record is looked for at the start of a segment.
    mutating func lose() {
        header.removeAll(keepingCapacity: true)
        remaining = 0
        isLost = true
    }

    /// Whether a line is none because of its first byte: the type of a TLS record (RFC 8446
    /// section 5.1).
    @inline(__always)
    static func mayBegin(_ byte: UInt8) -> Bool { (20...23).contains(byte) }

    static func beginsRecord(_ bytes: Span<UInt8>, _ at: Int) -> Bool {
        at < bytes.count && (20...24).contains(bytes[at])
            && (at + 1 >= bytes.count || bytes[at + 1] == 3)
    }

    private static func isText(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
            || (0x61...0x7a).contains(byte)
    }
}
