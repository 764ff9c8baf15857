import Net

/// A reader of rendered frames that shares no code with the renderer.
struct TestPacket {
    struct Broken: Error {}

    let source: IPAddress
    let destination: IPAddress
    let ttl: UInt8
    let nextHeader: UInt8
    let payload: [UInt8]
    /// Whether the checksums of the IPv4 header and of TCP, ICMP or ICMPv6 come out right.
    let checksumsHold: Bool

    init(_ frame: [UInt8]) throws {
        let packet = Array(frame.dropFirst(14))
        guard packet.count > 20 else { throw Broken() }
        var covered: [UInt8]
        if frame[12...13] == [0x08, 0x00] {
            source = IPAddress(v4: UInt32(Self.number(packet[12..<16])))
            destination = IPAddress(v4: UInt32(Self.number(packet[16..<20])))
            (ttl, nextHeader) = (packet[8], packet[9])
            guard Int(Self.number(packet[2..<4])) == packet.count else { throw Broken() }
            payload = Array(packet.dropFirst(20))
            covered = packet[12..<20] + [0, nextHeader]
        } else {
            guard frame[12...13] == [0x86, 0xdd], packet.count > 40 else { throw Broken() }
            source = IPAddress(v6: Self.number(packet[8..<24]))
            destination = IPAddress(v6: Self.number(packet[24..<40]))
            (ttl, nextHeader) = (packet[7], packet[6])
            guard Int(Self.number(packet[4..<6])) == packet.count - 40 else { throw Broken() }
            payload = Array(packet.dropFirst(40))
            covered = packet[8..<40] + [0, nextHeader]
        }
        covered += [UInt8(payload.count >> 8), UInt8(payload.count & 255)] + payload
        if nextHeader == 1 { covered = payload }
        let header = source.family == .v4 ? Array(packet.prefix(20)) : [0xff, 0xff]
        checksumsHold = Self.sum(header) == 0xffff && Self.sum(covered) == 0xffff
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt128 {
        bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// RFC 1071: the one's complement sum of 16-bit words.
    private static func sum(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            let low = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
            sum += UInt32(bytes[index]) << 8 | low
            if sum > 0xffff { sum -= 0xffff }
        }
        return sum
    }
}

/// The TCP segment of a frame.
struct TestSegment {
    let source: IPAddress
    let destination: IPAddress
    let ttl: UInt8
    let sourcePort: UInt16
    let destinationPort: UInt16
    let sequence: UInt32
    let acknowledgement: UInt32
    let flags: UInt8
    let payload: [UInt8]

    init(_ frame: [UInt8]) throws {
        let packet = try TestPacket(frame)
        let bytes = packet.payload
        guard packet.nextHeader == 6, bytes.count >= 20 else { throw TestPacket.Broken() }
        (source, destination, ttl) = (packet.source, packet.destination, packet.ttl)
        sourcePort = UInt16(TestPacket.number(bytes[0..<2]))
        destinationPort = UInt16(TestPacket.number(bytes[2..<4]))
        sequence = UInt32(TestPacket.number(bytes[4..<8]))
        acknowledgement = UInt32(TestPacket.number(bytes[8..<12]))
        flags = bytes[13]
        payload = Array(bytes.dropFirst(Int(bytes[12] >> 4) * 4))
    }

    /// `S`, `SA`, `PA`, `FA`, `RA`…
    var flagNames: String {
        let names: [(UInt8, String)] = [(2, "S"), (1, "F"), (4, "R"), (8, "P"), (16, "A")]
        return names.filter { flags & $0.0 != 0 }.map(\.1).joined()
    }
}
