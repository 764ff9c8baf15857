public import Capture
public import Net

/// One TCP connection in a few words: enough to tell what became of it, nothing of its content.
///
/// The two ends are `low` and `high`, the smaller endpoint first; which of them opened is said by
/// `state`.
public struct Flow: Sendable {
    public var low: Endpoint { Endpoint(address(lowBits), lowPort) }
    public var high: Endpoint { Endpoint(address(highBits), highPort) }
    // What every packet asks for or changes stands first, together in memory.
    let lowBits: UInt128
    let highBits: UInt128
    let lowPort: UInt16
    let highPort: UInt16
    let family: IPAddress.Family
    /// What the flow is to whoever reads the table; zero is nothing. Not looked at here.
    public var role: Role = .none
    public internal(set) var state: State = []
    /// The next expected sequence number of each end, valid where the state says so.
    var nextLow: UInt32 = 0
    var nextHigh: UInt32 = 0
    /// What each end acknowledged last, where the state says that it did.
    var acknowledgedByLow: UInt32 = 0
    var acknowledgedByHigh: UInt32 = 0
    /// TTL or hop limit of the last packet of each end.
    var hopsOfLow: UInt8 = 0
    var hopsOfHigh: UInt8 = 0
    /// Of both ends; see `Packet.flowHash`.
    let hash: UInt32
    /// The last packet.
    public internal(set) var last: PacketMark
    /// Payload bytes sent by each end, counted by sequence numbers: retransmissions once.
    public internal(set) var bytesLow: UInt64 = 0
    public internal(set) var bytesHigh: UInt64 = 0
    /// The first packet.
    public internal(set) var first: PacketMark
    /// The answer to the first SYN: SYN-ACK, RST or ICMP message.
    public var answer: PacketMark? { hasAnswer ? answerMark : nil }
    private var answerMark: PacketMark
    private(set) var hasAnswer = false
    public internal(set) var answerHopLimit: UInt8 = 0
    /// Type and code of the ICMP message.
    public internal(set) var icmpType: UInt8 = 0
    public internal(set) var icmpCode: UInt8 = 0
    /// SYNs of the opener, retransmissions included.
    public internal(set) var attempts: UInt16 = 0
    /// The opener's first sequence number.
    var initial: UInt32 = 0
    var lastSYN: Int64 = .min
    public var owner: UInt32 = 0
    public var ownerItem: UInt32 = 0
    /// How many payload packets were looked at for the sake of recognition.
    public var looks: UInt8 = 0
    /// Where it stood in the table, once it has left.
    public internal(set) var place: UInt32 = 0
    var inUse = true
    var generation: UInt32 = 0

    public enum Role: UInt8, Sendable { case none, control, data, hidden, attempt }

    public struct State: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32
        @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

        @inlinable public static var openedByLow: State { State(rawValue: 1 << 0) }
        @inlinable public static var openedByHigh: State { State(rawValue: 1 << 1) }
        @inlinable public static var syn: State { State(rawValue: 1 << 2) }
        @inlinable public static var synAck: State { State(rawValue: 1 << 3) }
        /// After the SYN the opener acknowledged, or somebody sent payload.
        @inlinable public static var used: State { State(rawValue: 1 << 4) }
        /// The SYN was answered by RST.
        @inlinable public static var refused: State { State(rawValue: 1 << 5) }
        /// An ICMP unreachable quotes the SYN.
        @inlinable public static var prohibited: State { State(rawValue: 1 << 6) }
        @inlinable public static var finLow: State { State(rawValue: 1 << 7) }
        @inlinable public static var finHigh: State { State(rawValue: 1 << 8) }
        @inlinable public static var rstLow: State { State(rawValue: 1 << 9) }
        @inlinable public static var rstHigh: State { State(rawValue: 1 << 10) }
        @inlinable public static var payloadLow: State { State(rawValue: 1 << 11) }
        @inlinable public static var payloadHigh: State { State(rawValue: 1 << 12) }
        /// The first payload byte of that end begins a TLS record.
        @inlinable public static var tlsLow: State { State(rawValue: 1 << 13) }
        @inlinable public static var tlsHigh: State { State(rawValue: 1 << 14) }
        @inlinable public static var packetLow: State { State(rawValue: 1 << 15) }
        @inlinable public static var packetHigh: State { State(rawValue: 1 << 16) }
        @inlinable public static var knownLow: State { State(rawValue: 1 << 17) }
        @inlinable public static var knownHigh: State { State(rawValue: 1 << 18) }
        /// Looked at and let go: not what was sought.
        @inlinable public static var dismissed: State { State(rawValue: 1 << 19) }
        @inlinable public static var ackLow: State { State(rawValue: 1 << 20) }
        @inlinable public static var ackHigh: State { State(rawValue: 1 << 21) }
        /// It was something to somebody who has done with it.
        @inlinable public static var taken: State { State(rawValue: 1 << 23) }
        /// It was a control connection then.
        @inlinable public static var wasControl: State { State(rawValue: 1 << 24) }
        /// Whoever reads the connection wants to see packets without payload too.
        @inlinable public static var watched: State { State(rawValue: 1 << 22) }
    }

    /// Never look at its payload again.
    public mutating func dismiss() { state.insert(.dismissed) }

    /// Its owner has done with it, and nobody else gets it.
    public mutating func disown() {
        if role == .control { state.insert(.wasControl) }
        role = .none
        state.insert([.dismissed, .taken])
    }

    /// Whether its owner sees packets without payload that neither open nor end it.
    public var isWatched: Bool {
        get { state.contains(.watched) }
        set { if newValue { state.insert(.watched) } else { state.remove(.watched) } }
    }

    /// What an end acknowledged last; nil where it did not.
    public func acknowledged(byLow isLow: Bool) -> SequenceNumber? {
        guard state.contains(isLow ? .ackLow : .ackHigh) else { return nil }
        return SequenceNumber(isLow ? acknowledgedByLow : acknowledgedByHigh)
    }

    /// TTL or hop limit of the last packet that an end sent; nil where none was seen.
    public func hopLimit(ofLow isLow: Bool) -> UInt8? {
        guard state.contains(isLow ? .packetLow : .packetHigh) else { return nil }
        return isLow ? hopsOfLow : hopsOfHigh
    }

    /// A flow that begins with a packet.
    init(low: Endpoint, high: Endpoint, _ packet: borrowing Packet) {
        let mark = packet.mark
        hash = packet.flowHash
        lowBits = low.address.bits
        highBits = high.address.bits
        lowPort = low.port
        highPort = high.port
        // An address of the other family in the same packet does not occur.
        family = low.address.family
        first = mark
        last = mark
        answerMark = mark
    }

    private func address(_ bits: UInt128) -> IPAddress {
        IPAddress(family: family, bits: bits) ?? IPAddress(v6: bits)
    }

    /// Notes the answer to the first SYN; the first one stands.
    mutating func setAnswer(_ mark: PacketMark, hopLimit: UInt8, replaces: Bool = false) {
        guard !hasAnswer || replaces else { return }
        hasAnswer = true
        answerMark = mark
        answerHopLimit = hopLimit
    }

    /// The end that sent the first SYN, where one was seen (or the SYN-ACK to it).
    public var opener: Endpoint? {
        if state.contains(.openedByLow) { return low }
        return state.contains(.openedByHigh) ? high : nil
    }

    /// A connection stood: both ends took part, or one end acknowledged the other's SYN.
    public var isEstablished: Bool { !state.isDisjoint(with: [.synAck, .used]) }

    /// Nothing more is to come.
    public var isOver: Bool {
        !state.isDisjoint(with: [.rstLow, .rstHigh, .refused, .prohibited])
            || state.isSuperset(of: [.finLow, .finHigh])
    }

    /// Whether whoever it is something to may have let it go by now: it has ended, or was silent.
    @inline(__always)
    func isDue(at now: Int64, silence: Int64) -> Bool {
        role != .none && (isOver || now &- last.nanoseconds > silence)
    }

    /// Both ends closed it, and each acknowledged the other's last byte: nothing is sent again.
    var isAcknowledged: Bool {
        state.isSuperset(of: [.finLow, .finHigh, .ackLow, .ackHigh])
            && acknowledgedByLow == nextHigh &+ 1 && acknowledgedByHigh == nextLow &+ 1
    }

    public func other(than end: Endpoint) -> Endpoint { end == low ? high : low }

    /// Payload bytes that `end` sent.
    public func bytes(from end: Endpoint) -> UInt64 { end == low ? bytesLow : bytesHigh }

    /// Whether the first payload bytes are a TLS record; nil where no payload was seen.
    public var beginsTLS: Bool? {
        guard !state.isDisjoint(with: [.payloadLow, .payloadHigh]) else { return nil }
        return !state.isDisjoint(with: [.tlsLow, .tlsHigh])
    }
}
