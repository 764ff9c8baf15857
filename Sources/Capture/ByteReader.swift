/// Bytes of a file through one buffer: asked for, looked at in place, and passed.
struct ByteReader {
    private(set) var buffer: [UInt8]
    private(set) var start = 0
    private(set) var end = 0
    /// Offset in the file of the byte at `start`.
    private(set) var offset = 0
    private var atEnd = false
    private(set) var error: Int32?
    private let capacity: Int
    var descriptor: Descriptor

    init(_ descriptor: Descriptor, head: [UInt8] = [], capacity: Int = 1 << 18) {
        self.descriptor = descriptor
        self.capacity = capacity
        buffer = [UInt8](repeating: 0, count: max(capacity, head.count))
        for (index, byte) in head.enumerated() { buffer[index] = byte }
        end = head.count
    }

    var available: Int { end - start }

    /// Whether `count` bytes are there from `start` on, after reading more where needed.
    @inline(__always)
    mutating func ensure(_ count: Int) -> Bool {
        end - start >= count ? true : fill(count)
    }

    /// The same; without `filling`, only of what was read already.
    @inline(__always)
    mutating func ensure(_ count: Int, filling: Bool) -> Bool {
        end - start >= count ? true : filling && fill(count)
    }

    @inline(__always)
    mutating func skip(_ count: Int) {
        start += count
        offset += count
    }

    /// Lends `count` bytes of the buffer.
    @inline(__always)
    func lend(_ place: Int, _ count: Int, _ body: (Span<UInt8>) -> Void) {
        let bytes = buffer.span
        body(bytes.extracting(place..<place + count))
    }

    /// Passes `count` bytes that need not fit the buffer; false where the file ends before.
    mutating func pass(_ count: Int) -> Bool {
        var left = count
        while left > 0 {
            guard ensure(1) else { return false }
            let step = min(left, available)
            skip(step)
            left -= step
        }
        return true
    }

    /// Hands the buffer out and goes on in `other`, which takes what was not passed yet.
    mutating func exchange(_ other: inout [UInt8]) {
        let left = end - start
        let size = max(capacity, left)
        if other.count != size { other = [UInt8](repeating: 0, count: size) }
        other.replaceSubrange(0..<left, with: buffer[start..<end])
        swap(&buffer, &other)
        start = 0
        end = left
    }

    @inline(never)
    private mutating func fill(_ count: Int) -> Bool {
        let left = end - start
        if start > 0 {
            for index in 0..<left { buffer[index] = buffer[start + index] }
            start = 0
            end = left
        }
        while end < count, !atEnd {
            // Grown only as bytes arrive: a length that lies costs nothing.
            if end == buffer.count {
                let more = min(count - buffer.count, max(buffer.count, 64))
                buffer.append(contentsOf: repeatElement(0, count: more))
            }
            guard let got = descriptor.read(into: &buffer, from: end) else {
                error = descriptor.lastError
                atEnd = true
                break
            }
            if got == 0 { atEnd = true }
            end += got
        }
        return end >= count
    }
}
