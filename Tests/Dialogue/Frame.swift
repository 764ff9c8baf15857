public import Net

/// One frame of a rendered dialogue.
public struct Frame: Hashable, Sendable {
    public let time: Timestamp
    /// The line of the dialogue that it comes from, from 1.
    public let line: Int
    /// From the Ethernet header on, as far as the capture kept it.
    public let bytes: [UInt8]
    /// How long it was on the wire.
    public let originalLength: Int

    public init(time: Timestamp, line: Int, bytes: [UInt8], originalLength: Int) {
        self.time = time
        self.line = line
        self.bytes = bytes
        self.originalLength = originalLength
    }
}

/// A frame that mishaps may still change.
struct Draft: Sendable {
    /// Nanoseconds since 1970.
    var time: Int64
    let line: Int
    /// The side of the FTP session that sent it; nil for third hosts.
    let sender: Side?
    var packet: Packet
    /// Bytes that the capture keeps; nil for all.
    var kept: Int?

    var frame: Frame {
        let ethernet = hardwareAddress(packet.destination) + hardwareAddress(packet.source)
        let bytes =
            ethernet + (packet.source.family == .v4 ? [0x08, 0x00] : [0x86, 0xdd])
            + packet.bytes
        return Frame(
            time: Timestamp(nanoseconds: time), line: line,
            bytes: Array(bytes.prefix(kept ?? bytes.count)), originalLength: bytes.count)
    }

    /// Two segments with the text of this one, the first with `count` bytes; nil if it has no more.
    func split(at count: Int) -> (Draft, Draft)? {
        guard case .segment(let whole) = packet.body, whole.payload.count > count else {
            return nil
        }
        var (first, second) = (self, self)
        var (head, tail) = (whole, whole)
        head.payload = Array(whole.payload.prefix(count))
        head.flags &= ~(Segment.Flag.fin | Segment.Flag.psh)
        tail.payload = Array(whole.payload.dropFirst(count))
        tail.sequence &+= UInt32(truncatingIfNeeded: count)
        first.packet.body = .segment(head)
        second.packet.body = .segment(tail)
        second.packet.identification &+= 0x8000
        second.time += Tape.microsecond
        return (first, second)
    }

    /// A locally administered address that ends in the last bytes of the IP address.
    private func hardwareAddress(_ address: IPAddress) -> [UInt8] {
        [0x02, address.family.rawValue] + big(UInt32(truncatingIfNeeded: address.bits))
    }
}
