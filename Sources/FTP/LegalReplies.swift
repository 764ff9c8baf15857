/// Positive replies that a command may have; commands that are not listed take any.
///
/// Errors (4yz, 5yz) may answer every command.
enum LegalReplies {
    static func accepts(_ code: Int, _ verb: Verb) -> Bool {
        if code >= 400, code < 600 { return true }
        switch verb {
        // RFC 959 section 5.4, RFC 2228 section 5
        case .user:
            return code == 230 || code == 232 || code == 234 || code == 336
                || code == 331 || code == 332
        case .pass: return code == 200 || code == 202 || code == 230 || code == 232 || code == 332
        case .acct: return code == 202 || code == 230
        // RFC 959 section 5.4, and servers that answer as for EPSV
        case .pasv: return code == 227 || code == 229
        // RFC 2428 sections 3 and 4
        case .epsv: return code == 200 || code == 227 || code == 229
        // RFC 1639 section 4
        case .lpsv: return code == 228
        // RFC 2228 section 5, RFC 4217 section 4
        case .auth: return code == 232 || code == 234 || code == 235 || code == 334
        case .adat: return code == 235 || code == 335
        // RFC 959 section 5.4, RFC 3659 section 7
        case .retr, .stor, .stou, .appe, .list, .nlst, .mlsd:
            return code == 110 || code == 125 || code == 150 || code == 225 || code == 226
                || code == 250
        case .abor: return code == 225 || code == 226
        case .pwd, .xpwd: return code == 257
        case .mkd, .xmkd: return code == 250 || code == 257
        default: return !isDistinct(code)
        }
    }

    /// Whether a reply says that a transfer goes on or went on (RFC 959 section 4.2).
    static func tellsTransfer(_ code: Int) -> Bool { code == 125 || code == 150 || code == 226 }

    /// Codes that belong to one of the listed commands and to no other.
    private static func isDistinct(_ code: Int) -> Bool {
        switch code {
        case 125, 150, 226, 227, 228, 229, 230, 234, 257, 331, 334: true
        default: false
        }
    }
}
