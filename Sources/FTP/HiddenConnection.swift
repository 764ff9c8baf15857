public import Net

/// A connection of an encrypted session's pair of hosts to a high port of the server: inferred to be
/// a data connection, because its announcement can't be read.
public struct HiddenConnection: Hashable, Sendable {
    public var client: Endpoint
    public var server: Endpoint
    public var frame: FrameReference
    /// SYNs, retransmissions included.
    public var attempts: Int
    public var outcome: DataChannel.Outcome

    public init(
        client: Endpoint, server: Endpoint, frame: FrameReference, attempts: Int,
        outcome: DataChannel.Outcome
    ) {
        self.client = client
        self.server = server
        self.frame = frame
        self.attempts = attempts
        self.outcome = outcome
    }
}
