import Capture
import Net
import Streams

/// Looks up what a record needs beside the dialogue.
protocol FlowLookup {
    func flow(_ linked: LinkedFlow) -> Flow?
    /// Who sent the ICMP message about a connection.
    func prohibitor(of flow: Flow) -> IPAddress?
}

extension ControlSession {
    /// The record as it stands now; `isFinal` where nothing can change it any more.
    func built(_ lookup: some FlowLookup, isFinal: Bool) -> SessionRecord {
        var record = record
        if record.user == nil { record.user = dialogue.triedUser }
        if let flow = goneFlow ?? lookup.flow(.live(flow)) {
            record.visibility.oneSided = !flow.state.isSuperset(of: [.packetLow, .packetHigh])
            record.end = Self.end(flow, clientIsLow: clientIsLow)
        }
        for index in record.channels.indices {
            let flows = links[index].flows.compactMap { lookup.flow($0) }
            fill(&record.channels[index], index, flows, lookup, record.visibility.oneSided)
            record.channels[index].isPending = !isFinal && !isSettled(index, lookup)
        }
        record.hiddenData = hidden.compactMap { linked in
            guard let flow = lookup.flow(linked), flow.role != .control else { return nil }
            return hiddenConnection(flow, lookup, record.visibility.oneSided)
        }
        return record
    }

    private static func end(_ flow: Flow, clientIsLow: Bool) -> SessionRecord.End {
        let state = flow.state
        if !state.isDisjoint(with: [.finLow, .finHigh]) { return .closed }
        if state.contains(clientIsLow ? .rstLow : .rstHigh) { return .resetByClient }
        if state.contains(clientIsLow ? .rstHigh : .rstLow) { return .resetByServer }
        return .open
    }

    private func isSettled(_ index: Int, _ lookup: some FlowLookup) -> Bool {
        guard !links[index].flows.isEmpty else {
            return closedAt != nil || index + 1 < record.channels.count
                || lastTime.since(record.channels[index].frame.time) > limits.announcementAge
        }
        return links[index].flows.allSatisfy { linked in
            guard case .live = linked, let flow = lookup.flow(linked) else { return true }
            return flow.isOver || lastTime.since(flow.last.time) > limits.dataIdle
        }
    }

    private func fill(
        _ channel: inout DataChannel, _ index: Int, _ flows: [Flow], _ lookup: some FlowLookup,
        _ isOneSided: Bool
    ) {
        channel.controlTTL = controlTTL
        let isDone = channel.transferReply.map { (200..<300).contains($0) } ?? false
        guard
            let flow = flows.first(where: \.isEstablished)
                ?? flows.first(where: { $0.state.contains(.prohibited) })
                ?? flows.first(where: { $0.state.contains(.refused) }) ?? flows.first
        else {
            // A transfer that went on had a data connection, whatever the capture shows.
            let happened =
                isDone || links[index].isUnderWay || isOneSided && channel.transfer != nil
            channel.outcome = happened ? .unseen : .unused
            return
        }
        channel.outcome = flow.outcome(isOneSided: isOneSided)
        channel.attempts = flows.reduce(0) { $0 + Int($1.attempts) }
        channel.dataFrame = FrameReference(
            channel.outcome == .established ? flow.first : flows[0].first)
        channel.lastDataFrame = flows.map { FrameReference($0.last) }.max()
        channel.answer = flow.answerFrame
        channel.answerTTL = flow.answerTTL
        channel.icmp = flow.icmp
        channel.prohibitedBy = flow.icmp == nil ? nil : lookup.prohibitor(of: flow)
        let server = serverEnd(of: flow, channel)
        let client = flow.other(than: server)
        channel.client = client
        channel.server = server
        channel.bytesToClient = flow.bytes(from: server)
        channel.bytesToServer = flow.bytes(from: client)
        channel.encrypted = flow.beginsTLS
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
            listener = links.isEmpty || flow.low == channel.advertised ? flow.low : flow.high
        }
        return channel.announcedBy.isPassive ? listener : flow.other(than: listener)
    }

    private func hiddenConnection(
        _ flow: Flow, _ lookup: some FlowLookup, _ isOneSided: Bool
    ) -> HiddenConnection {
        let client = flow.opener ?? flow.low
        let server = flow.other(than: client)
        return HiddenConnection(
            client: client, server: server, first: FrameReference(flow.first),
            last: FrameReference(flow.last), attempts: Int(flow.attempts),
            outcome: flow.outcome(isOneSided: isOneSided), answer: flow.answerFrame,
            answerTTL: flow.answerTTL,
            prohibitedBy: flow.icmp == nil ? nil : lookup.prohibitor(of: flow), icmp: flow.icmp,
            bytesToClient: flow.bytes(from: server), bytesToServer: flow.bytes(from: client),
            encrypted: flow.beginsTLS)
    }
}
