import Net

/// The drafts so far, the clock, and what each host counts or carries.
struct Tape {
    static let microsecond: Int64 = 1000

    /// The last moment that a dialogue may reach: 2100-01-01T00:00:00Z, for pcap's 32-bit seconds.
    static let lastMoment: Int64 = 4_102_444_800_000_000_000

    /// Nanoseconds since 1970; 2026-11-20T10:00:00Z until the dialogue says otherwise.
    private(set) var clock: Int64 = 1_795_168_800_000_000_000
    /// From one frame to the next.
    var pace: Int64 = 1_000_000
    /// The line that plays.
    var line = 0
    var ttl: [Side: UInt8] = [.client: 64, .server: 64]
    private(set) var drafts: [Draft] = []
    private var identifications: [IPAddress: UInt16] = [:]

    /// Adds a packet at the present time and moves the clock by the pace.
    ///
    /// - Returns: the packet's bytes, for an ICMP message to quote.
    @discardableResult
    mutating func send(
        _ body: Packet.Body, from source: IPAddress, to destination: IPAddress, as sender: Side?,
        ttl: UInt8? = nil
    ) -> [UInt8] {
        identifications[source, default: 0] &+= 1
        let packet = Packet(
            source: source, destination: destination,
            ttl: ttl ?? sender.flatMap { self.ttl[$0] } ?? 64,
            identification: identifications[source, default: 1], body: body)
        drafts.append(Draft(time: clock, line: line, sender: sender, packet: packet, kept: nil))
        move(to: clock + pace)
        return packet.bytes
    }

    /// Sets the clock, at most to the last moment.
    mutating func move(to time: Int64) {
        clock = min(time, Self.lastMoment)
    }
}
