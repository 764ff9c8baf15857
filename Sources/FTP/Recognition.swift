import Net

// Is this FTP? Until it is clear the dialogue is read on trial, and let go when it is not.
extension ControlSession {
    private static let controlPort: UInt16 = 21

    func judge(_ command: Command) {
        if Command.ownVerbs.contains(command.verb) {
            dialogue.evidence.ownCommands += 1
        } else if Command.sharedVerbs.contains(command.verb) {
            dialogue.evidence.sharedCommands += 1
            // SMTP: `AUTH LOGIN`, `AUTH PLAIN`. FTP's mechanisms are those of RFC 2228 and 4217.
            if command.verb == "AUTH", isMail(command.argument) { letGo() }
        } else if Command.foreignVerbs.contains(command.verb) {
            letGo()
        }
        weigh()
    }

    private func isMail(_ argument: ArraySlice<UInt8>) -> Bool {
        let name = String(decoding: argument.prefix(8), as: UTF8.self).uppercased()
        return ["LOGIN", "PLAIN", "CRAM-MD5", "XOAUTH2", "DIGEST", "NTLM"].contains {
            name.hasPrefix($0)
        }
    }

    func judge(_ reply: Reply) {
        guard verdict == .undecided else { return }
        if dialogue.evidence.replies == 0, reply.code == 220 {
            let words = String(decoding: reply.first, as: UTF8.self)
            dialogue.evidence.greetingNamesFTP =
                words.contains("FTP") && !words.contains("SMTP")
        }
        dialogue.evidence.replies += 1
        if [331, 332, 227, 228, 229, 257, 150, 125, 226, 234, 425, 230].contains(reply.code) {
            dialogue.evidence.distinctReplies += 1
        }
        weigh()
    }

    /// A line that no FTP peer sends.
    func judgeOddLine() {
        dialogue.evidence.oddLines += 1
        let good = dialogue.evidence.replies + dialogue.evidence.ownCommands
        if dialogue.evidence.oddLines > good + 2 { letGo() }
    }

    private func letGo() {
        if verdict == .undecided { verdict = .other }
    }

    private func weigh() {
        guard verdict == .undecided else { return }
        let seen = dialogue.evidence
        let commands = seen.ownCommands + seen.sharedCommands
        let isControlPort = record.server.port == Self.controlPort
        if seen.distinctReplies >= 1, isControlPort || commands >= 1 || seen.distinctReplies >= 2 {
            verdict = .ftp
        } else if seen.replies >= 1, seen.ownCommands >= 1 {
            verdict = .ftp
        } else if seen.ownCommands >= 2 {
            verdict = .ftp
        } else if isControlPort, seen.replies >= 1, commands >= 1 {
            verdict = .ftp
        } else if isControlPort, seen.replies >= 2 || commands >= 2 {
            verdict = .ftp
        }
    }

    /// The connection ended before more was said.
    func judgeAtEnd() {
        guard verdict == .undecided else { return }
        let seen = dialogue.evidence
        let isControlPort = record.server.port == Self.controlPort
        verdict =
            seen.replies > 0 && seen.oddLines == 0 && (isControlPort || seen.greetingNamesFTP)
            ? .ftp : .other
    }
}
