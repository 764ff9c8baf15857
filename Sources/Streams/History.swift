/// The bytes of a stream that were delivered last, so that a retransmission can be compared: a
/// ring.
struct History {
    /// Bytes that are kept.
    static let kept = 1024

    private var bytes: [UInt8] = []
    /// Where the next byte goes.
    private var place = 0
    private var count = 0

    mutating func removeAll() { count = 0 }

    @inline(__always)
    mutating func append(_ new: Span<UInt8>) {
        if bytes.isEmpty { bytes = [UInt8](repeating: 0, count: Self.kept) }
        let some = min(new.count, Self.kept)
        let from = new.count - some
        let untilEnd = min(some, Self.kept - place)
        write(new.extracting(from..<from + untilEnd), at: place)
        place += untilEnd
        if place == Self.kept {
            write(new.extracting(from + untilEnd..<new.count), at: 0)
            place = some - untilEnd
        }
        count = min(count + some, Self.kept)
    }

    @inline(__always)
    private mutating func write(_ new: Span<UInt8>, at start: Int) {
        var room = bytes.mutableSpan
        guard start >= 0, new.count <= room.count - start else { return }
        for index in 0..<new.count { room[start + index] = new[index] }
    }

    /// Whether bytes that begin `old` bytes before the end say something else, as far as is known.
    func differs(from other: Span<UInt8>, _ old: Int) -> Bool {
        let first = max(0, old - count)
        for index in first..<max(first, min(old, other.count))
        where bytes[(place - old + index + Self.kept) % Self.kept] != other[index] { return true }
        return false
    }
}
