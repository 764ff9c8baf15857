/// What of a dialogue stands between its lines.
struct DialogueState {
    var pending = CommandQueue()
    /// The greeting was seen, or cannot be seen any more.
    var isGreeted: Bool
    let isMidstream: Bool
    /// Announcements before this one get no transfer any more: what was said of them since may be
    /// missing.
    var firstUsable = 0
    /// The user of the last USER.
    var triedUser: String?
    /// EPSV ALL was accepted or asked: only EPSV may follow (RFC 2428 section 4).
    var saidAll = false
    /// AUTH was sent and not yet answered.
    var awaitsEncryption = false
    /// AUTH GSSAPI or KERBEROS: lines go on, protected ones among them.
    var isGeneric = false
    var evidence = Evidence()

    init(isMidstream: Bool) {
        self.isMidstream = isMidstream
        isGreeted = isMidstream
    }

    /// A secret was sent and not yet answered; the answer may repeat it.
    var awaitsLogin: Bool { pending.contains(where: \.isSecret) }

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
    var verb: Verb
    /// For AUTH its mechanism, for a transfer verb and argument as they are shown, for a verb that
    /// is not listed its word.
    var text: String?
    /// The announcement that the command makes or uses.
    var channel: Int?

    /// Its verb as it is shown.
    var name: String { verb == .other ? text ?? "" : verb.rawValue }
}

/// A whole reply of the server.
struct Reply {
    var code: Int
    /// Frame of its first and of its last line's last byte.
    var firstFrame: FrameReference
    var lastFrame: FrameReference
}
