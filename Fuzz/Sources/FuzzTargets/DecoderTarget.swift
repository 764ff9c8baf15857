import Capture
import Net

/// Frames of any link type through one decoder.
///
/// A payload lies inside its bytes, no length is negative, and the same datagram behind an
/// Ethernet header and alone is the same packet, so that the short way through the usual headers
/// finds what the long way finds.
///
/// Input: a byte of limits; then for each frame a byte that chooses the link type, a byte of time
/// passed, two of length, and the bytes.
enum DecoderTarget {
    private static let links: [LinkType] = [
        .ethernet, .raw, .linuxCooked, .linuxCooked2, .null, .loop, .ppp, .pppHDLC, .pppEthernet,
        .ciscoHDLC, .raw12, .raw14, .ipv4, .ipv6, .unknown, .ethernet,
    ]

    static func run(_ input: inout Input) {
        var decoder = Decoder(limits: limits(input.byte()))
        var alone = Decoder()
        var number = 0
        var time: Int64 = 0
        while !input.isEmpty {
            let link = links[Int(input.byte() & 15)]
            time += Int64(input.byte()) * 50_000_000
            let bytes = input.take(input.word() & 0x7ff)
            number += 1
            let header = FrameHeader(
                capture: 0, number: number, time: Timestamp(nanoseconds: time),
                originalLength: bytes.count, linkType: link)
            let dropped = decoder.fragmentsDropped
            let decoded = decoder.decode(bytes.span, header)
            check(decoder.fragmentsDropped >= dropped, "fewer datagrams dropped than before")
            see(decoded, decoder, bytes.span)
            if link == .ethernet, decoded == .tcp { compare(decoder.packet, bytes.span, &alone) }
        }
    }

    private static func limits(_ choice: UInt8) -> DecoderLimits {
        var limits = DecoderLimits()
        guard choice & 1 == 1 else { return limits }
        limits.fragmentTrains = 1 + Int(choice >> 1 & 3)
        limits.fragmentsPerTrain = 4
        limits.fragmentBytes = 1 << 9
        limits.fragmentAge = 1_000_000_000
        return limits
    }

    private static func see(_ decoded: Decoded, _ decoder: Decoder, _ bytes: Span<UInt8>) {
        let packet = decoder.packet
        switch decoded {
        case .tcp: payload(packet, bytes)
        case .assembledTCP:
            let assembled = decoder.assembled
            check(assembled.count <= 65_535, "a datagram of \(assembled.count) bytes")
            payload(packet, assembled.span)
        case .unreachable: check(packet.payloadLength == 0, "a payload of an ICMP message")
        case .fragment, .otherIP, .notIP, .undecodable: break
        }
    }

    private static func payload(_ packet: Packet, _ bytes: Span<UInt8>) {
        check(
            packet.payloadStart >= 0 && packet.payloadLength >= 0
                && packet.payloadStart + packet.payloadLength <= bytes.count,
            "payload \(packet.payloadStart) + \(packet.payloadLength) of \(bytes.count)")
        check(
            (0...65_575).contains(packet.payloadLost), "\(packet.payloadLost) bytes are lost")
    }

    /// The datagram of an untagged frame, without its link layer.
    private static func compare(
        _ framed: Packet, _ bytes: Span<UInt8>, _ decoder: inout Decoder
    ) {
        guard bytes.count > 14, bytes[12] == 8, bytes[13] == 0 else { return }
        let header = FrameHeader(
            capture: 0, number: 1, time: Timestamp(nanoseconds: 0), originalLength: bytes.count,
            linkType: .ipv4)
        let decoded = decoder.decode(bytes.extracting(14...), header)
        // Behind Ethernet any version of IP may follow the type; alone, its number tells.
        guard bytes[14] >> 4 == 4 else { return }
        check(decoded == .tcp, "TCP behind Ethernet, \(decoded) alone")
        let alone = decoder.packet
        check(
            framed.source == alone.source && framed.destination == alone.destination
                && framed.sourcePort == alone.sourcePort
                && framed.destinationPort == alone.destinationPort
                && framed.sequence == alone.sequence
                && framed.acknowledgement == alone.acknowledgement && framed.flags == alone.flags
                && framed.hopLimit == alone.hopLimit
                && framed.payloadStart == alone.payloadStart + 14
                && framed.payloadLength == alone.payloadLength
                && framed.payloadLost == alone.payloadLost,
            "behind Ethernet \(framed), alone \(alone)")
    }
}
