/// The commands of FTP and of the protocols that are told from it.
///
/// Source: RFC 959, 1639, 2228, 2389, 2428, 3659, 7151 and drafts in use.
enum Verb: String, CaseIterable {
    // What only FTP has.
    case abor = "ABOR"
    case acct = "ACCT"
    case adat = "ADAT"
    case allo = "ALLO"
    case appe = "APPE"
    case ccc = "CCC"
    case cdup = "CDUP"
    case clnt = "CLNT"
    case cwd = "CWD"
    case eprt = "EPRT"
    case epsv = "EPSV"
    case lprt = "LPRT"
    case lpsv = "LPSV"
    case mdtm = "MDTM"
    case mfmt = "MFMT"
    case mkd = "MKD"
    case mlsd = "MLSD"
    case mlst = "MLST"
    case nlst = "NLST"
    case opts = "OPTS"
    case pasv = "PASV"
    case pbsz = "PBSZ"
    case port = "PORT"
    case prot = "PROT"
    case pwd = "PWD"
    case rein = "REIN"
    case rest = "REST"
    case rmd = "RMD"
    case rnfr = "RNFR"
    case rnto = "RNTO"
    case site = "SITE"
    case size = "SIZE"
    case smnt = "SMNT"
    case stor = "STOR"
    case stou = "STOU"
    case stru = "STRU"
    case syst = "SYST"
    case type = "TYPE"
    case xcup = "XCUP"
    case xcwd = "XCWD"
    case xmkd = "XMKD"
    case xpwd = "XPWD"
    case xrmd = "XRMD"
    // What FTP shares with mail and news.
    case auth = "AUTH"
    case dele = "DELE"
    case feat = "FEAT"
    case help = "HELP"
    case host = "HOST"
    case list = "LIST"
    case mode = "MODE"
    case noop = "NOOP"
    case pass = "PASS"
    case quit = "QUIT"
    case retr = "RETR"
    case stat = "STAT"
    case user = "USER"
    // Under a security mechanism (RFC 2228 section 3).
    case conf = "CONF"
    case enc = "ENC"
    case mic = "MIC"
    // What tells another protocol: SMTP, POP3, IMAP, NNTP, IRC, HTTP, DICT, CDDB.
    case apop = "APOP"
    case article = "ARTICLE"
    case authinfo = "AUTHINFO"
    case bdat = "BDAT"
    case cap = "CAP"
    case capa = "CAPA"
    case cddb = "CDDB"
    case client = "CLIENT"
    case connect = "CONNECT"
    case data = "DATA"
    case define = "DEFINE"
    case ehlo = "EHLO"
    case etrn = "ETRN"
    case expn = "EXPN"
    case get = "GET"
    case group = "GROUP"
    case head = "HEAD"
    case helo = "HELO"
    case join = "JOIN"
    case lhlo = "LHLO"
    case mail = "MAIL"
    case nick = "NICK"
    case options = "OPTIONS"
    case post = "POST"
    case privmsg = "PRIVMSG"
    case put = "PUT"
    case rcpt = "RCPT"
    case starttls = "STARTTLS"
    case stls = "STLS"
    case uidl = "UIDL"
    case vrfy = "VRFY"
    case xclient = "XCLIENT"
    case xover = "XOVER"
    /// Any other word.
    case other = ""

    enum Family { case own, shared, protected, foreign, other }

    var family: Family {
        switch self {
        case .abor, .acct, .adat, .allo, .appe, .ccc, .cdup, .clnt, .cwd, .eprt, .epsv, .lprt,
            .lpsv, .mdtm, .mfmt, .mkd, .mlsd, .mlst, .nlst, .opts, .pasv, .pbsz, .port, .prot, .pwd,
            .rein, .rest, .rmd, .rnfr, .rnto, .site, .size, .smnt, .stor, .stou, .stru, .syst,
            .type, .xcup, .xcwd, .xmkd, .xpwd, .xrmd:
            .own
        case .auth, .dele, .feat, .help, .host, .list, .mode, .noop, .pass, .quit, .retr, .stat,
            .user:
            .shared
        case .conf, .enc, .mic: .protected
        case .apop, .article, .authinfo, .bdat, .cap, .capa, .cddb, .client, .connect, .data,
            .define, .ehlo, .etrn, .expn, .get, .group, .head, .helo, .join, .lhlo, .mail, .nick,
            .options, .post, .privmsg, .put, .rcpt, .starttls, .stls, .uidl, .vrfy, .xclient,
            .xover:
            .foreign
        case .other: .other
        }
    }

    /// Uses the data connection.
    var isTransfer: Bool {
        switch self {
        case .retr, .stor, .stou, .appe, .list, .nlst, .mlsd: true
        default: false
        }
    }

    /// Neither it nor a positive answer to it says anything of the session but that it is FTP.
    var isPlain: Bool {
        switch self {
        case .user, .pass, .acct, .auth, .adat, .ccc, .rein, .port, .eprt, .lprt, .pasv, .epsv,
            .lpsv, .retr, .stor, .stou, .appe, .list, .nlst, .mlsd, .conf, .enc, .mic, .other:
            false
        default: true
        }
    }

    /// Its argument is a secret of the login.
    var isSecret: Bool { self == .pass || self == .acct }

    /// Asks the server to listen.
    var isPassive: Bool { self == .pasv || self == .epsv || self == .lpsv }
}

// Words to verbs: by their letters as one number.
extension Verb {
    static let longest = 8

    /// The verb of a word in upper case, packed by `pack`.
    init(packed: UInt64) { self = Self.slot(listed: packed).map { Verb(slot: $0) } ?? .other }

    /// The number of a verb that is listed, up to 255; nil where the word is none.
    static func slot(listed packed: UInt64) -> Int? {
        var slot = slot(packed)
        while table[slot].packed != packed {
            if table[slot].packed == 0 { return nil }
            slot = (slot + 1) & (tableSize - 1)
        }
        return slot
    }

    /// The verb of a number of `slot(listed:)`.
    init(slot: Int) { self = Self.table[slot & (Self.tableSize - 1)].verb }

    /// A word's letters after what was packed before, in upper case.
    @inline(__always)
    static func pack(_ packed: UInt64, _ letter: UInt8) -> UInt64 {
        packed << 8 | UInt64(letter & 0xdf)
    }

    private static let tableSize = 256

    private static func slot(_ packed: UInt64) -> Int {
        Int(truncatingIfNeeded: (packed &* 0x9e37_79b9_7f4a_7c15) >> 56)
    }

    private static let table: [(packed: UInt64, verb: Verb)] = {
        var table = [(packed: UInt64, verb: Verb)](repeating: (0, .other), count: tableSize)
        for verb in allCases where verb != .other {
            let packed = verb.rawValue.utf8.reduce(0, pack)
            var place = slot(packed)
            while table[place].packed != 0 { place = (place + 1) & (tableSize - 1) }
            table[place] = (packed, verb)
        }
        return table
    }()
}
