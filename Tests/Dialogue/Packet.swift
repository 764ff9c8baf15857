import Net

/// An IP packet before it is bytes.
struct Packet: Sendable {
    enum Body: Sendable {
        case segment(Segment)
        /// ICMP or, between IPv6 addresses, ICMPv6; `quoted` is the packet that it answers.
        case unreachable(type: UInt8, code: UInt8, quoted: [UInt8])
    }

    let source: IPAddress
    let destination: IPAddress
    let ttl: UInt8
    /// Of IPv4; counted up by each host.
    var identification: UInt16
    var body: Body

    /// IPv4 (RFC 791) with `don't fragment` set, or IPv6 (RFC 8200) without extension headers.
    var bytes: [UInt8] {
        let payload = payload
        guard source.family == .v4 else {
            return [0x60, 0, 0, 0] + big(UInt16(clamping: payload.count)) + [nextHeader, ttl]
                + addresses + payload
        }
        var header: [UInt8] = [0x45, 0] + big(UInt16(clamping: 20 + payload.count))
        header += big(identification) + [0x40, 0, ttl, nextHeader, 0, 0] + addresses
        header.replaceSubrange(10..<12, with: big(checksum(header)))
        return header + payload
    }

    private var nextHeader: UInt8 {
        switch body {
        case .segment: 6
        case .unreachable: source.family == .v4 ? 1 : 58
        }
    }

    private var addresses: [UInt8] {
        [source, destination].flatMap { address in
            stride(from: address.family.width - 8, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: address.bits >> UInt128($0))
            }
        }
    }

    private var payload: [UInt8] {
        switch body {
        case .segment(let segment):
            var bytes = segment.bytes
            let sum = checksum(pseudoHeader(bytes.count) + bytes)
            bytes.replaceSubrange(16..<18, with: big(sum))
            return bytes
        case .unreachable(let type, let code, let quoted):
            var bytes = [type, code, 0, 0, 0, 0, 0, 0] + quoted
            let covered = source.family == .v4 ? bytes : pseudoHeader(bytes.count) + bytes
            bytes.replaceSubrange(2..<4, with: big(checksum(covered)))
            return bytes
        }
    }

    /// RFC 9293 section 3.1 for IPv4, RFC 8200 section 8.1 for IPv6.
    private func pseudoHeader(_ count: Int) -> [UInt8] {
        let length = UInt16(clamping: count)
        return source.family == .v4
            ? addresses + [0, nextHeader] + big(length)
            : addresses + [0, 0] + big(length) + [0, 0, 0, nextHeader]
    }

    /// RFC 1071.
    private func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            sum += index % 2 == 0 ? UInt64(byte) << 8 : UInt64(byte)
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }
}

/// A TCP segment (RFC 9293 section 3.1).
struct Segment: Sendable {
    enum Flag {
        static let fin: UInt8 = 0x01
        static let syn: UInt8 = 0x02
        static let rst: UInt8 = 0x04
        static let psh: UInt8 = 0x08
        static let ack: UInt8 = 0x10
    }

    let sourcePort: UInt16
    let destinationPort: UInt16
    var sequence: UInt32
    let acknowledgement: UInt32
    var flags: UInt8
    /// The maximum segment size that a SYN offers.
    let maximumSegment: UInt16?
    var payload: [UInt8]

    /// The segment with its checksum left zero.
    var bytes: [UInt8] {
        let options = maximumSegment.map { [2, 4] + big($0) } ?? []
        let offset = UInt8(5 + options.count / 4) << 4
        var header = big(sourcePort) + big(destinationPort) + big(sequence) + big(acknowledgement)
        header += [offset, flags] + big(flags & Flag.rst == 0 ? UInt16(64240) : 0) + [0, 0, 0, 0]
        return header + options + payload
    }
}

/// A number's bytes, most significant first.
func big(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
    stride(from: value.bitWidth - 8, through: 0, by: -8).map {
        UInt8(truncatingIfNeeded: value >> $0)
    }
}
