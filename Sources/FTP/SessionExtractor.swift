public import Capture
public import Net
public import Streams

/// Packets to session records: the one path for files and interfaces.
///
/// Feed it frames in the order of their time. A record is handed over when its control connection
/// has ended and its data connections have come to rest, or at `finish()`. Time is packet time.
public final class SessionExtractor {
    /// Bounds of `Limits` that were reached.
    public private(set) var limitHits = LimitHits()

    private let limits: Limits
    var recentAge: Int64 { limits.recentAge }
    var announcementAge: Int64 { limits.announcementAge }
    private let controlPorts: Set<UInt16>
    private let onSession: (SessionRecord) -> Void
    private var path: PacketPath
    private var reader: PacketReader
    var table: FlowTable {
        _read { yield path.table }
        _modify { yield &path.table }
    }
    private(set) var sessions = SessionSlots()
    var expectations: Expectations
    var recent: RecentConnections
    var encrypted: [Pair: [Int]] = [:]
    private var attempts = ControlAttempts()
    /// Senders of ICMP messages, by the first packet of the connection that they are about.
    var prohibitors: [PacketMark: IPAddress] = [:]
    private var now: Timestamp { path.now }

    /// Addresses of a client and a server.
    struct Pair: Hashable {
        var client: IPAddress
        var server: IPAddress
    }

    /// - Parameters:
    ///   - captures: How many captures the frames come from.
    ///   - limits: Bounds of what is kept.
    ///   - controlPorts: Ports at which a connection that fails is kept as `ControlAttempt`.
    ///   - onSession: Takes each finished record.
    public init(
        captures: Int = 1, limits: Limits = Limits(), controlPorts: Set<UInt16> = [21, 990, 2121],
        onSession: @escaping (SessionRecord) -> Void
    ) {
        self.limits = limits
        self.controlPorts = controlPorts
        self.onSession = onSession
        path = PacketPath(limits: limits)
        reader = PacketReader(captures: captures)
        expectations = Expectations(age: limits.announcementAge, early: limits.recentAge)
        recent = RecentConnections(limit: limits.recentConnections)
    }

    /// Takes the packets of many frames.
    public func consume(_ batch: borrowing PacketBatch) {
        let (plain, assembled) = (batch.bytes, batch.assembledBytes)
        let packets = batch.packets.span
        var index = 0
        while index < packets.count {
            let seen = path.take(packets, from: &index)
            guard index < packets.count else { return }
            if packets[index].kind == .assembledTCP {
                follow(seen, packets[index], assembled.span)
            } else {
                follow(seen, packets[index], plain.span)
            }
            index += 1
        }
    }

    /// Takes a frame.
    public func consume(_ header: FrameHeader, _ bytes: Span<UInt8>) {
        guard let packet = reader.read(header, bytes) else { return }
        let seen = path.take(packet)
        if packet.kind == .assembledTCP {
            let assembled = reader.assembled
            follow(seen, packet, assembled.span)
        } else {
            follow(seen, packet, bytes)
        }
    }

    private func follow(_ seen: PacketPath.Seen, _ packet: Packet, _ bytes: Span<UInt8>) {
        switch seen {
        case .nothing: break
        case .packet(let tracked): take(tracked, packet, bytes)
        case .unreachable(let index):
            guard table[index].role != .none, prohibitors.count < limits.flows else { break }
            prohibitors[table[index].first] = packet.reporter
        }
        if path.isSweepDue { sweep() }
    }

    /// Lets time pass where no packet tells it: on an idle interface.
    public func tick(_ time: Timestamp) {
        path.pass(to: time)
        if path.isSweepDue { sweep() }
    }

    private func take(
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
        let direction: Direction =
            tracked.fromLow == session.clientIsLow ? .toServer : .toClient
        session.take(packet, bytes, direction)
        if session.verdict != .undecided { followUp(session, number) }
        if session.closedAt == nil, tracked.isOver { session.closedAt = packet.mark.time }
    }

    /// A connection begins: it may have been announced, or be an attempt to reach a server.
    private func begin(_ index: Int, _ packet: Packet) {
        let flow = table[index]
        let isSYN = packet.flags.contains(.syn)
        if isSYN {
            recent.add(
                RecentConnections.Entry(
                    handle: table.handle(index), time: flow.first.time, low: flow.low,
                    high: flow.high))
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
    private func look(_ tracked: FlowTable.Tracked, _ packet: Packet, _ bytes: Span<UInt8>) -> Bool
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

    private func promote(
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
        let session = ControlSession(
            flow: table.handle(index), state: table[index], clientIsLow: clientIsLow,
            starts: fromClient ? [sender, receiver] : [receiver, sender], limits: limits)
        table[index].role = .control
        table[index].owner = UInt32(sessions.insert(session))
        if isImplicit { session.beginImplicitTLS(session.record.first) }
        return true
    }

    /// After a session's lines were read: what it announced is expected from now on.
    private func followUp(_ session: ControlSession, _ number: Int) {
        guard session.verdict == .ftp else {
            if let index = table.index(session.flow) {
                table[index].role = .none
                table[index].dismiss()
            }
            sessions.remove(number)
            return
        }
        while session.unregistered < session.record.channels.count {
            expect(session, number, session.unregistered)
            session.unregistered += 1
        }
        if session.record.encryption != nil, !session.isEncryptionRegistered {
            session.isEncryptionRegistered = true
            encrypted[pair(session), default: []].append(number)
        }
    }

    private func pair(_ session: ControlSession) -> Pair {
        Pair(client: session.record.client.address, server: session.record.server.address)
    }

    // MARK: the end

    private func sweep() {
        defer {
            path.noteSweep()
            path.sweepInterval = sessions.count + attempts.openCount
        }
        for (number, session) in sessions.all {
            forgetExpired(session, number)
            let isEnded =
                session.closedAt.map { now.since($0) > limits.linger } ?? false
                || now.since(session.lastTime) > limits.controlIdle
            if isEnded, session.isDataSettled(self, now) { emit(session, number) }
        }
        attempts.settle(&table, now: now, idle: limits.dataIdle, &prohibitors)
    }

    private func forgetExpired(_ session: ControlSession, _ number: Int) {
        while session.expired < session.unregistered {
            let frame = session.record.channels[session.expired].frame
            guard now.since(frame.time) > limits.announcementAge else { return }
            forget(session, number, session.expired)
            session.expired += 1
        }
    }

    private func forget(_ session: ControlSession, _ number: Int, _ channel: Int) {
        for key in session.links[channel].keys {
            expectations.remove(session: number, channel: channel, at: key)
        }
        session.links[channel].keys = []
    }

    private func emit(_ session: ControlSession, _ number: Int) {
        session.finishStreams()
        followUp(session, number)
        guard session.verdict == .ftp else { return }
        onSession(session.built(self, isFinal: true))
        for channel in session.expired..<max(session.expired, session.links.count) {
            forget(session, number, channel)
        }
        if session.isEncryptionRegistered {
            let pair = pair(session)
            encrypted[pair]?.removeAll { $0 == number }
            if encrypted[pair]?.isEmpty == true { encrypted[pair] = nil }
        }
        disown(session)
        sessions.remove(number)
    }

    /// The connections of a session that is handed over are nobody's any more.
    private func disown(_ session: ControlSession) {
        var linked = session.links.flatMap(\.flows) + session.hidden
        linked.append(.live(session.flow))
        for case .live(let handle) in linked {
            guard let index = table.index(handle) else { continue }
            prohibitors[table[index].first] = nil
            table[index].role = .none
            table[index].dismiss()
        }
    }

    private func absorbRetired() {
        for flow in table.takeRetired() {
            switch flow.role {
            case .none: break
            case .control:
                let session = sessions[Int(flow.owner)]
                session?.goneFlow = flow
                if session?.closedAt == nil { session?.closedAt = flow.last.time }
            case .data, .hidden:
                guard let session = sessions[Int(flow.owner)] else { break }
                absorb(flow, into: session)
            case .attempt: attempts.settle(flow, prohibitedBy: prohibitors[flow.first])
            }
        }
    }

    private func absorb(_ flow: Flow, into session: ControlSession) {
        func isSame(_ linked: LinkedFlow) -> Bool {
            guard case .live(let handle) = linked else { return false }
            return handle.index == flow.place
        }
        if flow.role == .hidden {
            guard let place = session.hidden.firstIndex(where: isSame) else { return }
            session.hidden[place] = .gone(flow)
        } else {
            let channel = Int(flow.ownerItem)
            guard channel < session.links.count,
                let place = session.links[channel].flows.firstIndex(where: isSame)
            else { return }
            session.links[channel].flows[place] = .gone(flow)
        }
    }

    /// Hands over every session that is still open, in the order of their first frames.
    public func finish() {
        for (number, session) in sessions.all {
            session.finishStreams()
            followUp(session, number)
        }
        for (number, session) in sessions.all.sorted(by: {
            $0.session.record.first < $1.session.record.first
        }) {
            emit(session, number)
        }
        attempts.settle(&table, now: now, idle: nil, &prohibitors)
        limitHits.count("flows", table.evicted)
        limitHits.count("fragments", reader.fragmentsDropped)
    }

    /// The records of sessions that are still open, as far as they go.
    public func snapshot() -> [SessionRecord] {
        sessions.all.compactMap { _, session in
            guard session.verdict == .ftp else { return nil }
            return session.built(self, isFinal: false)
        }.sorted { $0.first < $1.first }
    }

    // MARK: attempts to reach a control port

    /// Attempts that failed, in the order of their first SYN; at most `Limits.controlAttempts`.
    public var controlAttempts: [ControlAttempt] { attempts.failed }

    /// Takes the attempts that are settled, so that a monitor need not keep them.
    public func takeControlAttempts() -> [ControlAttempt] { attempts.takeFailed() }
}

extension SessionExtractor: FlowLookup {
    func flow(_ linked: LinkedFlow) -> Flow? {
        switch linked {
        case .gone(let flow): flow
        case .live(let handle): table.index(handle).map { table[$0] }
        }
    }

    func prohibitor(of flow: Flow) -> IPAddress? { prohibitors[flow.first] }
}
