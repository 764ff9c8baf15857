import Capture
import Net
import Streams

/// One control connection, or a flow that may turn out to be one: its two streams, what was said,
/// and the data connections that belong to it.
struct ControlSession {
    let clientIsLow: Bool
    var record: SessionRecord
    var dialogue: DialogueState
    var controlTTL: UInt8?
    /// Beside `record.channels`, one each.
    var links: [ChannelLink] = []
    var hidden: [LinkedFlow] = []
    var verdict = Verdict.undecided
    /// When the connection was seen to end.
    var closedAt: Timestamp?
    var lastTime: Timestamp
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

    private let bounds: Bounds
    /// By `Direction.rawValue`. An array: the compiler copies an `InlineArray` of references with
    /// moves that want another alignment than it has (Swift 6.3.1).
    private var ways: [Way]
    private var replies = ReplyReader()
    private var seenBytes = 0
    private var seenLines = 0
    private var lastCapture: Int
    private let mostLine: Int

    /// One direction.
    private struct Way {
        var stream: Reassembler
        var reader: LineReader
        var walker: TLSWalker?
        /// It stands at the start of a line of clear text, with nothing missing before it: its
        /// lines are read where they stand.
        var isPlain = true
        var lastAcknowledged: SequenceNumber?

        init(_ start: SequenceNumber?, mostLine: Int) {
            stream = Reassembler(start: start)
            reader = LineReader(limit: mostLine)
        }
    }

    enum Verdict { case undecided, ftp, other }

    /// `Limits`, shared by all sessions.
    final class Bounds: Sendable {
        let limits: Limits

        init(_ limits: Limits) { self.limits = limits }
    }

    init(
        flow: FlowTable.Handle, state: Flow, clientIsLow: Bool, starts: [SequenceNumber?],
        bounds: Bounds
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
        ways = [
            Way(starts[0], mostLine: bounds.limits.lineBytes),
            Way(starts[1], mostLine: bounds.limits.lineBytes),
        ]
        lastTime = state.last.time
        lastCapture = state.first.capture
    }

    var limits: Limits { _read { yield bounds.limits } }

    /// Takes a packet of the control connection; `isLast` where that has ended with it or before.
    ///
    /// - Returns: Whether there is something that the extractor has to know.
    mutating func take(
        _ packet: borrowing Packet, _ bytes: Span<UInt8>, _ direction: Direction, isLast: Bool
    ) -> Bool {
        let mark = packet.mark
        lastTime = mark.time
        let frame = FrameReference(mark)
        if record.last < frame { record.last = frame }
        if mark.capture != lastCapture { noteCapture(mark.capture) }
        if packet.isTruncated { record.visibility.truncatedFrames += 1 }
        if direction == .toClient { controlTTL = packet.hopLimit }
        let way = direction.rawValue
        if packet.flags.contains(.ack) {
            ways[way].lastAcknowledged = SequenceNumber(packet.acknowledgement)
        }
        if packet.payloadLength + packet.payloadLost > 0,
            packet.flags.isDisjoint(with: [.rst, .syn])
        {
            let payload = bytes.extracting(packet.payloadRange)
            let start = SequenceNumber(packet.sequence)
            if packet.payloadLost == 0, ways[way].stream.takesNext(start, payload) {
                receive(payload, way, mark)
            } else {
                takeIn(
                    ways[way].stream.accept(
                        start, payload, lost: packet.payloadLost, mark, limits: bounds.limits), way)
            }
        }
        if ways[0].stream.isWaiting || ways[1].stream.isWaiting { checkHoles(way, mark.time) }
        if isLast, closedAt == nil { closedAt = mark.time }
        // Asked here and not in a getter, for which the whole value would be copied.
        if verdict == .ftp {
            return unregistered < record.channels.count
                || record.encryption != nil && !isEncryptionRegistered
        }
        return verdict == .other
    }

    private mutating func noteCapture(_ capture: Int) {
        lastCapture = capture
        guard !record.captures.contains(capture) else { return }
        record.captures.append(capture)
        record.captures.sort()
    }

    private mutating func checkHoles(_ way: Int, _ now: Timestamp) {
        for index in [way, 1 - way] where ways[index].stream.isWaiting {
            takeIn(
                ways[index].stream.check(
                    acknowledged: ways[1 - index].lastAcknowledged, now: now,
                    limits: bounds.limits), index)
        }
    }

    /// Nothing more will come on the control connection.
    mutating func finishStreams() {
        for index in 0..<2 {
            takeIn(ways[index].stream.finish(), index)
            // What stands there without an end of line.
            if ways[index].walker == nil, ways[index].reader.lose() {
                takeHeldLine(index, lastMark)
            }
        }
        judgeAtEnd()
    }

    private var lastMark: FrameReference { record.last }

    // MARK: what the streams bring

    private mutating func takeIn(_ events: [StreamEvent], _ way: Int) {
        for event in events {
            switch event {
            case .bytes(let bytes, let mark): receive(bytes.span, way, mark)
            case .loss(let mark): lose(way, mark)
            case .conflict(let mark): note(.conflictingRetransmission, FrameReference(mark))
            case .reached(let limit): noteReached(limit, lastMark)
            }
        }
    }

    private mutating func receive(_ bytes: Span<UInt8>, _ way: Int, _ mark: PacketMark) {
        let frame = FrameReference(mark)
        var at = 0
        if verdict == .undecided {
            seenBytes += bytes.count
            if seenBytes > limits.undecidedBytes { verdict = .other }
        }
        while at < bytes.count, verdict != .other {
            if ways[way].isPlain {
                at = receiveText(bytes, at, way, frame)
                ways[way].isPlain = false
                continue
            }
            if ways[way].walker != nil {
                guard let text = ways[way].walker?.walk(bytes, from: at) else { return }
                ways[way].walker = nil
                at = text
                if record.encryption?.cleared == nil { record.encryption?.cleared = frame }
            }
            if ways[way].reader.isAtStart, beginsTLS(bytes, at, way, frame) { continue }
            let step = ways[way].reader.read(bytes, from: at)
            at = step.next
            if step.ended {
                takeHeldLine(way, frame)
                ways[way].isPlain = ways[way].walker == nil && ways[way].reader.passLine()
            }
        }
        ways[way].isPlain = ways[way].walker == nil && ways[way].reader.passLine()
    }

    /// Takes the lines that stand whole in the bytes; where the first other thing begins.
    @inline(__always)
    private mutating func receiveText(
        _ bytes: Span<UInt8>, _ start: Int, _ way: Int, _ frame: FrameReference
    ) -> Int {
        var at = start
        while at < bytes.count, !(20...23).contains(bytes[at]),
            let line = LineReader.wholeLine(bytes, from: at, most: mostLine)
        {
            takeLine(bytes.extracting(line.text), way, frame, isCut: false, followsLoss: false)
            at = line.next
            guard ways[way].walker == nil, verdict != .other else { break }
        }
        return at
    }

    private mutating func beginsTLS(
        _ bytes: Span<UInt8>, _ at: Int, _ way: Int, _ frame: FrameReference
    ) -> Bool {
        guard (20...23).contains(bytes[at]), bytes[at] == 22 || record.encryption != nil,
            TLSWalker.beginsRecord(bytes, at)
        else { return false }
        ways[way].walker = TLSWalker()
        noteEncryption(frame, command: nil)
        return true
    }

    /// Takes the line that its reader holds.
    private mutating func takeHeldLine(_ way: Int, _ frame: FrameReference) {
        let line = ways[way].reader.line
        takeLine(
            line.span, way, frame, isCut: ways[way].reader.isCut,
            followsLoss: ways[way].reader.followsLoss)
    }

    private mutating func takeLine(
        _ line: Span<UInt8>, _ way: Int, _ frame: FrameReference, isCut: Bool, followsLoss: Bool
    ) {
        seenLines += 1
        if isCut {
            note(.lineCut, frame)
            if line.count >= mostLine { limitHits.count("lineBytes") }
        }
        if way == Direction.toServer.rawValue {
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

    private mutating func lose(_ way: Int, _ mark: PacketMark) {
        let frame = FrameReference(mark)
        record.visibility.gaps += 1
        note(.missingBytes, frame)
        dialogue.isLossy = true
        ways[way].isPlain = false
        if ways[way].walker != nil {
            ways[way].walker?.lose()
            return
        }
        if ways[way].reader.lose() {
            takeHeldLine(way, frame)
            ways[way].reader.resume()
        }
        if way == Direction.toClient.rawValue { replies.lose() }
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

    /// Both directions go on as TLS records.
    mutating func beginTLS() {
        for way in 0..<2 where ways[way].walker == nil { ways[way].walker = TLSWalker() }
    }

    /// A control connection that never was in clear text.
    mutating func beginImplicitTLS(_ frame: FrameReference) {
        noteEncryption(frame, command: "implicit")
        beginTLS()
        verdict = .ftp
    }
}
