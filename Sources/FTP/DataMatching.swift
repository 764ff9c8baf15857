import Capture
import Net
import Streams

/// Connections that began just now: an announcement may be captured after them.
struct RecentConnections {
    struct Entry {
        var handle: FlowTable.Handle
        var time: Timestamp
        var low: Endpoint
        var high: Endpoint
    }

    private(set) var entries: [Entry] = []
    private var place = 0
    private let limit: Int

    init(limit: Int) { self.limit = max(limit, 1) }

    mutating func add(_ entry: Entry) {
        if entries.count < limit {
            entries.append(entry)
        } else {
            entries[place] = entry
            place = place + 1 == limit ? 0 : place + 1
        }
    }
}

// Announced endpoint to observed connection.
extension SessionExtractor {
    /// Expects a data connection at what was announced, and at the control connection's own end
    /// with the announced port: where an address was rewritten on the way, it comes there.
    func expect(_ session: ControlSession, _ number: Int, _ channel: Int) {
        let announced = session.record.channels[channel]
        guard let advertised = announced.advertised else { return }
        let own =
            announced.announcedBy.isPassive ? session.record.server : session.record.client
        let second = Endpoint(own.address, advertised.port)
        let keys = second == advertised ? [advertised] : [advertised, second]
        session.links[channel].keys = keys
        let entry = Expectations.Entry(session: number, channel: channel, frame: announced.frame)
        for key in keys { expectations.add(entry, at: key) }
        let port = advertised.port
        for began in recent.entries where began.low.port == port || began.high.port == port {
            guard keys.contains(began.low) || keys.contains(began.high) else { continue }
            let age = announced.frame.time.since(began.time)
            guard age <= recentAge, age >= -announcementAge,
                let index = table.index(began.handle)
            else { continue }
            let flow = table[index]
            guard flow.role == .none || flow.role == .hidden || flow.role == .attempt,
                let opener = flow.opener, keys.contains(flow.other(than: opener))
            else { continue }
            _ = match(index)
        }
    }

    /// Gives a connection to the announcement that it belongs to; false where there is none.
    func match(_ index: Int) -> Bool {
        let flow = table[index]
        guard let opener = flow.opener else {
            return match(index, listener: flow.low, opener: flow.high)
                || match(index, listener: flow.high, opener: flow.low)
        }
        return match(index, listener: flow.other(than: opener), opener: opener)
    }

    private func match(_ index: Int, listener: Endpoint, opener: Endpoint) -> Bool {
        let first = table[index].first
        var best: (entry: Expectations.Entry, rank: Rank)?
        for entry in expectations.candidates(at: listener, first.time) {
            guard let session = sessions[entry.session] else { continue }
            let rank = Rank(
                entry, session, listener: listener, opener: opener)
            if best.map({ $0.rank < rank }) ?? true { best = (entry, rank) }
        }
        guard let best, let session = sessions[best.entry.session] else { return false }
        let channel = best.entry.channel
        if !best.rank.isUnused {
            let hasConnection = session.links[channel].flows.contains {
                flow($0)?.isEstablished ?? false
            }
            guard !hasConnection,
                session.links[channel].flows.count < session.limits.attemptsPerChannel
            else {
                session.note(
                    .extraDataConnection, FrameReference(first), detail: "\(opener)")
                return false
            }
        }
        if !best.rank.isPeer {
            session.note(.foreignPeer, FrameReference(first), detail: "\(opener.address)")
        }
        session.links[channel].flows.append(.live(table.handle(index)))
        session.settledChannels = min(session.settledChannels, channel)
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
            _ entry: Expectations.Entry, _ session: ControlSession, listener: Endpoint,
            opener: Endpoint
        ) {
            let isPassive = session.record.channels[entry.channel].announcedBy.isPassive
            let peer = isPassive ? session.record.client : session.record.server
            let own = isPassive ? session.record.server : session.record.client
            isPeer = opener.address == peer.address
            isOwnEnd = listener.address == own.address
            isUnused = session.links[entry.channel].flows.isEmpty
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
    func hide(_ index: Int, _ client: Endpoint, _ server: Endpoint) -> Bool {
        let pair = Pair(client: client.address, server: server.address)
        guard let number = encrypted[pair]?.last, let session = sessions[number],
            session.closedAt == nil, session.record.server != server,
            session.record.encryption?.cleared == nil
        else { return false }
        guard session.hidden.count < session.limits.hiddenConnections else {
            session.note(
                .limitReached, FrameReference(table[index].first), detail: "hiddenConnections")
            return false
        }
        session.hidden.append(.live(table.handle(index)))
        table[index].role = .hidden
        table[index].owner = UInt32(number)
        return true
    }
}
