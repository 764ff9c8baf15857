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
    /// Of both ends; see `Packet.flowHash`.
    let hash: UInt32
    public internal(set) var state: State = []
    let family: IPAddress.Family
    /// What the flow is to whoever reads the table; zero is nothing. Not looked at here.
    public var role: Role = .none
    /// TTL or hop limit of the last packet of each end.
    var hops: InlineArray<2, UInt8> = [0, 0]
    /// Which of the flows that stood at its place.
    var generation: UInt32 = 0
    /// Where each end stands, the smaller first.
    var ends: InlineArray<2, End> = [End(), End()]
    /// The last packet.
    public internal(set) var last: PacketMark
    /// Payload bytes sent by each end, counted by sequence numbers: retransmissions once.
    var bytes: InlineArray<2, UInt64> = [0, 0]
    public var owner: UInt32 = 0
    public var ownerItem: UInt32 = 0
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
    /// How many payload packets were looked at for the sake of recognition.
    public var looks: UInt8 = 0
    /// Where it stood in the table, once it has left.
    public internal(set) var place: UInt32 = 0

    /// Sequence numbers that are valid where the state says so.
    struct End: Sendable {
        /// The next that it is expected to send.
        var next: UInt32 = 0
        /// What it acknowledged last.
        var acknowledged: UInt32 = 0
    }

    /// The number of an end.
    @inline(__always)
    static func end(low: Bool) -> Int { low ? 0 : 1 }

    public enum Role: UInt8, Sendable { case none, control, data, hidden, attempt }

    /// Of what is said of both ends, that of the larger one stands a bit above the other.
    public struct State: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32
        @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The bit of an end, from that of the smaller one; only of what is said of both.
        @inline(__always)
        func of(_ end: Int) -> State { State(rawValue: rawValue &<< UInt32(end)) }

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
        /// A SYN into it waits for its answer; see `DoubtedSYN`.
        static var doubted: State { State(rawValue: 1 << 26) }
        /// It has left the table; the rest is stale.
        static var vacant: State { State(rawValue: 1 << 25) }
    }

    /// Stands in the table.
    var inUse: Bool { !state.contains(.vacant) }

    /// Its payload was looked at and is not looked at any more.
    @inlinable public var isDismissed: Bool { state.contains(.dismissed) }

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
        @inlinable get { state.contains(.watched) }
        set { if newValue { state.insert(.watched) } else { state.remove(.watched) } }
    }

    /// What an end acknowledged last; nil where it did not.
    public func acknowledged(byLow isLow: Bool) -> SequenceNumber? {
        let end = Self.end(low: isLow)
        guard state.contains(.ackLow.of(end)) else { return nil }
        return SequenceNumber(ends[end].acknowledged)
    }

    /// TTL or hop limit of the last packet that an end sent; nil where none was seen.
    public func hopLimit(ofLow isLow: Bool) -> UInt8? {
        let end = Self.end(low: isLow)
        return state.contains(.packetLow.of(end)) ? hops[end] : nil
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
        family == .v4 ? IPAddress(v4: UInt32(truncatingIfNeeded: bits)) : IPAddress(v6: bits)
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
    @inlinable public var isOver: Bool {
        !state.isDisjoint(with: [.rstLow, .rstHigh, .refused, .prohibited])
            || state.isSuperset(of: [.finLow, .finHigh])
    }

    /// Whether a packet is one between its ends.
    @inline(__always)
    func connects(_ packet: borrowing Packet) -> Bool {
        let isFromLow = packet.isFromLow
        let (source, destination) = (packet.sourceBits, packet.destinationBits)
        let (from, to, family) = (packet.sourcePort, packet.destinationPort, packet.family)
        return lowPort == (isFromLow ? from : to) && highPort == (isFromLow ? to : from)
            && lowBits == (isFromLow ? source : destination)
            && highBits == (isFromLow ? destination : source) && self.family == family
    }

    /// Whether whoever it is something to may have let it go by now: it has ended, or was silent.
    @inline(__always)
    func isDue(at now: Int64, silence: Int64) -> Bool {
        role != .none && (isOver || now &- last.nanoseconds > silence)
    }

    /// Whether it goes on undoubted, and whoever it is something to need not be asked (`isDue`).
    @inline(__always)
    func isQuiet(at now: Int64, silence: Int64) -> Bool {
        !isOver && !state.contains(.doubted)
            && (role == .none || now &- last.nanoseconds <= silence)
    }

    /// Both ends closed it, and each acknowledged the other's last byte: nothing is sent again.
    var isAcknowledged: Bool {
        state.isSuperset(of: [.finLow, .finHigh, .ackLow, .ackHigh])
            && ends[0].acknowledged == ends[1].next &+ 1
            && ends[1].acknowledged == ends[0].next &+ 1
    }

    public func other(than end: Endpoint) -> Endpoint { end == low ? high : low }

    /// Payload bytes that `end` sent.
    public func bytes(from end: Endpoint) -> UInt64 { bytes[Self.end(low: end == low)] }

    /// Whether any packet that `end` sent was seen.
    public func hasPacket(from end: Endpoint) -> Bool {
        state.contains(.packetLow.of(Self.end(low: end == low)))
    }

    /// Whether the first payload bytes are a TLS record; nil where no payload was seen.
    public var beginsTLS: Bool? {
        guard !state.isDisjoint(with: [.payloadLow, .payloadHigh]) else { return nil }
        return !state.isDisjoint(with: [.tlsLow, .tlsHigh])
    }
}
