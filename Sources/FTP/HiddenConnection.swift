public import Net

/// A connection between the ends of an encrypted session that may be one of its data connections:
/// what announced it cannot be read.
public struct HiddenConnection: Hashable, Sendable {
    public var client: Endpoint
    public var server: Endpoint
    /// Its first SYN.
    public var first: FrameReference
    public var last: FrameReference
    public var attempts: Int
    /// `established`, `refused`, `prohibited`, `unanswered`, or `unseen` where only one direction
    /// of the traffic was captured.
    public var outcome: DataChannel.Outcome
    /// The SYN-ACK, RST or ICMP message, with its TTL or hop limit.
    public var answer: FrameReference?
    public var answerTTL: UInt8?
    public var prohibitedBy: IPAddress?
    public var icmp: DataChannel.ICMP?
    public var bytesToClient: UInt64
    public var bytesToServer: UInt64
    /// Its first payload bytes are a TLS record; nil where none was seen.
    public var encrypted: Bool?
}
