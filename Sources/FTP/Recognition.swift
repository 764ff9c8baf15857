import Net

// Is this FTP? Until it is clear the dialogue is read on trial, and let go when it is not.
extension ControlSession {
    private static let controlPort: UInt16 = 21

    mutating func judge(_ command: Command, _ line: Span<UInt8>) {
        guard verdict == .undecided else { return }
        switch command.verb.family {
        case .own: dialogue.evidence.ownCommands += 1
        case .shared:
            dialogue.evidence.sharedCommands += 1
            // SMTP: `AUTH LOGIN`, `AUTH PLAIN`. FTP's mechanisms are those of RFC 2228 and 4217.
            if command.verb == .auth, Self.isMail(line.extracting(command.argument)) { letGo() }
        case .foreign: letGo()
        case .protected, .other: break
        }
        weigh()
    }

    private static func isMail(_ argument: Span<UInt8>) -> Bool {
        let name = PeerText.kept(argument, most: 8).uppercased()
        return ["LOGIN", "PLAIN", "CRAM-MD5", "XOAUTH2", "DIGEST", "NTLM"].contains {
            name.hasPrefix($0)
        }
    }

    mutating func judge(_ reply: Reply, _ line: Span<UInt8>) {
        guard verdict == .undecided else { return }
        if dialogue.evidence.replies == 0, reply.code == 220 {
            // At the control port it need not say so.
            dialogue.evidence.greetingNamesFTP =
                record.server.port == Self.controlPort || Self.namesFTP(line)
        }
        dialogue.evidence.replies += 1
        switch reply.code {
        case 331, 332, 227, 228, 229, 257, 150, 125, 226, 234, 425, 230:
            dialogue.evidence.distinctReplies += 1
        default: break
        }
        weigh()
    }

    private static func namesFTP(_ greeting: Span<UInt8>) -> Bool {
        greeting.contains(ftp) && !greeting.contains(smtp)
    }

    private static let ftp = Array("FTP".utf8)
    private static let smtp = Array("SMTP".utf8)

    /// A line that no FTP peer sends.
    mutating func judgeOddLine() {
        guard verdict == .undecided else { return }
        dialogue.evidence.oddLines += 1
        let good = dialogue.evidence.replies + dialogue.evidence.ownCommands
        if dialogue.evidence.oddLines > good + 2 { letGo() }
    }

    private mutating func letGo() {
        if verdict == .undecided { verdict = .other }
    }

    private mutating func weigh() {
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
    mutating func judgeAtEnd() {
        guard verdict == .undecided else { return }
        let seen = dialogue.evidence
        let isControlPort = record.server.port == Self.controlPort
        verdict =
            seen.replies > 0 && seen.oddLines == 0 && (isControlPort || seen.greetingNamesFTP)
            ? .ftp : .other
    }
}

extension Span where Element == UInt8 {
    /// Whether a word of ASCII letters stands in the bytes as it is written.
    fileprivate func contains(_ word: [UInt8]) -> Bool {
        guard count >= word.count else { return false }
        return (0...count - word.count).contains { start in
            word.indices.allSatisfy { self[start + $0] == word[$0] }
        }
    }
}
