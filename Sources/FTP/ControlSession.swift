import Capture
import Net
import Streams

/// What is said on a control connection, or on a flow that may turn out to be one, and the data
/// connections that belong to it.
struct ControlSession {
    // What almost every packet asks for or changes stands first, together in memory.
    let clientIsLow: Bool
    var verdict = Verdict.undecided { didSet { hasNews = true } }
    /// Both directions are to go on as TLS records.
    var isTLSDue = false
    /// There is something for the extractor, once there is a verdict: the verdict itself, an
    /// announcement, encryption.
    var hasNews = false
    /// When the connection was seen to end.
    var closedAt: Timestamp?
    /// The last of its packets that was read.
    private(set) var last: FrameReference
    private var lastCapture: Int
    private var seenLines = 0
    private var seenBytes = 0
    private let mostLine: Int
    let bounds: Bounds
    private var replies = ReplyReader()
    var dialogue: DialogueState
    var flow: LinkedFlow
    /// Beside `record.channels`, one each.
    var links: [ChannelLink] = []
    var hidden: [LinkedFlow] = []
    /// Channels before this index have no expectation registered any more.
    var expired = 0
    /// Channels and hidden connections before these can change no more.
    var settledChannels = 0
    /// Announcements that were not yet registered with the extractor.
    var unregistered = 0
    var isEncryptionRegistered = false
    /// Bounds of `Limits` that the session reached.
    private(set) var limitHits = LimitHits()
    /// As far as the dialogue tells it, but for `last`.
    var record: SessionRecord

    enum Verdict { case undecided, ftp, other }

    /// `Limits`, shared by all sessions.
    final class Bounds: Sendable {
        let limits: Limits

        init(_ limits: Limits) { self.limits = limits }
    }

    init(
        flow: FlowTable.Handle, state: Flow, clientIsLow: Bool, bounds: Bounds
    ) {
        self.flow = .live(flow)
        self.bounds = bounds
        self.clientIsLow = clientIsLow
        record = SessionRecord(
            client: clientIsLow ? state.low : state.high,
            server: clientIsLow ? state.high : state.low, first: FrameReference(state.first))
        record.visibility.midstream = state.state.isDisjoint(with: [.syn, .synAck])
        dialogue = DialogueState(isMidstream: record.visibility.midstream)
        mostLine = bounds.limits.lineBytes
        lastCapture = state.first.capture
        last = record.first
    }

    /// Takes the record out, as far as the dialogue tells it.
    mutating func takeRecord() -> SessionRecord {
        var taken = SessionRecord(client: record.client, server: record.server, first: record.first)
        swap(&taken, &record)
        taken.last = last
        return taken
    }

    /// Lets go what the session holds, once it was handed over; memory that the next one needs is
    /// kept.
    mutating func clear() {
        dialogue.pending.removeAll()
        dialogue.triedUser = nil
        replies.restart()
        if links.capacity > Self.few {
            links = []
        } else {
            links.removeAll(keepingCapacity: true)
        }
        hidden = []
        limitHits = LimitHits()
    }

    /// Announcements whose memory is kept.
    private static let few = 4

    /// Begins another session in the memory of one that was cleared.
    mutating func begin(_ other: consuming ControlSession) {
        swap(&replies, &other.replies)
        swap(&dialogue.pending, &other.dialogue.pending)
        swap(&links, &other.links)
        self = other
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
        if last < frame { last = frame }
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
        if isCut {
            note(.lineCut, frame)
            if line.count >= mostLine { limitHits.count("lineBytes") }
        }
        if direction == .toServer {
            takeCommand(line, frame, isCut: isCut, followsLoss: followsLoss)
        } else {
            takeReplyLine(line, frame, isCut: isCut, followsLoss: followsLoss)
        }
        countLine()
    }

    /// Takes a payload that is one command or reply, where it is read as that; false where its
    /// lines are to be read.
    @inline(__always)
    mutating func take(
        _ speech: Speech, _ bytes: Span<UInt8>, _ direction: Direction, _ frame: FrameReference
    ) -> Bool {
        guard !isReadOtherwise else { return false }
        let end = Speech.textEnd(bytes)
        switch (speech.kind, direction) {
        case (.command, .toServer):
            takeCommand(speech.command(end), bytes.extracting(..<end), frame, isCut: false)
        case (.reply, .toClient):
            guard !replies.isInside else { return false }
            takeSingle(speech.code, bytes.extracting(..<end), frame, isCut: false)
        case (.longReply, .toClient):
            // On trial each of its lines counts.
            guard !replies.isInside, verdict == .ftp else { return false }
            let reply = Reply(code: speech.code, firstFrame: frame, lastFrame: frame)
            replies.noteWhole()
            take(reply, bytes.extracting(speech.firstLine(end)), nil)
        default: return false
        }
        countLine()
        return true
    }

    /// Whether only lines of the server that begin with a code say anything: it is inside a reply
    /// of many lines. On trial each of them counts.
    var passesText: Bool {
        @inline(__always) get { verdict == .ftp && replies.passesText }
    }

    /// Counts a line; too many on trial are no FTP.
    private mutating func countLine() {
        seenLines += 1
        if verdict == .undecided, seenLines > limits.undecidedLines { verdict = .other }
    }

    private mutating func takeReplyLine(
        _ line: Span<UInt8>, _ frame: FrameReference, isCut: Bool, followsLoss: Bool
    ) {
        switch replies.read(line, frame, isCut: isCut, followsLoss: followsLoss) {
        case .partial: break
        case .single(let code): takeSingle(code, line, frame, isCut: isCut)
        case .long: takeLong(isWhole: true)
        case .interrupted:
            takeLong(isWhole: false)
            takeReplyLine(line, frame, isCut: isCut, followsLoss: followsLoss)
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
        replies.noteWhole()
        guard ReplyReader.announces(code) else {
            take(reply, line, nil)
            return
        }
        var announced = Announced(frame: frame)
        announced.read(line.extracting(3..<line.count), of: code, frame, isCut: isCut)
        take(reply, line, announced)
    }

    private mutating func takeLong(isWhole: Bool) {
        if !isWhole { note(.unterminatedReply, replies.long.firstFrame) }
        let reply = Reply(
            code: replies.long.code, firstFrame: replies.long.firstFrame,
            lastFrame: replies.long.lastFrame)
        // Lent out, so that nothing is copied.
        var first = ByteBuffer()
        swap(&first, &replies.long.first)
        let announced = ReplyReader.announces(reply.code) ? replies.long.announced : nil
        first.withBytes { take(reply, $0, announced) }
        swap(&first, &replies.long.first)
    }

    /// Bytes of one direction are missing.
    mutating func noteLoss(_ direction: Direction, _ frame: FrameReference) {
        record.visibility.gaps += 1
        note(.missingBytes, frame)
        if direction == .toServer {
            passAnnouncements()
        } else if dialogue.pending.contains(where: \.isTransfer) {
            noteTransferSomewhere()
        }
        dialogue.pending.lose(direction)
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
        hasNews = true
    }
}
