public import FTP
public import Net
public import Policy

public enum Severity: String, Hashable, Comparable, Sendable, CaseIterable {
    case info, low, medium, high, critical

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
}

public enum Confidence: String, Hashable, Sendable { case confirmed, probable }

/// What a rule says of one server.
public struct Finding: Hashable, Sendable {
    public enum Status: String, Hashable, Sendable {
        case failed, passed, accepted
        case cannotTell = "cannot-tell"
        case notApplicable = "not-applicable"
    }

    /// Stable across runs: rule, server, and what is wrong; no line or frame numbers.
    public var id: String
    public var rule: String
    public var title: String
    public var severity: Severity
    public var confidence: Confidence
    public var status: Status
    /// The server's name in the site, else its endpoint.
    public var server: String
    /// One or two sentences. Holds peers' text only where `Fault` was given it: writers escape it.
    public var message: String
    public var expected: String
    public var observed: String
    /// How many offers, sessions or ports share the fault.
    public var count: Int
    /// How many connections of clients failed for it: announced data connections, as far as no other
    /// finding explains them, and control connections.
    public var hurt = 0
    public var packets: [PacketEvidence]
    /// How many packets there are in all; `packets` holds a few.
    public var packetTotal: Int
    public var config: [SourceLine]
    /// Sessions that show it, by their ends: `198.51.100.7:51234 → 203.0.113.10:21`; a few.
    public var sessions: [String]
    public var refutedBy: String
    public var changes: [ProposedChange]
    public var fixes: [Fix]
    public var controls: [ControlReference]
    public var firstSeen: Timestamp?
    public var lastSeen: Timestamp?
    /// Consequences of this fault that other rules saw, as `PH101: …`.
    public var symptoms: [String]
    /// The waiver that accepts it, or that no longer does.
    public var waiver: Waiver?
    /// What the fault is about, for writers that draw it.
    public var ports: PortSet
}

/// A packet that proves something.
public struct PacketEvidence: Hashable, Sendable {
    public var frame: FrameReference
    /// `SYN 198.51.100.7:51240 → 203.0.113.10:5150, unanswered`; may hold peers' text.
    public var summary: String

    public init(_ frame: FrameReference, _ summary: String) {
        self.frame = frame
        self.summary = summary
    }
}

/// A change, and where it is to be made.
public struct ProposedChange: Hashable, Sendable {
    public enum Target: Hashable, Sendable {
        case server
        case hop(String)
        /// The client's side: nothing that this site's commands can carry out.
        case client
    }

    public var target: Target
    public var change: Change

    public init(_ target: Target, _ change: Change) {
        self.target = target
        self.change = change
    }
}

/// A control of a compliance standard.
public struct ControlReference: Hashable, Sendable {
    public var standard: String
    public var version: String
    public var id: String

    public init(standard: String, version: String, id: String) {
        self.standard = standard
        self.version = version
        self.id = id
    }
}
