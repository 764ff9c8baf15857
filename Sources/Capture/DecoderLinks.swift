import Net

// Link layers, tags and labels. Each function looks at the header at the cursor, moves the cursor
// behind it and says what comes next; nil where the header is cut or contradicts itself.
extension Decoder {
    static func first(
        _ bytes: Span<UInt8>, _ link: LinkType, _ cursor: inout Cursor
    ) -> Layer? {
        switch link {
        case .ethernet: return .ethernet
        case .raw, .raw12, .raw14, .ipv4, .ipv6: return .ip
        case .linuxCooked:
            guard bytes.count >= 16 else { return nil }
            cursor.at = 16
            return .etherType(bytes.big16(14))
        case .linuxCooked2:
            guard bytes.count >= 20 else { return nil }
            cursor.at = 20
            return .etherType(bytes.big16(0))
        case .null, .loop:
            guard bytes.count >= 4 else { return nil }
            cursor.at = 4
            return loopback(bytes.big32(0))
        case .ppp, .pppHDLC: return .ppp
        case .pppEthernet: return pppoe(bytes, &cursor)
        case .ciscoHDLC:
            guard bytes.count >= 4 else { return nil }
            cursor.at = 4
            return .etherType(bytes.big16(2))
        default: return .done(.notIP)
        }
    }

    /// Address families as the BSDs, Darwin and Windows number them, in either byte order.
    private static func loopback(_ value: UInt32) -> Layer {
        switch value > 0xffff ? value.byteSwapped : value {
        case 2: .ipv4
        case 10, 23, 24, 28, 30: .ipv6
        default: .done(.notIP)
        }
    }

    static func ethernet(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        guard cursor.end - cursor.at >= 14 else { return nil }
        cursor.at += 14
        return .etherType(bytes.big16(cursor.at - 2))
    }

    static func etherType(
        _ type: UInt16, _ bytes: Span<UInt8>, _ cursor: inout Cursor
    ) -> Layer? {
        switch type {
        case 0x0800: return .ipv4
        case 0x86dd: return .ipv6
        // IEEE 802.1Q, 802.1ad, and the numbers that came before the latter.
        case 0x8100, 0x88a8, 0x9100, 0x9200, 0x9300:
            guard cursor.end - cursor.at >= 4 else { return nil }
            cursor.at += 4
            return .etherType(bytes.big16(cursor.at - 2))
        case 0x8847, 0x8848: return .mpls
        case 0x8864: return pppoe(bytes, &cursor)
        case 0x6558: return .ethernet
        case 0x880b: return .ppp
        // IEEE 802.3: a length; RFC 1042 puts the type behind LLC and SNAP.
        case 0..<0x0600:
            guard cursor.end - cursor.at >= 8 else { return .done(.notIP) }
            guard bytes[cursor.at] == 0xaa, bytes[cursor.at + 1] == 0xaa,
                bytes.big16(cursor.at + 3) == 0, bytes[cursor.at + 5] == 0
            else { return .done(.notIP) }
            cursor.at += 8
            return .etherType(max(bytes.big16(cursor.at - 2), 0x0600))
        default: return .done(.notIP)
        }
    }

    /// RFC 2516 section 4: six bytes, then PPP without its address and control bytes.
    private static func pppoe(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        guard cursor.end - cursor.at >= 8 else { return nil }
        guard bytes[cursor.at] == 0x11, bytes[cursor.at + 1] == 0 else { return .done(.notIP) }
        cursor.at += 8
        return .pppProtocol(bytes.big16(cursor.at - 2))
    }

    /// RFC 1661 section 2 and RFC 1662 section 3.1: address and control may be left out, and
    /// the first byte of the protocol too.
    static func ppp(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        if cursor.end - cursor.at >= 2, bytes[cursor.at] == 0xff, bytes[cursor.at + 1] == 3 {
            cursor.at += 2
        }
        guard cursor.end - cursor.at >= 2 else { return nil }
        if bytes[cursor.at] & 1 == 1 {
            cursor.at += 1
            return .pppProtocol(UInt16(bytes[cursor.at - 1]))
        }
        // The frame may begin with Cisco's framing on a link that is declared as PPP.
        if bytes[cursor.at] == 0x0f || bytes[cursor.at] == 0x8f, cursor.end - cursor.at >= 4 {
            cursor.at += 4
            return .etherType(bytes.big16(cursor.at - 2))
        }
        cursor.at += 2
        return .pppProtocol(bytes.big16(cursor.at - 2))
    }

    static func pppProtocol(_ number: UInt16) -> Layer {
        switch number {
        case 0x0021: .ipv4
        case 0x0057: .ipv6
        case 0x0281, 0x0283: .mpls
        default: .done(.notIP)
        }
    }

    /// RFC 3032: labels to the bottom of the stack; what follows is told by its first four bits.
    static func mpls(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        while true {
            guard cursor.end - cursor.at >= 4 else { return nil }
            let bottom = bytes[cursor.at + 2] & 1 == 1
            cursor.at += 4
            if bottom { break }
        }
        guard cursor.at < cursor.end else { return nil }
        switch bytes[cursor.at] >> 4 {
        case 4: return .ipv4
        case 6: return .ipv6
        default: return pseudowire(bytes, &cursor)
        }
    }

    /// RFC 4448 section 4: an Ethernet frame, with a control word before it or without one; which
    /// of them is told by where a type that is known stands.
    private static func pseudowire(_ bytes: Span<UInt8>, _ cursor: inout Cursor) -> Layer? {
        func isFrame(_ at: Int) -> Bool {
            guard cursor.end - at >= 14 else { return false }
            switch bytes.big16(at + 12) {
            case 0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0x8847, 0x8864: return true
            default: return false
            }
        }
        let mayBeWord = bytes[cursor.at] >> 4 == 0 && cursor.end - cursor.at >= 4
        if mayBeWord, isFrame(cursor.at + 4) || !isFrame(cursor.at) {
            cursor.at += 4
            return .ethernet
        }
        return isFrame(cursor.at) ? .ethernet : .done(.notIP)
    }
}
