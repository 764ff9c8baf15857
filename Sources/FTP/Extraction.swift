import Capture
import Net
import Streams

/// Packets to session records: the state behind `SessionExtractor`, in one value, so that a
/// packet costs one access to its owner.
struct Extraction {
    /// Bounds of `Limits` that were reached.
    var limitHits = LimitHits()

    /// Takes every connection that a record tells of, as it is when the record is handed over; for
    /// the control connection with its client's end.
    var onConnection: ((Flow, _ client: Endpoint?) -> Void)?

    let bounds: ControlSession.Bounds
    var limits: Limits { _read { yield bounds.limits } }
    /// See `SessionExtractor.controlPorts`.
    var controlPorts: Set<UInt16>
    let onSession: (consuming SessionRecord) -> Void
    /// The flow table, and what time it is.
    var path: PacketPath
    var sessions = SessionSlots()
    var expectations: Expectations
    var recent: RecentConnections
    var encrypted: [Pair: [Int]] = [:]
    var attempts = ControlAttempts()
    /// Senders of ICMP messages, by the first packet of the connection that they are about.
    var prohibitors: [PacketMark: IPAddress] = [:]
    var now: Timestamp { path.clock.now }

    /// Addresses of a client and a server.
    struct Pair: Hashable {
        var client: IPAddress
        var server: IPAddress
    }

    init(
        limits: Limits, controlPorts: Set<UInt16>,
        onSession: @escaping (consuming SessionRecord) -> Void
    ) {
        bounds = ControlSession.Bounds(limits)
        self.controlPorts = controlPorts
        self.onSession = onSession
        path = PacketPath(limits: limits)
        expectations = Expectations(age: limits.announcementAge, early: limits.recentAge)
        recent = RecentConnections(limit: limits.recentConnections, age: limits.recentAge)
    }

    /// Takes packets whose payloads stand in `plain` or in `assembled`.
    mutating func consume(
        _ packets: Span<Packet>, _ plain: Span<UInt8>, _ assembled: Span<UInt8>
    ) {
        var index = 0
        while index < packets.count {
            let seen = path.take(packets, from: &index)
            guard index < packets.count else { return }
            if packets[index].kind == .assembledTCP {
                follow(seen, packets[index], assembled)
            } else {
                follow(seen, packets[index], plain)
            }
            index += 1
        }
    }

    /// Takes a packet whose payload stands in `bytes`.
    mutating func consume(_ packet: Packet, _ bytes: Span<UInt8>) {
        follow(path.take(packet), packet, bytes)
    }

    mutating func tick(_ time: Timestamp) {
        path.clock.pass(to: time)
        if path.clock.isSweepDue { sweep() }
    }

    mutating func takeControlAttempts() -> [ControlAttempt] { attempts.takeFailed() }

    @inline(__always)
    private mutating func follow(
        _ seen: PacketPath.Seen, _ packet: borrowing Packet, _ bytes: Span<UInt8>
    ) {
        if case .packet(let tracked) = seen {
            take(tracked, packet, bytes)
        } else {
            followOther(seen, packet, bytes)
        }
        if path.clock.isSweepDue { sweep() }
    }

    @inline(never)
    private mutating func followOther(
        _ seen: PacketPath.Seen, _ packet: borrowing Packet, _ bytes: Span<UInt8>
    ) {
        switch seen {
        case .nothing: break
        case .packet(let tracked): take(tracked, packet, bytes)
        case .unreachable(let index):
            guard path.table[index].role != .none else { break }
            if prohibitors.count < limits.flows {
                prohibitors[path.table[index].first] = packet.reporter
            } else {
                limitHits.count("flows")
            }
        case .due(let index):
            guard isMisdated(packet, index) else {
                settle(index, at: packet.mark.time)
                followOther(path.retake(packet), packet, bytes)
                break
            }
            // Else nothing of its session would be after it, and no silence end it.
            let dated = packet.dated(min(packet.mark.time, now))
            followOther(path.retake(dated), dated, bytes)
        }
    }

    private mutating func take(
        _ tracked: FlowTable.Tracked, _ packet: Packet, _ bytes: Span<UInt8>
    ) {
        if path.table.hasRetired { absorbRetired() }
        if tracked.isNew { begin(tracked.index, packet) }
        let role = path.table[tracked.index].role
        if role != .control {
            guard packet.payloadLength > 0, role != .data,
                !path.table[tracked.index].isDismissed, look(tracked, packet, bytes)
            else { return }
        }
        let number = Int(path.table[tracked.index].owner)
        guard sessions.holds(number) else { return }
        // So late it is not waited for; whether the record is still here must not matter.
        if let closed = sessions.open[number].control.closedAt,
            packet.mark.time.since(closed) > limits.linger
        {
            return
        }
        sessions.open[number].take(packet, bytes, fromLow: tracked.fromLow)
        if sessions.open[number].isWaiting || path.table[tracked.index].isWatched {
            checkHoles(number, tracked.index, packet.mark.time)
        }
        if path.table[tracked.index].isOver { close(number, at: packet.mark.time) }
        if sessions.open[number].control.hasNews { followUp(number) }
    }

    /// While segments wait, every packet of their connection may say that they wait in vain.
    private mutating func checkHoles(_ number: Int, _ index: Int, _ now: Timestamp) {
        let clientIsLow = sessions.open[number].control.clientIsLow
        sessions.open[number].checkHoles(
            acknowledged: path.table[index].acknowledged(byLow: clientIsLow),
            path.table[index].acknowledged(byLow: !clientIsLow), now)
        path.table[index].isWatched = sessions.open[number].isWaiting
    }

    /// A connection begins: it may have been announced, or be an attempt to reach a server.
    private mutating func begin(_ index: Int, _ packet: Packet) {
        let flow = path.table[index]
        // The SYN may have come before its answer, which is the packet.
        let isSYN = flow.state.contains(.syn) || packet.flags.contains(.syn)
        if isSYN, let opener = flow.opener {
            recent.add(
                path.table.handle(index), to: flow.other(than: opener), at: flow.first.time)
        }
        if !expectations.isEmpty, match(index, at: flow.last.time) { return }
        guard isSYN, let opener = flow.opener else { return }
        let listener = flow.other(than: opener)
        if !encrypted.isEmpty, listener.port >= 1024,
            hide(index, opener, listener, at: flow.last.time)
        {
            return
        }
        guard controlPorts.contains(listener.port), flow.state.contains(.syn) else { return }
        guard attempts.count < limits.controlAttempts else {
            limitHits.count("controlAttempts")
            return
        }
        path.table[index].role = .attempt
        attempts.begin(path.table.handle(index))
    }

    // MARK: recognition

    /// Looks at the first payload of a flow; true where it was promoted to a session.
    private mutating func look(_ tracked: FlowTable.Tracked, _ packet: Packet, _ bytes: Span<UInt8>)
        -> Bool
    {
        let index = tracked.index
        let flow = path.table[index]
        path.table[index].looks += 1
        if flow.beginsTLS == true {
            let isImplicit = flow.low.port == 990 || flow.high.port == 990
            guard isImplicit, flow.looks < 8 else {
                path.table[index].dismiss()
                return false
            }
            guard flow.state.isSuperset(of: [.tlsLow, .tlsHigh]) else { return false }
            return promote(tracked, clientIsLow: flow.high.port == 990, isImplicit: true)
        }
        let payload = bytes.extracting(packet.payloadRange)
        let senderIsOpener = flow.opener.map { ($0 == flow.low) == tracked.fromLow }
        let isOutOfOrder =
            tracked.expected.map { SequenceNumber(packet.sequence).distance(from: $0) > 0 } ?? false
        let first = FirstPayload(
            payload, senderIsOpener: senderIsOpener, isOutOfOrder: isOutOfOrder)
        guard let first else {
            let isControlPort = flow.low.port == 21 || flow.high.port == 21
            let most = isControlPort ? 16 : senderIsOpener == nil ? 4 : 1
            if Int(path.table[index].looks) >= most { path.table[index].dismiss() }
            return false
        }
        return promote(
            tracked, clientIsLow: first.senderIsClient == tracked.fromLow, isImplicit: false)
    }

    private mutating func promote(
        _ tracked: FlowTable.Tracked, clientIsLow: Bool, isImplicit: Bool
    ) -> Bool {
        let index = tracked.index
        if path.table.isEcho(index) {
            path.table[index].dismiss()
            return false
        }
        guard sessions.count < limits.sessions else {
            limitHits.count("sessions")
            path.table[index].dismiss()
            return false
        }
        let sender = tracked.expected
        let receiver = path.table.nextExpected(index, low: !tracked.fromLow)
        let fromClient = tracked.fromLow == clientIsLow
        let number = sessions.insert(
            ControlSession(
                flow: path.table.handle(index), state: path.table[index], clientIsLow: clientIsLow,
                bounds: bounds),
            starts: fromClient ? (sender, receiver) : (receiver, sender))
        sessions.wait(number, until: nextDue(number))
        if isImplicit { sessions.open[number].beginImplicitTLS() }
        path.table[index].role = .control
        path.table[index].owner = UInt32(number)
        return true
    }

    /// After a session's lines were read: what it announced is expected from now on.
    mutating func followUp(_ number: Int) {
        guard sessions.open[number].control.verdict != .undecided else { return }
        sessions.open[number].control.hasNews = false
        guard sessions.open[number].control.verdict == .ftp else {
            if let index = index(sessions.open[number].control.flow) {
                path.table[index].role = .none
                path.table[index].dismiss()
            }
            sessions.remove(number)
            return
        }
        while sessions.open[number].control.unregistered
            < sessions.open[number].control.record.channels.count
        {
            expect(number, sessions.open[number].control.unregistered)
            noteRegistered(number, sessions.open[number].control.unregistered)
            sessions.open[number].control.unregistered += 1
        }
        if sessions.open[number].control.record.encryption != nil,
            !sessions.open[number].control.isEncryptionRegistered
        {
            sessions.open[number].control.isEncryptionRegistered = true
            encrypted[pair(number), default: []].append(number)
        }
    }

    func pair(_ number: Int) -> Pair {
        Pair(
            client: sessions.open[number].control.record.client.address,
            server: sessions.open[number].control.record.server.address)
    }
}
