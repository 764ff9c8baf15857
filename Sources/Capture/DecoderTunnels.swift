// Tunnels over IP, and what mirror ports send through them. Each function looks at the header at
// the cursor, moves the cursor behind it and says what comes next.
extension Decoder {
    /// RFC 2784 and RFC 2890; version 1 is that of PPTP (RFC 2637).
    static func gre(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        guard cursor.end - cursor.at >= 4 else { return nil }
        let flags = bytes.big16(cursor.at)
        let type = bytes.big16(cursor.at + 2)
        guard flags & 0x4000 == 0 else { return .done(.otherIP) }
        var length = 4
        switch flags & 7 {
        case 0:
            if flags & 0x8000 != 0 { length += 4 }
            if flags & 0x2000 != 0 { length += 4 }
            if flags & 0x1000 != 0 { length += 4 }
        case 1:
            length += 4
            if flags & 0x1000 != 0 { length += 4 }
            if flags & 0x0080 != 0 { length += 4 }
        default: return .done(.otherIP)
        }
        guard cursor.end - cursor.at >= length else { return .done(.otherIP) }
        cursor.at += length
        switch type {
        // ERSPAN without a header of its own (type I), and with that of type II.
        case 0x88be:
            if flags & 0x1000 != 0 { cursor.at += 8 }
            return cursor.at <= cursor.end ? .ethernet : .done(.otherIP)
        case 0x22eb: return erspan3(bytes, &cursor)
        default: return .etherType(type)
        }
    }

    /// draft-foschiano-erspan-03 section 4.3: ERSPAN type III, twelve bytes and, where the last
    /// bit says so, eight more; what follows is Ethernet or IP.
    private static func erspan3(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        guard cursor.end - cursor.at >= 12 else { return .done(.otherIP) }
        let last = bytes.big16(cursor.at + 10)
        cursor.at += last & 1 == 0 ? 12 : 20
        guard cursor.at <= cursor.end else { return .done(.otherIP) }
        switch last >> 10 & 0x1f {
        case 0: return .ethernet
        case 2: return .ip
        default: return .done(.otherIP)
        }
    }

    /// What UDP carries to the ports of tunnels; other UDP is passed.
    static func udp(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        guard cursor.end - cursor.at >= 16 else { return .done(.otherIP) }
        let from = bytes.big16(cursor.at)
        let to = bytes.big16(cursor.at + 2)
        cursor.at += 8
        switch to {
        // VXLAN (RFC 7348 section 5); Linux used 8472 before it had a port, and many still do.
        case 4789, 8472:
            guard bytes[cursor.at] & 0x08 != 0 else { return .done(.otherIP) }
            cursor.at += 8
            return .ethernet
        case 6081: return geneve(bytes, &cursor)
        case 37008: return tzsp(bytes, &cursor)
        default: return from == 2152 || to == 2152 ? gtp(bytes, &cursor) : .done(.otherIP)
        }
    }

    /// RFC 8926 section 3.4: eight bytes, then options in words of four bytes.
    private static func geneve(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        let first = bytes[cursor.at]
        let type = bytes.big16(cursor.at + 2)
        cursor.at += 8 + Int(first & 0x3f) * 4
        guard first & 0xc0 == 0, cursor.at <= cursor.end else { return .done(.otherIP) }
        return .etherType(type)
    }

    /// TaZmen Sniffer Protocol, by which RouterOS mirrors: four bytes, then tags up to that of
    /// the end (Network Chemistry, application note 001).
    private static func tzsp(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        let isEthernet = bytes.big16(cursor.at + 2) == 1
        guard bytes[cursor.at] == 1, bytes[cursor.at + 1] <= 1, isEthernet else {
            return .done(.otherIP)
        }
        cursor.at += 4
        while cursor.end - cursor.at >= 2 {
            let tag = bytes[cursor.at]
            cursor.at += 1
            if tag == 1 { return .ethernet }
            if tag != 0 { cursor.at += 1 + Int(bytes[cursor.at]) }
        }
        return .done(.otherIP)
    }

    /// GTP-U (3GPP TS 29.281 section 5.1).
    private static func gtp(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        let at = cursor.at
        guard bytes[at] & 0xf0 == 0x30, bytes[at + 1] == 255 else { return .done(.otherIP) }
        cursor.at += 8
        guard bytes[at] & 0x07 != 0 else { return .ip }
        cursor.at += 4
        guard cursor.at <= cursor.end else { return .done(.otherIP) }
        var next = bytes[at] & 0x04 != 0 ? bytes[at + 11] : 0
        while next != 0 {
            guard cursor.at < cursor.end else { return .done(.otherIP) }
            let length = Int(bytes[cursor.at]) * 4
            guard length > 0, cursor.at + length <= cursor.end else { return .done(.otherIP) }
            cursor.at += length
            next = bytes[cursor.at - 1]
        }
        return .ip
    }
}
