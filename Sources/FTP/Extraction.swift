import Capture
import Net
import Streams

/// Packets to session records: the state behind `SessionExtractor`, in one value, so that a
/// packet costs one access to its owner.
struct Extraction {
    /// Bounds of `Limits` that were reached.
    private(set) var limitHits = LimitHits()

    /// Takes every connection that a record tells of, as it is when the record is handed over; for
    /// the control connection with its client's end.
    var onConnection: ((Flow, _ client: Endpoint?) -> Void)?

    private let bounds: ControlSession.Bounds
    var limits: Limits { _read { yield bounds.limits } }
    private let controlPorts: Set<UInt16>
    private let onSession: (SessionRecord) -> Void
    private var path: PacketPath
    var table: FlowTable {
        _read { yield path.table }
        _modify { yield &path.table }
    }
    private(set) var sessions = SessionSlots()
    var expectations: Expectations
    var recent: RecentConnections
    var encrypted: [Pair: [Int]] = [:]
    private(set) var attempts = ControlAttempts()
    /// Senders of ICMP messages, by the first packet of the connection that they are about.
    var prohibitors: [PacketMark: IPAddress] = [:]
    private var now: Timestamp { path.now }

    /// Addresses of a client and a server.
    struct Pair: Hashable {
        var client: IPAddress
        var server: IPAddress
    }

    init(
        limits: Limits, controlPorts: Set<UInt16>, onSession: @escaping (SessionRecord) -> Void
    ) {
        bounds = ControlSession.Bounds(limits)
        self.controlPorts = controlPorts
        self.onSession = onSession
        path = PacketPath(limits: limits)
        expectations = Expectations(age: limits.announcementAge, early: limits.recentAge)
        recent = RecentConnections(limit: limits.recentConnections)
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
        path.pass(to: time)
        if path.isSweepDue { sweep() }
    }

    mutating func takeControlAttempts() -> [ControlAttempt] { attempts.takeFailed() }

    private mutating func follow(_ seen: PacketPath.Seen, _ packet: Packet, _ bytes: Span<UInt8>) {
        switch seen {
        case .nothing: break
        case .packet(let tracked): take(tracked, packet, bytes)
        case .unreachable(let index):
            guard table[index].role != .none, prohibitors.count < limits.flows else { break }
            prohibitors[table[index].first] = packet.reporter
        }
        if path.isSweepDue { sweep() }
    }

    private mutating func take(
        _ tracked: FlowTable.Tracked, _ packet: Packet, _ bytes: Span<UInt8>
    ) {
        if table.hasRetired { absorbRetired() }
        if tracked.isNew { begin(tracked.index, packet) }
        var number = Int(tracked.owner)
        if tracked.role != .control {
            guard packet.payloadLength > 0, !tracked.isDismissed,
                table[tracked.index].role != .data, look(tracked, packet, bytes)
            else { return }
            number = Int(table[tracked.index].owner)
        }
        guard let session = sessions[number] else { return }
        // So late it is not waited for; whether the record is still here must not matter.
        if let closed = session.control.closedAt, packet.mark.time.since(closed) > limits.linger {
            return
        }
        let direction: Direction =
            tracked.fromLow == session.clientIsLow ? .toServer : .toClient
        let hasNews = session.control.take(packet, bytes, direction, isLast: tracked.isOver)
        if hasNews { followUp(session, number) }
    }

    /// A connection begins: it may have been announced, or be an attempt to reach a server.
    private mutating func begin(_ index: Int, _ packet: Packet) {
        let flow = table[index]
        let isSYN = packet.flags.contains(.syn)
        if isSYN, let opener = flow.opener {
            recent.add(
                RecentConnections.Entry(
                    handle: table.handle(index), time: flow.first.time, opener: opener,
                    listener: flow.other(than: opener)))
        }
        if !expectations.isEmpty, match(index) { return }
        guard isSYN, let opener = flow.opener else { return }
        let listener = flow.other(than: opener)
        if !encrypted.isEmpty, listener.port >= 1024, hide(index, opener, listener) { return }
        guard controlPorts.contains(listener.port), !packet.flags.contains(.ack) else { return }
        guard attempts.count < limits.controlAttempts else {
            limitHits.count("controlAttempts")
            return
        }
        table[index].role = .attempt
        attempts.begin(table.handle(index))
    }

    // MARK: recognition

    /// Looks at the first payload of a flow; true where it was promoted to a session.
    private mutating func look(_ tracked: FlowTable.Tracked, _ packet: Packet, _ bytes: Span<UInt8>)
        -> Bool
    {
        let index = tracked.index
        let flow = table[index]
        table[index].looks += 1
        if flow.beginsTLS == true {
            let isImplicit = flow.low.port == 990 || flow.high.port == 990
            guard isImplicit, flow.looks < 8 else {
                table[index].dismiss()
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
            if Int(table[index].looks) >= most { table[index].dismiss() }
            return false
        }
        return promote(
            tracked, clientIsLow: first.senderIsClient == tracked.fromLow, isImplicit: false)
    }

    private mutating func promote(
        _ tracked: FlowTable.Tracked, clientIsLow: Bool, isImplicit: Bool
    ) -> Bool {
        let index = tracked.index
        guard sessions.count < limits.sessions else {
            limitHits.count("sessions")
            table[index].dismiss()
            return false
        }
        let sender = tracked.expected
        let receiver = table.nextExpected(index, low: !tracked.fromLow)
        let fromClient = tracked.fromLow == clientIsLow
        var session = ControlSession(
            flow: table.handle(index), state: table[index], clientIsLow: clientIsLow,
            starts: fromClient ? [sender, receiver] : [receiver, sender], bounds: bounds)
        if isImplicit { session.beginImplicitTLS(session.record.first) }
        table[index].role = .control
        table[index].owner = UInt32(sessions.insert(OpenSession(session)))
        return true
    }

    /// After a session's lines were read: what it announced is expected from now on.
    private mutating func followUp(_ session: OpenSession, _ number: Int) {
        guard session.control.verdict == .ftp else {
            if let index = table.index(session.control.flow) {
                table[index].role = .none
                table[index].dismiss()
            }
            sessions.remove(number)
            return
        }
        while session.control.unregistered < session.control.record.channels.count {
            expect(session, number, session.control.unregistered)
            session.control.unregistered += 1
        }
        if session.control.record.encryption != nil, !session.control.isEncryptionRegistered {
            session.control.isEncryptionRegistered = true
            encrypted[pair(session.control.record), default: []].append(number)
        }
    }

    private func pair(_ record: SessionRecord) -> Pair {
        Pair(client: record.client.address, server: record.server.address)
    }

    // MARK: the end

    private mutating func sweep() {
        defer {
            path.noteSweep()
            path.sweepInterval = sessions.count + attempts.openCount
        }
        for (number, session) in sessions.all {
            forgetExpired(session, number)
            let isEnded =
                session.control.closedAt.map { now.since($0) > limits.linger } ?? false
                || now.since(session.control.lastTime) > limits.controlIdle
            if isEnded, session.control.isDataSettled(self, now) { emit(session, number) }
        }
        attempts.settle(
            &path.table, now: path.now, idle: bounds.limits.dataIdle, &prohibitors)
    }

    private mutating func forgetExpired(_ session: OpenSession, _ number: Int) {
        while session.control.expired < session.control.unregistered {
            let frame = session.control.record.channels[session.control.expired].frame
            guard now.since(frame.time) > limits.announcementAge else { return }
            forget(session, number, session.control.expired)
            session.control.expired += 1
        }
    }

    private mutating func forget(_ session: OpenSession, _ number: Int, _ channel: Int) {
        for key in session.control.links[channel].keys {
            expectations.remove(session: number, channel: channel, at: key)
        }
        session.control.links[channel].keys = []
    }

    private mutating func emit(_ session: OpenSession, _ number: Int) {
        session.control.finishStreams()
        followUp(session, number)
        guard session.control.verdict == .ftp else { return }
        limitHits.add(session.control.limitHits)
        onSession(session.control.built(self, isFinal: true))
        tell(session.control)
        for channel in session.control
            .expired..<max(session.control.expired, session.control.links.count)
        {
            forget(session, number, channel)
        }
        if session.control.isEncryptionRegistered {
            let pair = pair(session.control.record)
            encrypted[pair]?.removeAll { $0 == number }
            if encrypted[pair]?.isEmpty == true { encrypted[pair] = nil }
        }
        disown(session)
        sessions.remove(number)
    }

    private func tell(_ control: ControlSession) {
        guard let onConnection else { return }
        if let flow = control.goneFlow ?? flow(.live(control.flow)) {
            onConnection(flow, control.record.client)
        }
        for linked in control.links.flatMap(\.flows) + control.hidden {
            if let flow = flow(linked) { onConnection(flow, nil) }
        }
    }

    /// The connections of a session that is handed over are nobody's any more.
    private mutating func disown(_ session: OpenSession) {
        var linked = session.control.links.flatMap(\.flows) + session.control.hidden
        linked.append(.live(session.control.flow))
        for case .live(let handle) in linked {
            guard let index = table.index(handle) else { continue }
            prohibitors[table[index].first] = nil
            table[index].role = .none
            table[index].dismiss()
        }
    }

    private mutating func absorbRetired() {
        for flow in table.takeRetired() {
            switch flow.role {
            case .none: break
            case .control:
                let session = sessions[Int(flow.owner)]
                session?.control.goneFlow = flow
                if session?.control.closedAt == nil { session?.control.closedAt = flow.last.time }
            case .data, .hidden:
                guard let session = sessions[Int(flow.owner)] else { break }
                absorb(flow, into: session)
            case .attempt: attempts.settle(flow, prohibitedBy: prohibitors[flow.first])
            }
        }
    }

    private mutating func absorb(_ flow: Flow, into session: OpenSession) {
        func isSame(_ linked: LinkedFlow) -> Bool {
            guard case .live(let handle) = linked else { return false }
            return handle.index == flow.place
        }
        if flow.role == .hidden {
            guard let place = session.control.hidden.firstIndex(where: isSame) else { return }
            session.control.hidden[place] = .gone(flow)
        } else {
            let channel = Int(flow.ownerItem)
            guard channel < session.control.links.count,
                let place = session.control.links[channel].flows.firstIndex(where: isSame)
            else { return }
            session.control.links[channel].flows[place] = .gone(flow)
        }
    }

    /// Hands over every session that is still open, in the order of their first frames.
    mutating func finish() {
        for (number, session) in sessions.all {
            session.control.finishStreams()
            followUp(session, number)
        }
        let firsts = sessions.all.map { (first: $0.session.control.record.first, $0) }
        for (_, (number, session)) in firsts.sorted(by: { $0.first < $1.first }) {
            emit(session, number)
        }
        attempts.settle(&path.table, now: path.now, idle: nil, &prohibitors)
        limitHits.count("flows", table.evicted)
    }

    /// The records of sessions that are still open, as far as they go.
    func snapshot() -> [SessionRecord] {
        sessions.all.compactMap { _, session in
            guard session.control.verdict == .ftp else { return nil }
            return session.control.built(self, isFinal: false)
        }.sorted { $0.first < $1.first }
    }
}

extension Extraction: FlowLookup {
    func flow(_ linked: LinkedFlow) -> Flow? {
        switch linked {
        case .gone(let flow): flow
        case .live(let handle): table.index(handle).map { table[$0] }
        }
    }

    func prohibitor(of flow: Flow) -> IPAddress? { prohibitors[flow.first] }
}
