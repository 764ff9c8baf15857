import Net

/// One TCP connection: who opened it, and how far each end has come.
struct Conversation {
    /// Which end of the connection; unlike `Side`, not bound to FTP.
    enum End {
        case opener
        case target

        var other: End { self == .opener ? .target : .opener }
    }

    struct Peer {
        let endpoint: Endpoint
        /// Its side of the FTP session; nil for a third host.
        let side: Side?
        var next: UInt32
        /// Whether it has yet to acknowledge what it got.
        var owes = false
    }

    private var opener: Peer
    private var target: Peer
    /// Between the handshake and the first FIN or RST.
    private(set) var isOpen = false

    init(opener: Peer, target: Peer) {
        self.opener = opener
        self.target = target
    }

    /// The end that plays this side; a third host plays the side that the other end does not.
    func end(of side: Side) -> End {
        (opener.side ?? target.side?.other ?? .client) == side ? .opener : .target
    }

    /// Tries the connection; open afterwards where the attempt says so.
    mutating func attempt(_ attempt: Attempt, on tape: inout Tape) {
        switch attempt {
        case .opened, .established:
            send(.opener, Segment.Flag.syn, on: &tape)
            send(.target, Segment.Flag.syn | Segment.Flag.ack, on: &tape)
            send(.opener, Segment.Flag.ack, on: &tape)
            isOpen = true
        case .refused(let ttl):
            send(.opener, Segment.Flag.syn, on: &tape)
            target.next = 0
            send(.target, Segment.Flag.rst | Segment.Flag.ack, ttl: ttl, on: &tape)
        case .unanswered(let count):
            let start = tape.clock
            for number in 0..<count {
                tape.move(to: start + (Int64(1) << Int64(number) - 1) * 1_000_000_000)
                opener.next &-= number == 0 ? 0 : 1
                send(.opener, Segment.Flag.syn, on: &tape)
            }
        case .prohibited(let type, let code, let router):
            let syn = send(.opener, Segment.Flag.syn, on: &tape)
            // RFC 792: the header and eight bytes. RFC 4443: as much as fits.
            let quoted = router.family == .v4 ? Array(syn.prefix(28)) : syn
            tape.send(
                .unreachable(type: type, code: code, quoted: quoted), from: router,
                to: opener.endpoint.address, as: nil, ttl: nil)
        }
    }

    /// Sends bytes in segments of at most the size that the handshake offered.
    mutating func say(_ bytes: [UInt8], from end: End, on tape: inout Tape) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int(maximumSegment))
            rest = rest.dropFirst(part.count)
            let flags = Segment.Flag.ack | (rest.isEmpty ? Segment.Flag.psh : 0)
            send(end, flags, Array(part), on: &tape)
        }
    }

    /// Sends the acknowledgements that are owed, but for `speaker`, whose next segment has its own.
    mutating func acknowledge(except speaker: End?, on tape: inout Tape) {
        if opener.owes, speaker != .opener { send(.opener, Segment.Flag.ack, on: &tape) }
        if target.owes, speaker != .target { send(.target, Segment.Flag.ack, on: &tape) }
    }

    /// FIN from this end, FIN from the other, and the last acknowledgement.
    mutating func close(by end: End, on tape: inout Tape) {
        acknowledge(except: end, on: &tape)
        send(end, Segment.Flag.fin | Segment.Flag.ack, on: &tape)
        send(end.other, Segment.Flag.fin | Segment.Flag.ack, on: &tape)
        send(end, Segment.Flag.ack, on: &tape)
        isOpen = false
    }

    mutating func reset(by end: End, ttl: UInt8?, on tape: inout Tape) {
        acknowledge(except: end, on: &tape)
        send(end, Segment.Flag.rst | Segment.Flag.ack, ttl: ttl, on: &tape)
        isOpen = false
    }

    @discardableResult
    private mutating func send(
        _ end: End, _ flags: UInt8, _ payload: [UInt8] = [], ttl: UInt8? = nil, on tape: inout Tape
    ) -> [UInt8] {
        let (from, to) = end == .opener ? (opener, target) : (target, opener)
        let syn = flags & Segment.Flag.syn != 0
        let segment = Segment(
            sourcePort: from.endpoint.port, destinationPort: to.endpoint.port, sequence: from.next,
            acknowledgement: flags & Segment.Flag.ack == 0 ? 0 : to.next, flags: flags,
            maximumSegment: syn ? maximumSegment : nil, payload: payload)
        let occupied = payload.count + (flags & (Segment.Flag.syn | Segment.Flag.fin) == 0 ? 0 : 1)
        update(end) {
            $0.next &+= UInt32(truncatingIfNeeded: occupied)
            $0.owes = false
        }
        if !payload.isEmpty { update(end.other) { $0.owes = true } }
        return tape.send(
            .segment(segment), from: from.endpoint.address, to: to.endpoint.address,
            as: from.side, ttl: ttl)
    }

    private mutating func update(_ end: End, _ change: (inout Peer) -> Void) {
        if end == .opener { change(&opener) } else { change(&target) }
    }

    /// What fits an Ethernet frame.
    private var maximumSegment: UInt16 { opener.endpoint.address.family == .v4 ? 1460 : 1440 }
}
