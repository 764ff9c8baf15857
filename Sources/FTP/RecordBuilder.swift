import Capture
import Net
import Streams

// Sessions to records: beside what was said stands what became of the connections.
extension Extraction {
    /// The record of a session that is handed over: it is taken out of the session.
    ///
    /// `atEnd`: nothing more comes, and what the session lacks may have been cut off.
    mutating func takeRecord(_ number: Int, atEnd: Bool) -> SessionRecord {
        var record = sessions.open[number].control.takeRecord()
        complete(&record, number, isFinal: true)
        // Where both have ended what is missing did not happen, whatever comes next.
        if atEnd, record.end == .open || !isEnded(number, at: now) { markCutOff(&record, number) }
        return record
    }

    /// Of an attempt that was to come where the captures end, and of the answer to one, says that
    /// they could not be seen. A SYN is sent again after a second (RFC 6298 section 2).
    private func markCutOff(_ record: inout SessionRecord, _ number: Int) {
        for (index, link) in sessions.open[number].control.links.enumerated()
        where record.channels[index].outcome == .unanswered
            && record.channels[index].attempts == 1 && link.flows.contains(where: mayBeAnswered)
        {
            record.channels[index].outcome = .unseen
        }
        let fresh = sessions.open[number].control.hidden.filter(mayBeAnswered)
            .compactMap { flow($0).map { FrameReference($0.first) } }
        for (index, connection) in record.hiddenData.enumerated()
        where connection.outcome == .unanswered && fresh.contains(connection.first) {
            record.hiddenData[index].outcome = .unseen
        }
        // What the server has refused, or what names no endpoint, nobody will use.
        if record.end == .open, let last = record.channels.last, last.outcome == .unused,
            last.advertised != nil, last.reply ?? 0 < 400,
            now.since(last.frame.time) <= limits.linger
        {
            record.channels[record.channels.count - 1].outcome = .unseen
        }
    }

    /// Whether the answer to the one SYN of a connection may still have come.
    private func mayBeAnswered(_ linked: LinkedFlow) -> Bool {
        flow(linked)?.mayBeAnswered(at: now, limits) ?? false
    }

    /// The record of a session as it stands now.
    func record(_ number: Int) -> SessionRecord {
        var record = sessions.open[number].control.record
        record.last = sessions.open[number].control.last
        complete(&record, number, isFinal: false)
        return record
    }

    private func complete(
        _ record: inout SessionRecord, _ number: Int, isFinal: Bool
    ) {
        if record.user == nil { record.user = sessions.open[number].control.dialogue.triedUser }
        var serverTTL: UInt8?
        if let flow = flow(sessions.open[number].control.flow) {
            let clientIsLow = sessions.open[number].control.clientIsLow
            record.visibility.oneSided = !flow.state.isSuperset(of: [.packetLow, .packetHigh])
            record.end = Self.end(flow, clientIsLow: clientIsLow)
            record.last = max(record.last, FrameReference(flow.last))
            serverTTL = flow.hopLimit(ofLow: !clientIsLow)
        }
        for index in record.channels.indices {
            let link = sessions.open[number].control.links[index]
            record.channels[index].controlTTL = serverTTL
            fill(&record.channels[index], link, record.visibility.oneSided)
            if !isFinal {
                record.channels[index].isPending = !isSettled(number, index, link)
            }
        }
        guard !sessions.open[number].control.hidden.isEmpty else { return }
        record.hiddenData = sessions.open[number].control.hidden.compactMap { linked in
            guard let flow = flow(linked), flow.role != .control else { return nil }
            return hiddenConnection(flow, record.visibility.oneSided)
        }
    }

    private static func end(_ flow: Flow, clientIsLow: Bool) -> SessionRecord.End {
        let state = flow.state
        if !state.isDisjoint(with: [.finLow, .finHigh]) { return .closed }
        if state.contains(clientIsLow ? .rstLow : .rstHigh) { return .resetByClient }
        if state.contains(clientIsLow ? .rstHigh : .rstLow) { return .resetByServer }
        return .open
    }

    /// Whether what became of an announcement won't change: its connections are over, or were
    /// silent for long. A client that has left does not go on asking for an answer.
    private func isSettled(_ number: Int, _ index: Int, _ link: ChannelLink) -> Bool {
        guard !link.flows.isEmpty else {
            let frame = sessions.open[number].control.record.channels[index].frame
            let closed = sessions.open[number].control.closedAt
            return closed.map { now.since($0) > limits.linger } ?? false
                || index + 1 < sessions.open[number].control.links.count
                || now.since(frame.time) > limits.announcementAge
        }
        let hasLeft = hasClientLeft(number)
        return link.flows.allSatisfy { linked in
            guard case .live = linked, let flow = flow(linked) else { return true }
            let isLost = hasLeft && !flow.isEstablished
            return flow.isOver
                || now.since(flow.last.time) > (isLost ? limits.linger : limits.dataIdle)
        }
    }

    /// Whether the client itself has ended the control connection: where the server has, the client
    /// may still wait for data.
    private func hasClientLeft(_ number: Int) -> Bool {
        guard sessions.open[number].control.closedAt != nil,
            let state = flow(sessions.open[number].control.flow)?.state
        else { return false }
        return sessions.open[number].control.clientIsLow
            ? !state.isDisjoint(with: [.finLow, .rstLow])
            : !state.isDisjoint(with: [.finHigh, .rstHigh])
    }

    private func fill(_ channel: inout DataChannel, _ link: ChannelLink, _ isOneSided: Bool) {
        let isDone = channel.transferReply.map { (200..<300).contains($0) } ?? false
        var best: Flow?
        var (first, latest): (FrameReference?, FrameReference?)
        var attempts = 0
        for linked in link.flows {
            guard let flow = flow(linked) else { continue }
            if first == nil { first = FrameReference(flow.first) }
            let last = FrameReference(flow.last)
            latest = max(latest ?? last, last)
            attempts += Int(flow.attempts)
            if best.map({ Self.rank(flow) < Self.rank($0) }) ?? true { best = flow }
        }
        guard let flow = best else {
            // A transfer that went on had a data connection, whatever the capture shows.
            let happened = isDone || link.isUnderWay || isOneSided && channel.transfer != nil
            channel.outcome = happened || link.mayBeUsed ? .unseen : .unused
            return
        }
        channel.outcome = flow.outcome(isOneSided: isOneSided)
        channel.attempts = attempts
        channel.lastDataFrame = latest
        channel.dataFrame = channel.outcome == .established ? FrameReference(flow.first) : first
        channel.answer = flow.answerFrame
        channel.answerTTL = flow.answerTTL
        channel.icmp = flow.icmp
        channel.prohibitedBy = flow.icmp == nil ? nil : prohibitors[flow.first]
        let server = serverEnd(of: flow, channel)
        let client = flow.other(than: server)
        channel.client = client
        channel.server = server
        channel.bytesToClient = flow.hasPacket(from: server) ? flow.bytes(from: server) : nil
        channel.bytesToServer = flow.hasPacket(from: client) ? flow.bytes(from: client) : nil
        channel.encrypted = flow.beginsTLS
    }

    /// Of several connections of one announcement that with the lowest says what became of it.
    private static func rank(_ flow: Flow) -> Int {
        if flow.isEstablished { return 0 }
        if flow.state.contains(.prohibited) { return 1 }
        return flow.state.contains(.refused) ? 2 : 3
    }

    /// Which end of a data connection is the FTP server's: the announced one of a passive
    /// announcement, the other one else.
    private func serverEnd(of flow: Flow, _ channel: DataChannel) -> Endpoint {
        let port = channel.advertised?.port
        let listener: Endpoint
        if let opener = flow.opener {
            listener = flow.other(than: opener)
        } else if flow.low.port == port, flow.high.port != port {
            listener = flow.low
        } else if flow.high.port == port, flow.low.port != port {
            listener = flow.high
        } else {
            listener = flow.low == channel.advertised ? flow.low : flow.high
        }
        return channel.announcedBy.isPassive ? listener : flow.other(than: listener)
    }

    private func hiddenConnection(_ flow: Flow, _ isOneSided: Bool) -> HiddenConnection {
        let client = flow.opener ?? flow.low
        let server = flow.other(than: client)
        return HiddenConnection(
            client: client, server: server, first: FrameReference(flow.first),
            last: FrameReference(flow.last), attempts: Int(flow.attempts),
            outcome: flow.outcome(isOneSided: isOneSided), answer: flow.answerFrame,
            answerTTL: flow.answerTTL,
            prohibitedBy: flow.icmp == nil ? nil : prohibitors[flow.first], icmp: flow.icmp,
            bytesToClient: flow.bytes(from: server), bytesToServer: flow.bytes(from: client),
            encrypted: flow.beginsTLS)
    }
}
