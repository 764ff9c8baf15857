import Streams
import Net

// Commands and replies to the record of a session.
extension ControlSession {
    func takeCommand(
        _ line: [UInt8], _ frame: FrameReference, isCut: Bool, followsLoss: Bool
    ) {
        guard let command = Command(line) else {
            if !line.isEmpty, !followsLoss { judgeOddLine() }
            return
        }
        judge(command)
        guard verdict != .other else { return }
        var pending = PendingCommand(verb: command.verb)
        switch command.verb {
        case "USER":
            dialogue.triedUser = text(command.argument)
            if dialogue.isGeneric, record.encryption?.cleared == nil {
                record.encryption?.cleared = frame
            }
        case "PASS": if record.clearPassword == nil { record.clearPassword = frame }
        case "AUTH":
            pending.text = "AUTH " + text(command.argument).uppercased()
            dialogue.awaitsEncryption = true
        case "EPSV":
            if text(command.argument).uppercased() == "ALL" { dialogue.saidAll = true }
        case "PORT", "EPRT", "LPRT":
            pending.channel = announce(command, frame, isCut: isCut)
        case "MIC", "ENC", "CONF": if dialogue.isGeneric { return }
        default:
            guard Command.transferVerbs.contains(command.verb) else { break }
            let argument = text(command.argument)
            pending.text = argument.isEmpty ? command.verb : command.verb + " " + argument
            if !dialogue.pending.contains(where: { ["PASV", "EPSV", "LPSV"].contains($0.verb) }) {
                pending.channel = attach(pending.text)
            }
        }
        guard dialogue.pending.count < limits.pendingCommands else {
            note(.limitReached, frame, detail: "pendingCommands")
            return
        }
        dialogue.pending.append(pending)
    }

    private func announce(_ command: Command, _ frame: FrameReference, isCut: Bool) -> Int? {
        let kind: DataChannel.Announcement
        let said: AnnouncedEndpoint
        switch command.verb {
        case "PORT":
            kind = .port
            said = AnnouncementParser.port(command.argument, isCut: isCut)
        case "LPRT":
            kind = .longPort
            said = AnnouncementParser.longPort(command.argument, isCut: isCut)
        default:
            kind = .extendedPort
            said = AnnouncementParser.extendedPort(command.argument, isCut: isCut)
        }
        return add(kind, said, frame, command: command.verb)
    }

    /// Adds an announcement; its index, or nil where it is none or a bound is reached.
    private func add(
        _ kind: DataChannel.Announcement, _ said: AnnouncedEndpoint, _ frame: FrameReference,
        command: String?
    ) -> Int? {
        guard record.channels.count < limits.channels else {
            note(.limitReached, frame, detail: "channels")
            return nil
        }
        var channel = DataChannel(announcedBy: kind, frame: frame)
        channel.command = command
        switch said {
        case .nothing: return nil
        case .malformed(let name): note(name, frame)
        case .endpoint(let endpoint, let parentheses):
            channel.advertised = endpoint
            if kind.isPassive, !parentheses { note(.replyWithoutParentheses, frame) }
            if endpoint.address.family != record.server.address.family {
                note(.addressFamilyMismatch, frame)
            }
        case .port(let port, let parentheses):
            channel.advertised = Endpoint(record.server.address, port)
            if !parentheses { note(.replyWithoutParentheses, frame) }
        }
        if dialogue.saidAll, kind != .extendedPassive { note(.passiveAfterAll, frame) }
        if kind == .passive && command == "EPSV" || kind == .extendedPassive && command == "PASV" {
            note(.unexpectedKind, frame)
        }
        record.channels.append(channel)
        links.append(ChannelLink())
        return record.channels.count - 1
    }

    /// Gives a transfer to the last announcement, where that has none yet.
    private func attach(_ transfer: String?) -> Int? {
        guard let last = record.channels.indices.last, record.channels[last].transfer == nil
        else { return nil }
        record.channels[last].transfer = transfer
        return last
    }

    func take(_ reply: Reply) {
        judge(reply)
        guard verdict != .other else { return }
        if reply.code == 421 || reply.first.count > 4 && mentionsOops(reply) {
            addFailure(reply, command: dialogue.pending.first?.verb)
        }
        if !dialogue.isGreeted, isGreeting(reply) {
            keepBanner(reply)
            if reply.code != 120 { dialogue.isGreeted = true }
            return
        }
        if !dialogue.isMidstream { keepBanner(reply) }
        dialogue.isGreeted = true
        if dialogue.isGeneric, (630..<640).contains(reply.code) { return }
        let command = answered(by: reply.code)
        takeAnnouncement(reply, command)
        if (100..<200).contains(reply.code) { return }
        guard let command else {
            if reply.code == 230 { accept() }
            if reply.code == 425 || reply.code == 426 { addFailure(reply, command: nil) }
            return
        }
        settle(command, reply)
    }

    /// Keeps the first reply, unless it may be one to PASS.
    private func keepBanner(_ reply: Reply) {
        guard record.banner == nil, !dialogue.awaitsLogin else { return }
        record.banner = text(reply.first[...])
    }

    private func isGreeting(_ reply: Reply) -> Bool {
        reply.code == 220 || reply.code == 120
            || (dialogue.pending.isEmpty && reply.code >= 400)
    }

    /// The command that a reply answers; taken from the queue where the reply is final.
    ///
    /// A reply that fits no waiting command positively is taken for a stray one, and a command
    /// whose reply was lost is passed when a later one's comes.
    private func answered(by code: Int) -> PendingCommand? {
        guard
            let index = dialogue.pending.firstIndex(where: {
                LegalReplies.accepts(code, $0.verb)
            })
        else { return nil }
        if code < 200 {
            // A preliminary reply: the transfer goes on. It says that the data connection is
            // there or about to be.
            if dialogue.pending[index].channel == nil,
                Command.transferVerbs.contains(dialogue.pending[index].verb)
            {
                dialogue.pending[index].channel = attach(dialogue.pending[index].text)
            }
            if let channel = dialogue.pending[index].channel { links[channel].isUnderWay = true }
            return dialogue.pending[index]
        }
        let command = dialogue.pending[index]
        dialogue.pending.removeFirst(index + 1)
        return command
    }

    private func takeAnnouncement(_ reply: Reply, _ command: PendingCommand?) {
        guard let kind = DataChannel.Announcement(rawValue: String(reply.code)) else { return }
        if case .nothing = reply.announced {
            note(.announcementWithoutAddress, reply.firstFrame)
            // The answer to PASV that lacks what it is there for is a malformed announcement.
            if let command, ["PASV", "EPSV", "LPSV"].contains(command.verb) {
                _ = add(
                    kind, .malformed(.malformedAnnouncement), reply.firstFrame,
                    command: command.verb)
            }
            return
        }
        _ = add(kind, reply.announced, reply.announcedFrame, command: command?.verb)
    }

    private func settle(_ command: PendingCommand, _ reply: Reply) {
        let isGood = reply.code < 400
        switch command.verb {
        case "USER", "PASS", "ACCT":
            if [230, 232].contains(reply.code)
                || isGood && reply.code < 300 && command.verb != "USER"
            {
                accept()
            } else if !isGood, record.login == .unseen {
                record.login = .refused
            }
        case "AUTH": settleAuthentication(command, reply)
        case "ADAT": if !isGood { dialogue.awaitsEncryption = false }
        case "PORT", "EPRT", "LPRT":
            if let channel = command.channel { record.channels[channel].reply = reply.code }
        case "PASV", "EPSV", "LPSV": if !isGood { addFailure(reply, command: command.verb) }
        default:
            guard Command.transferVerbs.contains(command.verb) else { return }
            settleTransfer(command, reply)
        }
    }

    private func settleTransfer(_ command: PendingCommand, _ reply: Reply) {
        guard let channel = command.channel ?? attach(command.text) else {
            if reply.code == 425 || reply.code == 426 {
                addFailure(reply, command: command.verb)
            }
            return
        }
        record.channels[channel].transferReply = reply.code
        record.channels[channel].transferReplyFrame = reply.lastFrame
    }

    private func settleAuthentication(_ command: PendingCommand, _ reply: Reply) {
        dialogue.awaitsEncryption = false
        let name = command.text ?? "AUTH"
        guard reply.code < 400 else {
            if record.authRefused == nil {
                record.authRefused = SessionRecord.AuthRefusal(
                    frame: reply.lastFrame, command: name, code: reply.code)
            }
            return
        }
        noteEncryption(reply.lastFrame, command: name)
        if name.hasPrefix("AUTH GSS") || name.hasPrefix("AUTH KERBEROS") {
            dialogue.isGeneric = true
        } else {
            beginTLS()
        }
    }

    private func accept() {
        record.login = .accepted
        if let user = dialogue.triedUser { record.user = user }
    }

    private func addFailure(_ reply: Reply, command: String?) {
        guard record.failures.count < limits.failures,
            record.failures.last?.frame != reply.lastFrame
                || record.failures.last?.code != reply.code
        else { return }
        // The text of an answer to PASS is not kept: a server may repeat what it was sent.
        let isSecret = command == "PASS" || command == "ACCT" || dialogue.awaitsLogin
        record.failures.append(
            SessionRecord.FailureReply(
                frame: reply.lastFrame, command: command, code: reply.code,
                text: isSecret ? String(reply.code) : text(reply.first[...])))
    }

    private func mentionsOops(_ reply: Reply) -> Bool {
        reply.code >= 400 && reply.first.dropFirst(4).starts(with: Array("OOPS".utf8))
    }

    /// Text of a peer, cut at its bound without cutting a character; invalid UTF-8 is replaced.
    func text(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.count > limits.textBytes else { return String(decoding: bytes, as: UTF8.self) }
        var end = bytes.startIndex + limits.textBytes
        while end > bytes.startIndex, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}
