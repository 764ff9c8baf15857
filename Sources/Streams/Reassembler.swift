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

        /// Behind its last captured byte.
        var end: SequenceNumber { start.advanced(by: bytes.count) }
    }

    public init(start: SequenceNumber?) { next = start }

    /// Begins anew, in the same memory.
    public mutating func restart(_ start: SequenceNumber?) {
        next = start
        held.removeAll()
        heldBytes = 0
        packetsSinceHole = 0
        history.removeAll()
    }

    public var isWaiting: Bool { !held.isEmpty }

    /// The first packet that came behind a hole; nil where there is none.
    public var waitingSince: PacketMark? { held.lazy.map(\.mark).min() }

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
        // Exactly half of the circle away lies neither before nor behind.
        if ahead > limits.window || ahead == Int(Int32.min) {
            events.append(.reached("window"))
        } else if ahead > 0 {
            hold(start, bytes, lost, mark, limits, &events)
        } else {
            advance(start, bytes, lost, mark, &events)
        }
    }

    /// Delivers a segment that does not begin behind `next`, and the held ones that follow.
    ///
    /// What is held came before: its bytes stand, and the segment fills the holes between them.
    private mutating func advance(
        _ start: SequenceNumber, _ bytes: Span<UInt8>, _ lost: Int, _ mark: PacketMark,
        _ events: inout [StreamEvent]
    ) {
        /// Up to here bytes are known to have been sent.
        var end = start.advanced(by: bytes.count + lost)
        var compared = 0
        while let expected = next {
            if let first = held.first, first.start.distance(from: expected) <= 0 {
                held.removeFirst()
                heldBytes -= first.bytes.count
                if !first.bytes.isEmpty { deliver(first.bytes.span, first.mark, &events) }
                let last = first.end.advanced(by: first.lost)
                if last.distance(from: end) > 0 { end = last }
                continue
            }
            let old = expected.distance(from: start)
            let known = min(old, bytes.count)
            if differs(bytes, compared..<known, old) { events.append(.conflict(mark)) }
            compared = known
            let left = end.distance(from: expected)
            guard left > 0 else { return }
            let room = min(left, held.first?.start.distance(from: expected) ?? left)
            if old < bytes.count {
                let stop = min(old + room, bytes.count)
                deliver(bytes.extracting(old..<stop), mark, &events)
                compared = stop
            } else {
                pass(room, mark, &events)
            }
        }
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
    ///
    /// The byte at index `old` is the next one.
    private func differs(_ bytes: Span<UInt8>, _ range: Range<Int>, _ old: Int) -> Bool {
        guard !range.isEmpty, !(bytes.count == 1 && old == 1) else { return false }
        return history.differs(from: bytes.extracting(range), old - range.lowerBound)
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
            giveUpHole(&events)
            accept(start, bytes, lost: lost, mark, limits, &events)
            return
        }
        let count = bytes.count + lost
        var at = 0
        var index = 0
        var differs = false
        while at < count {
            let place = start.advanced(by: at)
            while index < held.count, held[index].end.distance(from: place) <= 0 { index += 1 }
            let room = index < held.count ? held[index].start.distance(from: place) : count
            if room <= 0 {
                // The same bytes again: their first copy stands.
                let again = min(held[index].bytes.count + room, max(bytes.count - at, 0))
                for offset in 0..<again where held[index].bytes[offset - room] != bytes[at + offset]
                {
                    differs = true
                }
                at += held[index].bytes.count + room
                continue
            }
            guard held.count < limits.heldSegments else {
                events.append(.reached("heldSegments"))
                break
            }
            let stop = min(count, at + room)
            let kept = max(min(stop, bytes.count), at)
            let copy = kept > at ? Self.copy(bytes.extracting(at..<kept)) : []
            heldBytes += copy.count
            held.insert(
                Segment(start: place, bytes: copy, lost: stop - kept, mark: mark), at: index)
            index += 1
            at = stop
        }
        if differs { events.append(.conflict(mark)) }
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
        giveUpHole(&events)
        return events
    }

    private mutating func giveUpHole(_ events: inout [StreamEvent]) {
        guard let first = held.first, let expected = next else { return }
        pass(first.start.distance(from: expected), first.mark, &events)
        advance(first.start, first.bytes.span, first.lost, first.mark, &events)
    }

    /// Delivers all that is held: nothing more will come.
    public mutating func finish() -> [StreamEvent] {
        var events: [StreamEvent] = []
        while !held.isEmpty { giveUpHole(&events) }
        return events
    }
}
