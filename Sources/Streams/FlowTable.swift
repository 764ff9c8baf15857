import Capture
import Net

/// Every TCP connection that passes, open-addressed and bounded.
///
/// A connection keeps its place (`Handle`) while it is in the table. It leaves when its tuple is
/// used again, when the table is full, or a while after its end where it is nobody's; one that means
/// something to its owner goes to `retired`.
public struct FlowTable {
    /// A flow's place, and which of the flows that had it.
    public struct Handle: Hashable, Sendable {
        public let index: UInt32
        let generation: UInt32
    }

    /// What a packet was to its flow.
    public struct Tracked {
        public let index: Int
        /// The flow begins with this packet.
        public let isNew: Bool
        /// Sent by the smaller of the two endpoints.
        public let fromLow: Bool
        /// The sender's sequence number before this packet, where it was known.
        public let expected: SequenceNumber?
    }

    /// By index; entries that are not in use hold stale values.
    @usableFromInline var flows: [Flow] = []
    private var free: [UInt32] = []
    private var places = HashIndex()
    private let limit: Int
    /// Nanoseconds for which a connection that has ended is known: what comes late of it is not
    /// taken for another one's.
    private let keptAfterEnd: Int64
    /// Its usual value.
    public static let usuallyKept: Int64 = 10_000_000_000
    /// The same where something may be sent again: nobody waits longer with that (RFC 6298
    /// section 2.5 lets the timer be bounded; Linux does at 120 s).
    static let longest: Int64 = 125_000_000_000
    /// Nanoseconds of silence after which a flow's owner is asked before a packet is noted.
    private let silence: Int64
    private var hand = 0
    private var departed = Departed()
    /// SYNs into control connections that go on, by the flow's index.
    var doubts: [Int: DoubtedSYN] = [:]
    /// Flows that left with a role, oldest first: taken by `takeRetired`.
    @usableFromInline var retired: [Flow] = []
    /// Flows that had to make room for others.
    public private(set) var evicted = 0

    /// - Parameters:
    ///   - limit: Flows at one time.
    ///   - keptAfterEnd: Nanoseconds for which one that has ended, and is nobody's, stays.
    ///   - silence: Nanoseconds after which one that is something to somebody is due.
    public init(
        limit: Int, keptAfterEnd: Int64 = usuallyKept, silence: Int64 = 2_000_000_000
    ) {
        self.silence = silence
        self.limit = max(limit, 64)
        self.keptAfterEnd = keptAfterEnd
    }

    public var count: Int { flows.count - free.count }

    public subscript(index: Int) -> Flow {
        @inlinable _read { yield flows[index] }
        @inlinable _modify { yield &flows[index] }
    }

    public func handle(_ index: Int) -> Handle {
        Handle(index: UInt32(index), generation: flows[index].generation)
    }

    /// The flow's index while it is in the table.
    public func index(_ handle: Handle) -> Int? {
        let index = Int(handle.index)
        guard index < flows.count, flows[index].inUse,
            flows[index].generation == handle.generation
        else { return nil }
        return index
    }

    /// The sequence number that an end is expected to send next, where it is known.
    public func nextExpected(_ index: Int, low: Bool) -> SequenceNumber? {
        flows[index].next(Flow.end(low: low))
    }

    @inlinable public var hasRetired: Bool { !retired.isEmpty }

    public mutating func takeRetired() -> [Flow] {
        defer { retired.removeAll() }
        return retired
    }

    /// Finds or makes the flow of a TCP packet and notes what the packet says of it.
    ///
    /// - Parameters:
    ///   - packet: Its headers.
    ///   - isSettled: Whether the owner was asked: no flow is due.
    ///   - always: Whether to answer for a packet that nobody looks at too.
    /// - Returns: What it was to its flow; nothing where nobody looks at it: no new flow, no control
    ///   connection, no first payload. Of a flow that is due nothing is noted.
    mutating func track(
        _ packet: borrowing Packet, isSettled: Bool = false, always: Bool = false
    ) -> PacketPath.Seen {
        let found = find(packet)
        if let found, !isSettled, isDue(found, packet) { return .due(found) }
        var (index, isNew) = place(packet, found)
        if flows[index].state.contains(.doubted), flows[index].isWanted(packet) {
            if isDoubted(packet, index) { return .nothing }
            if isAnswer(packet, index) { isNew = true }
        }
        let (tracked, isWanted) = flows[index].take(packet, at: index, isNew: isNew)
        guard always || isNew || hasRetired || isWanted else { return .nothing }
        return .packet(tracked)
    }

    /// Takes packets from `index` on that go on in a flow which is known and not over, up to one
    /// that somebody is to look at, or that makes a sweep due (`.nothing`).
    ///
    /// As `track` of each; but the tables are lent once for all of them, and no access asks anew
    /// whose they are.
    ///
    /// - Returns: Nil where the packet at `index` is no such, and nothing was noted of it, or where
    ///   there is none.
    mutating func takeUsual(
        _ packets: Span<Packet>, from index: inout Int, _ clock: inout PacketClock
    ) -> PacketPath.Seen? {
        guard !hasRetired else { return nil }
        return Self.takeUsual(packets, from: &index, &flows, places.slots, silence, &clock)
    }

    private static func takeUsual(
        _ packets: Span<Packet>, from index: inout Int, _ flows: inout [Flow],
        _ slots: borrowing [UInt64], _ silence: Int64, _ clock: inout PacketClock
    ) -> PacketPath.Seen? {
        let slots = slots.span
        var flows = flows.mutableSpan
        while index < packets.count {
            guard packets[index].goesOn,
                let place = find(packets[index], slots, flows.span),
                flows[place].isQuiet(at: packets[index].mark.nanoseconds, silence: silence)
            else { return nil }
            clock.count(packets[index].mark.time)
            let (tracked, isWanted) = flows[place].take(packets[index], at: place, isNew: false)
            if isWanted { return .packet(tracked) }
            if clock.isSweepDue { return .nothing }
            index += 1
        }
        return nil
    }

    @inline(__always)
    private func isDue(_ index: Int, _ packet: borrowing Packet) -> Bool {
        flows[index].isDue(at: packet.mark.nanoseconds, silence: silence)
    }

    /// Notes an ICMP unreachable at the flow whose packet it quotes, where it quotes its SYN.
    mutating func noteUnreachable(
        _ packet: borrowing Packet, isSettled: Bool = false
    ) -> PacketPath.Seen {
        guard let index = find(packet),
            !flows[index].isEstablished, flows[index].state.contains(.syn),
            flows[index].initial == packet.sequence
        else { return .nothing }
        if !isSettled, isDue(index, packet) { return .due(index) }
        flows[index].noteUnreachable(packet)
        return .unreachable(index)
    }

    /// Whether the flow is what is sent again of a control connection that has left.
    public func isEcho(_ index: Int) -> Bool { departed.isEcho(flows[index]) }

    /// Forgets a flow; its owner has taken what it needs.
    public mutating func remove(_ index: Int) {
        guard flows[index].inUse else { return }
        places.remove(index, flows[index].hash)
        if flows[index].state.contains(.doubted) { forgetDoubt(index) }
        flows[index].state = .vacant
        free.append(UInt32(index))
    }

    @inline(__always)
    private mutating func place(
        _ packet: borrowing Packet, _ found: Int?
    ) -> (Int, Bool) {
        guard let found else { return (add(packet), true) }
        if !isForgotten(found, at: packet.mark.nanoseconds) {
            guard flows[found].isReused(by: packet) else { return (found, false) }
            if isDoubtful(found) { return (found, takeDoubtful(packet, found)) }
        }
        replace(found, packet)
        return (found, true)
    }

    /// A flow leaves, and another between the same endpoints begins in its place.
    mutating func replace(_ index: Int, _ packet: borrowing Packet) {
        leave(index)
        if flows[index].state.contains(.doubted) { forgetDoubt(index) }
        let generation = flows[index].generation &+ 1
        flows[index] = Self.flow(packet)
        flows[index].generation = generation
    }

    @inline(never)
    private mutating func add(_ packet: borrowing Packet) -> Int {
        letGo(at: packet.mark.nanoseconds)
        if count >= limit { evict() }
        var fresh = Self.flow(packet)
        let index: Int
        if let reused = free.popLast() {
            index = Int(reused)
            fresh.generation = flows[index].generation &+ 1
            flows[index] = fresh
        } else {
            index = flows.count
            flows.append(fresh)
        }
        places.insert(index, fresh.hash)
        return index
    }

    private static func flow(_ packet: borrowing Packet) -> Flow {
        let source = Endpoint(packet.source, packet.sourcePort)
        let destination = Endpoint(packet.destination, packet.destinationPort)
        return packet.isFromLow
            ? Flow(low: source, high: destination, packet)
            : Flow(low: destination, high: source, packet)
    }

    @inline(__always)
    private func find(_ packet: borrowing Packet) -> Int? {
        Self.find(packet, places.slots.span, flows.span)
    }

    @inline(__always)
    private static func find(
        _ packet: borrowing Packet, _ slots: Span<UInt64>, _ flows: Span<Flow>
    ) -> Int? {
        var probe = HashIndex.Probe(packet.flowHash)
        while let index = HashIndex.next(&probe, in: slots) {
            if flows[index].connects(packet) { return index }
        }
        return nil
    }

    /// Keeps what must be known of a flow that leaves.
    private mutating func leave(_ index: Int) {
        if flows[index].state.contains(.wasControl) { departed.insert(flows[index]) }
        guard flows[index].role != .none else { return }
        flows[index].place = UInt32(index)
        retired.append(flows[index])
    }

    /// Lets go of what has ended and is nobody's among the next flows under the hand, so that the
    /// table is as large as what goes on, not as what was.
    private mutating func letGo(at now: Int64) {
        for _ in 0..<min(4, flows.count) {
            hand = hand + 1 < flows.count ? hand + 1 : 0
            guard isForgotten(hand, at: now) else { continue }
            leave(hand)
            remove(hand)
        }
    }

    /// Whether it has ended so long ago that a packet is another connection's; nobody's flow.
    @inline(__always)
    private func isForgotten(_ index: Int, at now: Int64) -> Bool {
        guard flows[index].isOver, flows[index].role == .none else { return false }
        let kept = flows[index].isAcknowledged ? keptAfterEnd : max(keptAfterEnd, Self.longest)
        return now &- flows[index].last.nanoseconds > kept
    }

    /// Makes room: of the next flows under the hand the first that is over and nobody's, else the
    /// one that was silent for longest.
    private mutating func evict() {
        var best = hand
        var bestRank = (Int.max, Int64.max)
        for _ in 0..<8 {
            hand = hand + 1 < flows.count ? hand + 1 : 0
            guard flows[hand].inUse else { continue }
            // Field by field: a copy of the whole flow would cost more than the look.
            let isNobodys = flows[hand].role == .none
            let rank = (
                isNobodys ? (flows[hand].isOver ? 0 : 1) : 2, flows[hand].last.nanoseconds
            )
            if rank < bestRank {
                best = hand
                bestRank = rank
            }
            if rank.0 == 0 { break }
        }
        guard flows[best].inUse else { return }
        leave(best)
        remove(best)
        evicted += 1
    }
}
