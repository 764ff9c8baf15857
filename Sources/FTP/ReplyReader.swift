import Net

/// What the lines of a 227, 228 or 229 announce, and the frame of the line that says it.
struct Announced {
    var endpoint = AnnouncedEndpoint.nothing
    var frame: FrameReference

    /// Takes a line of a reply; an address on a later line stands before one on an earlier.
    mutating func read(
        _ line: Span<UInt8>, of code: Int, _ frame: FrameReference, isCut: Bool
    ) {
        let found: AnnouncedEndpoint
        switch code {
        case 227: found = AnnouncementParser.passive(line, isCut: isCut)
        case 228: found = AnnouncementParser.longPassive(line, isCut: isCut)
        default: found = AnnouncementParser.extendedPassive(line, isCut: isCut)
        }
        switch found {
        case .nothing: return
        case .malformed: guard case .nothing = endpoint else { return }
        case .endpoint, .port: break
        }
        endpoint = found
        self.frame = frame
    }
}

/// A reply of many lines.
struct LongReply {
    var code = 0
    /// Its first line with its code, without its end.
    var first = ByteBuffer()
    /// Frame of its first and of its last line's last byte.
    var firstFrame = FrameReference.nowhere
    var lastFrame = FrameReference.nowhere
    /// Only where the code announces; else that of an earlier one.
    var announced = Announced(frame: .nowhere)
}

/// Lines of the server to replies (RFC 959 section 4.2).
///
/// Inside `xyz-` only `xyz ` ends the reply; after lost bytes a complete line with another code
/// does too.
struct ReplyReader {
    /// The code of the reply of many lines that is open; zero where none is.
    private var openCode = 0
    /// Bytes are missing since the last line that stands alone or begins a reply: what has no code
    /// may be of a reply whose beginning is missing.
    private var lacksBytes = false
    /// The reply of many lines that began last.
    var long = LongReply()

    enum Found: Equatable {
        /// The line belongs to a reply that is not yet whole.
        case partial
        /// The line is a reply of that code.
        case single(Int)
        /// The line ended the reply of many lines.
        case long
        /// The reply of many lines was given up for the line, which is to be read again.
        case interrupted
        case notAReply
        case invalidCode
    }

    mutating func lose() { lacksBytes = true }

    /// A reply stands whole in one line or payload.
    @inline(__always)
    mutating func noteWhole() { lacksBytes = false }

    /// A reply of many lines is open.
    var isInside: Bool { openCode != 0 }

    /// Inside it only a line that begins with a code says anything.
    @inline(__always)
    var passesText: Bool { openCode != 0 && !Self.announces(openCode) }

    /// Begins anew, in the same memory.
    mutating func restart() { (openCode, lacksBytes) = (0, false) }

    @inline(__always)
    mutating func read(
        _ line: Span<UInt8>, _ frame: FrameReference, isCut: Bool, followsLoss: Bool
    ) -> Found {
        guard openCode == 0 else { return readInside(line, frame, isCut: isCut) }
        guard let head = Self.code(line) else {
            return followsLoss || lacksBytes ? .partial : .notAReply
        }
        guard (100..<700).contains(head.code) else {
            return followsLoss ? .partial : .invalidCode
        }
        guard head.continues else { return .single(head.code) }
        begin(head.code, line, frame, isCut: isCut)
        return .partial
    }

    /// A reply of many lines begins.
    @inline(never)
    private mutating func begin(
        _ code: Int, _ line: Span<UInt8>, _ frame: FrameReference, isCut: Bool
    ) {
        long.code = code
        long.first.removeAll()
        long.first.append(line)
        long.firstFrame = frame
        long.lastFrame = frame
        if Self.announces(code) {
            long.announced = Announced(frame: frame)
            long.announced.read(line.extracting(3..<line.count), of: code, frame, isCut: isCut)
        }
        openCode = code
        lacksBytes = false
    }

    @inline(__always)
    private mutating func readInside(
        _ line: Span<UInt8>, _ frame: FrameReference, isCut: Bool
    ) -> Found {
        let announces = Self.announces(openCode)
        guard let head = Self.code(line) else {
            if announces { long.announced.read(line, of: openCode, frame, isCut: isCut) }
            return .partial
        }
        return readInside(line, head, frame, announces: announces, isCut: isCut)
    }

    /// A line with a code, that of the open reply or another.
    @inline(never)
    private mutating func readInside(
        _ line: Span<UInt8>, _ head: (code: Int, continues: Bool), _ frame: FrameReference,
        announces: Bool, isCut: Bool
    ) -> Found {
        let isEnd = head.code == openCode && !head.continues
        let isAnother = lacksBytes && head.code != openCode && (100..<700).contains(head.code)
        if announces, !isAnother {
            let text = isEnd ? line.extracting(3..<line.count) : line
            long.announced.read(text, of: openCode, frame, isCut: isCut)
        }
        guard isEnd || isAnother else { return .partial }
        if isEnd { long.lastFrame = frame }
        restart()
        return isAnother ? .interrupted : .long
    }

    static func announces(_ code: Int) -> Bool { (227...229).contains(code) }

    /// Three digits and a space, a hyphen or nothing; nil where a code is glued to text.
    @inline(__always)
    static func code(_ line: Span<UInt8>) -> (code: Int, continues: Bool)? {
        guard line.count >= 3, isDigit(line[0]), isDigit(line[1]), isDigit(line[2]) else {
            return nil
        }
        let code =
            Int(line[0] - 0x30) * 100 + Int(line[1] - 0x30) * 10 + Int(line[2] - 0x30)
        guard line.count > 3 else { return (code, false) }
        switch line[3] {
        case 0x20, 0x0d, 0x09: return (code, false)
        case UInt8(ascii: "-"): return (code, true)
        default: return nil
        }
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

extension Span where Element == UInt8 {
    /// A copy of the bytes.
    var array: [UInt8] {
        [UInt8](capacity: count) { copy in
            for index in 0..<count { copy.append(self[index]) }
        }
    }
}
