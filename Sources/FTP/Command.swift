/// A command of the client: its verb, and where its word and its argument stand in the line.
struct Command {
    let verb: Verb
    let word: Range<Int>
    let argument: Range<Int>

    init(_ verb: Verb, word: Range<Int>, argument: Range<Int>) {
        (self.verb, self.word, self.argument) = (verb, word, argument)
    }

    /// Reads `VERB argument`; nil where the line does not begin with a word of 3 to 8 letters.
    init?(_ line: Span<UInt8>) {
        var start = 0
        while start < line.count, line[start] == 0x20 || line[start] == 0 { start += 1 }
        var end = start
        var packed: UInt64 = 0
        while end < line.count, Self.isLetter(line[end]) {
            packed = Verb.pack(packed, line[end])
            end += 1
        }
        guard (3...Verb.longest).contains(end - start), end == line.count || line[end] == 0x20
        else { return nil }
        verb = Verb(packed: packed)
        word = start..<end
        while end < line.count, line[end] == 0x20 { end += 1 }
        argument = end..<line.count
    }

    @inline(__always)
    static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5a).contains(byte & 0xdf)
    }

    /// Whether bytes begin as a command of FTP may; fewer than four are judged as far as they go.
    static func mayBegin(_ bytes: Span<UInt8>) -> Bool {
        var packed: UInt64 = 0
        var at = 0
        while at < bytes.count, at < Verb.longest, isLetter(bytes[at]) {
            packed = Verb.pack(packed, bytes[at])
            at += 1
        }
        guard at == bytes.count else {
            return [0x20, 0x0d, 0x0a].contains(bytes[at]) && isFTP(Verb(packed: packed))
        }
        let word = bytes.extracting(0..<at)
        return at > 0 && Verb.allCases.contains { isFTP($0) && begins($0, with: word) }
    }

    private static func isFTP(_ verb: Verb) -> Bool {
        verb.family == .own || verb.family == .shared
    }

    private static func begins(_ verb: Verb, with word: Span<UInt8>) -> Bool {
        var at = 0
        for letter in verb.rawValue.utf8.prefix(word.count) {
            guard letter == word[at] & 0xdf else { return false }
            at += 1
        }
        return at == word.count
    }
}
