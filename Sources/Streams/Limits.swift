public import Capture

/// Bounds of everything that is kept while packets pass: named, and counted when reached.
public struct Limits: Hashable, Sendable {
    /// TCP connections remembered at one time, about 200 bytes each.
    public var flows = 1 << 18
    /// Of what the decoder keeps of IP fragments.
    public var fragments = DecoderLimits()
    /// Control connections, and flows that may turn out to be one, read at one time.
    public var sessions = 65_536
    /// Out-of-order bytes held for one direction of a control connection.
    public var heldBytes = 256 << 10
    /// Out-of-order segments held for one direction of a control connection.
    public var heldSegments = 512
    /// Bytes beyond the next expected one that a control connection may be ahead.
    public var window = 1 << 20
    /// Bytes of one line of a control connection; the rest up to its end is passed.
    public var lineBytes = 4096
    /// Bytes of text kept from a peer: banner, user, transfer, failure.
    public var textBytes = 512
    /// Bytes and lines after which a flow that has not shown itself as FTP is let go.
    public var undecidedBytes = 16 << 10
    public var undecidedLines = 128
    /// Commands of one session that wait for their reply.
    public var pendingCommands = 512
    /// Announcements kept of one session.
    public var channels = 20_000
    /// Connections followed for one announcement.
    public var attemptsPerChannel = 16
    /// Oddities, failure replies and hidden data connections kept of one session.
    public var oddities = 1000
    public var failures = 256
    public var hiddenConnections = 1000
    /// Attempts to reach a control port that are remembered.
    public var controlAttempts = 10_000
    /// Connections that just began, for an announcement that is captured after them.
    public var recentConnections = 1 << 16
    /// Nanoseconds that such a connection may be older than its announcement.
    public var recentAge: Int64 = 3_000_000_000
    /// Nanoseconds in which an announced endpoint waits for its data connection.
    public var announcementAge: Int64 = 60_000_000_000
    /// Nanoseconds without a packet of any of its connections after which a session is given up.
    public var controlIdle: Int64 = 10_800_000_000_000
    /// Nanoseconds without a packet after which a data connection is settled as it is.
    public var dataIdle: Int64 = 60_000_000_000
    /// Nanoseconds that a closed control connection still waits for late packets.
    public var linger: Int64 = 2_000_000_000
    /// Nanoseconds after which bytes that the receiver has acknowledged are given up.
    public var gapAge: Int64 = 1_000_000_000

    public init() {}
}

/// How often a bound was reached, by its name in `Limits`.
public struct LimitHits: Hashable, Sendable {
    public private(set) var counts: [String: Int] = [:]

    public init() {}

    public mutating func count(_ name: String, _ times: Int = 1) {
        if times > 0 { counts[name, default: 0] += times }
    }

    public mutating func add(_ other: LimitHits) {
        for (name, times) in other.counts { count(name, times) }
    }
}
