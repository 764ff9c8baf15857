public import Net

/// One announcement of a data connection, and what became of it.
public struct DataChannel: Hashable, Sendable {
    public var announcedBy: Announcement
    /// What the client had asked: `PASV`, `EPSV`, `LPSV`, `PORT`, `EPRT`, `LPRT`; nil where not seen.
    public var command: String?
    /// The frame that carries the last byte of the announcing line (its first copy).
    public var frame: FrameReference
    /// The reply code to PORT, EPRT or LPRT; nil for the replies that announce themselves.
    public var reply: Int?
    /// What was said, decoded; nil where the announcement was malformed. For 229 the address is
    /// the control connection's server address.
    public var advertised: Endpoint?
    public var outcome: Outcome
    /// First packet of the data connection (or of the attempt).
    public var dataFrame: FrameReference?
    /// How many SYNs were sent to the announced endpoint, retransmissions included.
    public var attempts: Int
    /// Ends of the data connection: of the FTP client and of the FTP server, whoever opened.
    public var client: Endpoint?
    public var server: Endpoint?
    /// The answer that ended the attempt: the RST or the ICMP message, or the SYN-ACK.
    public var answer: FrameReference?
    /// TTL or hop limit of that answer, and of the control connection's server packets.
    public var answerTTL: UInt8?
    public var controlTTL: UInt8?
    /// Who sent the ICMP message that prohibited it, with its type and code.
    public var prohibitedBy: IPAddress?
    public var icmp: ICMP?
    /// `RETR a.txt`: verb and argument, invalid UTF-8 replaced, cut as the banner is.
    public var transfer: String?
    /// The final reply code to the transfer command.
    public var transferReply: Int?
    public var transferReplyFrame: FrameReference?
    /// Payload, retransmissions once; nil where nothing of that direction was captured.
    public var bytesToClient: UInt64?
    public var bytesToServer: UInt64?
    /// Last packet of the data connection, and how it ended.
    public var lastDataFrame: FrameReference?
    /// The data connection's first bytes are a TLS record; nil where no payload was seen.
    public var encrypted: Bool?

    /// Only in a snapshot of an open session: the outcome may still change.
    public var isPending: Bool

    public init(announcedBy: Announcement, frame: FrameReference) {
        self.announcedBy = announcedBy
        self.frame = frame
        outcome = .unused
        attempts = 0
        isPending = false
    }

    public enum Announcement: String, Hashable, Sendable {
        case passive = "227"
        case longPassive = "228"
        case extendedPassive = "229"
        case port = "PORT"
        case extendedPort = "EPRT"
        case longPort = "LPRT"

        /// Whether the server listens: the client opens the data connection.
        public var isPassive: Bool {
            switch self {
            case .passive, .longPassive, .extendedPassive: true
            case .port, .extendedPort, .longPort: false
            }
        }
    }

    public enum Outcome: String, Hashable, Sendable {
        /// SYN and SYN-ACK were seen, or payload both sides acknowledge.
        case established
        /// Answered by RST.
        case refused
        /// SYNs, no reply.
        case unanswered
        /// An ICMP unreachable quotes the SYN.
        case prohibited
        /// Offered, and no attempt seen before the next offer, the session's end, or 60 s.
        case unused
        /// The capture could not have shown it.
        case unseen
    }

    public struct ICMP: Hashable, Sendable {
        public var type: UInt8
        public var code: UInt8

        public init(type: UInt8, code: UInt8) {
            self.type = type
            self.code = code
        }
    }
}
