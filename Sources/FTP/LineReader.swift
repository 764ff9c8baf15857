/// Bytes of one direction of a control connection to lines.
///
/// A line ends at LF; one CR before it is taken off, a lone CR ends nothing (RFC 959 section 5.3
/// with RFC 854). Telnet commands are taken out, `IAC IAC` is one byte 255. A line longer than the
/// limit is cut, and reading goes on behind its end.
struct LineReader {
    /// The line that ended last, or what there is of the current one.
    private(set) var line = ByteBuffer()
    /// The line is longer than the limit, or bytes of its end are missing.
    private(set) var isCut = false
    /// Bytes before the line are missing: it may be the rest of another.
    private(set) var followsLoss = false
    private let limit: Int
    private var telnet = Telnet()
    private var isComplete = false

    init(limit: Int) { self.limit = limit }

    /// Begins anew, in the same memory.
    mutating func restart() {
        begin()
        telnet = Telnet()
    }

    /// No byte of a line is held.
    var isAtStart: Bool { (isComplete || line.count == 0) && telnet.isText }

    /// What `read` came to.
    struct Step: Equatable {
        /// Index of the first byte that was not read.
        var next: Int
        /// A line ended before it.
        var ended: Bool
    }

    /// Reads from `start` to the end of a line or of a Telnet command, else to the end of the
    /// bytes.
    mutating func read(_ bytes: Span<UInt8>, from start: Int) -> Step {
        if isComplete, start < bytes.count { begin() }
        var at = start
        while at < bytes.count {
            guard telnet.isText else {
                readTelnet(bytes[at])
                at += 1
                if telnet.isText { break }
                continue
            }
            let end = Self.endOfText(bytes, from: at)
            append(bytes.extracting(at..<end))
            guard end < bytes.count else { return Step(next: end, ended: false) }
            at = end + 1
            if bytes[end] == 0x0a {
                if line.last == 0x0d { line.removeLast() }
                isComplete = true
                return Step(next: at, ended: true)
            }
            readTelnet(bytes[end])
        }
        return Step(next: at, ended: false)
    }

    /// A line that stands whole in the bytes from `start` on, without Telnet commands: read where
    /// it is, by who is at the start of a line.
    ///
    /// - Returns: The place of its text, and of what follows; nil where `read` is needed.
    @inline(__always)
    static func wholeLine(
        _ bytes: Span<UInt8>, from start: Int, most: Int
    ) -> (text: Range<Int>, next: Int)? {
        let end = endOfText(bytes, from: start)
        guard end < bytes.count, bytes[end] == 0x0a, end - start <= most else { return nil }
        let hasReturn = end > start && bytes[end - 1] == 0x0d
        return (start..<(hasReturn ? end - 1 : end), end + 1)
    }

    /// Passes whole lines that begin with no digit and no TLS record, from the start of one on.
    ///
    /// - Returns: Where the first other thing begins.
    static func passText(_ bytes: Span<UInt8>, from start: Int, most: Int) -> Int {
        var at = start
        while at < bytes.count, !ReplyReader.isDigit(bytes[at]), !TLSWalker.mayBegin(bytes[at]),
            let line = wholeLine(bytes, from: at, most: most)
        {
            at = line.next
        }
        return at
    }

    /// Whether the next byte begins a line, and nothing is missing before it; the line that ended
    /// is let go then.
    mutating func passLine() -> Bool {
        guard telnet.isText, isComplete || line.count == 0 && !followsLoss else { return false }
        begin()
        return true
    }

    /// Index of the next LF or IAC, else the count of bytes; 32 bytes at a time, then eight.
    @inline(__always)
    static func endOfText(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var at = start
        while bytes.count - at >= 32, !mayEnd(bytes.extracting(at..<at + 32)) { at += 32 }
        while bytes.count - at >= 8 {
            let ends = ends(eight(bytes.extracting(at..<at + 8), 0))
            if ends != 0 { return at + ends.trailingZeroBitCount >> 3 }
            at += 8
        }
        while at < bytes.count, bytes[at] != 0x0a, bytes[at] != 255 { at += 1 }
        return at
    }

    /// Whether one of 32 bytes is LF or not ASCII.
    @inline(__always)
    private static func mayEnd(_ bytes: Span<UInt8>) -> Bool {
        let words = (eight(bytes, 0), eight(bytes, 8), eight(bytes, 16), eight(bytes, 24))
        return
            (marks(words.0) | marks(words.1) | marks(words.2) | marks(words.3))
            & 0x8080_8080_8080_8080 != 0
    }

    /// Sets the upper bit of each of eight bytes that is LF or not ASCII, and maybe of others
    /// beside one.
    @inline(__always)
    private static func marks(_ word: UInt64) -> UInt64 {
        ((word ^ 0x0a0a_0a0a_0a0a_0a0a) &- 0x0101_0101_0101_0101) | word
    }

    /// Sets the upper bit of the first of eight bytes that is LF or IAC, and maybe of later ones.
    @inline(__always)
    private static func ends(_ word: UInt64) -> UInt64 {
        (zeros(word ^ 0x0a0a_0a0a_0a0a_0a0a) | zeros(~word)) & 0x8080_8080_8080_8080
    }

    /// The upper bit of the first byte that is zero, and maybe of later ones.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word
    }

    /// Eight bytes as one number.
    @inline(__always)
    private static func eight(_ bytes: Span<UInt8>, _ at: Int) -> UInt64 {
        UInt64(bytes[at]) | UInt64(bytes[at + 1]) << 8 | UInt64(bytes[at + 2]) << 16
            | UInt64(bytes[at + 3]) << 24 | UInt64(bytes[at + 4]) << 32
            | UInt64(bytes[at + 5]) << 40 | UInt64(bytes[at + 6]) << 48
            | UInt64(bytes[at + 7]) << 56
    }

    private mutating func append(_ bytes: Span<UInt8>) {
        let room = limit - line.count
        if bytes.count > room { isCut = true }
        let kept = min(bytes.count, max(room, 0))
        guard kept > 0 else { return }
        line.append(bytes.extracting(..<kept))
    }

    private mutating func readTelnet(_ byte: UInt8) {
        switch telnet.take(byte) {
        case .text, .command, .parameter: break
        case .doubled: append(byte)
        case .undoubled:
            append(Telnet.interpretAsCommand)
            if byte != 0x0a { append(byte) }
        }
    }

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        guard line.count < limit else {
            isCut = true
            return
        }
        line.append(byte)
    }

    private mutating func begin() {
        line.removeAll()
        isCut = false
        followsLoss = false
        isComplete = false
    }

    /// Bytes are missing here; true where a line was cut by that and can be taken as it is.
    mutating func lose() -> Bool {
        telnet = Telnet()
        guard !isComplete, line.count > 0 else {
            begin()
            followsLoss = true
            return false
        }
        isCut = true
        isComplete = true
        return true
    }

    /// After a line that `lose` cut was taken.
    mutating func resume() {
        begin()
        followsLoss = true
    }
}
