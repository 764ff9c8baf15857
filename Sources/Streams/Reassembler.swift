public import Capture
public import Net

/// Which way bytes of a control connection go.
public enum Direction: Int, Hashable, Sendable {
    case toServer = 0
    case toClient = 1
}

/// What a segment that is not simply the next one brings.
public enum StreamEvent: Hashable, Sendable {
    /// The next bytes, and the packet that brought them first.
    case bytes([UInt8], PacketMark)
    /// Bytes are missing before what comes next.
    case loss(PacketMark)
    /// A retransmission says something else than its first copy.
    case conflict(PacketMark)
    /// A bound of `Limits` was reached.
    case reached(String)
}

/// One direction of a TCP connection put into order, within bounds; the first copy of a byte wins.
///
/// Ask `takesNext` first: almost every segment is the next one, and is read where it stands.
public struct Reassembler {
    /// Where the next byte is expected; nil until a packet tells.
    public private(set) var next: SequenceNumber?
    /// Segments beyond `next`, ascending, not overlapping.
    private var held: [Segment] = []
    private var heldBytes = 0
    private var packetsSinceHole = 0
    private var history = History()
    /// Packets after which an acknowledged hole is given up, whatever the time.
    static let holePackets = 24

    private struct Segment {
        var start: SequenceNumber
        var bytes: [UInt8]
        /// Bytes after these that the capture did not keep.
        var lost: Int
        var mark: PacketMark
    }

    public init(start: SequenceNumber?) { next = start }

    public var isWaiting: Bool { !held.isEmpty }

    /// Whether a segment that lacks nothing is the next one, and nothing waits; it is passed then.
    @inline(__always)
    public mutating func takesNext(_ start: SequenceNumber, _ bytes: Span<UInt8>) -> Bool {
        guard next == start, held.isEmpty else { return false }
        history.append(bytes)
        next = start.advanced(by: bytes.count)
        return true
    }

    /// Takes any segment: its payload, and how many of its bytes were not captured.
    ///
    /// - Returns: What it brings, in order.
    public mutating func accept(
        _ start: SequenceNumber, _ bytes: Span<UInt8>, lost: Int, _ mark: PacketMark,
        limits: Limits
    ) -> [StreamEvent] {
        var events: [StreamEvent] = []
        accept(start, bytes, lost: lost, mark, limits, &events)
        return events
    }

    private mutating func accept(
        _ start: SequenceNumber, _ bytes: Span<UInt8>, lost: Int, _ mark: PacketMark,
        _ limits: Limits, _ events: inout [StreamEvent]
    ) {
        guard bytes.count + lost > 0 else { return }
        let expected = next ?? start
        next = expected
        let ahead = start.distance(from: expected)
        if ahead > 0 {
            guard ahead <= limits.window else {
                events.append(.reached("window"))
                return
            }
            hold(start, bytes, lost, mark, limits, &events)
            return
        }
        let old = -ahead
        if differs(bytes, old) { events.append(.conflict(mark)) }
        guard old < bytes.count + lost else { return }
        if old < bytes.count { deliver(bytes.extracting(old..<bytes.count), mark, &events) }
        if lost > 0 { pass(bytes.count + lost - max(old, bytes.count), mark, &events) }
        drain(limits, &events)
    }

    private mutating func deliver(
        _ bytes: Span<UInt8>, _ mark: PacketMark, _ events: inout [StreamEvent]
    ) {
        history.append(bytes)
        next = next?.advanced(by: bytes.count)
        events.append(.bytes(Self.copy(bytes), mark))
    }

    private static func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        [UInt8](capacity: bytes.count) { copy in
            for index in 0..<bytes.count { copy.append(bytes[index]) }
        }
    }

    private mutating func pass(
        _ count: Int, _ mark: PacketMark, _ events: inout [StreamEvent]
    ) {
        next = next?.advanced(by: count)
        history.removeAll()
        events.append(.loss(mark))
    }

    /// Holds what comes again against its first copy; a keep-alive's stale byte is no conflict.
    private func differs(_ bytes: Span<UInt8>, _ old: Int) -> Bool {
        guard old > 0, !(bytes.count == 1 && old == 1) else { return false }
        return history.differs(from: bytes, old)
    }

    private mutating func hold(
        _ start: SequenceNumber, _ bytes: Span<UInt8>, _ lost: Int, _ mark: PacketMark,
        _ limits: Limits, _ events: inout [StreamEvent]
    ) {
        if held.isEmpty { packetsSinceHole = 0 }
        guard heldBytes + bytes.count <= limits.heldBytes, held.count < limits.heldSegments
        else {
            events.append(
                .reached(held.count < limits.heldSegments ? "heldBytes" : "heldSegments"))
            if held.isEmpty, let expected = next {
                pass(start.distance(from: expected), mark, &events)
            }
            giveUpHole(limits, &events)
            accept(start, bytes, lost: lost, mark, limits, &events)
            return
        }
        let copy = Self.copy(bytes)
        let place = held.firstIndex { $0.start.distance(from: start) > 0 } ?? held.count
        // The same segment again: its first copy stands.
        if place > 0, held[place - 1].start == start,
            held[place - 1].bytes.count >= copy.count
        {
            if held[place - 1].bytes.prefix(copy.count) != copy[...] {
                events.append(.conflict(mark))
            }
            return
        }
        heldBytes += copy.count
        held.insert(Segment(start: start, bytes: copy, lost: lost, mark: mark), at: place)
    }

    /// Delivers held segments that have become next.
    private mutating func drain(_ limits: Limits, _ events: inout [StreamEvent]) {
        while let first = held.first, let expected = next,
            first.start.distance(from: expected) <= 0
        {
            held.removeFirst()
            heldBytes -= first.bytes.count
            accept(first.start, first.bytes.span, lost: first.lost, first.mark, limits, &events)
        }
    }

    /// Gives up a hole that will not be filled: the receiver has acknowledged what lies behind it
    /// and it has been waited for, or nothing came for long. To be asked where `isWaiting`.
    public mutating func check(
        acknowledged: SequenceNumber?, now: Timestamp, limits: Limits
    ) -> [StreamEvent] {
        guard let first = held.first, let expected = next else { return [] }
        packetsSinceHole += 1
        let age = now.since(first.mark.time)
        let taken =
            acknowledged.map {
                $0.distance(from: expected) > 0 && $0.distance(from: first.start) >= 0
            } ?? false
        guard
            taken && (age > limits.gapAge || packetsSinceHole > Self.holePackets)
                || age > 5 * limits.gapAge
        else { return [] }
        var events: [StreamEvent] = []
        giveUpHole(limits, &events)
        return events
    }

    private mutating func giveUpHole(_ limits: Limits, _ events: inout [StreamEvent]) {
        guard let first = held.first, let expected = next else { return }
        pass(first.start.distance(from: expected), first.mark, &events)
        drain(limits, &events)
    }

    /// Delivers all that is held: nothing more will come.
    public mutating func finish(limits: Limits) -> [StreamEvent] {
        var events: [StreamEvent] = []
        while !held.isEmpty { giveUpHole(limits, &events) }
        return events
    }
}
