import Capture
import Streams

/// What both directions of a control connection bring, in the order of its packets: while one
/// direction waits for a segment that is missing, what came later in the other waits too, so that
/// no reply is read before the command that it answers.
struct StreamMerger {
    private struct Entry {
        var mark: PacketMark
        var direction: Direction
        var event: StreamEvent
    }

    /// Ascending; each direction in its own order.
    private var entries: [Entry] = []
    /// Of the events that wait.
    private var byteCount = 0

    /// The bound of what waits that is exceeded; nil where none is.
    func reached(_ limits: Limits) -> String? {
        if entries.count > limits.heldSegments { return "heldSegments" }
        return byteCount > limits.heldBytes ? "heldBytes" : nil
    }

    mutating func add(_ events: [StreamEvent], _ direction: Direction) {
        for event in events { add(event, direction) }
    }

    private mutating func add(_ event: StreamEvent, _ direction: Direction) {
        let last = entries.last { $0.direction == direction }?.mark
        let mark: PacketMark?
        switch event {
        case .bytes(let bytes, let own):
            mark = own
            byteCount += bytes.count
        case .loss(let own), .conflict(let own): mark = own
        case .reached: mark = last
        }
        let key = [mark, last].compactMap { $0 }.max() ?? Self.first
        let place = entries.lastIndex { $0.mark <= key }.map { $0 + 1 } ?? 0
        entries.insert(Entry(mark: key, direction: direction, event: event), at: place)
    }

    private static let first = PacketMark(nanoseconds: .min, capture: 0, number: 0)

    /// Takes out what came before a packet; all where none is given.
    mutating func take(before mark: PacketMark?) -> [(direction: Direction, event: StreamEvent)] {
        let count =
            mark.flatMap { mark in entries.firstIndex { $0.mark >= mark } } ?? entries.count
        let taken = entries[..<count].map { ($0.direction, $0.event) }
        entries.removeFirst(count)
        for case (_, .bytes(let bytes, _)) in taken { byteCount -= bytes.count }
        return taken
    }

    mutating func removeAll() {
        entries = []
        byteCount = 0
    }
}
