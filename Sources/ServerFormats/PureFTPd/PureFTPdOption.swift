/// The options of Pure-FTPd 1.0.50: by their name in a file, their letter and their long name.
struct PureFTPdOption: Hashable {
    enum Value: Hashable {
        case flag, number
        /// Two numbers, in a file with a blank between.
        case pair
        /// Two numbers with a colon between.
        case colonPair
        /// A word without blanks.
        case word
        case text
    }

    /// As in `pure-ftpd.conf` and in Debian's folder.
    var name: String
    /// Nil where the command line knows only the long name.
    var letter: Character?
    var value: Value

    var takesArgument: Bool { value != .flag }

    /// The long name of the command line.
    var long: String { Self.renamed[name] ?? name.lowercased() }

    private static let renamed = [
        "CallUploadScript": "uploadscript", "MaxDiskUsage": "maxdiskusagepct",
        "CertFileAndKey": "certfile", "ExtAuth": "login", "LDAPConfigFile": "login",
        "MySQLConfigFile": "login", "PAMAuthentication": "login", "PGSQLConfigFile": "login",
        "PureDB": "login", "UnixAuthentication": "login",
    ]

    static func named(_ name: String) -> PureFTPdOption? { byName[name.lowercased()] }

    static func letter(_ letter: Character) -> PureFTPdOption? { byLetter[letter] }

    /// A long name, or the beginning of just one.
    static func long(_ name: String) -> PureFTPdOption? {
        if let exact = all.first(where: { $0.long == name }) { return exact }
        let fitting = Set(all.filter { $0.long.hasPrefix(name) }.map(\.long))
        return fitting.count == 1 ? all.first { fitting.contains($0.long) } : nil
    }

    private static let byName = Dictionary(
        all.map { ($0.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    private static let byLetter = Dictionary(
        all.compactMap { option in option.letter.map { ($0, option) } },
        uniquingKeysWith: { first, _ in first })

    private static let all: [PureFTPdOption] =
        [
            ("AllowAnonymousFXP", "W"), ("AllowDotFiles", "z"), ("AllowUserFXP", "w"),
            ("AnonymousCanCreateDirs", "M"), ("AnonymousCantUpload", "i"),
            ("AnonymousOnly", "e"), ("AntiWarez", "s"), ("AutoRename", "r"),
            ("BrokenClientsCompatibility", "b"), ("CallUploadScript", "o"),
            ("ChrootEveryone", "A"), ("CreateHomeDir", "j"), ("CustomerProof", "Z"),
            ("Daemonize", "B"), ("DisplayDotFiles", "D"), ("DontResolve", "H"),
            ("IPV4Only", "4"), ("IPV6Only", "6"), ("KeepAllFiles", "K"), ("LogPID", "1"),
            ("NATmode", "N"), ("NoAnonymous", "E"), ("NoChmod", "R"), ("NoRename", "G"),
            ("NoTruncate", "0"), ("ProhibitDotFilesRead", "X"),
            ("ProhibitDotFilesWrite", "x"), ("VerboseLog", "d"), ("Help", "h"),
            ("PAMAuthentication", nil), ("UnixAuthentication", nil),
        ].map { PureFTPdOption(name: $0.0, letter: $0.1, value: .flag) }
        + [
            ("MaxClientsNumber", "c"), ("MaxClientsPerIP", "C"), ("MaxDiskUsage", "k"),
            ("MaxIdleTime", "I"), ("MaxLoad", "m"), ("MinUID", "u"), ("TLS", "Y"),
            ("TrustedGID", "a"),
        ].map { PureFTPdOption(name: $0.0, letter: $0.1, value: .number) }
        + [
            ("AnonymousRatio", "q"), ("LimitRecursion", "L"), ("PassivePortRange", "p"),
            ("UserRatio", "Q"),
        ].map { PureFTPdOption(name: $0.0, letter: $0.1, value: .pair) }
        + [("PerUserLimits", "y"), ("Quota", "n"), ("Umask", "U")].map {
            PureFTPdOption(name: $0.0, letter: $0.1, value: .colonPair)
        }
        + [
            ("Bind", "S"), ("ForcePassiveIP", "P"), ("SyslogFacility", "f"),
            ("TLSCipherSuite", "J"), ("TrustedIP", "V"),
        ].map { PureFTPdOption(name: $0.0, letter: $0.1, value: .word) }
        + [
            ("AltLog", "O"), ("AnonymousBandwidth", "t"), ("CertFile", "2"),
            ("CertFileAndKey", nil), ("ClientCharset", "9"), ("ExtAuth", nil),
            ("ExtCert", "3"), ("FSCharset", "8"), ("FortunesFile", "F"), ("Include", nil),
            ("LDAPConfigFile", nil), ("Login", "l"), ("MySQLConfigFile", nil),
            ("PGSQLConfigFile", nil), ("PIDFile", "g"), ("PureDB", nil), ("UserBandwidth", "T"),
        ].map { PureFTPdOption(name: $0.0, letter: $0.1, value: .text) }
}
