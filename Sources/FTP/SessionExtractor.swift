public import Capture
public import Net
public import Streams

/// Packets to session records: the one path for files and interfaces.
///
/// Feed it packets in the order of their time. A record is handed over when its control connection
/// has ended and its data connections have come to rest, or at `finish()`. Time is packet time.
public final class SessionExtractor {
    private var extraction: Extraction
    private var reader: PacketReader

    /// What was read of each capture by `consume` of frames, by its index.
    var coverage: [Coverage] { reader.coverage }

    /// Takes every connection that a record tells of; see `Extraction`.
    var onConnection: ((Flow, _ client: Endpoint?) -> Void)? {
        get { extraction.onConnection }
        set { extraction.onConnection = newValue }
    }

    /// Tells commands and replies, for whoever decodes the packets: they are taken faster then.
    public static let remark: PacketReader.Remark = { Speech($0)?.packed ?? 0 }

    /// Ports at which a connection that begins, and fails, is kept as `ControlAttempt`.
    public var controlPorts: Set<UInt16> {
        get { extraction.controlPorts }
        set { extraction.controlPorts = newValue }
    }

    /// Where FTP servers listen.
    public static let usualControlPorts: Set<UInt16> = [21, 990, 2121]

    /// - Parameters:
    ///   - captures: How many captures the frames come from.
    ///   - limits: Bounds of what is kept.
    ///   - controlPorts: See `controlPorts`.
    ///   - tellsSpeech: Whether whole commands and replies are told while frames are decoded; else
    ///     each of their lines is read, which takes longer and comes to the same.
    ///   - onSession: Takes each finished record; must not call the extractor.
    public init(
        captures: Int = 1, limits: Limits = Limits(), controlPorts: Set<UInt16> = usualControlPorts,
        tellsSpeech: Bool = true,
        onSession: @escaping (consuming SessionRecord) -> Void
    ) {
        extraction = Extraction(
            limits: limits, controlPorts: controlPorts, onSession: onSession)
        reader = PacketReader(
            captures: captures, limits: limits.fragments, remark: tellsSpeech ? Self.remark : nil)
    }

    /// Bounds of `Limits` that were reached.
    public var limitHits: LimitHits {
        var hits = extraction.limitHits
        hits.count("fragments", reader.fragmentsDropped)
        return hits
    }

    /// Takes the packets of many frames, with no remarks or those of `SessionExtractor.remark`.
    public func consume(_ batch: borrowing PacketBatch) {
        let (plain, assembled) = (batch.bytes, batch.assembledBytes)
        extraction.consume(batch.packets.span, plain.span, assembled.span)
    }

    /// Takes a frame.
    public func consume(_ header: FrameHeader, _ bytes: Span<UInt8>) {
        guard let packet = reader.read(header, bytes) else { return }
        if packet.kind == .assembledTCP {
            let assembled = reader.assembled
            extraction.consume(packet, assembled.span)
        } else {
            extraction.consume(packet, bytes)
        }
    }

    /// Lets time pass where no packet tells it: on an idle interface.
    public func tick(_ time: Timestamp) { extraction.tick(time) }

    /// Hands over every session that is still open, in the order of their first frames.
    ///
    /// `end` is when the captures end, where that is later than the last packet.
    public func finish(at end: Timestamp? = nil) {
        if let end { extraction.tick(end) }
        extraction.finish()
    }

    /// The records of sessions that are still open, as far as they go.
    public func snapshot() -> [SessionRecord] { extraction.snapshot() }

    /// Attempts that failed, in the order of their first SYN; at most `Limits.controlAttempts`.
    public var controlAttempts: [ControlAttempt] { extraction.attempts.failed }

    /// Takes the attempts that are settled, so that a monitor need not keep them.
    public func takeControlAttempts() -> [ControlAttempt] { extraction.takeControlAttempts() }
}
