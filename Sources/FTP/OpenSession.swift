import Capture
import Net
import Streams

/// A control connection while it is read: its two directions, and what they say.
struct OpenSession {
    var control: ControlSession
    /// Segments wait for one that is missing.
    private(set) var isWaiting = false
    private var merger = StreamMerger()
    private var toServer: ControlStream
    private var toClient: ControlStream

    /// Where each direction begins, as far as that is known.
    typealias Starts = (toServer: SequenceNumber?, toClient: SequenceNumber?)

    /// Begins with what is known of its control connection.
    init(_ control: consuming ControlSession, starts: Starts) {
        let most = control.limits.lineBytes
        self.control = control
        toServer = ControlStream(.toServer, start: starts.toServer, mostLine: most)
        toClient = ControlStream(.toClient, start: starts.toClient, mostLine: most)
    }

    /// Begins another session in the memory of one that has ended.
    mutating func begin(_ control: consuming ControlSession, starts: Starts) {
        self.control.begin(control)
        isWaiting = false
        merger.removeAll()
        toServer.restart(starts.toServer)
        toClient.restart(starts.toClient)
    }

    /// Lets go what the session holds.
    mutating func end() {
        merger.removeAll()
        control.clear()
    }

    /// Takes a packet of the control connection.
    @inline(__always)
    mutating func take(_ packet: borrowing Packet, _ bytes: Span<UInt8>, fromLow: Bool) {
        control.note(packet)
        if packet.payloadLength + packet.payloadLost > 0,
            packet.flags.isDisjoint(with: [.rst, .syn])
        {
            let direction: Direction = fromLow == control.clientIsLow ? .toServer : .toClient
            takePayload(packet, bytes.extracting(packet.payloadRange), direction)
        }
    }

    @inline(__always)
    private mutating func takePayload(
        _ packet: borrowing Packet, _ payload: Span<UInt8>, _ direction: Direction
    ) {
        let start = SequenceNumber(packet.sequence)
        if packet.payloadLost == 0, !isWaiting,
            direction == .toServer
                ? toServer.order.takesNext(start, payload)
                : toClient.order.takesNext(start, payload)
        {
            read(payload, direction, FrameReference(packet.mark), Speech(packed: packet.remark))
        } else {
            takeOdd(packet, start, payload, direction)
        }
    }

    /// Takes what is not the next segment of a connection that lacks none.
    @inline(never)
    private mutating func takeOdd(
        _ packet: borrowing Packet, _ start: SequenceNumber, _ payload: Span<UInt8>,
        _ direction: Direction
    ) {
        let (lost, mark, limits) = (packet.payloadLost, packet.mark, control.limits)
        merger.add(
            direction == .toServer
                ? toServer.order.accept(start, payload, lost: lost, mark, limits: limits)
                : toClient.order.accept(start, payload, lost: lost, mark, limits: limits),
            direction)
        takeMerged()
        guard let reached = merger.reached(limits) else { return }
        control.noteReached(reached, control.last)
        giveUpHoles()
    }

    /// Takes what came before the first hole of either direction.
    private mutating func takeMerged() {
        for (direction, event) in merger.take(before: firstHole) { take(event, direction) }
        isWaiting = toServer.order.isWaiting || toClient.order.isWaiting
    }

    /// The first packet behind a hole.
    private var firstHole: PacketMark? {
        [toServer.order.waitingSince, toClient.order.waitingSince].compactMap { $0 }.min()
    }

    /// No segment is waited for any more.
    private mutating func giveUpHoles() {
        merger.add(toServer.order.finish(), .toServer)
        merger.add(toClient.order.finish(), .toClient)
        takeMerged()
    }

    @inline(__always)
    private mutating func read(
        _ bytes: Span<UInt8>, _ direction: Direction, _ frame: FrameReference,
        _ speech: Speech? = nil
    ) {
        control.countUndecided(bytes.count)
        var at = 0
        while true {
            at =
                direction == .toServer
                ? toServer.read(bytes, from: at, speech, frame, &control)
                : toClient.read(bytes, from: at, speech, frame, &control)
            // With TLS neither direction is plain: nothing is taken as speech any more.
            guard control.isTLSDue else { return }
            beginTLS()
        }
    }

    /// Both directions go on as TLS records.
    private mutating func beginTLS() {
        control.isTLSDue = false
        toServer.beginTLS()
        toClient.beginTLS()
    }

    /// A control connection that never was in clear text.
    mutating func beginImplicitTLS() {
        control.noteEncryption(control.record.first, command: "implicit")
        control.verdict = .ftp
        beginTLS()
    }

    private mutating func take(_ event: StreamEvent, _ direction: Direction) {
        switch event {
        case .bytes(let bytes, let mark): read(bytes.span, direction, FrameReference(mark))
        case .loss(let mark):
            if direction == .toServer {
                toServer.lose(FrameReference(mark), &control)
            } else {
                toClient.lose(FrameReference(mark), &control)
            }
            if control.isTLSDue { beginTLS() }
        case .conflict(let mark): control.note(.conflictingRetransmission, FrameReference(mark))
        case .reached(let limit): control.noteReached(limit, control.last)
        }
    }

    /// Gives up the holes that will not be filled; to be asked while segments wait.
    ///
    /// - Parameters:
    ///   - client: What the client acknowledged last.
    ///   - server: What the server acknowledged last.
    ///   - now: The time.
    mutating func checkHoles(
        acknowledged client: SequenceNumber?, _ server: SequenceNumber?, _ now: Timestamp
    ) {
        let limits = control.limits
        merger.add(
            toServer.order.check(acknowledged: server, now: now, limits: limits), .toServer)
        merger.add(
            toClient.order.check(acknowledged: client, now: now, limits: limits), .toClient)
        takeMerged()
    }

    /// Nothing more will come on the control connection.
    mutating func finishStreams() {
        giveUpHoles()
        toServer.finish(control.last, &control)
        if control.isTLSDue { beginTLS() }
        toClient.finish(control.last, &control)
        control.judgeAtEnd()
    }
}
