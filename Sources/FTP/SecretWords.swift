/// The words by which secrets are told, and what is none.
extension SecretScanner {
    static let pass = Array("PASS".utf8)
    static let account = Array("ACCT".utf8)
    /// Commands of RFC 2228 whose argument may hold another command, or a ticket.
    static let wrapped: Set<String> = ["MIC", "ENC", "CONF", "ADAT"]
    /// Commands in use that the audit does not look at, and that hold no secret.
    static let extensions: Set<String> = [
        "AVBL", "CPSV", "CSID", "DSIZ", "HASH", "LANG", "MFCT", "MFF", "RANG", "SSCN", "XCRC",
    ]
    /// What `SITE` may do that is no secret.
    static let harmlessSite: Set<String> = [
        "CHMOD", "UMASK", "IDLE", "HELP", "UTIME", "SYMLINK", "LINK", "CPFR", "CPTO", "MKDIR",
        "RMDIR", "DIRSTYLE", "ZONE", "STATS", "WHO", "QUOTA", "CHGRP", "NAMEFMT", "LISTFMT",
    ]

    /// A verb of FTP, in upper case.
    static func isCommand(_ word: String) -> Bool {
        let family = Verb(rawValue: word)?.family
        return family == .own || family == .shared
    }

    static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte & 0xdf) }

    /// Whether a word is a command of FTP, or nothing.
    static func isKnown(_ word: [UInt8]) -> Bool {
        let verb = String(decoding: word, as: UTF8.self)
        return word.isEmpty || isCommand(verb) || wrapped.contains(verb)
            || extensions.contains(verb)
    }

    /// So many printable bytes after a loss among TLS records are text.
    static let leastPrintable = 6

    static func packed(_ word: [UInt8]) -> UInt32 {
        word.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Whether bytes are what a person could have typed, and enough to be no chance.
    static func isPrintable(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        guard bytes.count - start >= leastPrintable else { return false }
        for at in start..<bytes.count
        where !(0x20...0x7e).contains(bytes[at]) && !(0x09...0x0d).contains(bytes[at]) {
            return false
        }
        return true
    }
}
