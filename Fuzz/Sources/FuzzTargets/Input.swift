/// The bytes of one execution, read from front to back.
public struct Input {
    public let bytes: [UInt8]
    private var at = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isEmpty: Bool { at >= bytes.count }

    /// The next byte; zero after the last.
    mutating func byte() -> UInt8 {
        guard at < bytes.count else { return 0 }
        defer { at += 1 }
        return bytes[at]
    }

    /// A number of two bytes.
    mutating func word() -> Int { Int(byte()) << 8 | Int(byte()) }

    /// The next `count` bytes, or what is left.
    mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        let end = min(at + count, bytes.count)
        defer { at = end }
        return bytes[at..<end]
    }
}
