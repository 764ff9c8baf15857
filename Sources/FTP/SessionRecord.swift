import Capture
public import Net

/// What the wire showed of one FTP control connection: the interchange between extraction and audit.
///
/// Advertised and observed stand side by side, and so does what the capture could not show.
/// No password is ever held.
public struct SessionRecord: Hashable, Sendable {
    /// Indexes into the list of captures that the extraction was given, ascending.
    public var captures: [Int]
    public var client: Endpoint
    public var server: Endpoint
    /// First and last packet of the control connection.
    public var first: FrameReference
    public var last: FrameReference
    /// The last accepted user, else the last tried; bytes that are no UTF-8 became U+FFFD.
    public var user: String?
    public var login: Login
    /// The frame of the first PASS that was sent in clear text, if one was. Its argument is not kept.
    public var clearPassword: FrameReference?
    /// First reply of the server, with its code; cut at `Limits`' length.
    public var banner: String?
    public var encryption: Encryption?
    /// An AUTH that the server refused, with its reply code.
    public var authRefused: AuthRefusal?
    /// Announced data connections in the order of their announcement.
    public var channels: [DataChannel]
    /// Of an encrypted session: connections from its client to its server's ports from 1024 on
    /// that began while it was open, at most `Limits.hiddenConnections`.
    public var hiddenData: [HiddenConnection]
    /// Replies that tell of failure with no announcement of their own (a 425 to PASV, a 421, `500 OOPS`).
    public var failures: [FailureReply]
    /// How the control connection ended.
    public var end: End
    public var visibility: Visibility
    public var oddities: [Oddity]

    public init(client: Endpoint, server: Endpoint, first: FrameReference) {
        captures = first.capture == 0 ? Self.onlyFirst : [first.capture]
        self.client = client
        self.server = server
        self.first = first
        last = first
        login = .unseen
        channels = []
        hiddenData = []
        failures = []
        end = .open
        visibility = Visibility()
        oddities = []
    }

    /// Shared by all records of a single capture.
    private static let onlyFirst = [0]

    public enum Login: String, Hashable, Sendable { case accepted, refused, unseen }

    /// `open`: no end was seen before the capture's.
    public enum End: String, Hashable, Sendable { case open, closed, resetByClient, resetByServer }

    /// From which frame on the control connection could not be read.
    public struct Encryption: Hashable, Sendable {
        public var from: FrameReference
        /// `AUTH TLS`, `AUTH GSSAPI`, or `implicit`.
        public var command: String
        /// The frame from which clear text was read again after CCC, if it was.
        public var cleared: FrameReference?

        public init(from: FrameReference, command: String) {
            self.from = from
            self.command = command
        }
    }

    public struct AuthRefusal: Hashable, Sendable {
        public var frame: FrameReference
        public var command: String
        public var code: Int

        public init(frame: FrameReference, command: String, code: Int) {
            self.frame = frame
            self.command = command
            self.code = code
        }
    }

    public struct FailureReply: Hashable, Sendable {
        public var frame: FrameReference
        /// The verb that it answered, upper case, where that is known.
        public var command: String?
        public var code: Int
        /// First line of the reply, cut as the banner is.
        public var text: String

        public init(frame: FrameReference, command: String?, code: Int, text: String) {
            self.frame = frame
            self.command = command
            self.code = code
            self.text = text
        }
    }

    public struct Visibility: Hashable, Sendable {
        /// The control connection's SYN was not seen.
        public var midstream = false
        /// Only one direction of it was seen.
        public var oneSided = false
        /// Places where bytes of the control connection are missing.
        public var gaps = 0
        /// Frames of it that were cut by the snap length.
        public var truncatedFrames = 0

        public init() {}
    }
}

/// A packet: its capture (index into the list of captures), its number from 1, its time.
public struct FrameReference: Hashable, Comparable, Sendable {
    private let mark: PacketMark

    public var capture: Int { mark.capture }
    public var number: Int { mark.number }
    public var time: Timestamp { mark.time }

    public init(capture: Int, number: Int, time: Timestamp) {
        mark = PacketMark(nanoseconds: time.nanoseconds, capture: capture, number: number)
    }

    init(_ mark: PacketMark) { self.mark = mark }

    /// Stands where no frame is known yet.
    static let nowhere = FrameReference(PacketMark(nanoseconds: 0, capture: 0, number: 0))

    public static func < (a: FrameReference, b: FrameReference) -> Bool {
        a.mark < b.mark
    }
}

/// Something that the peers did against the protocol or the capture did to them, by its stable name.
public struct Oddity: Hashable, Sendable {
    public var name: String
    public var frame: FrameReference
    /// More about it, cut as the banner is; may hold bytes that a peer chose.
    public var detail: String?

    public init(_ name: String, _ frame: FrameReference, detail: String? = nil) {
        self.name = name
        self.frame = frame
        self.detail = detail
    }
}
