import Capture
import Net
import Streams

// Announced endpoint to observed connection.
extension Extraction {
    /// Of the connections that came before an announcement so many are turned away; it gets none
    /// of the others either.
    private static let mostTurnedAway = 4

    /// Expects a data connection at what was announced.
    mutating func expect(_ number: Int, _ channel: Int) {
        let announced = sessions.open[number].control.record.channels[channel]
        guard let advertised = announced.advertised else { return }
        let own =
            announced.announcedBy.isPassive
            ? sessions.open[number].control.record.server
            : sessions.open[number].control.record.client
        let places = ExpectedPlaces(advertised, own: own.address)
        sessions.open[number].control.links[channel].places = places
        let entry = Expectations.Entry(session: number, channel: channel, frame: announced.frame)
        expectations.add(entry, at: places.advertised)
        if let own = places.own { expectations.add(entry, at: own) }
        let (earlier, isAll) = recent.connections(
            to: places.advertised, or: places.own, at: announced.frame.time, in: path.table)
        if !isAll { limitHits.count("recentConnections") }
        var failures = 0
        for began in earlier {
            let age = announced.frame.time.since(began.time)
            guard age <= limits.recentAge, age >= -limits.announcementAge,
                let index = path.table.index(began.handle)
            else { continue }
            giveBack(index, to: number, channel)
            let role = path.table[index].role
            guard role == .none || role == .hidden || role == .attempt || isOnTrial(index),
                !path.table[index].state.contains(.taken)
            else { continue }
            if !match(index, for: number, at: announced.frame.time) { failures += 1 }
            if failures == Self.mostTurnedAway { break }
        }
    }

    /// Gives a connection to the announcement that it belongs to; false where there is none.
    ///
    /// Sessions that have ended get none any more, but for `number`.
    mutating func match(_ index: Int, for number: Int? = nil, at time: Timestamp) -> Bool {
        let flow = path.table[index]
        guard let opener = flow.opener else {
            return match(index, for: number, listener: flow.low, opener: flow.high, at: time)
                || match(index, for: number, listener: flow.high, opener: flow.low, at: time)
        }
        return match(
            index, for: number, listener: flow.other(than: opener), opener: opener, at: time)
    }

    private mutating func match(
        _ index: Int, for current: Int?, listener: Endpoint, opener: Endpoint, at time: Timestamp
    ) -> Bool {
        let first = path.table[index].first
        var best: (entry: Expectations.Entry, rank: Rank)?
        for entry in expectations.waiting(at: listener) {
            guard expectations.isCandidate(entry, first.time), sessions.holds(entry.session),
                entry.session == current || !isEnded(entry.session, at: time)
            else { continue }
            let rank = rank(entry, listener: listener, opener: opener)
            if best.map({ $0.rank < rank }) ?? true { best = (entry, rank) }
        }
        guard let best else { return false }
        // What is announced to a client whose session can't be read is seen by nobody.
        if !best.rank.isPeer, encryptedSession(opener, listener, at: time) != nil { return false }
        let number = best.entry.session
        let channel = best.entry.channel
        if !best.rank.isUnused {
            let hasConnection = sessions.open[number].control.links[channel].flows.contains {
                flow($0)?.isEstablished ?? false
            }
            guard !hasConnection,
                sessions.open[number].control.links[channel].flows.count < limits.attemptsPerChannel
            else {
                sessions.open[number].control.note(
                    .extraDataConnection, FrameReference(first), detail: "\(opener)")
                if !hasConnection {
                    sessions.open[number].control.noteReached(
                        "attemptsPerChannel", FrameReference(first))
                }
                return false
            }
        }
        if !best.rank.isPeer {
            sessions.open[number].control.note(
                .foreignPeer, FrameReference(first), detail: "\(opener.address)")
        }
        if path.table[index].role == .hidden { unhide(index) }
        if path.table[index].role == .control { sessions.remove(Int(path.table[index].owner)) }
        sessions.open[number].control.links[channel].flows.append(.live(path.table.handle(index)))
        sessions.open[number].control.settledChannels = min(
            sessions.open[number].control.settledChannels, channel)
        path.table[index].role = .data
        path.table[index].owner = UInt32(number)
        path.table[index].ownerItem = UInt32(channel)
        return true
    }

    /// Takes a connection from an earlier announcement of the session, where both are read so late
    /// that it began behind this one too.
    private mutating func giveBack(_ index: Int, to number: Int, _ channel: Int) {
        let (flow, handle) = (path.table[index], path.table.handle(index))
        let earlier = Int(flow.ownerItem)
        guard flow.role == .data, flow.owner == UInt32(number), earlier < channel,
            FrameReference(flow.first)
                > sessions.open[number].control.record.channels[channel].frame
        else { return }
        let kept = sessions.open[number].control.links[earlier].flows.filter { linked in
            guard case .live(let other) = linked else { return true }
            return other != handle
        }
        sessions.open[number].control.links[earlier].flows = ShortList(kept)
        path.table[index].role = .none
    }

    /// Whether a connection may yet turn out to be a control connection. One that is announced is
    /// none, whatever it begins with.
    private func isOnTrial(_ index: Int) -> Bool {
        let number = Int(path.table[index].owner)
        return path.table[index].role == .control && sessions.holds(number)
            && sessions.open[number].control.verdict == .undecided
    }

    /// Takes a connection from the encrypted session that it seemed to belong to.
    private mutating func unhide(_ index: Int) {
        let (number, handle) = (Int(path.table[index].owner), path.table.handle(index))
        guard sessions.holds(number) else { return }
        sessions.open[number].control.hidden.removeAll { linked in
            guard case .live(let other) = linked else { return false }
            return other == handle
        }
    }

    private func rank(
        _ entry: Expectations.Entry, listener: Endpoint, opener: Endpoint
    ) -> Rank {
        let number = entry.session
        let isPassive = sessions.open[number].control.record.channels[entry.channel].announcedBy
            .isPassive
        let client = sessions.open[number].control.record.client
        let server = sessions.open[number].control.record.server
        return Rank(
            isPeer: opener.address == (isPassive ? client : server).address,
            isOwnEnd: listener.address == (isPassive ? server : client).address,
            isUnused: sessions.open[number].control.links[entry.channel].flows.isEmpty,
            frame: entry.frame)
    }

    /// How well a connection fits an announcement.
    private struct Rank {
        /// The opener is the control connection's other end.
        var isPeer: Bool
        /// The listener is the end that announced.
        var isOwnEnd: Bool
        var isUnused: Bool
        var frame: FrameReference

        static func < (a: Rank, b: Rank) -> Bool {
            if a.isPeer != b.isPeer { return b.isPeer }
            if a.isOwnEnd != b.isOwnEnd { return b.isOwnEnd }
            if a.isUnused != b.isUnused { return b.isUnused }
            return a.frame < b.frame
        }
    }

    /// Keeps a connection that may be a hidden data connection of an encrypted session.
    mutating func hide(
        _ index: Int, _ client: Endpoint, _ server: Endpoint, at time: Timestamp
    ) -> Bool {
        guard let number = encryptedSession(client, server, at: time) else { return false }
        guard sessions.open[number].control.hidden.count < limits.hiddenConnections else {
            sessions.open[number].control.noteReached(
                "hiddenConnections", FrameReference(path.table[index].first))
            return false
        }
        sessions.open[number].control.hidden.append(.live(path.table.handle(index)))
        path.table[index].role = .hidden
        path.table[index].owner = UInt32(number)
        return true
    }

    /// The encrypted session that may have had a port of the server announced to the client.
    private mutating func encryptedSession(
        _ client: Endpoint, _ server: Endpoint, at time: Timestamp
    ) -> Int? {
        guard !encrypted.isEmpty else { return nil }
        let pair = Pair(client: client.address, server: server.address)
        // The last that goes on; those behind it have closed, and get none any more.
        while let last = encrypted[pair]?.last,
            !sessions.holds(last) || sessions.open[last].control.closedAt != nil
        {
            encrypted[pair]?.removeLast()
        }
        guard let number = encrypted[pair]?.last, !isEnded(number, at: time),
            sessions.open[number].control.record.server != server,
            sessions.open[number].control.record.encryption?.cleared == nil
        else { return nil }
        return number
    }
}
