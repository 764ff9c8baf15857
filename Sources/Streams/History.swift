/// The bytes of a stream that were delivered last, so that a retransmission can be compared: a
/// ring that grows with what was said.
struct History {
    /// Bytes that are kept where there are as many.
    static let kept = 4096
    /// Almost all that a client says fits into so many.
    private static let atFirst = 256

    private var bytes: [UInt8] = []
    /// Where the next byte goes.
    private var place = 0
    private var count = 0

    mutating func removeAll() { (place, count) = (0, 0) }

    @inline(__always)
    mutating func append(_ new: Span<UInt8>) {
        if place + new.count < bytes.count {
            write(new, at: place)
            place += new.count
            count = min(count + new.count, bytes.count)
        } else {
            appendAtEnd(new)
        }
    }

    /// Appends what does not fit before the end of the memory.
    @inline(never)
    private mutating func appendAtEnd(_ new: Span<UInt8>) {
        let some = min(new.count, Self.kept)
        if count + some > bytes.count, bytes.count < Self.kept { grow(count + some) }
        let from = new.count - some
        let untilEnd = min(some, bytes.count - place)
        write(new.extracting(from..<from + untilEnd), at: place)
        place += untilEnd
        if place == Self.kept {
            write(new.extracting(from + untilEnd..<new.count), at: 0)
            place = some - untilEnd
        }
        count = min(count + some, bytes.count)
    }

    /// More memory; what there is stands at its begin, since nothing wraps before it is full.
    private mutating func grow(_ wanted: Int) {
        var size = max(bytes.count, Self.atFirst)
        while size < min(wanted, Self.kept) { size *= 2 }
        let old = bytes
        bytes = [UInt8](repeating: 0, count: size)
        write(old.span.extracting(..<count), at: 0)
    }

    /// Where the byte stands that was delivered so many before the end.
    private func index(before end: Int) -> Int {
        place >= end ? place - end : place - end + bytes.count
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
        where bytes[self.index(before: old - index)] != other[index] { return true }
        return false
    }
}
