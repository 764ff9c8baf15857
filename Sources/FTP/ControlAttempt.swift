public import Net

/// Attempts of a client to open a control connection that never came to an FTP dialogue.
public struct ControlAttempt: Hashable, Sendable {
    public var client: Endpoint
    public var server: Endpoint
    public var frame: FrameReference
    /// SYNs, retransmissions included.
    public var attempts: Int
    /// `refused`, `unanswered` or `prohibited`.
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
