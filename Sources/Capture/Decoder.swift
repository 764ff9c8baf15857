public import Net

/// Headers out of frames: link layer, tags and tunnels, IP, TCP.
///
/// Lengths are checked before each header is read; what an IP header says is the length, never
/// that of the frame, so that padding is no payload. Checksums are not looked at.
public struct Decoder: Sendable {
    public internal(set) var packet = Packet()
    /// The IP payload that was put together last, after `.assembledTCP`.
    public private(set) var assembled: [UInt8] = []
    var fragments: FragmentTable
    private var now = Timestamp(nanoseconds: 0)
    private var frame = (capture: 0, number: 0)
    /// The datagram of `assembled`: its ends, the protocol of its payload, and its pieces.
    public private(set) var datagram = Datagram()

    /// Headers one after the other in one frame, tags and tunnels included.
    static let mostHeaders = 32

    public init(limits: DecoderLimits = DecoderLimits()) {
        fragments = FragmentTable(limits: limits)
    }

    /// Fragment trains given up because a bound was reached.
    public var fragmentsDropped: Int { fragments.dropped }

    /// The next header in a frame.
    enum Layer {
        case ethernet
        case etherType(UInt16)
        case ppp
        case pppProtocol(UInt16)
        case mpls
        case ip
        case ipv4
        case ipv6
        case payload(UInt8)
        case done(Decoded)
    }

    /// Where in the bytes the decoder stands.
    struct Cursor {
        var at: Int
        /// End of what was captured and belongs to the current header.
        var end: Int
        /// Bytes after `end` that the headers promise and the capture did not keep.
        var lost = 0
        var assembled = false
    }

    @inline(__always)
    public mutating func decode(_ bytes: Span<UInt8>, _ header: FrameHeader) -> Decoded {
        if header.linkType == .ethernet, decodeUsual(bytes) { return .tcp }
        return decodeAny(bytes, header)
    }

    /// The headers that almost every frame has, read in one go: Ethernet, IPv4 without options,
    /// TCP. False, with nothing done, where it is anything else or cut; `decodeAny` would find the
    /// same.
    mutating func decodeUsual(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 54, bytes.big16(12) == 0x0800, bytes[14] == 0x45, bytes[23] == 6,
            bytes.big16(20) & 0x3fff == 0
        else { return false }
        let total = Int(bytes.big16(16))
        let length = Int(bytes[46] >> 4) * 4
        guard length >= 20, total >= 20 + length else { return false }
        let end = min(14 + total, bytes.count)
        packet.hopLimit = bytes[22]
        packet.source = IPAddress(v4: bytes.big32(26))
        packet.destination = IPAddress(v4: bytes.big32(30))
        packet.sourcePort = bytes.big16(34)
        packet.destinationPort = bytes.big16(36)
        packet.sequence = bytes.big32(38)
        packet.acknowledgement = bytes.big32(42)
        packet.flags = TCPFlags(rawValue: bytes[47] & 0x3f)
        packet.payloadStart = min(34 + length, end)
        packet.payloadLength = end - packet.payloadStart
        packet.payloadLost = total - 20 - length - packet.payloadLength
        return true
    }

    /// Any headers, one after the other.
    mutating func decodeAny(_ bytes: Span<UInt8>, _ header: FrameHeader) -> Decoded {
        now = header.time
        frame = (header.capture, header.number)
        var cursor = Cursor(at: 0, end: bytes.count)
        guard let layer = Self.first(bytes, header.linkType, &cursor) else { return .undecodable }
        return run(bytes, layer, cursor)
    }

    private mutating func run(
        _ bytes: Span<UInt8>, _ first: Layer, _ start: Cursor
    ) -> Decoded {
        var layer = first
        var cursor = start
        for _ in 0..<Self.mostHeaders {
            let next: Layer?
            switch layer {
            case .ethernet: next = Self.ethernet(bytes, &cursor)
            case .etherType(let type): next = Self.etherType(type, bytes, &cursor)
            case .ppp: next = Self.ppp(bytes, &cursor)
            case .pppProtocol(let number): next = Self.pppProtocol(number)
            case .mpls: next = Self.mpls(bytes, &cursor)
            case .ip: next = Self.ip(bytes, cursor)
            case .ipv4: next = ipv4(bytes, &cursor)
            case .ipv6: next = ipv6(bytes, &cursor)
            case .payload(let number): next = payload(number, bytes, &cursor)
            case .done(let result): return result
            }
            guard let next else { return .undecodable }
            layer = next
        }
        if case .done(let result) = layer { return result }
        return .undecodable
    }

    private mutating func payload(
        _ number: UInt8, _ bytes: Span<UInt8>, _ cursor: inout Cursor
    ) -> Layer? {
        switch number {
        case 6: return tcp(bytes, cursor)
        case 1: return icmp(bytes, cursor, family: .v4)
        case 58: return icmp(bytes, cursor, family: .v6)
        case 4: return .ipv4
        case 41: return .ipv6
        case 47: return Self.gre(bytes, &cursor)
        case 17: return Self.udp(bytes, &cursor)
        case 137: return .mpls
        // Behind a fragment header, and the authentication header of IPv4 (RFC 4302).
        case 43, 51, 60, 135: return extensions(number, bytes, &cursor)
        default: return .done(.otherIP)
        }
    }

    private mutating func tcp(_ bytes: Span<UInt8>, _ cursor: Cursor) -> Layer? {
        let at = cursor.at
        guard cursor.end - at >= 20 else { return nil }
        let length = Int(bytes[at + 12] >> 4) * 4
        guard length >= 20 else { return nil }
        packet.sourcePort = bytes.big16(at)
        packet.destinationPort = bytes.big16(at + 2)
        packet.sequence = bytes.big32(at + 4)
        packet.acknowledgement = bytes.big32(at + 8)
        packet.flags = TCPFlags(rawValue: bytes[at + 13] & 0x3f)
        let whole = cursor.end + cursor.lost - at
        guard whole >= length else { return nil }
        packet.payloadStart = min(at + length, cursor.end)
        packet.payloadLength = cursor.end - packet.payloadStart
        packet.payloadLost = whole - length - packet.payloadLength
        return .done(cursor.assembled ? .assembledTCP : .tcp)
    }

    /// A fragment's bytes; where it makes the datagram whole, what the datagram holds.
    mutating func fragment(
        _ key: FragmentTable.Key, offset: Int, more: Bool, number: UInt8, _ bytes: Span<UInt8>,
        _ cursor: Cursor
    ) -> Layer? {
        guard cursor.lost == 0 else { return .done(.fragment) }
        let place = FragmentPlace(
            capture: frame.capture, number: frame.number,
            start: cursor.assembled ? nil : cursor.at, count: cursor.end - cursor.at,
            offset: offset)
        guard
            let whole = fragments.add(
                key, offset: offset, more: more, bytes.extracting(cursor.at..<cursor.end), place,
                now)
        else { return .done(.fragment) }
        assembled = whole
        datagram = Datagram(
            source: key.source, destination: key.destination, number: number,
            places: fragments.places)
        var inner = Cursor(at: 0, end: whole.count)
        inner.assembled = true
        return .done(run(whole.span, .payload(number), inner))
    }
}

/// A datagram that was put together: what is needed to change the bytes that it came in.
public struct Datagram: Sendable {
    public internal(set) var source = IPAddress(v4: 0)
    public internal(set) var destination = IPAddress(v4: 0)
    /// Protocol of its payload.
    public internal(set) var number: UInt8 = 0
    public internal(set) var places: [FragmentPlace] = []
}

/// Bounds of what the decoder keeps between frames.
public struct DecoderLimits: Hashable, Sendable {
    /// IP datagrams that are being put together at one time.
    public var fragmentTrains = 256
    /// Fragments of one datagram.
    public var fragmentsPerTrain = 8192
    /// Bytes held in unfinished datagrams, over all of them.
    public var fragmentBytes = 4 << 20
    /// Nanoseconds after which an unfinished datagram is given up (RFC 1122: 60 to 120 s).
    public var fragmentAge: Int64 = 60_000_000_000

    public init() {}
}
