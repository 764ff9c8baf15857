/// Bytes in memory that is kept when they are let go.
struct ByteBuffer {
    /// The first `count` are held.
    private var memory: [UInt8] = []
    private(set) var count = 0

    @inline(__always)
    mutating func removeAll() { count = 0 }

    mutating func removeLast() { count -= 1 }

    var last: UInt8? { count > 0 ? memory[count - 1] : nil }

    /// Lends them.
    @inline(__always)
    func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        body(memory.span.extracting(..<count))
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        if count == memory.count { grow(1) }
        memory[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>) {
        if count + bytes.count > memory.count { grow(bytes.count) }
        let start = count
        count += bytes.count
        var room = memory.mutableSpan
        for index in 0..<bytes.count { room[start + index] = bytes[index] }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let old = memory
        memory = [UInt8](repeating: 0, count: max(64, old.count * 2, count + more))
        var room = memory.mutableSpan
        for index in 0..<old.count { room[index] = old[index] }
    }
}
