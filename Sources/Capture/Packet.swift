public import Net

/// What the headers of one frame say of TCP: reused from frame to frame, so that nothing is
/// allocated.
public struct Packet: Sendable {
    public internal(set) var source = IPAddress(v4: 0)
    public internal(set) var destination = IPAddress(v4: 0)
    public internal(set) var sourcePort: UInt16 = 0
    public internal(set) var destinationPort: UInt16 = 0
    public internal(set) var sequence: UInt32 = 0
    public internal(set) var acknowledgement: UInt32 = 0
    public internal(set) var flags = TCPFlags()
    /// TTL or hop limit.
    public internal(set) var hopLimit: UInt8 = 0
    /// Where the payload stands in the bytes that came with the packet.
    public internal(set) var payloadStart = 0
    public internal(set) var payloadLength = 0
    /// Payload bytes that were sent and that the capture did not keep.
    public internal(set) var payloadLost = 0
    /// Of an ICMP unreachable: its type and code. Its sender is `reporter`, and source,
    /// destination, ports and sequence number are those of the packet that it quotes.
    public internal(set) var icmpType: UInt8 = 0
    public internal(set) var icmpCode: UInt8 = 0
    public internal(set) var reporter = IPAddress(v4: 0)

    public init() {}
}

/// The flags of a TCP header (RFC 9293 section 3.1).
public struct TCPFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var fin: TCPFlags { TCPFlags(rawValue: 1) }
    @inlinable public static var syn: TCPFlags { TCPFlags(rawValue: 2) }
    @inlinable public static var rst: TCPFlags { TCPFlags(rawValue: 4) }
    @inlinable public static var push: TCPFlags { TCPFlags(rawValue: 8) }
    @inlinable public static var ack: TCPFlags { TCPFlags(rawValue: 16) }
}

/// What a frame turned out to be.
public enum Decoded: Hashable, Sendable {
    /// TCP; the payload stands in the bytes of the frame.
    case tcp
    /// TCP out of IP fragments; the payload stands in `Decoder.assembled`.
    case assembledTCP
    /// An ICMP or ICMPv6 unreachable that quotes TCP.
    case unreachable
    /// A fragment whose datagram is not yet whole.
    case fragment
    /// IP, and nothing of the above.
    case otherIP
    /// No IP: ARP, spanning tree, an unknown link type.
    case notIP
    /// Its headers are cut or contradict themselves.
    case undecodable
}
