import Net

/// Makes the checksums of changed packets right again.
///
/// Where the capture kept a packet whole they are computed anew; where it was cut they are changed
/// by what changed (RFC 1624), and are as right as they were. A checksum of UDP over IPv4 becomes
/// zero: none (RFC 768).
public enum ChecksumMender {
    /// Mends a frame that was changed; `old` is the frame as it was.
    public static func mend(_ bytes: inout [UInt8], old: Span<UInt8>, _ link: LinkType) {
        mend(&bytes, old: old, HeaderTrail(old, link))
    }

    /// Mends the payload of a datagram that was put together of fragments.
    public static func mend(_ bytes: inout [UInt8], old: Span<UInt8>, of datagram: Datagram) {
        mend(&bytes, old: old, HeaderTrail(old, of: datagram))
    }

    private static func mend(_ bytes: inout [UInt8], old: Span<UInt8>, _ trail: HeaderTrail) {
        guard bytes.count == old.count else { return }
        // The innermost first: those around it cover it.
        for header in trail.headers.reversed() { mend(&bytes, old: old, header) }
    }

    private static func mend(
        _ bytes: inout [UInt8], old: Span<UInt8>, _ header: HeaderTrail.Header
    ) {
        let place: Int
        var pseudo: UInt64 = 0
        switch header.kind {
        case .ipv4: place = header.at + 10
        case .tcp:
            place = header.at + 16
            pseudo = pseudoSum(header, 6)
        case .icmp: place = header.at + 2
        case .icmp6:
            place = header.at + 2
            pseudo = pseudoSum(header, 58)
        case .gre:
            // RFC 2784: only where the first bit says that there is one.
            guard old[header.at] & 0x80 != 0 else { return }
            place = header.at + 4
        case .udp:
            place = header.at + 6
            guard old.big16(place) != 0 else { return }
            guard header.source.family == .v6 else {
                set(&bytes, place, 0)
                return
            }
            pseudo = pseudoSum(header, 17)
        }
        guard header.lost == 0 else {
            var sum = UInt64(~old.big16(place))
            sum += differences(bytes.span, old, header, place)
            set(&bytes, place, ~folded(sum))
            return
        }
        set(&bytes, place, 0)
        let sum = folded(pseudo + sum(bytes.span, header.at, header.end))
        let isUDP = header.kind == .udp
        set(&bytes, place, isUDP && sum == 0xffff ? 0xffff : ~sum)
    }

    private static func set(_ bytes: inout [UInt8], _ at: Int, _ value: UInt16) {
        bytes[at] = UInt8(value >> 8)
        bytes[at + 1] = UInt8(value & 255)
    }

    /// RFC 9293 section 3.1 and RFC 8200 section 8.1.
    private static func pseudoSum(_ header: HeaderTrail.Header, _ number: UInt64) -> UInt64 {
        var sum = number + UInt64(header.end - header.at)
        for address in [header.source, header.destination] {
            var bits = address.bits
            while bits > 0 {
                sum += UInt64(bits & 0xffff)
                bits >>= 16
            }
        }
        return sum
    }

    private static func word(_ bytes: Span<UInt8>, _ at: Int, _ end: Int) -> UInt64 {
        UInt64(bytes[at]) << 8 | (at + 1 < end ? UInt64(bytes[at + 1]) : 0)
    }

    private static func sum(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt64 {
        var sum: UInt64 = 0
        for at in stride(from: start, to: end, by: 2) { sum += word(bytes, at, end) }
        return sum
    }

    /// What changed, the checksum itself apart (RFC 1624, equation 3).
    private static func differences(
        _ bytes: Span<UInt8>, _ old: Span<UInt8>, _ header: HeaderTrail.Header, _ place: Int
    ) -> UInt64 {
        var sum: UInt64 = 0
        for at in stride(from: header.at, to: header.end, by: 2) where at != place {
            sum += (~word(old, at, header.end)) & 0xffff
            sum += word(bytes, at, header.end)
        }
        return sum
    }

    private static func folded(_ sum: UInt64) -> UInt16 {
        var sum = sum
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        return UInt16(sum)
    }
}
