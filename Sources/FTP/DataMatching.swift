import Capture
import Net
import Streams

// Announced endpoint to observed connection.
extension Extraction {
    /// Expects a data connection at what was announced, and at the control connection's own end
    /// with the announced port: where an address was rewritten on the way, it comes there.
    mutating func expect(_ session: OpenSession, _ number: Int, _ channel: Int) {
        let announced = session.control.record.channels[channel]
        guard let advertised = announced.advertised else { return }
        let own =
            announced.announcedBy.isPassive
            ? session.control.record.server : session.control.record.client
        let second = Endpoint(own.address, advertised.port)
        let keys = second == advertised ? [advertised] : [advertised, second]
        session.control.links[channel].keys = keys
        let entry = Expectations.Entry(session: number, channel: channel, frame: announced.frame)
        for key in keys { expectations.add(entry, at: key) }
        for began in recent.connections(to: keys) {
            let age = announced.frame.time.since(began.time)
            guard age <= limits.recentAge, age >= -limits.announcementAge,
                let index = table.index(began.handle)
            else { continue }
            let role = table[index].role
            guard role == .none || role == .hidden || role == .attempt else { continue }
            _ = match(index)
        }
    }

    /// Gives a connection to the announcement that it belongs to; false where there is none.
    mutating func match(_ index: Int) -> Bool {
        let flow = table[index]
        guard let opener = flow.opener else {
            return match(index, listener: flow.low, opener: flow.high)
                || match(index, listener: flow.high, opener: flow.low)
        }
        return match(index, listener: flow.other(than: opener), opener: opener)
    }

    private mutating func match(_ index: Int, listener: Endpoint, opener: Endpoint) -> Bool {
        let first = table[index].first
        var best: (entry: Expectations.Entry, rank: Rank)?
        for entry in expectations.candidates(at: listener, first.time) {
            guard let session = sessions[entry.session] else { continue }
            let rank = Rank(entry, session, listener: listener, opener: opener)
            if best.map({ $0.rank < rank }) ?? true { best = (entry, rank) }
        }
        guard let best, let session = sessions[best.entry.session] else { return false }
        let channel = best.entry.channel
        if !best.rank.isUnused {
            let hasConnection = session.control.links[channel].flows.contains {
                flow($0)?.isEstablished ?? false
            }
            guard !hasConnection,
                session.control.links[channel].flows.count < limits.attemptsPerChannel
            else {
                session.control.note(
                    .extraDataConnection, FrameReference(first), detail: "\(opener)")
                if !hasConnection {
                    session.control.noteReached("attemptsPerChannel", FrameReference(first))
                }
                return false
            }
        }
        if !best.rank.isPeer {
            session.control.note(.foreignPeer, FrameReference(first), detail: "\(opener.address)")
        }
        session.control.links[channel].flows.append(.live(table.handle(index)))
        session.control.settledChannels = min(session.control.settledChannels, channel)
        table[index].role = .data
        table[index].owner = UInt32(best.entry.session)
        table[index].ownerItem = UInt32(channel)
        return true
    }

    /// How well a connection fits an announcement.
    private struct Rank {
        /// The opener is the control connection's other end.
        var isPeer: Bool
        /// The listener is the end that announced.
        var isOwnEnd: Bool
        var isUnused: Bool
        var frame: FrameReference

        init(
            _ entry: Expectations.Entry, _ session: OpenSession, listener: Endpoint,
            opener: Endpoint
        ) {
            let isPassive = session.control.record.channels[entry.channel].announcedBy.isPassive
            let peer = isPassive ? session.control.record.client : session.control.record.server
            let own = isPassive ? session.control.record.server : session.control.record.client
            isPeer = opener.address == peer.address
            isOwnEnd = listener.address == own.address
            isUnused = session.control.links[entry.channel].flows.isEmpty
            frame = entry.frame
        }

        static func < (a: Rank, b: Rank) -> Bool {
            if a.isPeer != b.isPeer { return b.isPeer }
            if a.isOwnEnd != b.isOwnEnd { return b.isOwnEnd }
            if a.isUnused != b.isUnused { return b.isUnused }
            return a.frame < b.frame
        }
    }

    /// Keeps a connection that may be a hidden data connection of an encrypted session.
    mutating func hide(_ index: Int, _ client: Endpoint, _ server: Endpoint) -> Bool {
        let pair = Pair(client: client.address, server: server.address)
        guard let number = encrypted[pair]?.last, let session = sessions[number],
            session.control.closedAt == nil, session.control.record.server != server,
            session.control.record.encryption?.cleared == nil
        else { return false }
        guard session.control.hidden.count < limits.hiddenConnections else {
            session.control.noteReached(
                "hiddenConnections", FrameReference(table[index].first))
            return false
        }
        session.control.hidden.append(.live(table.handle(index)))
        table[index].role = .hidden
        table[index].owner = UInt32(number)
        return true
    }
}
