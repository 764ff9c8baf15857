import Net

/// The headers of a frame, one behind the other, as far as a change of its payload concerns them:
/// those that hold checksums.
struct HeaderTrail {
    struct Header {
        var kind: Kind
        var at: Int
        /// End of what it covers, as far as the capture kept it.
        var end: Int
        /// Bytes after `end` that the capture did not keep.
        var lost: Int
        var source = IPAddress(v4: 0)
        var destination = IPAddress(v4: 0)
    }

    enum Kind { case ipv4, udp, gre, tcp, icmp, icmp6 }

    private(set) var headers: [Header] = []
    private var source = IPAddress(v4: 0)
    private var destination = IPAddress(v4: 0)

    /// Follows the headers of a frame.
    init(_ bytes: Span<UInt8>, _ link: LinkType) {
        var cursor = Decoder.Cursor(at: 0, end: bytes.count)
        if let layer = Decoder.first(bytes, link, &cursor) { follow(bytes, layer, cursor) }
    }

    /// Follows the headers in the payload of a datagram that was put together.
    init(_ bytes: Span<UInt8>, of datagram: Datagram) {
        (source, destination) = (datagram.source, datagram.destination)
        follow(bytes, .payload(datagram.number), Decoder.Cursor(at: 0, end: bytes.count))
    }

    private mutating func follow(
        _ bytes: Span<UInt8>, _ first: Decoder.Layer, _ start: Decoder.Cursor
    ) {
        var layer = first
        var cursor = start
        for _ in 0..<Decoder.mostHeaders {
            let next: Decoder.Layer?
            switch layer {
            case .ethernet: next = Decoder.ethernet(bytes, &cursor)
            case .etherType(let type): next = Decoder.etherType(type, bytes, &cursor)
            case .ppp: next = Decoder.ppp(bytes, &cursor)
            case .pppProtocol(let number): next = Decoder.pppProtocol(number)
            case .mpls: next = Decoder.mpls(bytes, &cursor)
            case .ip: next = Decoder.ip(bytes, cursor)
            case .ipv4: next = ipv4(bytes, &cursor)
            case .ipv6: next = ipv6(bytes, &cursor)
            case .payload(let number): next = payload(number, bytes, &cursor)
            case .done: return
            }
            guard let next else { return }
            layer = next
        }
    }

    private mutating func note(_ kind: Kind, _ cursor: Decoder.Cursor) {
        headers.append(
            Header(
                kind: kind, at: cursor.at, end: cursor.end, lost: cursor.lost, source: source,
                destination: destination))
    }

    private mutating func payload(
        _ number: UInt8, _ bytes: Span<UInt8>, _ cursor: inout Decoder.Cursor
    ) -> Decoder.Layer? {
        switch number {
        case 6:
            if cursor.end - cursor.at >= 20 { note(.tcp, cursor) }
            return nil
        case 1, 58:
            if cursor.end - cursor.at >= 8 { note(number == 1 ? .icmp : .icmp6, cursor) }
            return nil
        case 4: return .ipv4
        case 41: return .ipv6
        case 47:
            if cursor.end - cursor.at >= 8 { note(.gre, cursor) }
            return Decoder.gre(bytes, &cursor)
        case 17:
            if cursor.end - cursor.at >= 8 { note(.udp, cursor) }
            return Decoder.udp(bytes, &cursor)
        case 137: return .mpls
        case 43, 51, 60, 135: return Self.extensions(number, bytes, &cursor)
        default: return nil
        }
    }

    /// RFC 791 section 3.1; of a fragment nothing is followed.
    private mutating func ipv4(
        _ bytes: Span<UInt8>, _ cursor: inout Decoder.Cursor
    ) -> Decoder.Layer? {
        let at = cursor.at
        guard cursor.end - at >= 20, bytes[at] >> 4 == 4 else { return nil }
        let head = Int(bytes[at] & 15) * 4
        var total = Int(bytes.big16(at + 2))
        if total == 0 { total = cursor.end + cursor.lost - at }
        guard head >= 20, total >= head, cursor.end - at >= head else { return nil }
        headers.append(Header(kind: .ipv4, at: at, end: at + head, lost: 0))
        source = IPAddress(v4: bytes.big32(at + 12))
        destination = IPAddress(v4: bytes.big32(at + 16))
        Self.bound(&cursor, to: at + total)
        cursor.at = at + head
        guard bytes.big16(at + 6) & 0x3fff == 0 else { return nil }
        return .payload(bytes[at + 9])
    }

    /// RFC 8200 sections 3 and 4.
    private mutating func ipv6(
        _ bytes: Span<UInt8>, _ cursor: inout Decoder.Cursor
    ) -> Decoder.Layer? {
        let at = cursor.at
        guard cursor.end - at >= 40, bytes[at] >> 4 == 6 else { return nil }
        let length = Int(bytes.big16(at + 4))
        source = IPAddress(v6: bytes.big128(at + 8))
        destination = IPAddress(v6: bytes.big128(at + 24))
        if length > 0 { Self.bound(&cursor, to: at + 40 + length) }
        cursor.at = at + 40
        return Self.extensions(bytes[at + 6], bytes, &cursor)
    }

    private static func extensions(
        _ first: UInt8, _ bytes: Span<UInt8>, _ cursor: inout Decoder.Cursor
    ) -> Decoder.Layer? {
        var number = first
        for _ in 0..<Decoder.mostHeaders {
            let at = cursor.at
            guard [0, 43, 44, 51, 60, 135].contains(number) else { return .payload(number) }
            guard cursor.end - at >= 8 else { return nil }
            let unit = number == 51 ? 4 : 8
            if number == 44 {
                guard bytes.big16(at + 2) & 0xfff9 == 0 else { return nil }
                cursor.at += 8
            } else {
                cursor.at += Int(bytes[at + 1]) * unit + 8
            }
            number = bytes[at]
            guard cursor.at <= cursor.end else { return nil }
        }
        return nil
    }

    private static func bound(_ cursor: inout Decoder.Cursor, to end: Int) {
        cursor.lost = max(0, end - cursor.end)
        cursor.end = min(end, cursor.end)
    }
}

/// What an ICMP message quotes of a TCP segment beyond its headers.
public enum QuotedPayload {
    /// Where it stands in a frame; nil where the message quotes no more than headers.
    public static func range(_ bytes: Span<UInt8>, _ link: LinkType) -> Range<Int>? {
        range(bytes, HeaderTrail(bytes, link))
    }

    /// The same in the payload of a datagram that was put together of fragments.
    public static func range(_ bytes: Span<UInt8>, of datagram: Datagram) -> Range<Int>? {
        range(bytes, HeaderTrail(bytes, of: datagram))
    }

    private static func range(_ bytes: Span<UInt8>, _ trail: HeaderTrail) -> Range<Int>? {
        guard let icmp = trail.headers.last else { return nil }
        let quote = icmp.at + 8
        var segment = quote + 40
        switch icmp.kind {
        case .icmp:
            guard quote < icmp.end else { return nil }
            segment = quote + Int(bytes[quote] & 15) * 4
        case .icmp6: break
        default: return nil
        }
        guard segment + 12 < icmp.end else { return nil }
        let payload = segment + max(Int(bytes[segment + 12] >> 4) * 4, 20)
        return payload < icmp.end ? payload..<icmp.end : nil
    }
}
