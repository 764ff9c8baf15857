/// Bytes that stand for content.
enum Filler {
    /// Printable lines of 64 bytes.
    static func text(_ count: Int) -> [UInt8] {
        (0..<count).map { $0 % 64 == 63 ? 0x0a : 0x61 + UInt8($0 % 64 % 26) }
    }

    /// Bytes without a pattern that a reader could take for text.
    static func noise(_ count: Int) -> [UInt8] {
        var state: UInt32 = 0x2545_f491
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            return 0x80 | UInt8(truncatingIfNeeded: state >> 8)
        }
    }
}
