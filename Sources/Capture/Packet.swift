public import Net

/// What one frame says that goes to the upper layers: the headers of TCP, or of an ICMP
/// unreachable that quotes TCP, and where the payload stands.
public struct Packet: Sendable {
    public private(set) var sourceBits: UInt128 = 0
    public private(set) var destinationBits: UInt128 = 0
    private var reporterBits: UInt128 = 0
    private var reporterFamily = IPAddress.Family.v4
    /// Of its source and destination.
    public private(set) var family = IPAddress.Family.v4
    public internal(set) var mark = PacketMark(nanoseconds: 0, capture: 0, number: 0)
    public internal(set) var sourcePort: UInt16 = 0
    public internal(set) var destinationPort: UInt16 = 0
    public internal(set) var sequence: UInt32 = 0
    public internal(set) var acknowledgement: UInt32 = 0
    public internal(set) var flags = TCPFlags()
    /// TTL or hop limit.
    public internal(set) var hopLimit: UInt8 = 0
    public internal(set) var kind = Kind.tcp
    /// The sender is the smaller of the two endpoints.
    public internal(set) var isFromLow = false
    /// Of the two endpoints, whichever of them sends; another with each run.
    public internal(set) var flowHash: UInt32 = 0
    /// The snap length cut its frame.
    public internal(set) var isTruncated = false
    /// Of the payload; zero where there is none.
    public internal(set) var firstByte: UInt8 = 0
    /// Of an ICMP unreachable: its type and code. Its sender is `reporter`, and source,
    /// destination, ports and sequence number are those of the packet that it quotes.
    public internal(set) var icmpType: UInt8 = 0
    public internal(set) var icmpCode: UInt8 = 0
    /// What `PacketReader.Remark` made of the payload; zero is nothing.
    public internal(set) var remark: UInt32 = 0
    private var start: UInt32 = 0
    private var length: UInt32 = 0
    private var lost: UInt32 = 0

    /// Where the payload stands in the bytes that come with the packet.
    public internal(set) var payloadStart: Int {
        @inline(__always) get { Int(start) }
        @inline(__always) set { start = UInt32(truncatingIfNeeded: newValue) }
    }
    public internal(set) var payloadLength: Int {
        @inline(__always) get { Int(length) }
        @inline(__always) set { length = UInt32(truncatingIfNeeded: newValue) }
    }
    /// Payload bytes that were sent and that the capture did not keep.
    public internal(set) var payloadLost: Int {
        @inline(__always) get { Int(lost) }
        @inline(__always) set { lost = UInt32(truncatingIfNeeded: newValue) }
    }

    public enum Kind: UInt8, Hashable, Sendable {
        case tcp
        /// TCP out of IP fragments: its payload stands among the assembled bytes.
        case assembledTCP
        case unreachable
    }

    public init() {}

    public internal(set) var source: IPAddress {
        @inline(__always) get { IPAddress(sourceBits, family) }
        @inline(__always) set { (sourceBits, family) = (newValue.bits, newValue.family) }
    }

    public internal(set) var destination: IPAddress {
        @inline(__always) get { IPAddress(destinationBits, family) }
        @inline(__always) set { (destinationBits, family) = (newValue.bits, newValue.family) }
    }

    /// Who sent the ICMP message.
    public internal(set) var reporter: IPAddress {
        get { IPAddress(reporterBits, reporterFamily) }
        set { (reporterBits, reporterFamily) = (newValue.bits, newValue.family) }
    }

    /// The same with another time.
    public func dated(_ time: Timestamp) -> Packet {
        var packet = self
        packet.mark.nanoseconds = time.nanoseconds
        return packet
    }

    /// A TCP packet that begins no connection.
    public var goesOn: Bool {
        @inline(__always) get { kind != .unreachable && !flags.contains(.syn) }
    }

    public var payloadRange: Range<Int> { payloadStart..<payloadStart + payloadLength }
}

extension IPAddress {
    @inline(__always)
    fileprivate init(_ bits: UInt128, _ family: Family) {
        self = family == .v4 ? IPAddress(v4: UInt32(truncatingIfNeeded: bits)) : IPAddress(v6: bits)
    }
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
