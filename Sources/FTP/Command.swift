/// A command of the client: its verb in upper case and where its argument begins.
struct Command {
    var verb: String
    var argument: ArraySlice<UInt8>

    /// Reads `VERB argument`; nil where the line does not begin with a word of letters.
    init?(_ line: [UInt8]) {
        var start = 0
        while start < line.count, line[start] == 0x20 || line[start] == 0 { start += 1 }
        var end = start
        while end < line.count, Self.isLetter(line[end]) { end += 1 }
        guard (3...8).contains(end - start), end == line.count || line[end] == 0x20 else {
            return nil
        }
        verb = String(decoding: line[start..<end].map { $0 & 0xdf }, as: UTF8.self)
        while end < line.count, line[end] == 0x20 { end += 1 }
        argument = line[end...]
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5a).contains(byte & 0xdf)
    }

    /// Verbs that only FTP has (RFC 959, 2228, 2389, 2428, 3659, 1639).
    static let ownVerbs: Set<String> = [
        "PASV", "EPSV", "LPSV", "PORT", "EPRT", "LPRT", "CWD", "XCWD", "CDUP", "XCUP", "PWD",
        "XPWD", "TYPE", "STRU", "STOR", "STOU", "APPE", "NLST", "MLSD", "MLST", "SYST", "SIZE",
        "MDTM", "REST", "RNFR", "RNTO", "MKD", "XMKD", "RMD", "XRMD", "SITE", "PBSZ", "PROT",
        "CCC", "ADAT", "CLNT", "ALLO", "ACCT", "SMNT", "REIN", "ABOR", "MFMT", "OPTS",
    ]

    /// Verbs that FTP shares with mail and news.
    static let sharedVerbs: Set<String> = [
        "USER", "PASS", "LIST", "RETR", "DELE", "QUIT", "NOOP", "HELP", "STAT", "AUTH", "FEAT",
        "HOST", "MODE",
    ]

    /// Verbs that tell another protocol: SMTP, POP3, IMAP, NNTP, IRC, HTTP.
    static let foreignVerbs: Set<String> = [
        "EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "STARTTLS", "VRFY", "EXPN", "ETRN", "BDAT",
        "XCLIENT", "NICK", "JOIN", "PRIVMSG", "CAP", "GET", "POST", "PUT", "HEAD", "CONNECT",
        "OPTIONS", "CAPA", "STLS", "APOP", "UIDL", "GROUP", "ARTICLE", "XOVER", "AUTHINFO",
    ]

    static let transferVerbs: Set<String> = [
        "RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD",
    ]

    /// Whether bytes begin as a command of FTP may; fewer than four are judged as far as they go.
    static func mayBegin(_ bytes: Span<UInt8>) -> Bool {
        var word: [UInt8] = []
        var at = 0
        while at < bytes.count, at < 9, isLetter(bytes[at]) {
            word.append(bytes[at] & 0xdf)
            at += 1
        }
        let text = String(decoding: word, as: UTF8.self)
        if at == bytes.count {
            return !word.isEmpty
                && (ownVerbs.contains { $0.hasPrefix(text) }
                    || sharedVerbs.contains { $0.hasPrefix(text) })
        }
        return [0x20, 0x0d, 0x0a].contains(bytes[at])
            && (ownVerbs.contains(text) || sharedVerbs.contains(text))
    }
}

/// Positive replies that a command may have; verbs that are not listed take any.
///
/// Errors (4yz, 5yz) may answer every command.
enum LegalReplies {
    static func accepts(_ code: Int, _ verb: String) -> Bool {
        if code >= 400, code < 600 { return true }
        guard let codes = table[verb] else { return !isDistinct(code) }
        return codes.contains(code)
    }

    /// Codes that belong to one of the listed commands and to no other.
    private static func isDistinct(_ code: Int) -> Bool {
        [125, 150, 226, 227, 228, 229, 230, 234, 257, 331, 334].contains(code)
    }

    private static let transfer: Set<Int> = [110, 125, 150, 225, 226, 250]

    private static let table: [String: Set<Int>] = [
        "USER": [230, 232, 234, 331, 332, 336],  // RFC 959 5.4, RFC 2228 5
        "PASS": [200, 202, 230, 232, 332],  // RFC 959 5.4
        "ACCT": [202, 230],
        "PASV": [227, 229],  // RFC 959 5.4, and servers that answer as for EPSV
        "EPSV": [200, 227, 229],  // RFC 2428 3 and 4
        "LPSV": [228],  // RFC 1639 4
        "AUTH": [232, 234, 235, 334],  // RFC 2228 5, RFC 4217 4
        "ADAT": [235, 335],
        "RETR": transfer, "STOR": transfer, "STOU": transfer, "APPE": transfer,
        "LIST": transfer, "NLST": transfer, "MLSD": transfer,  // RFC 959 5.4, RFC 3659 7
        "ABOR": [225, 226],
        "PWD": [257], "XPWD": [257],
        "MKD": [250, 257], "XMKD": [250, 257],
    ]
}
