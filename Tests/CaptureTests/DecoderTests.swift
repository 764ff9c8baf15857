import Dice
import Net
import Testing

@testable import Capture

/// A TCP segment from 10.0.0.1:5000 to 10.0.0.2:21, or the same over IPv6.
private func tcp(_ payload: String) -> [UInt8] {
    big16(5000) + big16(21) + big32(100) + big32(200) + [0x50, 0x18] + big16(1000) + big32(0)
        + Array(payload.utf8)
}

private func v4(
    _ body: [UInt8], number: UInt8 = 6, fragment: Int = 0, id: Int = 7
) -> [UInt8] {
    [0x45, 0] + big16(20 + body.count) + big16(id) + big16(fragment) + [64, number] + big16(0)
        + [10, 0, 0, 1, 10, 0, 0, 2] + body
}

private func v6(_ body: [UInt8], number: UInt8 = 6) -> [UInt8] {
    [0x60, 0, 0, 0] + big16(body.count) + [number, 64] + [0x20, 1]
        + [UInt8](repeating: 0, count: 13) + [1, 0x20, 1] + [UInt8](repeating: 0, count: 13) + [2]
        + body
}

/// What goes to a UDP port, in IPv4.
private func udp(to port: Int, _ body: [UInt8]) -> [UInt8] {
    v4(big16(9) + big16(port) + big32(0) + body, number: 17)
}

private func ethernet(_ type: Int, _ body: [UInt8]) -> [UInt8] {
    [UInt8](repeating: 2, count: 12) + big16(type) + body
}

@Suite struct DecoderTests {
    private func decode(
        _ decoder: inout Decoder, _ bytes: [UInt8], link: LinkType = .ethernet
    ) -> (Decoded, String) {
        let header = FrameHeader(
            capture: 0, number: 1, time: Timestamp(seconds: 1), originalLength: bytes.count,
            linkType: link)
        let result = decoder.decode(bytes.span, header)
        let packet = decoder.packet
        let range = packet.payloadStart..<packet.payloadStart + packet.payloadLength
        switch result {
        case .tcp: return (result, String(decoding: bytes[range], as: UTF8.self))
        case .assembledTCP:
            return (result, String(decoding: decoder.assembled[range], as: UTF8.self))
        default: return (result, "")
        }
    }

    private static let inner = v4(tcp("PASV\r\n"))
    static let frames: [(String, LinkType, [UInt8])] = [
        ("Ethernet", .ethernet, ethernet(0x0800, inner)),
        ("Ethernet, IPv6", .ethernet, ethernet(0x86dd, v6(tcp("PASV\r\n")))),
        (
            "padding that looks like text", .ethernet,
            ethernet(0x0800, inner + Array("QUIT\r\n".utf8))
        ),
        (
            "three tags", .ethernet,
            ethernet(
                0x88a8,
                [0, 5] + big16(0x8100) + [0, 6] + big16(0x9100) + [0, 7] + big16(0x0800) + inner)
        ),
        (
            "802.3 with SNAP", .ethernet,
            ethernet(60, [0xaa, 0xaa, 3, 0, 0, 0] + big16(0x0800) + inner)
        ),
        ("raw", .raw, inner), ("raw, number 12", .raw12, inner), ("IPv4", .ipv4, inner),
        ("IPv6", .ipv6, v6(tcp("PASV\r\n"))),
        ("NULL, little-endian", .null, [2, 0, 0, 0] + inner),
        ("NULL, big-endian", .null, [0, 0, 0, 2] + inner), ("LOOP", .loop, [0, 0, 0, 2] + inner),
        ("cooked", .linuxCooked, [UInt8](repeating: 0, count: 14) + big16(0x0800) + inner),
        ("cooked 2", .linuxCooked2, big16(0x0800) + [UInt8](repeating: 0, count: 18) + inner),
        ("PPP", .ppp, [0xff, 3, 0, 0x21] + inner), ("PPP, short protocol", .ppp, [0x21] + inner),
        ("Cisco HDLC", .ciscoHDLC, [0x0f, 0] + big16(0x0800) + inner),
        (
            "PPPoE", .ethernet,
            ethernet(0x8864, [0x11, 0, 0, 1] + big16(inner.count + 2) + [0, 0x21] + inner)
        ),
        ("MPLS", .ethernet, ethernet(0x8847, [0, 1, 0, 64, 0, 2, 1, 64] + inner)),
        (
            "MPLS pseudowire", .ethernet,
            ethernet(0x8847, [0, 2, 1, 64, 0, 0, 0, 0] + ethernet(0x0800, inner))
        ),
        ("GRE", .raw, v4([0, 0] + big16(0x0800) + inner, number: 47)),
        (
            "GRE with key and sequence", .raw,
            v4([0x30, 0] + big16(0x0800) + big32(1) + big32(2) + inner, number: 47)
        ),
        ("IP in IP", .raw, v4(inner, number: 4)),
        ("6in4", .raw, v4(v6(tcp("PASV\r\n")), number: 41)),
        (
            "VXLAN", .raw,
            v4(
                big16(9) + big16(4789) + big32(0) + [8, 0, 0, 0, 0, 0, 1, 0]
                    + ethernet(0x0800, inner), number: 17)
        ),
        (
            "VXLAN at the port that Linux used", .raw,
            udp(to: 8472, [8, 0, 0, 0, 0, 0, 1, 0] + ethernet(0x0800, inner))
        ),
        (
            "Geneve with an option", .raw,
            udp(
                to: 6081,
                [2, 0] + big16(0x6558) + [0, 0, 1, 0] + [1, 2, 0x80, 1, 0, 0, 0, 0]
                    + ethernet(0x0800, inner))
        ),
        ("Geneve, IP", .raw, udp(to: 6081, [0, 0] + big16(0x0800) + [0, 0, 1, 0] + inner)),
        (
            "TZSP", .raw,
            udp(to: 37008, [1, 0, 0, 1, 41, 2, 0, 90, 0, 1] + ethernet(0x0800, inner))
        ),
        (
            "ERSPAN", .raw,
            v4([0, 0] + big16(0x88be) + ethernet(0x0800, inner), number: 47)
        ),
        (
            "ERSPAN, type II", .raw,
            v4(
                [0x10, 0] + big16(0x88be) + big32(1) + big32(0x1001_0001) + big32(0)
                    + ethernet(0x0800, inner), number: 47)
        ),
        (
            "ERSPAN, type III", .raw,
            v4(
                [0x10, 0] + big16(0x22eb) + big32(1) + big32(0x2001_0001) + big32(0) + big32(0)
                    + ethernet(0x0800, inner), number: 47)
        ),
        (
            "ERSPAN, type III, of IP, with a platform's header", .raw,
            v4(
                [0x10, 0] + big16(0x22eb) + big32(1) + big32(0x2001_0001) + big32(0)
                    + big32(0x0801) + big32(0) + big32(0) + inner, number: 47)
        ),
        (
            "authentication header, IPv4", .raw,
            v4([4, 4, 0, 0] + [UInt8](repeating: 0, count: 20) + inner, number: 51)
        ),
        (
            "MPLS pseudowire without a control word", .ethernet,
            ethernet(0x8847, [0, 2, 1, 64] + ethernet(0x0800, inner))
        ),
        (
            "GTP-U", .raw,
            v4(
                big16(9) + big16(2152) + big32(0) + [0x30, 255] + big16(inner.count) + big32(1)
                    + inner, number: 17)
        ),
        (
            "GTP-U with sequence", .raw,
            v4(
                big16(9) + big16(2152) + big32(0) + [0x32, 255] + big16(inner.count + 4) + big32(1)
                    + big32(0) + inner, number: 17)
        ),
        (
            "extension headers", .ipv6,
            v6([60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0] + tcp("PASV\r\n"), number: 0)
        ),
        (
            "length left zero by offloading", .raw,
            {
                var frame = inner
                frame[2] = 0
                frame[3] = 0
                return frame
            }()
        ),
    ]

    @Test(arguments: frames)
    func `finds the payload`(_ name: String, _ link: LinkType, _ bytes: [UInt8]) {
        var decoder = Decoder()
        let (result, payload) = decode(&decoder, bytes, link: link)
        #expect(result == .tcp, "\(name)")
        #expect(payload == "PASV\r\n", "\(name)")
        #expect(decoder.packet.sourcePort == 5000)
        #expect(decoder.packet.payloadLost == 0)
    }

    @Test(arguments: frames)
    func `is cut at every byte without a trap`(_ name: String, _ link: LinkType, _ bytes: [UInt8]) {
        for length in 0..<bytes.count {
            var decoder = Decoder()
            let (result, payload) = decode(&decoder, Array(bytes.prefix(length)), link: link)
            guard result == .tcp else { continue }
            let isHead = "PASV\r\n".utf8.starts(with: payload.utf8)
            #expect(isHead || bytes[2] == 0, "\(name) at \(length)")
        }
    }

    @Test(arguments: [UInt64(1), 20_261_120])
    func `takes any bytes without a trap`(_ seed: UInt64) {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        var decoder = Decoder()
        for _ in 0..<4000 {
            let (_, link, bytes) = Self.frames[Int.random(in: 0..<Self.frames.count, using: &dice)]
            _ = decode(&decoder, dice.broken(bytes), link: link)
        }
    }

    @Test(arguments: [
        ("ARP", ethernet(0x0806, [UInt8](repeating: 0, count: 28)), Decoded.notIP),
        ("UDP", ethernet(0x0800, v4(big32(0) + big32(0), number: 17)), .otherIP),
        ("a TCP header cut short", ethernet(0x0800, v4([1, 2, 3])), .undecodable),
        (
            "a data offset below 20",
            ethernet(0x0800, v4(tcp("").prefix(12) + [0x40] + tcp("").dropFirst(13))), .undecodable
        ),
        (
            "a length below the header's",
            ethernet(0x0800, [0x45, 0, 0, 19] + v4([]).dropFirst(4)), .undecodable
        ),
    ])
    func `tells what is no TCP`(_ name: String, _ bytes: [UInt8], _ expected: Decoded) {
        var decoder = Decoder()
        #expect(decode(&decoder, bytes).0 == expected, "\(name)")
    }

    @Test func `counts what the snap length cut off`() {
        var decoder = Decoder()
        let frame = ethernet(0x0800, v4(tcp("227 Entering")))
        let (_, payload) = decode(&decoder, Array(frame.dropLast(8)))
        #expect(payload == "227 ")
        #expect(decoder.packet.payloadLost == 8)
    }

    private static let whole = tcp("PASV\r\n" + String(repeating: "x", count: 30))

    private func pieces() -> [[UInt8]] {
        stride(from: 0, to: Self.whole.count, by: 24).map { start in
            let end = min(start + 24, Self.whole.count)
            let more = end < Self.whole.count ? 0x2000 : 0
            return ethernet(0x0800, v4(Array(Self.whole[start..<end]), fragment: start / 8 | more))
        }
    }

    @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 0, 0, 2], [0, 2, 1]])
    func `puts fragments together in any order`(_ order: [Int]) {
        var decoder = Decoder()
        let pieces = pieces()
        var last = (Decoded.fragment, "")
        for (place, index) in order.enumerated() {
            last = decode(&decoder, pieces[index])
            if place < order.count - 1 { #expect(last.0 == .fragment) }
        }
        #expect(last.0 == .assembledTCP)
        #expect(last.1.hasPrefix("PASV\r\nxx"))
    }

    /// RFC 8200 section 4.5: of the extension headers some stand in what is fragmented.
    @Test func `reads on behind options that were fragmented`() {
        var decoder = Decoder()
        let whole = [6, 0, 1, 4, 0, 0, 0, 0] + tcp("PASV\r\n")
        let first = v6([60, 0] + big16(0 | 1) + big32(9) + whole.prefix(16), number: 44)
        let last = v6([60, 0] + big16(16) + big32(9) + whole.dropFirst(16), number: 44)
        #expect(decode(&decoder, first, link: .raw).0 == .fragment)
        #expect(decode(&decoder, last, link: .raw) == (.assembledTCP, "PASV\r\n"))
    }

    @Test func `makes nothing of a train that lacks a fragment, and bounds them`() {
        var limits = DecoderLimits()
        limits.fragmentTrains = 4
        var decoder = Decoder(limits: limits)
        for id in 0..<10 {
            let piece = v4(Array(Self.whole[0..<24]), fragment: 0x2000, id: id)
            #expect(decode(&decoder, ethernet(0x0800, piece)).0 == .fragment)
        }
        #expect(decoder.fragmentsDropped == 6)
    }

    @Test func `holds fragments that repeat or overlap once`() {
        var limits = DecoderLimits()
        limits.fragmentBytes = Self.whole.count
        limits.fragmentsPerTrain = 4
        var decoder = Decoder(limits: limits)
        let last = (Self.whole.count / 8 - 1) * 8
        for start in [last, 8, 16, 8, 0] + [Int](repeating: 0, count: 99) {
            let end = min(start + 24, Self.whole.count)
            let more = end == Self.whole.count ? 0 : 0x2000
            let piece = v4(Array(Self.whole[start..<end]), fragment: start / 8 | more)
            #expect(decode(&decoder, ethernet(0x0800, piece)).0 == .fragment)
        }
        #expect(decoder.fragmentsDropped == 0)
        let rest = v4(Array(Self.whole[24..<last]), fragment: 3 | 0x2000)
        let (decoded, text) = decode(&decoder, ethernet(0x0800, rest))
        #expect(decoded == .assembledTCP)
        #expect(text.hasPrefix("PASV\r\nxx"))
    }

    @Test func `reads the packet that an ICMP unreachable quotes`() {
        var decoder = Decoder()
        var message = v4([3, 13, 0, 0, 0, 0, 0, 0] + v4(tcp("")).prefix(28), number: 1)
        message.replaceSubrange(12..<16, with: [192, 0, 2, 1])
        #expect(decode(&decoder, message, link: .raw).0 == .unreachable)
        #expect(decoder.packet.reporter == IPAddress("192.0.2.1"))
        #expect(decoder.packet.source == IPAddress("10.0.0.1"))
        #expect(decoder.packet.destinationPort == 21)
        #expect(decoder.packet.sequence == 100)
        #expect((decoder.packet.icmpType, decoder.packet.icmpCode) == (3, 13))
        let six = v6([1, 1, 0, 0, 0, 0, 0, 0] + v6(tcp("")), number: 58)
        #expect(decode(&decoder, six, link: .raw).0 == .unreachable)
        #expect(decoder.packet.reporter == IPAddress("2001::1"))
        let mixed = v6([3, 13, 0, 0, 0, 0, 0, 0] + v4(tcp("")), number: 1)
        #expect(decode(&decoder, mixed, link: .raw).0 == .unreachable)
        #expect(decoder.packet.reporter == IPAddress("2001::1"))
        #expect(decoder.packet.source == IPAddress("10.0.0.1"))
    }

    @Test(arguments: [UInt64(1), 20_261_121])
    func `the usual way through the headers finds what the long one finds`(_ seed: UInt64) {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        var usual = 0
        for _ in 0..<50_000 {
            var frame = ethernet(0x0800, v4(tcp("PASV\r\n")))
            // Fields that lengths and ways depend on, and the end of the frame.
            for place in [12, 13, 14, 16, 17, 20, 21, 23, 46, 47, 59]
            where Int.random(in: 0..<12, using: &dice) == 0 {
                frame[place] = UInt8.random(in: 0...255, using: &dice)
            }
            frame.removeLast(Int.random(in: 0..<30, using: &dice))
            let header = FrameHeader(
                capture: 0, number: 1, time: Timestamp(seconds: 1), originalLength: 66,
                linkType: .ethernet)
            var (short, long) = (Decoder(), Decoder())
            guard short.decodeUsual(frame.span) else { continue }
            usual += 1
            #expect(long.decodeAny(frame.span, header) == .tcp)
            #expect("\(short.packet)" == "\(long.packet)")
        }
        #expect(usual > 1000)
    }
}
