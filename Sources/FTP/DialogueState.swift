/// What of a dialogue stands between its lines.
struct DialogueState {
    /// Commands that have no final reply yet, in their order.
    var pending: [PendingCommand] = []
    /// The greeting was seen, or cannot be seen any more.
    var isGreeted: Bool
    let isMidstream: Bool
    /// Bytes are missing: replies may stand beside the wrong commands.
    var isLossy = false
    /// The user of the last USER.
    var triedUser: String?
    /// EPSV ALL was accepted or asked: only EPSV may follow (RFC 2428 section 4).
    var saidAll = false
    /// AUTH was sent and not yet answered.
    var awaitsEncryption = false
    /// AUTH GSSAPI or KERBEROS: lines go on, protected ones among them.
    var isGeneric = false
    /// Channel that the last transfer command belongs to.
    var lastChannel: Int?
    var evidence = Evidence()

    init(isMidstream: Bool) {
        self.isMidstream = isMidstream
        isGreeted = isMidstream
    }

    /// A secret was sent and not yet answered; the answer may repeat it.
    var awaitsLogin: Bool { pending.contains { $0.verb == "PASS" || $0.verb == "ACCT" } }

    /// What speaks for FTP.
    struct Evidence {
        var replies = 0
        var distinctReplies = 0
        var ownCommands = 0
        var sharedCommands = 0
        var oddLines = 0
        var greetingNamesFTP = false
    }
}

struct PendingCommand {
    var verb: String
    /// For AUTH its mechanism, for a transfer verb and argument as they are shown.
    var text: String?
    /// The announcement that the command makes or uses.
    var channel: Int?
}
