/// Finds the secrets in what one end of a control connection sends: the arguments of PASS and
/// ACCT, of `SITE` commands that set passwords, and of RFC 2228's commands.
///
/// What follows a beginning that no command has is a secret too. Where it cannot be told what a
/// line is, because bytes before it are missing, all of it is a secret unless it begins with
/// another command of FTP. Line ends are never part of a secret.
struct SecretScanner {
    /// Positions below this one are judged for good.
    private(set) var decided: Int
    /// Secrets that ended, as they were sent; taken by who looks for them elsewhere.
    private(set) var found: [[UInt8]] = []

    private let isClient: Bool
    private var line: Line
    private var telnet = Telnet.text
    private var word: [UInt8] = []
    private var isShouted = true
    /// A CR in a secret, not yet known to be the line's end.
    private var carriageReturn: Int?
    private var secret: [UInt8] = []
    private var walker: TLSWalker?
    /// Bytes were lost among TLS records, and none was found to begin since.
    private var isTLSBroken = false
    /// The last four bytes among TLS records, as letters in upper case.
    private var recent: UInt32 = 0

    /// Letters of a word that are looked at.
    private static let longestWord = 16
    /// So many printable bytes after a loss among TLS records are text.
    private static let leastPrintable = 6
    /// A secret is remembered up to this length.
    static let longestSecret = 128

    private enum Line: Equatable {
        /// Bytes before it are missing; whether those were of a secret.
        case doubt(since: Int, secret: Bool)
        case verb
        case plain
        /// PASS may follow inside; `exact`: only as a word of its own.
        case watched(exact: Bool)
        case site
        case secret
    }

    private enum Telnet { case text, command, option, subnegotiation, subnegotiationCommand }

    /// - Parameters:
    ///   - isClient: Whether the sender is the FTP client, so that lines are commands.
    ///   - followsLoss: Bytes before the first one are missing.
    ///   - start: Position of the first byte.
    init(isClient: Bool, followsLoss: Bool, start: Int) {
        self.isClient = isClient
        decided = start
        line = isClient && followsLoss ? .doubt(since: start, secret: false) : .verb
    }

    /// The last line has not ended, and its rest would be secret too.
    var isInside: Bool {
        if case .doubt = line { return true }
        return line == .secret
    }

    /// A line begins with the next byte.
    var beginsLine: Bool { walker == nil && line == .verb && word.isEmpty && telnet == .text }

    mutating func takeFound() -> [[UInt8]] {
        defer { found.removeAll() }
        return found
    }

    /// Takes the next bytes; `mark` is told what is secret of these and of those before.
    mutating func feed(
        _ bytes: Span<UInt8>, at position: Int, _ mark: (Range<Int>) -> Void
    ) {
        var at = 0
        while at < bytes.count {
            if walker != nil {
                guard let text = endOfTLS(bytes, from: at, position) else { break }
                at = text
                continue
            }
            if isAtStart, (20...23).contains(bytes[at]), TLSWalker.beginsRecord(bytes, at) {
                walker = TLSWalker()
                line = .verb
                continue
            }
            take(bytes[at], position + at, mark)
            at += 1
        }
        settle(position + bytes.count)
    }

    // MARK: TLS

    private mutating func leaveTLS() {
        walker = nil
        isTLSBroken = false
        recent = 0
        beginLine()
    }

    /// Where clear text begins behind TLS records, if it does.
    ///
    /// That is said by the records; but they may be none, or have lost their order, and so `PASS`
    /// and a space end them wherever they stand.
    private mutating func endOfTLS(
        _ bytes: Span<UInt8>, from start: Int, _ position: Int
    ) -> Int? {
        if isTLSBroken {
            isTLSBroken = !TLSWalker.beginsRecord(bytes, start)
            if isTLSBroken, Self.isPrintable(bytes, from: start) {
                leaveTLS()
                if isClient { line = .doubt(since: position + start, secret: true) }
                return start
            }
        }
        let text = walker?.walk(bytes, from: start)
        for at in start..<(text ?? bytes.count) {
            if bytes[at] == 0x20,
                recent == Self.packed(Self.pass) || recent == Self.packed(Self.account)
            {
                let verb = recent == Self.packed(Self.pass) ? Self.pass : Self.account
                leaveTLS()
                word = verb
                return at
            }
            recent = recent << 8 | UInt32(bytes[at] & 0xdf)
        }
        if text != nil { leaveTLS() }
        return text
    }

    private static func packed(_ word: [UInt8]) -> UInt32 {
        word.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Whether bytes are what a person could have typed, and enough to be no chance.
    private static func isPrintable(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        guard bytes.count - start >= leastPrintable else { return false }
        for at in start..<bytes.count
        where !(0x20...0x7e).contains(bytes[at]) && !(0x09...0x0d).contains(bytes[at]) {
            return false
        }
        return true
    }

    private var isAtStart: Bool {
        guard word.isEmpty, telnet == .text else { return false }
        if case .doubt = line { return true }
        return line == .verb
    }

    /// Bytes are missing before `position`.
    mutating func lose(at position: Int, _ mark: (Range<Int>) -> Void) {
        telnet = .text
        guard walker == nil else {
            walker?.lose()
            isTLSBroken = true
            recent = 0
            settle(position)
            return
        }
        let wasInside = isInside && line != .doubt(since: position, secret: false)
        giveUp(position, mark)
        endSecret()
        beginLine()
        if isClient { line = .doubt(since: position, secret: wasInside) }
        settle(position)
    }

    /// What stands there without an end.
    mutating func finish(at position: Int, _ mark: (Range<Int>) -> Void) {
        giveUp(position, mark)
        endSecret()
        line = .plain
        settle(position)
    }

    /// What follows up to the end of the line is secret.
    mutating func force(at position: Int, _ mark: (Range<Int>) -> Void) {
        giveUp(position, mark)
        walker = nil
        line = .secret
        settle(position)
    }

    /// Marks what is not decided before `position`.
    private mutating func giveUp(_ position: Int, _ mark: (Range<Int>) -> Void) {
        if case .doubt(let since, _) = line, since < position { mark(since..<position) }
        if let place = carriageReturn { mark(place..<place + 1) }
        carriageReturn = nil
    }

    private mutating func settle(_ end: Int) {
        decided = end
        if let carriageReturn { decided = carriageReturn }
        if case .doubt(let since, _) = line { decided = since }
    }

    // MARK: bytes

    private mutating func take(_ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void) {
        switch telnet {
        case .text:
            guard byte != 255 else {
                telnet = .command
                hide(at, mark)
                return
            }
            takeText(byte, at, mark)
        case .command: takeCommand(byte, at, mark)
        case .option:
            telnet = .text
            hide(at, mark)
        case .subnegotiation:
            if byte == 255 {
                telnet = .subnegotiationCommand
                hide(at, mark)
            } else if isClient {
                // FTP has none: one that never ends may be a name in Latin-1, and hold all that follows.
                note(at, mark)
            }
        case .subnegotiationCommand:
            telnet = byte == 240 ? .text : .subnegotiation
            hide(at, mark)
        }
    }

    /// RFC 854, read as `LineReader` reads it.
    private mutating func takeCommand(
        _ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void
    ) {
        telnet = .text
        switch byte {
        case 250: telnet = .subnegotiation
        case 251...254: telnet = .option
        case 236...249: break
        case 255:
            takeText(255, at, mark)
            return
        case 0x0a: break
        default:
            // No command: a byte that its sender did not double.
            takeText(255, at - 1, mark)
            takeText(byte, at, mark)
            return
        }
        hide(at, mark)
    }

    /// Bytes of Telnet inside a secret go with it.
    private mutating func hide(_ at: Int, _ mark: (Range<Int>) -> Void) {
        if line == .secret { note(at, mark) }
    }

    private mutating func note(_ at: Int, _ mark: (Range<Int>) -> Void) {
        if let place = carriageReturn { mark(place..<place + 1) }
        carriageReturn = nil
        mark(at..<at + 1)
    }

    private mutating func takeText(_ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void) {
        if byte == 0x0a {
            if case .doubt(let since, _) = line, !isReadable(before: byte) { mark(since..<at) }
            carriageReturn = nil
            endSecret()
            beginLine()
            return
        }
        switch line {
        case .plain: break
        case .secret: takeSecret(byte, at, mark)
        case .doubt(let since, _): takeDoubtful(byte, at, since, mark)
        case .verb: takeVerb(byte, at, mark)
        case .watched(let exact): takeWatched(byte, at, exact: exact, mark)
        case .site: takeSite(byte, at, mark)
        }
    }

    private mutating func takeSecret(_ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void) {
        if byte == 0x0d {
            if let place = carriageReturn { mark(place..<place + 1) }
            carriageReturn = at
            return
        }
        note(at, mark)
        if secret.count < Self.longestSecret { secret.append(byte) }
    }

    /// What follows is secret. The byte that ended the word before it stays: else the word would be
    /// another afterwards.
    private mutating func beginSecret() {
        line = .secret
        secret.removeAll(keepingCapacity: true)
    }

    /// Behind PASS and ACCT all is secret but the space.
    private mutating func beginSecret(_ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void) {
        beginSecret()
        if byte != 0x20 { takeSecret(byte, at, mark) }
    }

    private mutating func endSecret() {
        if line == .secret, isClient, !secret.isEmpty { found.append(secret) }
        secret.removeAll(keepingCapacity: true)
    }

    private mutating func beginLine() {
        line = .verb
        word.removeAll(keepingCapacity: true)
        isShouted = true
    }

    // MARK: words

    private static let pass = Array("PASS".utf8)
    private static let account = Array("ACCT".utf8)
    /// Commands of RFC 2228 whose argument may hold another command, or a ticket.
    private static let wrapped: Set<String> = ["MIC", "ENC", "CONF", "ADAT"]
    /// What `SITE` may do that is no secret.
    private static let harmlessSite: Set<String> = [
        "CHMOD", "UMASK", "IDLE", "HELP", "UTIME", "SYMLINK", "LINK", "CPFR", "CPTO", "MKDIR",
        "RMDIR", "DIRSTYLE", "ZONE", "STATS", "WHO", "QUOTA", "CHGRP", "NAMEFMT", "LISTFMT",
    ]

    /// A verb of FTP, in upper case.
    private static func isCommand(_ word: String) -> Bool {
        let family = Verb(rawValue: word)?.family
        return family == .own || family == .shared
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte & 0xdf) }

    private mutating func append(_ byte: UInt8) {
        if word.count < Self.longestWord { word.append(byte & 0xdf) }
        if byte & 0x20 != 0 { isShouted = false }
    }

    private mutating func takeVerb(_ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void) {
        if word.isEmpty, byte == 0x20 || byte == 0 { return }
        if Self.isLetter(byte) {
            if word == Self.pass || word == Self.account {
                beginSecret(byte, at, mark)
            } else {
                append(byte)
            }
            return
        }
        let verb = String(decoding: word, as: UTF8.self)
        let isLone = word == Self.pass || word == Self.account
        word.removeAll(keepingCapacity: true)
        if isLone {
            beginSecret(byte, at, mark)
        } else if Self.wrapped.contains(verb) {
            beginSecret()
        } else if verb == "SITE" {
            line = .site
        } else if verb == "USER" {
            line = .watched(exact: true)
        } else if Self.isCommand(verb) {
            line = .plain
        } else if !isClient {
            line = .plain
        } else if !verb.isEmpty, [0x20, 0x0d].contains(byte) {
            line = .watched(exact: false)
        } else {
            beginSecret()
        }
    }

    private mutating func takeWatched(
        _ byte: UInt8, _ at: Int, exact: Bool, _ mark: (Range<Int>) -> Void
    ) {
        guard !Self.isLetter(byte) else {
            // Of a long word the end counts.
            if word.count == Self.longestWord { word.removeFirst() }
            append(byte)
            return
        }
        let ends = word.suffix(4)
        let isPassword =
            ends.elementsEqual(Self.pass) || ends.elementsEqual(Self.account)
        let isFound = isPassword && (!exact || word.count == 4)
        word.removeAll(keepingCapacity: true)
        if isFound { beginSecret() }
    }

    private mutating func takeSite(_ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void) {
        if word.isEmpty, byte == 0x20 { return }
        guard Self.isLetter(byte) else {
            let name = String(decoding: word, as: UTF8.self)
            word.removeAll(keepingCapacity: true)
            if Self.harmlessSite.contains(name) {
                line = .plain
            } else {
                beginSecret()
            }
            return
        }
        append(byte)
    }

    private mutating func takeDoubtful(
        _ byte: UInt8, _ at: Int, _ since: Int, _ mark: (Range<Int>) -> Void
    ) {
        if word.isEmpty, byte == 0x20 || byte == 0 { return }
        if Self.isLetter(byte), word.count <= 8 {
            append(byte)
        } else if isReadable(before: byte) {
            line = .verb
            takeVerb(byte, at, mark)
        } else {
            mark(since..<at)
            line = .secret
            takeSecret(byte, at, mark)
        }
    }

    /// Whether a line that follows a loss begins as a command: then it is no rest of another.
    private func isReadable(before byte: UInt8) -> Bool {
        guard case .doubt(_, let secret) = line, [0x20, 0x0d, 0x0a].contains(byte),
            !secret || isShouted
        else { return false }
        let verb = String(decoding: word, as: UTF8.self)
        return Self.isCommand(verb)
    }
}
