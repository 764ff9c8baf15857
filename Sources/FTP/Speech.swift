/// A payload that is one command or one reply, whole and plain: told by its bytes alone, so that it
/// can be found wherever packets are decoded. Whoever stands between two lines takes it as what it
/// is; for all others, and all other payloads, the lines are read.
struct Speech {
    enum Kind: UInt32 {
        /// A command that is listed.
        case command = 1
        /// A reply of one line.
        case reply = 2
        /// A reply of many lines that announces nothing.
        case longReply = 3
    }

    /// Two bits of `Kind`, ten of a verb or a code, eight of a length, eight of a place.
    let packed: UInt32

    let kind: Kind
    private var value: Int { Int(packed >> 2 & 0x3ff) }
    private var length: Int { Int(packed >> 12 & 0xff) }
    private var place: Int { Int(packed >> 20 & 0xff) }

    /// What was told before; nil where it is zero.
    init?(packed: UInt32) {
        guard let kind = Kind(rawValue: packed & 3) else { return nil }
        (self.kind, self.packed) = (kind, packed)
    }

    private init?(_ kind: Kind, _ value: Int, length: Int = 0, place: Int = 0) {
        guard length < 256, place < 256 else { return nil }
        self.kind = kind
        packed =
            kind.rawValue | UInt32(value) << 2 | UInt32(length) << 12 | UInt32(place) << 20
    }

    /// Of a reply.
    var code: Int { value }
    /// Of a reply of many lines that ends at `end`: the text of its first.
    func firstLine(_ end: Int) -> Range<Int> { 0..<min(length, end) }

    /// Of a command whose line ends at `end`.
    func command(_ end: Int) -> Command {
        Command(Verb(slot: value), word: 0..<min(length, end), argument: min(place, end)..<end)
    }

    /// What a payload is; nil where it is none of these.
    init?(_ payload: Span<UInt8>) {
        guard payload.count >= 4 else { return nil }
        let speech =
            ReplyReader.isDigit(payload[0]) ? Self.reply(payload) : Self.command(payload)
        guard let speech else { return nil }
        self = speech
    }

    /// Where the text of the last line of a payload ends, which is whole.
    @inline(__always)
    static func textEnd(_ payload: Span<UInt8>) -> Int {
        let end = payload.count
        return end >= 2 && payload[end - 2] == 0x0d ? end - 2 : end - 1
    }

    private static func command(_ payload: Span<UInt8>) -> Speech? {
        var end = 0
        var packed: UInt64 = 0
        while end < payload.count, end <= Verb.longest, Command.isLetter(payload[end]) {
            packed = Verb.pack(packed, payload[end])
            end += 1
        }
        guard (3...Verb.longest).contains(end), end < payload.count,
            let slot = Verb.slot(listed: packed),
            LineReader.endOfText(payload, from: end) == payload.count - 1,
            payload[payload.count - 1] == 0x0a
        else { return nil }
        let textEnd = textEnd(payload)
        guard end >= textEnd || payload[end] == 0x20 else { return nil }
        var place = end
        while place < textEnd, payload[place] == 0x20 { place += 1 }
        return Speech(.command, slot, length: end, place: place)
    }

    private static func reply(_ payload: Span<UInt8>) -> Speech? {
        guard let (first, after) = line(payload, 0),
            let head = ReplyReader.code(payload.extracting(first)),
            (100..<700).contains(head.code)
        else { return nil }
        guard head.continues else {
            return after == payload.count ? Speech(.reply, head.code) : nil
        }
        guard !ReplyReader.announces(head.code), ends(payload, after, with: head.code) else {
            return nil
        }
        var at = after
        while at < payload.count {
            // TLS begins so, in the place of a line.
            guard !TLSWalker.mayBegin(payload[at]), let (text, next) = line(payload, at) else {
                return nil
            }
            at = next
            if ReplyReader.isDigit(payload[text.lowerBound]),
                let last = ReplyReader.code(payload.extracting(text)), last.code == head.code,
                !last.continues
            {
                guard at == payload.count else { return nil }
                return Speech(.longReply, head.code, length: first.count)
            }
        }
        return nil
    }

    /// Whether the last line, behind `start`, is the one that ends a reply of many lines. Asked
    /// first: of a listing in several segments the lines need not be looked at.
    private static func ends(_ payload: Span<UInt8>, _ start: Int, with code: Int) -> Bool {
        guard payload[payload.count - 1] == 0x0a else { return false }
        var last = payload.count - 1
        while last > start, payload[last - 1] != 0x0a { last -= 1 }
        let text = payload.extracting(last..<max(last, textEnd(payload)))
        guard let head = ReplyReader.code(text) else { return false }
        return head.code == code && !head.continues
    }

    /// The text of a line without Telnet commands, and where the next begins.
    private static func line(_ payload: Span<UInt8>, _ start: Int) -> (Range<Int>, next: Int)? {
        LineReader.wholeLine(payload, from: start, most: payload.count).map { ($0.text, $0.next) }
    }
}
