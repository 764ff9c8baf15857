import Net

// IP, and the ICMP messages that quote TCP.
extension Decoder {
    static func ip(_ bytes: Span<UInt8>, _ cursor: Cursor) -> Layer? {
        guard cursor.at < cursor.end else { return nil }
        switch bytes[cursor.at] >> 4 {
        case 4: return .ipv4
        case 6: return .ipv6
        default: return nil
        }
    }

    /// RFC 791 section 3.1.
    mutating func ipv4(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        let at = cursor.at
        guard cursor.end - at >= 20, bytes[at] >> 4 == 4 else { return nil }
        let head = Int(bytes[at] & 15) * 4
        var total = Int(bytes.big16(at + 2))
        // Segmentation offload leaves the length zero: the frame's own end stands for it.
        if total == 0 { total = cursor.end + cursor.lost - at }
        guard head >= 20, total >= head, cursor.end - at >= head else { return nil }
        packet.hopLimit = bytes[at + 8]
        packet.source = IPAddress(v4: bytes.big32(at + 12))
        packet.destination = IPAddress(v4: bytes.big32(at + 16))
        bound(&cursor, to: at + total)
        cursor.at = at + head
        let field = bytes.big16(at + 6)
        guard field & 0x3fff != 0 else { return .payload(bytes[at + 9]) }
        let key = FragmentTable.Key(
            source: packet.source, destination: packet.destination,
            identification: UInt32(bytes.big16(at + 4)), number: bytes[at + 9])
        return fragment(
            key, offset: Int(field & 0x1fff) * 8, more: field & 0x2000 != 0,
            number: bytes[at + 9], bytes, cursor)
    }

    /// RFC 8200 sections 3 and 4.
    mutating func ipv6(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        let at = cursor.at
        guard cursor.end - at >= 40, bytes[at] >> 4 == 6 else { return nil }
        let length = Int(bytes.big16(at + 4))
        packet.hopLimit = bytes[at + 7]
        packet.source = IPAddress(v6: bytes.big128(at + 8))
        packet.destination = IPAddress(v6: bytes.big128(at + 24))
        if length > 0 { bound(&cursor, to: at + 40 + length) }
        cursor.at = at + 40
        return extensions(bytes[at + 6], bytes, &cursor)
    }

    /// Headers between IP and its payload (RFC 8200 section 4, RFC 4302, RFC 6275).
    mutating func extensions(
        _ first: UInt8, _ bytes: Span<UInt8>, _ cursor: inout Cursor
    ) -> Layer? {
        var number = first
        for _ in 0..<Self.mostHeaders {
            let at = cursor.at
            switch number {
            case 0, 43, 60, 135:
                guard cursor.end - at >= 8 else { return nil }
                number = bytes[at]
                cursor.at += Int(bytes[at + 1]) * 8 + 8
            case 51:
                guard cursor.end - at >= 8 else { return nil }
                number = bytes[at]
                cursor.at += Int(bytes[at + 1]) * 4 + 8
            case 44:
                guard cursor.end - at >= 8 else { return nil }
                let field = bytes.big16(at + 2)
                number = bytes[at]
                cursor.at += 8
                guard field & 0xfff9 != 0 else { continue }
                let key = FragmentTable.Key(
                    source: packet.source, destination: packet.destination,
                    identification: bytes.big32(at + 4), number: number)
                return fragment(
                    key, offset: Int(field & 0xfff8), more: field & 1 != 0, number: number, bytes,
                    cursor)
            default: return .payload(number)
            }
            guard cursor.at <= cursor.end else { return nil }
        }
        return nil
    }

    /// Sets the end of the current header's bytes to where its length field puts it.
    private func bound(_ cursor: inout Cursor, to end: Int) {
        if end <= cursor.end {
            cursor.end = end
            cursor.lost = 0
        } else {
            cursor.lost = end - cursor.end
        }
    }

    /// RFC 792 and RFC 4443: a message of type 3 or 1, eight bytes, then the packet it is about.
    mutating func icmp(
        _ bytes: Span<UInt8>, _ cursor: Cursor, family: IPAddress.Family
    ) -> Layer? {
        let at = cursor.at
        guard cursor.end - at >= 8, bytes[at] == (family == .v4 ? 3 : 1) else {
            return .done(.otherIP)
        }
        let reporter = packet.source
        let quote = at + 8
        let ports: Int
        if family == .v4 {
            guard cursor.end - quote >= 28, bytes[quote] >> 4 == 4 else { return .done(.otherIP) }
            let head = Int(bytes[quote] & 15) * 4
            guard head >= 20, bytes[quote + 9] == 6, cursor.end - quote >= head + 8 else {
                return .done(.otherIP)
            }
            packet.source = IPAddress(v4: bytes.big32(quote + 12))
            packet.destination = IPAddress(v4: bytes.big32(quote + 16))
            ports = quote + head
        } else {
            guard cursor.end - quote >= 48, bytes[quote] >> 4 == 6, bytes[quote + 6] == 6 else {
                return .done(.otherIP)
            }
            packet.source = IPAddress(v6: bytes.big128(quote + 8))
            packet.destination = IPAddress(v6: bytes.big128(quote + 24))
            ports = quote + 40
        }
        packet.reporter = reporter
        packet.icmpType = bytes[at]
        packet.icmpCode = bytes[at + 1]
        packet.sourcePort = bytes.big16(ports)
        packet.destinationPort = bytes.big16(ports + 2)
        packet.sequence = bytes.big32(ports + 4)
        packet.payloadLength = 0
        packet.payloadLost = 0
        return .done(.unreachable)
    }
}
