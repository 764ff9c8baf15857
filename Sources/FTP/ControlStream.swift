import Capture
import Streams

/// One direction of a control connection: its segments to lines, and past TLS records.
struct ControlStream {
    private let direction: Direction
    var order: Reassembler
    private var reader: LineReader
    private var walker: TLSWalker?
    /// It stands at the start of a line of clear text, with nothing missing before it: its lines
    /// are read where they stand.
    private var isPlain = true
    private let mostLine: Int

    init(_ direction: Direction, start: SequenceNumber?, mostLine: Int) {
        self.direction = direction
        self.mostLine = mostLine
        order = Reassembler(start: start)
        reader = LineReader(limit: mostLine)
    }

    /// Begins anew, in the same memory.
    mutating func restart(_ start: SequenceNumber?) {
        order.restart(start)
        reader.restart()
        walker = nil
        isPlain = true
    }

    /// Reads bytes from `start` on, up to where both directions go on as TLS records, or to where
    /// the session is not FTP.
    ///
    /// `speech` says what all of the bytes are, from index 0 on, where that is known.
    ///
    /// - Returns: Index of the first byte that was not read.
    // In both directions of its caller it would stand twice and cost registers.
    @inline(never)
    mutating func read(
        _ bytes: Span<UInt8>, from start: Int, _ speech: Speech?, _ frame: FrameReference,
        _ session: inout ControlSession
    ) -> Int {
        var at = start
        if isPlain {
            if let speech, bytes.count <= mostLine, session.take(speech, bytes, direction, frame) {
                return bytes.count
            }
            at = readText(bytes, from: at, frame, &session)
            if at == bytes.count { return at }
            isPlain = false
        }
        return readOdd(bytes, from: at, frame, &session)
    }

    /// Takes the lines that stand whole in the bytes; where the first other thing begins.
    @inline(__always)
    private func readText(
        _ bytes: Span<UInt8>, from start: Int, _ frame: FrameReference,
        _ session: inout ControlSession
    ) -> Int {
        var at = start
        while at < bytes.count, !session.isReadOtherwise, !TLSWalker.mayBegin(bytes[at]),
            let line = LineReader.wholeLine(bytes, from: at, most: mostLine)
        {
            session.takeLine(
                bytes.extracting(line.text), direction, frame, isCut: false, followsLoss: false)
            at = line.next
            if direction == .toClient, session.passesText {
                at = LineReader.passText(bytes, from: at, most: mostLine)
            }
        }
        return at
    }

    /// Takes what is no whole line of clear text, and what follows it.
    @inline(never)
    private mutating func readOdd(
        _ bytes: Span<UInt8>, from start: Int, _ frame: FrameReference,
        _ session: inout ControlSession
    ) -> Int {
        var at = start
        while at < bytes.count, !session.isReadOtherwise {
            if isPlain {
                at = readText(bytes, from: at, frame, &session)
                isPlain = false
                continue
            }
            if walker != nil {
                guard let text = walker?.walk(bytes, from: at) else { return bytes.count }
                walker = nil
                at = text
                session.noteClearText(frame)
            }
            if reader.isAtStart, beginsTLS(bytes, at, frame, &session) { continue }
            let step = reader.read(bytes, from: at)
            at = step.next
            if step.ended {
                takeHeldLine(frame, &session)
                isPlain = reader.passLine()
            }
        }
        isPlain = walker == nil && reader.passLine()
        return at
    }

    private mutating func beginsTLS(
        _ bytes: Span<UInt8>, _ at: Int, _ frame: FrameReference, _ session: inout ControlSession
    ) -> Bool {
        guard TLSWalker.mayBegin(bytes[at]), bytes[at] == 22 || session.record.encryption != nil,
            TLSWalker.beginsRecord(bytes, at)
        else { return false }
        walker = TLSWalker()
        session.noteEncryption(frame, command: nil)
        return true
    }

    /// What follows are TLS records.
    mutating func beginTLS() {
        isPlain = false
        if walker == nil { walker = TLSWalker() }
    }

    /// Takes the line that its reader holds.
    private func takeHeldLine(_ frame: FrameReference, _ session: inout ControlSession) {
        let (isCut, followsLoss) = (reader.isCut, reader.followsLoss)
        reader.line.withBytes {
            session.takeLine($0, direction, frame, isCut: isCut, followsLoss: followsLoss)
        }
    }

    /// Bytes are missing here.
    mutating func lose(_ frame: FrameReference, _ session: inout ControlSession) {
        session.noteLoss(direction, frame)
        isPlain = false
        guard walker == nil else {
            walker?.lose()
            return
        }
        if reader.lose() {
            takeHeldLine(frame, &session)
            reader.resume()
        }
        if direction == .toClient { session.loseReply() }
    }

    /// Nothing more will come: what stands there without an end of line is taken.
    mutating func finish(_ frame: FrameReference, _ session: inout ControlSession) {
        if walker == nil, reader.lose() { takeHeldLine(frame, &session) }
    }
}
