import Capture
import Net
import Streams

/// One control connection, or a flow that may turn out to be one: its two streams, what was said,
/// and the data connections that belong to it.
final class ControlSession: StreamSink {
    let limits: Limits
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

    private var streams: [Reassembler]
    private var readers: [LineReader]
    private var walkers: [TLSWalker?] = [nil, nil]
    private var replies = ReplyReader()
    private var seenBytes = 0
    private var seenLines = 0
    private var lastAcknowledged: [SequenceNumber?] = [nil, nil]

    enum Verdict { case undecided, ftp, other }

    init(
        flow: FlowTable.Handle, state: Flow, clientIsLow: Bool, starts: [SequenceNumber?],
        limits: Limits
    ) {
        self.flow = flow
        self.limits = limits
        self.clientIsLow = clientIsLow
        record = SessionRecord(
            client: clientIsLow ? state.low : state.high,
            server: clientIsLow ? state.high : state.low, first: FrameReference(state.first))
        record.visibility.midstream = state.state.isDisjoint(with: [.syn, .synAck])
        dialogue = DialogueState(isMidstream: record.visibility.midstream)
        streams = [
            Reassembler(.toServer, start: starts[0], limits: limits),
            Reassembler(.toClient, start: starts[1], limits: limits),
        ]
        readers = [LineReader(limit: limits.lineBytes), LineReader(limit: limits.lineBytes)]
        lastTime = state.last.time
    }

    /// Takes a packet of the control connection.
    func take(
        _ packet: borrowing Packet, _ bytes: Span<UInt8>, _ direction: Direction
    ) {
        let mark = packet.mark
        lastTime = mark.time
        let frame = FrameReference(mark)
        if record.last < frame { record.last = frame }
        if record.captures.last != mark.capture, !record.captures.contains(mark.capture) {
            record.captures.append(mark.capture)
            record.captures.sort()
        }
        if packet.isTruncated { record.visibility.truncatedFrames += 1 }
        if direction == .toClient { controlTTL = packet.hopLimit }
        let way = direction.rawValue
        let reverse = 1 - way
        if packet.flags.contains(.ack) {
            lastAcknowledged[way] = SequenceNumber(packet.acknowledgement)
        }
        if !packet.flags.contains(.rst), !packet.flags.contains(.syn) {
            let payload = bytes.extracting(packet.payloadRange)
            streams[way].accept(
                SequenceNumber(packet.sequence), payload, lost: packet.payloadLost, mark,
                into: self)
        }
        for index in [way, reverse] where streams[index].isWaiting {
            streams[index].check(
                acknowledged: lastAcknowledged[1 - index], now: mark.time, into: self)
        }
    }

    /// Nothing more will come on the control connection.
    func finishStreams() {
        for index in 0..<2 {
            streams[index].finish(into: self)
            // What stands there without an end of line.
            if walkers[index] == nil, readers[index].lose() { takeLine(index, lastMark) }
        }
        judgeAtEnd()
    }

    private var lastMark: FrameReference { record.last }

    // MARK: what the streams bring

    func receive(_ bytes: Span<UInt8>, _ direction: Direction, _ mark: PacketMark) {
        let way = direction.rawValue
        let frame = FrameReference(mark)
        var at = 0
        if verdict == .undecided {
            seenBytes += bytes.count
            if seenBytes > limits.undecidedBytes { verdict = .other }
        }
        while at < bytes.count, verdict != .other {
            if walkers[way] != nil {
                guard let text = walkers[way]?.walk(bytes, from: at) else { return }
                walkers[way] = nil
                at = text
                if record.encryption?.cleared == nil { record.encryption?.cleared = frame }
            }
            if readers[way].isAtStart, (20...23).contains(bytes[at]),
                bytes[at] == 22 || record.encryption != nil, TLSWalker.beginsRecord(bytes, at)
            {
                walkers[way] = TLSWalker()
                noteEncryption(frame, command: nil)
                continue
            }
            let step = readers[way].read(bytes, from: at)
            at = step.next
            if step.ended { takeLine(way, frame) }
        }
    }

    private func takeLine(_ way: Int, _ frame: FrameReference) {
        seenLines += 1
        let reader = readers[way]
        if reader.isCut { note(.lineCut, frame) }
        if way == Direction.toServer.rawValue {
            takeCommand(
                reader.line, frame, isCut: reader.isCut, followsLoss: reader.followsLoss)
        } else {
            takeReplyLine(
                reader.line, frame, isCut: reader.isCut, followsLoss: reader.followsLoss)
        }
        if verdict == .undecided, seenLines > limits.undecidedLines { verdict = .other }
    }

    private func takeReplyLine(
        _ line: [UInt8], _ frame: FrameReference, isCut: Bool, followsLoss: Bool
    ) {
        switch replies.read(line, frame, isCut: isCut, followsLoss: followsLoss) {
        case .partial: break
        case .reply(let reply): take(reply)
        case .replies(let unterminated, let reply):
            note(.unterminatedReply, unterminated.firstFrame)
            take(unterminated)
            take(reply)
        case .restarted(let unterminated):
            note(.unterminatedReply, unterminated.firstFrame)
            take(unterminated)
        case .invalidCode: note(.invalidReplyCode, frame)
        case .notAReply:
            guard !line.isEmpty else { return }
            let isGlued = line.prefix(3).allSatisfy { (0x30...0x39).contains($0) }
            note(isGlued && line.count > 3 ? .replyWithoutSpace : .lineWithoutCode, frame)
            judgeOddLine()
        }
    }

    func lose(_ direction: Direction, _ mark: PacketMark) {
        let way = direction.rawValue
        let frame = FrameReference(mark)
        record.visibility.gaps += 1
        note(.missingBytes, frame)
        dialogue.isLossy = true
        if walkers[way] != nil {
            walkers[way]?.lose()
            return
        }
        if readers[way].lose() {
            takeLine(way, frame)
            readers[way].resume()
        }
        if direction == .toClient { replies.lose() }
    }

    func conflict(_ direction: Direction, _ mark: PacketMark) {
        note(.conflictingRetransmission, FrameReference(mark))
    }

    func reached(_ limit: String) {
        note(.limitReached, lastMark, detail: limit)
    }

    // MARK: what is noted

    func note(_ name: OddityName, _ frame: FrameReference, detail: String? = nil) {
        guard record.oddities.count < limits.oddities else { return }
        let oddity = Oddity(name, frame, detail: detail)
        if record.oddities.last != oddity { record.oddities.append(oddity) }
    }

    /// What follows cannot be read.
    func noteEncryption(_ frame: FrameReference, command: String?) {
        guard record.encryption == nil else { return }
        if command == nil, dialogue.awaitsEncryption { return }
        record.encryption = SessionRecord.Encryption(from: frame, command: command ?? "TLS")
    }

    /// Both directions go on as TLS records.
    func beginTLS() {
        for way in 0..<2 where walkers[way] == nil { walkers[way] = TLSWalker() }
    }

    /// A control connection that never was in clear text.
    func beginImplicitTLS(_ frame: FrameReference) {
        noteEncryption(frame, command: "implicit")
        beginTLS()
        verdict = .ftp
    }
}

extension FrameReference {
    init(_ mark: PacketMark) {
        self.init(capture: mark.capture, number: mark.number, time: mark.time)
    }
}
