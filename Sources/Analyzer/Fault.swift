import FTP
public import Net
public import Policy

/// One thing wrong with one server, as a rule found it.
public struct Fault: Sendable {
    /// What is wrong, in a few stable words or numbers (`5101-5201`): part of the finding's id.
    public var key: String
    public var message: String
    public var expected: String
    public var observed: String
    public var count: Int
    /// Nil: the rule's own.
    public var severity: Severity?
    public var confidence: Confidence
    /// The first that prove it, as many as a finding quotes.
    public var packets: [PacketEvidence] = []
    /// How many prove it, and when the first and the last were seen.
    public var packetTotal = 0
    public var seen: ClosedRange<Timestamp>?
    public var config: [SourceLine]
    /// The offers that it explains: other rules' faults on the same offers may be its symptoms.
    public var offers: Set<Offer.ID>
    /// The first that it is about, as many as a finding quotes.
    public var sessions: [SeenSession]
    public var refutedBy: String?
    public var changes: [ProposedChange]
    public var ports: PortSet
    /// Attempts of clients that failed for it beside those at its offers.
    public var attemptsHurt = 0

    public init(
        key: String, message: String, expected: String, observed: String, count: Int = 1,
        severity: Severity? = nil, confidence: Confidence = .confirmed,
        packets: some Sequence<PacketEvidence> = [], config: [SourceLine] = [],
        offers: Set<Offer.ID> = [],
        sessions: some Sequence<SeenSession> = [], refutedBy: String? = nil,
        changes: [ProposedChange] = [],
        ports: PortSet = PortSet()
    ) {
        self.key = key
        // A sentence begins large; `ports 5001…` comes from a list's own words.
        self.message = message.hasPrefix("port") ? "P" + message.dropFirst() : message
        self.expected = expected
        self.observed = observed
        self.count = count
        self.severity = severity
        self.confidence = confidence
        self.config = config
        self.offers = offers
        self.sessions = []
        for session in sessions where !self.sessions.contains(where: { $0.row == session.row }) {
            self.sessions.append(session)
            if self.sessions.count == Finding.quoted { break }
        }
        self.refutedBy = refutedBy
        self.changes = changes
        self.ports = ports
        for packet in packets {
            if self.packets.count < Finding.quoted { self.packets.append(packet) }
            packetTotal += 1
            let time = packet.frame.time
            seen = min(seen?.lowerBound ?? time, time)...max(seen?.upperBound ?? time, time)
        }
    }
}
