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

        /// Behind its last captured byte.
        var end: SequenceNumber { start.advanced(by: bytes.count) }
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
        if ahead > limits.window {
            sink.reached("window")
        } else if ahead > 0 {
            hold(start, bytes, lost, mark, into: sink)
        } else {
            advance(start, bytes, lost, mark, into: sink)
        }
    }

    /// Delivers a segment that does not begin behind `next`, and the held ones that follow.
    ///
    /// What is held came before: its bytes stand, and the segment fills the holes between them.
    private mutating func advance(
        _ start: SequenceNumber, _ bytes: Span<UInt8>, _ lost: Int, _ mark: PacketMark,
        into sink: some StreamSink
    ) {
        /// Up to here bytes are known to have been sent.
        var end = start.advanced(by: bytes.count + lost)
        var compared = 0
        while let expected = next {
            if let first = held.first, first.start.distance(from: expected) <= 0 {
                held.removeFirst()
                heldBytes -= first.bytes.count
                if !first.bytes.isEmpty { deliver(first.bytes.span, first.mark, into: sink) }
                let last = first.end.advanced(by: first.lost)
                if last.distance(from: end) > 0 { end = last }
                continue
            }
            let old = expected.distance(from: start)
            compare(bytes, compared..<min(old, bytes.count), old, mark, into: sink)
            compared = min(old, bytes.count)
            let left = end.distance(from: expected)
            guard left > 0 else { return }
            let room = min(left, held.first?.start.distance(from: expected) ?? left)
            if old < bytes.count {
                let stop = min(old + room, bytes.count)
                deliver(bytes.extracting(old..<stop), mark, into: sink)
                compared = stop
            } else {
                pass(room, mark, into: sink)
            }
        }
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
    ///
    /// The byte at index `old` is the next one.
    private func compare(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ old: Int, _ mark: PacketMark,
        into sink: some StreamSink
    ) {
        guard !(bytes.count == 1 && old == 1) else { return }
        let first = max(range.lowerBound, old - history.count)
        for index in first..<max(first, range.upperBound)
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
                sink.reached("heldSegments")
                break
            }
            let stop = min(count, at + room)
            let kept = max(min(stop, bytes.count), at)
            var copy: [UInt8] = []
            copy.reserveCapacity(kept - at)
            for index in at..<kept { copy.append(bytes[index]) }
            heldBytes += copy.count
            held.insert(
                Segment(start: place, bytes: copy, lost: stop - kept, mark: mark), at: index)
            index += 1
            at = stop
        }
        if differs { sink.conflict(direction, mark) }
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
        advance(first.start, first.bytes.span, first.lost, first.mark, into: sink)
    }

    /// Delivers all that is held: nothing more will come.
    public mutating func finish(into sink: some StreamSink) {
        while !held.isEmpty { giveUpHole(into: sink) }
    }
}
