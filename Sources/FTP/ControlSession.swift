import Capture
import Net
import Streams

/// What is said on a control connection, or on a flow that may turn out to be one, and the data
/// connections that belong to it.
struct ControlSession {
    let clientIsLow: Bool
    var record: SessionRecord
    var dialogue: DialogueState
    /// Beside `record.channels`, one each.
    var links: [ChannelLink] = []
    var hidden: [LinkedFlow] = []
    var verdict = Verdict.undecided
    /// When the connection was seen to end.
    var closedAt: Timestamp?
    /// The flow as it was when it left the table.
    var goneFlow: Flow?
    var flow: FlowTable.Handle
    /// Channels before this index have no expectation registered any more.
    var expired = 0
    /// Channels and hidden connections before these can change no more.
    var settledChannels = 0
    /// Announcements that were not yet registered with the extractor.
    var unregistered = 0
    var isEncryptionRegistered = false
    /// Bounds of `Limits` that the session reached.
    private(set) var limitHits = LimitHits()

    /// Both directions are to go on as TLS records.
    var isTLSDue = false
    private let bounds: Bounds
    private var replies = ReplyReader()
    private var seenBytes = 0
    private var seenLines = 0
    private var lastCapture: Int
    private let mostLine: Int

    enum Verdict { case undecided, ftp, other }

    /// `Limits`, shared by all sessions.
    final class Bounds: Sendable {
        let limits: Limits

        init(_ limits: Limits) { self.limits = limits }
    }

    init(
        flow: FlowTable.Handle, state: Flow, clientIsLow: Bool, bounds: Bounds
    ) {
        self.flow = flow
        self.bounds = bounds
        self.clientIsLow = clientIsLow
        record = SessionRecord(
            client: clientIsLow ? state.low : state.high,
            server: clientIsLow ? state.high : state.low, first: FrameReference(state.first))
        record.visibility.midstream = state.state.isDisjoint(with: [.syn, .synAck])
        dialogue = DialogueState(isMidstream: record.visibility.midstream)
        mostLine = bounds.limits.lineBytes
        lastCapture = state.first.capture
    }

    /// Takes the record out, as far as the dialogue tells it.
    mutating func takeRecord() -> SessionRecord {
        var taken = SessionRecord(client: record.client, server: record.server, first: record.first)
        swap(&taken, &record)
        return taken
    }

    /// Lets go what the session holds, once it was handed over.
    mutating func clear() {
        dialogue = DialogueState(isMidstream: false)
        links = []
        hidden = []
        goneFlow = nil
        replies = ReplyReader()
        limitHits = LimitHits()
    }

    var limits: Limits { _read { yield bounds.limits } }

    /// What a packet of the connection tells beside its payload.
    @inline(__always)
    mutating func note(_ packet: borrowing Packet) {
        noteLast(FrameReference(packet.mark))
        if packet.mark.capture != lastCapture { noteCapture(packet.mark.capture) }
        if packet.isTruncated { record.visibility.truncatedFrames += 1 }
    }

    /// A frame of the connection.
    @inline(__always)
    mutating func noteLast(_ frame: FrameReference) {
        if record.last < frame { record.last = frame }
    }

    /// Whether the extractor has to know something after a packet.
    @inline(__always)
    mutating func hasNews(isLast: Bool, _ time: Timestamp) -> Bool {
        if isLast, closedAt == nil { closedAt = time }
        // Asked here and not in a getter, for which the whole value would be copied.
        if verdict == .ftp {
            return unregistered < record.channels.count
                || record.encryption != nil && !isEncryptionRegistered
        }
        return verdict == .other
    }

    /// What follows is not read as lines: it is TLS, or the session is not FTP.
    var isReadOtherwise: Bool { @inline(__always) get { isTLSDue || verdict == .other } }

    /// Bytes on trial.
    mutating func countUndecided(_ count: Int) {
        guard verdict == .undecided else { return }
        seenBytes += count
        if seenBytes > bounds.limits.undecidedBytes { verdict = .other }
    }

    private mutating func noteCapture(_ capture: Int) {
        lastCapture = capture
        guard !record.captures.contains(capture) else { return }
        record.captures.append(capture)
        record.captures.sort()
    }

    // MARK: what the streams bring

    @inline(__always)
    mutating func takeLine(
        _ line: Span<UInt8>, _ direction: Direction, _ frame: FrameReference, isCut: Bool,
        followsLoss: Bool
    ) {
        seenLines += 1
        if isCut {
            note(.lineCut, frame)
            if line.count >= mostLine { limitHits.count("lineBytes") }
        }
        if direction == .toServer {
            takeCommand(line, frame, isCut: isCut, followsLoss: followsLoss)
        } else {
            takeReplyLine(line, frame, isCut: isCut, followsLoss: followsLoss)
        }
        if verdict == .undecided, seenLines > limits.undecidedLines { verdict = .other }
    }

    private mutating func takeReplyLine(
        _ line: Span<UInt8>, _ frame: FrameReference, isCut: Bool, followsLoss: Bool
    ) {
        switch replies.read(line, frame, isCut: isCut, followsLoss: followsLoss) {
        case .partial: break
        case .single(let code): takeSingle(code, line, frame, isCut: isCut)
        case .long: takeLong(isWhole: true)
        case .interrupted(let code):
            takeLong(isWhole: false)
            if let code { takeSingle(code, line, frame, isCut: isCut) }
        case .invalidCode: note(.invalidReplyCode, frame)
        case .notAReply:
            guard line.count > 0 else { return }
            let isGlued =
                line.count > 3 && (0..<3).allSatisfy { ReplyReader.isDigit(line[$0]) }
            note(isGlued ? .replyWithoutSpace : .lineWithoutCode, frame)
            judgeOddLine()
        }
    }

    private mutating func takeSingle(
        _ code: Int, _ line: Span<UInt8>, _ frame: FrameReference, isCut: Bool
    ) {
        let reply = Reply(code: code, firstFrame: frame, lastFrame: frame)
        guard ReplyReader.announces(code) else {
            take(reply, line, nil)
            return
        }
        var announced = Announced(frame: frame)
        announced.read(line.extracting(3..<line.count), of: code, frame, isCut: isCut)
        take(reply, line, announced)
    }

    private mutating func takeLong(isWhole: Bool) {
        guard let long = replies.takeEnded() else { return }
        if !isWhole { note(.unterminatedReply, long.firstFrame) }
        let reply = Reply(
            code: long.code, firstFrame: long.firstFrame, lastFrame: long.lastFrame)
        take(reply, long.first.span, ReplyReader.announces(long.code) ? long.announced : nil)
    }

    /// Bytes of one direction are missing.
    mutating func noteLoss(_ frame: FrameReference) {
        record.visibility.gaps += 1
        note(.missingBytes, frame)
        dialogue.isLossy = true
    }

    /// Bytes of replies are missing.
    mutating func loseReply() { replies.lose() }

    /// Clear text follows TLS records.
    mutating func noteClearText(_ frame: FrameReference) {
        if record.encryption?.cleared == nil { record.encryption?.cleared = frame }
    }

    // MARK: what is noted

    mutating func note(_ name: OddityName, _ frame: FrameReference, detail: String? = nil) {
        guard record.oddities.count < limits.oddities else {
            limitHits.count("oddities")
            return
        }
        let oddity = Oddity(name, frame, detail: detail)
        if record.oddities.last != oddity { record.oddities.append(oddity) }
    }

    /// A bound of `Limits` was reached.
    mutating func noteReached(_ limit: String, _ frame: FrameReference) {
        limitHits.count(limit)
        note(.limitReached, frame, detail: limit)
    }

    /// What follows cannot be read.
    mutating func noteEncryption(_ frame: FrameReference, command: String?) {
        guard record.encryption == nil else { return }
        if command == nil, dialogue.awaitsEncryption { return }
        record.encryption = SessionRecord.Encryption(from: frame, command: command ?? "TLS")
    }
}
