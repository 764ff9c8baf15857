import Capture
import Net
import Streams

// The end of sessions, and of the connections that belong to them.
extension Extraction {
    mutating func sweep() {
        defer {
            path.clock.noteSweep()
            path.clock.sweepInterval = sessions.count + attempts.openCount
        }
        for number in sessions.open.indices where sessions.isDue(number, at: now) {
            forgetExpired(number)
            if isEnded(number, at: now) {
                emit(number)
            } else {
                sessions.wait(number, until: nextDue(number))
            }
        }
        attempts.settle(&path.table, now: path.clock.now, limits: bounds.limits, &prohibitors)
    }

    /// When a session may have ended, or an announcement of it may have become too old, as things
    /// stand; later only where more is seen of it. Mutating for the reason that `isSilent` gives.
    mutating func nextDue(_ number: Int) -> Timestamp {
        var moment = sessions.open[number].control.last.time.after(limits.controlIdle)
        if let closed = sessions.open[number].control.closedAt {
            moment = min(moment, closed.after(limits.linger))
        }
        let expired = sessions.open[number].control.expired
        guard expired < sessions.open[number].control.unregistered else { return moment }
        return min(moment, expiry(number, expired))
    }

    /// When an announcement becomes too old.
    private mutating func expiry(_ number: Int, _ channel: Int) -> Timestamp {
        let frame = sessions.open[number].control.record.channels[channel].frame
        return frame.time.after(limits.announcementAge)
    }

    /// An announcement is expected from now on.
    mutating func noteRegistered(_ number: Int, _ channel: Int) {
        sessions.look(number, at: expiry(number, channel))
    }

    /// The control connection was seen to end; the first time counts.
    mutating func close(_ number: Int, at time: Timestamp) {
        guard sessions.open[number].control.closedAt == nil else { return }
        sessions.open[number].control.closedAt = time
        sessions.look(number, at: time.after(limits.linger))
    }

    /// No connection is silent for so long and goes on then.
    private static let longestSilence: Int64 = 30 * 86_400_000_000_000

    /// Whether a packet goes on with a connection just where that stood, but for a time that is
    /// far off: its clock is wrong, and nothing has ended.
    func isMisdated(_ packet: borrowing Packet, _ index: Int) -> Bool {
        guard packet.mark.time.since(path.table[index].last.time) > Self.longestSilence else {
            return false
        }
        if let expected = path.table.nextExpected(index, low: packet.isFromLow) {
            // A keep-alive stands before it, what follows a FIN behind it.
            return (-1...1).contains(SequenceNumber(packet.sequence).distance(from: expected))
        }
        guard packet.flags.contains(.ack) else { return false }
        let other = path.table.nextExpected(index, low: !packet.isFromLow)
        return other?.value == packet.acknowledgement
    }

    /// Settles what a flow belongs to before a packet of it is noted, if a sweep would have by
    /// now: what a record tells does not depend on when other traffic led to one.
    mutating func settle(_ index: Int, at time: Timestamp) {
        let number = Int(path.table[index].owner)
        switch path.table[index].role {
        case .none: break
        case .attempt:
            attempts.settle(
                &path.table, index, now: time, limits: bounds.limits, &prohibitors)
        case .control, .data, .hidden:
            if sessions.holds(number), isEnded(number, at: time) { emit(number) }
        }
    }

    /// Whether nothing more belongs to a session: its control connection has ended, or all of its
    /// connections were silent for very long, and its data connections have come to rest.
    mutating func isEnded(_ number: Int, at time: Timestamp) -> Bool {
        let isOver = isClosed(number, at: time) ? true : isSilent(number, at: time)
        return isOver ? isDataSettled(number, at: time) : false
    }

    @inline(__always)
    private func isClosed(_ number: Int, at time: Timestamp) -> Bool {
        guard let closed = sessions.open[number].control.closedAt else { return false }
        return time.since(closed) > bounds.limits.linger
    }

    /// Nothing was seen of its connections for very long. Mutating only because Swift 6.3.1 copies
    /// all of the extraction for a call that is not.
    private mutating func isSilent(_ number: Int, at time: Timestamp) -> Bool {
        var last = sessions.open[number].control.last.time
        if let index = index(sessions.open[number].control.flow) {
            last = max(last, path.table[index].last.time)
        }
        guard time.since(last) > bounds.limits.controlIdle else { return false }
        return time.since(lastDataTime(number)) > bounds.limits.controlIdle
    }

    /// When something was seen of the latest data connections; while data flows the control
    /// connection is silent.
    private func lastDataTime(_ number: Int) -> Timestamp {
        var latest = sessions.open[number].control.record.first.time
        if let flows = sessions.open[number].control.links.last?.flows {
            for linked in flows { latest = max(latest, lastTime(linked) ?? latest) }
        }
        for linked in sessions.open[number].control.hidden {
            latest = max(latest, lastTime(linked) ?? latest)
        }
        return latest
    }

    private func lastTime(_ linked: LinkedFlow) -> Timestamp? {
        switch linked {
        case .gone(let flow): flow.last.time
        case .live: index(linked).map { path.table[$0].last.time }
        }
    }

    /// Every data connection has come to its end, or was silent for long.
    private mutating func isDataSettled(_ number: Int, at time: Timestamp) -> Bool {
        let links = sessions.open[number].control.links
        while sessions.open[number].control.settledChannels < links.count {
            let flows = links[sessions.open[number].control.settledChannels].flows
            if flows.contains(where: { isOpen($0, at: time) }) { return false }
            sessions.open[number].control.settledChannels += 1
        }
        return !sessions.open[number].control.hidden.contains { isOpen($0, at: time) }
    }

    private func isOpen(_ linked: LinkedFlow, at time: Timestamp) -> Bool {
        guard let index = index(linked) else { return false }
        return !path.table[index].isOver
            && time.since(path.table[index].last.time) <= limits.dataIdle
    }

    private mutating func forgetExpired(_ number: Int) {
        while sessions.open[number].control.expired < sessions.open[number].control.unregistered {
            let channel = sessions.open[number].control.expired
            let frame = sessions.open[number].control.record.channels[channel].frame
            guard now.since(frame.time) > limits.announcementAge else { return }
            forget(number, channel)
            sessions.open[number].control.expired += 1
        }
    }

    private mutating func forget(_ number: Int, _ channel: Int) {
        guard let places = sessions.open[number].control.links[channel].places else { return }
        expectations.remove(session: number, channel: channel, at: places.advertised)
        if let own = places.own {
            expectations.remove(session: number, channel: channel, at: own)
        }
        sessions.open[number].control.links[channel].places = nil
    }

    private mutating func emit(_ number: Int, atEnd: Bool = false) {
        sessions.open[number].finishStreams()
        followUp(number)
        guard sessions.holds(number) else { return }
        limitHits.add(sessions.open[number].control.limitHits)
        onSession(takeRecord(number, atEnd: atEnd))
        tell(number)
        let (expired, count) = (
            sessions.open[number].control.expired, sessions.open[number].control.links.count
        )
        for channel in expired..<max(expired, count) { forget(number, channel) }
        if sessions.open[number].control.isEncryptionRegistered {
            let pair = pair(number)
            encrypted[pair]?.removeAll { $0 == number }
            if encrypted[pair]?.isEmpty == true { encrypted[pair] = nil }
        }
        disown(number)
        sessions.remove(number)
    }

    private func tell(_ number: Int) {
        guard let onConnection else { return }
        if let flow = flow(sessions.open[number].control.flow) {
            onConnection(flow, sessions.open[number].control.record.client)
        }
        let links = sessions.open[number].control.links
        for linked in links.flatMap(\.flows) + sessions.open[number].control.hidden {
            if let flow = flow(linked) { onConnection(flow, nil) }
        }
    }

    /// The connections of a session that is handed over are nobody's any more.
    private mutating func disown(_ number: Int) {
        if sessions.open[number].control.closedAt == nil {
            // What comes after so long a silence is read as a session of its own.
            index(sessions.open[number].control.flow).map { path.table.remove($0) }
        } else {
            disown(sessions.open[number].control.flow)
        }
        for link in sessions.open[number].control.links {
            for linked in link.flows { disown(linked) }
        }
        for linked in sessions.open[number].control.hidden { disown(linked) }
    }

    private mutating func disown(_ linked: LinkedFlow) {
        if !prohibitors.isEmpty, let flow = flow(linked) { prohibitors[flow.first] = nil }
        guard let index = index(linked) else { return }
        path.table[index].disown()
    }

    mutating func absorbRetired() {
        for flow in path.table.takeRetired() {
            let number = Int(flow.owner)
            switch flow.role {
            case .none: break
            case .attempt:
                attempts.take(
                    flow, now: now, limits: limits,
                    prohibitedBy: prohibitors.removeValue(forKey: flow.first))
            case .control:
                guard sessions.holds(number) else { break }
                sessions.open[number].control.flow = .gone(flow)
                close(number, at: flow.last.time)
            case .data, .hidden:
                if sessions.holds(number) { absorb(flow, into: number) }
            }
        }
    }

    private mutating func absorb(_ flow: Flow, into number: Int) {
        func isSame(_ linked: LinkedFlow) -> Bool {
            guard case .live(let handle) = linked else { return false }
            return handle.index == flow.place
        }
        if flow.role == .hidden {
            guard let place = sessions.open[number].control.hidden.firstIndex(where: isSame) else {
                return
            }
            sessions.open[number].control.hidden[place] = .gone(flow)
        } else {
            let channel = Int(flow.ownerItem)
            guard channel < sessions.open[number].control.links.count,
                let place = sessions.open[number].control.links[channel].flows.firstIndex(
                    where: isSame)
            else { return }
            sessions.open[number].control.links[channel].flows[place] = .gone(flow)
        }
    }

    /// Hands over every session that is still open, in the order of their first frames.
    mutating func finish() {
        for number in sessions.numbers where sessions.holds(number) {
            sessions.open[number].finishStreams()
            followUp(number)
        }
        let firsts = sessions.numbers.map { (first: sessions.open[$0].control.record.first, $0) }
        for (_, number) in firsts.sorted(by: { $0.first < $1.first }) {
            emit(number, atEnd: true)
        }
        attempts.finish(&path.table, now: path.clock.now, limits: bounds.limits, &prohibitors)
        limitHits.count("flows", path.table.evicted)
        limitHits.count("recentConnections", recent.evicted)
    }

    /// The records of sessions that are still open, as far as they go.
    func snapshot() -> [SessionRecord] {
        sessions.numbers.compactMap { number in
            guard sessions.open[number].control.verdict == .ftp else { return nil }
            return record(number)
        }.sorted { $0.first < $1.first }
    }

    /// The index of a connection that is in the table.
    func index(_ linked: LinkedFlow) -> Int? {
        guard case .live(let handle) = linked else { return nil }
        return path.table.index(handle)
    }

    func flow(_ linked: LinkedFlow) -> Flow? {
        switch linked {
        case .gone(let flow): flow
        case .live: index(linked).map { path.table[$0] }
        }
    }
}
