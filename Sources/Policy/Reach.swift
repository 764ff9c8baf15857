public import Net

/// Who reaches which port of an address, by which lines: a partition of clients × ports.
public struct Reach: Hashable, Sendable {
    public enum Verdict: String, Hashable, Sendable {
        case permitted, denied
        /// Only while a cleartext control connection that the device watches announces it.
        case permittedByInspection = "permitted-by-inspection"
        case unknown
    }

    public struct Segment: Hashable, Sendable {
        public var ports: PortSet
        public var from: AddressSet
        public var verdict: Verdict
        /// The line that decided at each hop, in order, with the jumps to it before it. The last
        /// is the one that denies, where one does.
        public var decidedBy: [Decision]
        /// Nil: delivered to the address asked for.
        public var translatedTo: IPAddress?
        /// The port at which it arrives, where that is another.
        public var translatedPorts: ClosedRange<UInt16>?
        /// Several inside addresses by turns (a rotary pool of more than one).
        public var alternatives: [IPAddress]
        /// The way back: nil where it wasn't asked.
        public var back: Verdict?
        /// The lines that deny answers, where the way back is denied.
        public var backDeniedBy: [SourceLine] = []
        /// Why it is unknown, and which limits or assumptions shaped it.
        public var notes: [String]

        public init(
            ports: PortSet, from: AddressSet, verdict: Verdict, decidedBy: [Decision],
            translatedTo: IPAddress? = nil, notes: [String] = []
        ) {
            self.ports = ports
            self.from = from
            self.verdict = verdict
            self.decidedBy = decidedBy
            self.translatedTo = translatedTo
            alternatives = []
            self.notes = notes
        }
    }

    /// A line that decided, and the hop at which it did.
    public struct Decision: Hashable, Sendable {
        /// The hop's name; nil where a lone device was asked.
        public var hop: String?
        public var source: SourceLine

        public init(hop: String? = nil, source: SourceLine) {
            self.hop = hop
            self.source = source
        }
    }

    public var to: IPAddress
    public var segments: [Segment]
    /// Assumptions that hold for the whole answer.
    public var notes: [String]

    public init(to: IPAddress, segments: [Segment], notes: [String] = []) {
        self.to = to
        self.segments = segments
        self.notes = notes
    }
}

/// The question: may a new TCP connection pass the hops, and where does it end?
public struct ReachQuestion: Hashable, Sendable {
    public var from: AddressSet
    public var to: IPAddress
    public var ports: PortSet
    /// Ephemeral, 1024–65535, unless stated.
    public var sourcePorts: PortSet
    /// The control port of the FTP session in which the port would be announced; nil: none is.
    public var control: UInt16?
    /// Whether that session is encrypted, so that nobody can read the announcement.
    public var encrypted: Bool
    /// Ports at which the server takes control connections: no session announces these.
    public var controlPorts: PortSet

    public init(
        from: AddressSet, to: IPAddress, ports: PortSet,
        sourcePorts: PortSet = PortSet(1024...65535), control: UInt16? = nil,
        encrypted: Bool = false, controlPorts: PortSet = PortSet()
    ) {
        self.from = from
        self.to = to
        self.ports = ports
        self.sourcePorts = sourcePorts
        self.control = control
        self.encrypted = encrypted
        self.controlPorts = controlPorts
    }

    /// From the first client to the last.
    var clients: ClosedRange<IPAddress>? {
        guard let first = from.first, let last = from.last else { return nil }
        return first...last
    }
}
