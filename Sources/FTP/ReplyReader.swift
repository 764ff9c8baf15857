import Net

/// A whole reply of the server.
struct Reply {
    var code: Int
    /// Its first line with its code, without its end.
    var first: [UInt8]
    /// Frame of its first and of its last line's last byte.
    var firstFrame: FrameReference
    var lastFrame: FrameReference
    /// For 227, 228 and 229: what its lines say, and the frame of the line that says it.
    var announced: AnnouncedEndpoint = .nothing
    var announcedFrame: FrameReference
    var isCut: Bool
}

/// Lines of the server to replies (RFC 959 section 4.2).
///
/// Inside `xyz-` only `xyz ` ends the reply; after lost bytes a complete line with another code
/// does too.
struct ReplyReader {
    private var open: Reply?
    private var lostInside = false

    enum Found {
        /// The line belongs to a reply that is not yet whole.
        case partial
        case reply(Reply)
        /// The line ended a reply that was open, and is one itself.
        case replies(unterminated: Reply, Reply)
        /// A new multi-line reply began, and one that was open is given up.
        case restarted(unterminated: Reply)
        case notAReply
        case invalidCode
    }

    var isInside: Bool { open != nil }

    mutating func lose() { lostInside = true }

    mutating func read(
        _ line: [UInt8], _ frame: FrameReference, isCut: Bool, followsLoss: Bool
    ) -> Found {
        guard let head = Self.code(line) else {
            guard open != nil else { return followsLoss ? .partial : .notAReply }
            note(line[...], frame, isCut: isCut)
            return .partial
        }
        let isLast = !head.continues
        if var reply = open {
            if head.code == reply.code, isLast {
                open = nil
                lostInside = false
                reply.lastFrame = frame
                Self.note(&reply, line.dropFirst(3), frame, isCut: isCut)
                return .reply(reply)
            }
            guard lostInside, head.code != reply.code, (100..<700).contains(head.code) else {
                note(line[...], frame, isCut: isCut)
                return .partial
            }
            open = nil
            lostInside = false
            let fresh = Self.begin(head.code, line, frame, isCut: isCut)
            if isLast { return .replies(unterminated: reply, fresh) }
            open = fresh
            return .restarted(unterminated: reply)
        }
        guard (100..<700).contains(head.code) else { return .invalidCode }
        let reply = Self.begin(head.code, line, frame, isCut: isCut)
        if isLast { return .reply(reply) }
        open = reply
        lostInside = false
        return .partial
    }

    private static func begin(
        _ code: Int, _ line: [UInt8], _ frame: FrameReference, isCut: Bool
    ) -> Reply {
        var reply = Reply(
            code: code, first: line, firstFrame: frame, lastFrame: frame, announcedFrame: frame,
            isCut: isCut)
        note(&reply, line.dropFirst(3), frame, isCut: isCut)
        return reply
    }

    private mutating func note(_ text: ArraySlice<UInt8>, _ frame: FrameReference, isCut: Bool) {
        guard var reply = open, (227...229).contains(reply.code) else { return }
        Self.note(&reply, text, frame, isCut: isCut)
        open = reply
    }

    /// An address on a later line stands before one on an earlier line.
    private static func note(
        _ reply: inout Reply, _ text: ArraySlice<UInt8>, _ frame: FrameReference, isCut: Bool
    ) {
        let found: AnnouncedEndpoint
        switch reply.code {
        case 227: found = AnnouncementParser.passive(text, isCut: isCut)
        case 228: found = AnnouncementParser.longPassive(text, isCut: isCut)
        case 229: found = AnnouncementParser.extendedPassive(text, isCut: isCut)
        default: return
        }
        switch found {
        case .nothing: return
        case .malformed: guard case .nothing = reply.announced else { return }
        case .endpoint, .port: break
        }
        reply.announced = found
        reply.announcedFrame = frame
    }

    /// Three digits and a space, a hyphen or nothing. A code glued to text is one as well; callers
    /// tell it by `isGlued`.
    static func code(_ line: [UInt8]) -> (code: Int, continues: Bool)? {
        guard line.count >= 3, line.prefix(3).allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        let code = line.prefix(3).reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard line.count > 3 else { return (code, false) }
        switch line[3] {
        case 0x20, 0x0d, 0x09: return (code, false)
        case UInt8(ascii: "-"): return (code, true)
        default: return nil
        }
    }
}
