public import Capture
public import Net

/// Which way bytes of a control connection go.
public enum Direction: Int, Hashable, Sendable {
    case toServer = 0
    case toClient = 1
}

/// Takes the bytes of a stream in their order.
public protocol StreamSink: AnyObject {
    func receive(_ bytes: Span<UInt8>, _ direction: Direction, _ mark: PacketMark)
    /// Bytes are missing before what comes next.
    func lose(_ direction: Direction, _ mark: PacketMark)
    /// A retransmission says something else than its first copy.
    func conflict(_ direction: Direction, _ mark: PacketMark)
    /// A bound of `Limits` was reached.
    func reached(_ limit: String)
}

/// One direction of a TCP connection put into order, within bounds; the first copy of a byte wins.
public struct Reassembler {
    private let direction: Direction
    private let limits: Limits
    /// Where the next byte is expected; nil until a packet tells.
    public private(set) var next: SequenceNumber?
    /// Segments beyond `next`, ascending, not overlapping.
    private var held: [Segment] = []
    private var heldBytes = 0
    private var packetsSinceHole = 0
    /// The bytes delivered last, so that a retransmission can be compared.
    private var history: [UInt8] = []
    static let historyBytes = 4096
    /// Packets after which an acknowledged hole is given up, whatever the time.
    static let holePackets = 24

    private struct Segment {
        var start: SequenceNumber
        var bytes: [UInt8]
        /// Bytes after these that the capture did not keep.
        var lost: Int
        var mark: PacketMark
    }

    public init(_ direction: Direction, start: SequenceNumber?, limits: Limits) {
        self.direction = direction
        self.limits = limits
        next = start
    }

    public var isWaiting: Bool { !held.isEmpty }

    /// Takes a segment: its payload, and how many of its bytes were not captured.
    public mutating func accept(
        _ start: SequenceNumber, _ bytes: Span<UInt8>, lost: Int, _ mark: PacketMark,
        into sink: some StreamSink
    ) {
        guard bytes.count + lost > 0 else { return }
        let expected = next ?? start
        next = expected
        let ahead = start.distance(from: expected)
        if ahead > 0 {
            guard ahead <= limits.window else {
                sink.reached("window")
                return
            }
            hold(start, bytes, lost, mark, into: sink)
            return
        }
        let old = -ahead
        compare(start, bytes, old, mark, into: sink)
        guard old < bytes.count + lost else { return }
        if old < bytes.count {
            deliver(bytes.extracting(old..<bytes.count), mark, into: sink)
        }
        if lost > 0 { pass(bytes.count + lost - max(old, bytes.count), mark, into: sink) }
        drain(into: sink)
    }

    private mutating func deliver(
        _ bytes: Span<UInt8>, _ mark: PacketMark, into sink: some StreamSink
    ) {
        remember(bytes)
        next = next?.advanced(by: bytes.count)
        sink.receive(bytes, direction, mark)
    }

    /// Keeps the last bytes, at least `historyBytes` of them where there are as many.
    private mutating func remember(_ bytes: Span<UInt8>) {
        let new = min(bytes.count, Self.historyBytes)
        if history.count + new > 2 * Self.historyBytes {
            history.removeFirst(history.count - (Self.historyBytes - new))
        }
        for index in bytes.count - new..<bytes.count { history.append(bytes[index]) }
    }

    private mutating func pass(
        _ count: Int, _ mark: PacketMark, into sink: some StreamSink
    ) {
        next = next?.advanced(by: count)
        history.removeAll(keepingCapacity: true)
        sink.lose(direction, mark)
    }

    /// Holds what comes again against its first copy; a keep-alive's stale byte is no conflict.
    private func compare(
        _ start: SequenceNumber, _ bytes: Span<UInt8>, _ old: Int, _ mark: PacketMark,
        into sink: some StreamSink
    ) {
        guard old > 0, !(bytes.count == 1 && old == 1) else { return }
        let first = max(0, old - history.count)
        for index in first..<max(first, min(old, bytes.count))
        where history[history.count - old + index] != bytes[index] {
            sink.conflict(direction, mark)
            return
        }
    }

    private mutating func hold(
        _ start: SequenceNumber, _ bytes: Span<UInt8>, _ lost: Int, _ mark: PacketMark,
        into sink: some StreamSink
    ) {
        if held.isEmpty { packetsSinceHole = 0 }
        guard heldBytes + bytes.count <= limits.heldBytes, held.count < limits.heldSegments
        else {
            sink.reached(held.count < limits.heldSegments ? "heldBytes" : "heldSegments")
            if held.isEmpty, let expected = next {
                pass(start.distance(from: expected), mark, into: sink)
            }
            giveUpHole(into: sink)
            accept(start, bytes, lost: lost, mark, into: sink)
            return
        }
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in 0..<bytes.count { copy.append(bytes[index]) }
        let place =
            held.firstIndex { $0.start.distance(from: start) > 0 } ?? held.count
        // The same segment again: its first copy stands.
        if place > 0, held[place - 1].start == start,
            held[place - 1].bytes.count >= copy.count
        {
            if held[place - 1].bytes.prefix(copy.count) != copy[...] {
                sink.conflict(direction, mark)
            }
            return
        }
        heldBytes += copy.count
        held.insert(Segment(start: start, bytes: copy, lost: lost, mark: mark), at: place)
    }

    /// Delivers held segments that have become next.
    private mutating func drain(into sink: some StreamSink) {
        while let first = held.first, let expected = next,
            first.start.distance(from: expected) <= 0
        {
            held.removeFirst()
            heldBytes -= first.bytes.count
            accept(first.start, first.bytes.span, lost: first.lost, first.mark, into: sink)
        }
    }

    /// Gives up a hole that will not be filled: the receiver has acknowledged what lies behind it
    /// and it has been waited for, or nothing came for long.
    public mutating func check(
        acknowledged: SequenceNumber?, now: Timestamp, into sink: some StreamSink
    ) {
        guard let first = held.first, let expected = next else { return }
        packetsSinceHole += 1
        let age = now.since(first.mark.time)
        let taken =
            acknowledged.map {
                $0.distance(from: expected) > 0 && $0.distance(from: first.start) >= 0
            } ?? false
        guard
            taken && (age > limits.gapAge || packetsSinceHole > Self.holePackets)
                || age > 5 * limits.gapAge
        else { return }
        giveUpHole(into: sink)
    }

    private mutating func giveUpHole(into sink: some StreamSink) {
        guard let first = held.first, let expected = next else { return }
        pass(first.start.distance(from: expected), first.mark, into: sink)
        drain(into: sink)
    }

    /// Delivers all that is held: nothing more will come.
    public mutating func finish(into sink: some StreamSink) {
        while !held.isEmpty { giveUpHole(into: sink) }
    }
}
