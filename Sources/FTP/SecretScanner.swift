/// Finds the secrets in what one end of a control connection sends: the arguments of PASS and
/// ACCT, of `SITE` commands that set passwords, and of RFC 2228's commands.
///
/// A line that begins with no command is a secret as a whole, and so is what stands in a user's name
/// between a colon and an @. Where it cannot be told what a line is, because bytes before it are
/// missing, all of it is a secret unless it begins with another command of FTP. Line ends are never
/// part of a secret.
struct SecretScanner {
    /// Positions below this one are judged for good.
    private(set) var decided: Int
    /// Secrets that ended, as they were sent; taken by who looks for them elsewhere.
    private(set) var found: [[UInt8]] = []

    let isClient: Bool
    var line: Line
    private var telnet = Telnet()
    var word: [UInt8] = []
    private var isShouted = true
    /// Where the letters of a line's first word stand.
    private var letters: [Int] = []
    /// The first word as it was sent; of a line without a command the beginning of the secret.
    private var typed: [UInt8] = []
    /// The secret is such a line.
    private var isTyped = false
    private var name = NamedPassword()
    /// A CR in a secret, not yet known to be the line's end.
    private var carriageReturn: Int?
    private var secret: [UInt8] = []
    var walker: TLSWalker?
    /// Bytes were lost among TLS records, and none was found to begin since.
    var isTLSBroken = false
    /// The last four bytes among TLS records, as letters in upper case.
    var recent: UInt32 = 0

    /// Letters of a word that are looked at.
    private static let longestWord = 16
    /// A secret is remembered up to this length.
    static let longestSecret = 128

    enum Line: Equatable {
        /// Bytes before it are missing; whether those were of a secret.
        case doubt(since: Int, secret: Bool)
        case verb
        case plain
        /// The name of a user, behind which somebody may have put a password.
        case user
        case site
        /// A word that no command has; its letters are secret, and all behind it.
        case unknown
        case secret
    }

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
        return line == .secret || line == .unknown
    }

    /// A line begins with the next byte.
    var beginsLine: Bool { walker == nil && line == .verb && word.isEmpty && telnet.isText }

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

    private var isAtStart: Bool {
        guard word.isEmpty, telnet.isText else { return false }
        if case .doubt = line { return true }
        return line == .verb
    }

    /// Bytes are missing before `position`.
    mutating func lose(at position: Int, _ mark: (Range<Int>) -> Void) {
        telnet = Telnet()
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
        if line == .verb, isClient, !Self.isKnown(word) { markLetters(mark) }
        if line == .user, let begin = name.begin, begin < position { mark(begin..<position) }
        if let place = carriageReturn { mark(place..<place + 1) }
        carriageReturn = nil
    }

    private mutating func settle(_ end: Int) {
        decided = end
        if let carriageReturn { decided = carriageReturn }
        if case .doubt(let since, _) = line { decided = since }
        if line == .verb, isClient, let first = letters.first { decided = first }
        if line == .user, let begin = name.begin { decided = begin }
    }

    // MARK: bytes

    private mutating func take(_ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void) {
        switch telnet.take(byte) {
        case .text, .doubled: takeText(byte, at, mark)
        case .command: hide(at, mark)
        case .parameter:
            // FTP has none: one that never ends may be a name in Latin-1, and hold all that follows.
            if isClient { note(at, mark) }
        case .undoubled:
            // As `LineReader` reads it.
            guard byte != 0x0a else { return hide(at, mark) }
            takeText(Telnet.interpretAsCommand, at - 1, mark)
            takeText(byte, at, mark)
        }
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
            if line == .verb, isClient, !Self.isKnown(word) { beginTyped(byte, mark) }
            if line == .unknown { beginTyped(byte, mark) }
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
        case .user: takeUser(byte, at, mark)
        case .site: takeSite(byte, at, mark)
        case .unknown:
            if Self.isLetter(byte) {
                mark(at..<at + 1)
                keepTyped(byte)
            } else {
                beginTyped(byte, mark)
            }
        }
    }

    private mutating func takeSecret(_ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void) {
        if byte == 0x0d {
            if let place = carriageReturn { mark(place..<place + 1) }
            carriageReturn = at
            return
        }
        note(at, mark)
        if isTyped, byte == 0x20 {
            found.append(secret)
            isTyped = false
        }
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

    mutating func beginLine() {
        line = .verb
        word.removeAll(keepingCapacity: true)
        letters.removeAll(keepingCapacity: true)
        typed.removeAll(keepingCapacity: true)
        isTyped = false
        name = NamedPassword()
        isShouted = true
    }

    // MARK: words

    private mutating func append(_ byte: UInt8) {
        if word.count < Self.longestWord { word.append(byte & 0xdf) }
        if byte & 0x20 != 0 { isShouted = false }
    }

    private mutating func markLetters(_ mark: (Range<Int>) -> Void) {
        for letter in letters { mark(letter..<letter + 1) }
        letters.removeAll(keepingCapacity: true)
    }

    private mutating func takeVerb(_ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void) {
        if word.isEmpty, byte == 0x20 || byte == 0 { return }
        if Self.isLetter(byte) {
            if word == Self.pass || word == Self.account {
                beginSecret(byte, at, mark)
            } else {
                append(byte)
                letters.append(at)
                keepTyped(byte)
                guard isClient, word.count > Verb.longest else { return }
                markLetters(mark)
                line = .unknown
            }
            return
        }
        let verb = String(decoding: word, as: UTF8.self)
        let isLone = word == Self.pass || word == Self.account
        let isKnown = !word.isEmpty && Self.isKnown(word) && byte <= 0x20
        word.removeAll(keepingCapacity: true)
        if isLone {
            beginSecret(byte, at, mark)
        } else if Self.wrapped.contains(verb) {
            beginSecret()
        } else if verb == "SITE" {
            line = .site
        } else if verb == "USER" {
            line = .user
        } else if isKnown || !isClient {
            line = .plain
        } else {
            beginTyped(byte, mark)
        }
    }

    private mutating func keepTyped(_ byte: UInt8) {
        if typed.count < Self.longestSecret { typed.append(byte) }
    }

    /// A password without its command, or a command that was mistyped: all of the line is secret,
    /// but for the byte that ends its first word, and servers repeat it in any case.
    private mutating func beginTyped(_ byte: UInt8, _ mark: (Range<Int>) -> Void) {
        markLetters(mark)
        beginSecret()
        secret = typed
        isTyped = byte != 0x20
        if !isTyped, !typed.isEmpty { found.append(typed) }
        if byte != 0x0a, byte != 0x0d { secret.append(byte) }
    }

    private mutating func takeUser(_ byte: UInt8, _ at: Int, _ mark: (Range<Int>) -> Void) {
        if let password = name.take(byte, at: at) { mark(password) }
        guard !Self.isLetter(byte) else {
            append(byte)
            return
        }
        let isPassword = word == Self.pass || word == Self.account
        word.removeAll(keepingCapacity: true)
        if isPassword { beginSecret() }
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
