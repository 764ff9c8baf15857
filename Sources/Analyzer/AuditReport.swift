public import Net
public import Policy

/// The result of an audit: one value, written by many writers. Schema `pinhole.report/1`.
public struct AuditReport: Sendable {
    public var title: String
    public var generatedAt: Timestamp
    public var toolVersion: String
    public var rulePack: String
    public var inputs: [Input]
    public var coverage: Coverage
    public var servers: [ServerSummary]
    /// Failed first (by severity, then offers hurt), then accepted, cannot-tell, passed, not-applicable.
    public var findings: [Finding]
    /// Sentences about what was not audited or was assumed.
    public var notes: [String]
    /// The names of the captures, by the index that frame references use.
    public var captures: [String]
    /// Which sessions were asked for; nil: all.
    public var selection: Selection?

    public init(
        title: String, generatedAt: Timestamp, toolVersion: String, rulePack: String,
        inputs: [Input], coverage: Coverage, servers: [ServerSummary], findings: [Finding],
        notes: [String], captures: [String]
    ) {
        self.title = title
        self.generatedAt = generatedAt
        self.toolVersion = toolVersion
        self.rulePack = rulePack
        self.inputs = inputs
        self.coverage = coverage
        self.servers = servers
        self.findings = findings
        self.notes = notes
        self.captures = captures
    }

    /// The sessions that an audit was limited to.
    public struct Selection: Hashable, Sendable {
        /// Those that end at or after it.
        public var since: Timestamp?
        /// Those that begin at or before it.
        public var until: Timestamp?
        /// Those with a server of this name or address.
        public var server: String?
        /// Those of clients in it.
        public var client: Prefix?
        /// Sessions that were seen and not selected.
        public var leftOut: Int

        public init(
            since: Timestamp? = nil, until: Timestamp? = nil, server: String? = nil,
            client: Prefix? = nil, leftOut: Int = 0
        ) {
            self.since = since
            self.until = until
            self.server = server
            self.client = client
            self.leftOut = leftOut
        }
    }

    /// A file that went into the audit.
    public struct Input: Hashable, Sendable {
        public enum Kind: String, Hashable, Sendable { case capture, configuration, site }

        /// `unused`: given with others, none of which names it.
        public enum State: String, Hashable, Sendable { case read, partly, unreadable, unused }

        public var file: String
        public var kind: Kind
        /// `pcap`, `pcapng`, `iis6-metabase`…
        public var format: String?
        public var bytes: UInt64?
        /// 64 hexadecimal digits; nil where it wasn't computed.
        public var sha256: String?
        public var state: State
        /// Where and why reading stopped, with the offset or line.
        public var problem: String?
        /// Whether it is a distilled capture, which stands for those that it was made from.
        public var isDistilled = false
        /// The distilled capture that tells of this one, which itself was not read.
        public var statedBy: String?
        /// Lines of a configuration by state.
        public var lines: [LineNote.State: Int]
        /// Lines that are not used though they might matter: not modelled, invalid, not recognised.
        public var notes: [LineNote]

        public init(file: String, kind: Kind, state: State = .read) {
            self.file = file
            self.kind = kind
            self.state = state
            lines = [:]
            notes = []
        }
    }

    /// What the captures showed, and what they could not show.
    public struct Coverage: Hashable, Sendable {
        public var frames = 0
        public var bytes: UInt64 = 0
        public var span: ClosedRange<Timestamp>?
        public var truncatedFrames = 0
        /// The bytes kept of the longest frame that was cut: the snap length; nil where none was.
        public var cutAt: Int?
        public var undecodedFrames = 0
        /// Frames that whoever took the captures says were lost meanwhile.
        public var lostFrames: UInt64 = 0
        public var sessions = 0
        public var encryptedSessions = 0
        public var sessionsWithGaps = 0
        public var midstreamSessions = 0
        public var oneSidedSessions = 0
        public var offers = 0
        /// Limits that were reached, by name, and how often.
        public var limits: [String: Int] = [:]
        /// What was lost by each of them.
        public var losses: [String: String] = [:]

        public init() {}

        /// Counts sessions, and what could not be seen of them.
        public mutating func count(_ traffic: Traffic) {
            for session in traffic.sessions {
                sessions += 1
                if session.marks.contains(.encrypted) { encryptedSessions += 1 }
                if session.marks.contains(.gaps) { sessionsWithGaps += 1 }
                if session.marks.contains(.midstream) { midstreamSessions += 1 }
                if session.marks.contains(.oneSided) { oneSidedSessions += 1 }
                offers += Int(session.channels)
            }
        }
    }

    /// One server, for the port ruler and the head of its section.
    public struct ServerSummary: Hashable, Sendable {
        public var name: String
        /// In the site, or only seen.
        public var known: Bool
        public var addresses: [IPAddress]
        public var control: [UInt16]
        public var product: String?
        public var configured: PortSet?
        public var configuredSources: [SourceLine]
        /// One lane a hop, outermost first, then their intersection in `permitted`.
        public var hops: [HopLane]
        public var permitted: PortSet?
        /// Beside them, open only while a device reads them in a cleartext control connection.
        public var inspected: PortSet
        public var undecided: PortSet
        /// Not to every client who must get in, or not at every address.
        public var openToSome: PortSet
        public var translated: PortSet?
        public var observed: [ObservedPort]
        public var sessions: Int
        public var encryptedSessions: Int
        public var clients: Int

        public init(
            name: String, known: Bool, addresses: [IPAddress], control: [UInt16],
            product: String?, configured: PortSet?, configuredSources: [SourceLine],
            hops: [HopLane], permitted: PortSet?, inspected: PortSet, undecided: PortSet,
            openToSome: PortSet = PortSet(), translated: PortSet?,
            observed: [ObservedPort], sessions: Int, encryptedSessions: Int, clients: Int
        ) {
            self.name = name
            self.known = known
            self.addresses = addresses
            self.control = control
            self.product = product
            self.configured = configured
            self.configuredSources = configuredSources
            self.hops = hops
            self.permitted = permitted
            self.inspected = inspected
            self.undecided = undecided
            self.openToSome = openToSome
            self.translated = translated
            self.observed = observed
            self.sessions = sessions
            self.encryptedSessions = encryptedSessions
            self.clients = clients
        }
    }

    public struct HopLane: Hashable, Sendable {
        public var name: String
        public var file: String
        /// By lines of its own.
        public var permitted: PortSet
        /// Beside them, while a device reads them in a cleartext control connection.
        public var inspected: PortSet

        public init(name: String, file: String, permitted: PortSet, inspected: PortSet) {
            self.name = name
            self.file = file
            self.permitted = permitted
            self.inspected = inspected
        }
    }

    /// An offered port and what became of its offers.
    public struct ObservedPort: Hashable, Sendable {
        public var port: UInt16
        /// How often, by `DataChannel.Outcome`'s raw value.
        public var outcomes: [String: Int]

        public init(port: UInt16, outcomes: [String: Int]) {
            self.port = port
            self.outcomes = outcomes
        }
    }
}
