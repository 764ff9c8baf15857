import Streams
import Net

// Commands and replies to the record of a session.
extension ControlSession {
    mutating func takeCommand(
        _ line: Span<UInt8>, _ frame: FrameReference, isCut: Bool, followsLoss: Bool
    ) {
        guard let command = Command(line) else {
            if line.count > 0, !followsLoss { judgeOddLine() }
            return
        }
        takeCommand(command, line, frame, isCut: isCut)
    }

    mutating func takeCommand(
        _ command: Command, _ line: Span<UInt8>, _ frame: FrameReference, isCut: Bool
    ) {
        judge(command, line)
        guard verdict != .other else { return }
        guard !command.verb.isPlain else {
            if hasRoom(frame) { dialogue.pending.append(command.verb) }
            return
        }
        var pending = PendingCommand(verb: command.verb)
        switch command.verb {
        case .user:
            dialogue.triedUser = PeerText.user(
                line.extracting(command.argument), most: limits.textBytes)
            if dialogue.isGeneric, record.encryption?.cleared == nil {
                record.encryption?.cleared = frame
            }
        case .pass: if record.clearPassword == nil { record.clearPassword = frame }
        case .auth:
            pending.text =
                "AUTH "
                + PeerText.kept(line.extracting(command.argument), most: limits.textBytes)
                .uppercased()
            dialogue.awaitsEncryption = true
        case .epsv:
            if command.argument.count == 3,
                PeerText.kept(line.extracting(command.argument), most: limits.textBytes)
                    .uppercased() == "ALL"
            {
                dialogue.saidAll = true
            }
        case .port, .eprt, .lprt:
            pending.channel = announce(command, line, frame, isCut: isCut)
        case .mic, .enc, .conf: if dialogue.isGeneric { return }
        case .other:
            pending.text = PeerText.kept(line.extracting(command.word), most: limits.textBytes)
                .uppercased()
        case .retr, .stor, .stou, .appe, .list, .nlst, .mlsd:
            let argument = line.extracting(command.argument)
            pending.text =
                argument.isEmpty
                ? command.verb.rawValue
                : command.verb.rawValue + " " + PeerText.kept(argument, most: limits.textBytes)
            if !dialogue.pending.contains(where: \.isPassive) {
                pending.channel = attach(pending.text)
            }
        default: break
        }
        if hasRoom(frame) { dialogue.pending.append(pending) }
    }

    /// Whether one more command can wait for its reply.
    @inline(__always)
    private mutating func hasRoom(_ frame: FrameReference) -> Bool {
        guard dialogue.pending.count >= bounds.limits.pendingCommands else { return true }
        noteReached("pendingCommands", frame)
        return false
    }

    private mutating func announce(
        _ command: Command, _ line: Span<UInt8>, _ frame: FrameReference, isCut: Bool
    ) -> Int? {
        let argument = line.extracting(command.argument)
        switch command.verb {
        case .port:
            return add(
                .port, AnnouncementParser.port(argument, isCut: isCut), frame, command: .port)
        case .lprt:
            return add(
                .longPort, AnnouncementParser.longPort(argument, isCut: isCut), frame,
                command: .lprt)
        default:
            return add(
                .extendedPort, AnnouncementParser.extendedPort(argument, isCut: isCut), frame,
                command: command.verb)
        }
    }

    /// Adds an announcement; its index, or nil where it is none or a bound is reached.
    private mutating func add(
        _ kind: DataChannel.Announcement, _ said: AnnouncedEndpoint, _ frame: FrameReference,
        command: Verb?
    ) -> Int? {
        guard record.channels.count < limits.channels else {
            noteReached("channels", frame)
            return nil
        }
        var channel = DataChannel(announcedBy: kind, frame: frame)
        channel.command = command?.rawValue
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
        if Self.isOtherKind(kind, command) { note(.unexpectedKind, frame) }
        record.channels.append(channel)
        hasNews = true
        links.append(ChannelLink())
        return record.channels.count - 1
    }

    /// Whether it is not what the command asks for.
    private static func isOtherKind(_ kind: DataChannel.Announcement, _ command: Verb?) -> Bool {
        kind == .passive && command == .epsv || kind == .extendedPassive && command == .pasv
    }

    /// A transfer that follows may belong to an announcement that is missing.
    mutating func passAnnouncements() { dialogue.firstUsable = record.channels.count }

    /// A transfer may have gone on by the last announcement, or by one that is missing.
    mutating func noteTransferSomewhere() {
        if let last = links.indices.last { links[last].mayBeUsed = true }
    }

    /// Gives a transfer to the last announcement, where that has none yet.
    private mutating func attach(_ transfer: String?) -> Int? {
        guard let last = record.channels.indices.last, last >= dialogue.firstUsable,
            record.channels[last].transfer == nil
        else { return nil }
        record.channels[last].transfer = transfer
        return last
    }

    /// Takes a reply with its first line, and what it announces where its code is one of these.
    mutating func take(_ reply: Reply, _ line: Span<UInt8>, _ announced: Announced?) {
        judge(reply, line)
        guard verdict != .other, !takePlain(reply.code) else { return }
        if reply.code >= 400, reply.code == 421 || Self.mentionsOops(line) {
            addFailure(reply, line, dialogue.pending.first)
        }
        if !dialogue.isGreeted,
            reply.code == 220 || reply.code == 120
                || reply.code >= 400 && dialogue.pending.count == 0
        {
            keepBanner(line)
            if reply.code != 120 { dialogue.isGreeted = true }
            return
        }
        if !dialogue.isMidstream { keepBanner(line) }
        dialogue.isGreeted = true
        if dialogue.isGeneric, (630..<640).contains(reply.code) { return }
        let lacksReplies = dialogue.pending.lacksReplies
        let command = answered(by: reply.code)
        if let announced { takeAnnouncement(reply, announced, command, lacksReplies) }
        if record.visibility.gaps > 0, command?.channel == nil,
            LegalReplies.tellsTransfer(reply.code)
        {
            noteTransferSomewhere()
        }
        if (100..<200).contains(reply.code) { return }
        guard let command else {
            if reply.code == 230 { accept() }
            if reply.code == 425 || reply.code == 426 { addFailure(reply, line, nil) }
            return
        }
        settle(command, reply, line)
    }

    /// Takes the answer to the first command that waits where it tells nothing but that this was
    /// carried out, as most do; false for any other.
    @inline(__always)
    private mutating func takePlain(_ code: Int) -> Bool {
        guard (200..<400).contains(code), !ReplyReader.announces(code), dialogue.isGreeted,
            !dialogue.isGeneric, dialogue.isMidstream || record.banner != nil,
            let verb = dialogue.pending.firstVerb, verb.isPlain, LegalReplies.accepts(code, verb)
        else { return false }
        dialogue.pending.dropFirst()
        return true
    }

    /// Keeps the first reply, unless it may be one to PASS.
    private mutating func keepBanner(_ line: Span<UInt8>) {
        guard record.banner == nil, !dialogue.awaitsLogin else { return }
        record.banner = PeerText.kept(line, most: limits.textBytes)
    }

    /// The command that a reply answers; taken from the queue where the reply is final.
    ///
    /// A reply that fits no waiting command positively is taken for a stray one, and a command
    /// whose reply was lost is passed when a later one's comes.
    private mutating func answered(by code: Int) -> PendingCommand? {
        guard let place = dialogue.pending.place(answering: code) else { return nil }
        if dialogue.pending.contains(before: place, where: \.isPassive) { passAnnouncements() }
        guard code < 200 else { return dialogue.pending.take(place) }
        // A preliminary reply: the transfer goes on. It says that the data connection is there or
        // about to be.
        var command = dialogue.pending[place]
        if command.channel == nil, command.verb.isTransfer {
            command.channel = attach(command.text)
            dialogue.pending[place] = command
        }
        if let channel = command.channel { links[channel].isUnderWay = true }
        return command
    }

    private mutating func takeAnnouncement(
        _ reply: Reply, _ announced: Announced, _ command: PendingCommand?, _ lacksReplies: Bool
    ) {
        let kind: DataChannel.Announcement =
            reply.code == 227 ? .passive : reply.code == 228 ? .longPassive : .extendedPassive
        if case .nothing = announced.endpoint {
            note(.announcementWithoutAddress, reply.firstFrame)
            // The answer to PASV that lacks what it is there for is a malformed announcement.
            if let command, command.verb.isPassive {
                _ = add(
                    kind, .malformed(.malformedAnnouncement), reply.firstFrame,
                    command: command.verb)
            }
            return
        }
        // Where replies are missing it may answer a later command, that is missing too.
        let isDoubtful = lacksReplies && Self.isOtherKind(kind, command?.verb)
        _ = add(
            kind, announced.endpoint, announced.frame, command: isDoubtful ? nil : command?.verb)
    }

    private mutating func settle(
        _ command: PendingCommand, _ reply: Reply, _ line: Span<UInt8>
    ) {
        let isGood = reply.code < 400
        switch command.verb {
        case .user, .pass, .acct:
            if reply.code == 230 || reply.code == 232
                || isGood && reply.code < 300 && command.verb != .user
            {
                accept()
            } else if !isGood, record.login == .unseen {
                record.login = .refused
            }
        case .auth: settleAuthentication(command, reply)
        case .adat: if !isGood { dialogue.awaitsEncryption = false }
        case .port, .eprt, .lprt:
            if let channel = command.channel { record.channels[channel].reply = reply.code }
        case .pasv, .epsv, .lpsv: if !isGood { addFailure(reply, line, command) }
        default: if command.verb.isTransfer { settleTransfer(command, reply, line) }
        }
    }

    private mutating func settleTransfer(
        _ command: PendingCommand, _ reply: Reply, _ line: Span<UInt8>
    ) {
        guard let channel = command.channel ?? attach(command.text) else {
            if reply.code == 425 || reply.code == 426 {
                addFailure(reply, line, command)
            }
            return
        }
        record.channels[channel].transferReply = reply.code
        record.channels[channel].transferReplyFrame = reply.lastFrame
    }

    private mutating func settleAuthentication(_ command: PendingCommand, _ reply: Reply) {
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
            isTLSDue = true
        }
    }

    private mutating func accept() {
        record.login = .accepted
        if let user = dialogue.triedUser { record.user = user }
    }

    private mutating func addFailure(
        _ reply: Reply, _ line: Span<UInt8>, _ command: PendingCommand?
    ) {
        guard
            record.failures.last?.frame != reply.lastFrame
                || record.failures.last?.code != reply.code
        else { return }
        guard record.failures.count < limits.failures else {
            noteReached("failures", reply.lastFrame)
            return
        }
        // The text of an answer to PASS is not kept: a server may repeat what it was sent.
        let isSecret =
            command?.verb == .pass || command?.verb == .acct || dialogue.awaitsLogin
        record.failures.append(
            SessionRecord.FailureReply(
                frame: reply.lastFrame, command: command?.name, code: reply.code,
                text: isSecret ? String(reply.code) : PeerText.kept(line, most: limits.textBytes)))
    }

    /// `500 OOPS`: vsftpd gives up.
    private static func mentionsOops(_ line: Span<UInt8>) -> Bool {
        line.count >= 8 && line[4] == UInt8(ascii: "O") && line[5] == UInt8(ascii: "O")
            && line[6] == UInt8(ascii: "P") && line[7] == UInt8(ascii: "S")
    }
}
