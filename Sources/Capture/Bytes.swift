// Loads from borrowed bytes. Callers have checked the length; an index outside traps nowhere else
// than in a test, because every caller compares with `count` first.
extension Span where Element == UInt8 {
    @inline(__always)
    func big16(_ at: Int) -> UInt16 { UInt16(self[at]) << 8 | UInt16(self[at + 1]) }

    @inline(__always)
    func big32(_ at: Int) -> UInt32 {
        UInt32(self[at]) << 24 | UInt32(self[at + 1]) << 16 | UInt32(self[at + 2]) << 8
            | UInt32(self[at + 3])
    }

    @inline(__always)
    func big64(_ at: Int) -> UInt64 { UInt64(big32(at)) << 32 | UInt64(big32(at + 4)) }

    @inline(__always)
    func big128(_ at: Int) -> UInt128 { UInt128(big64(at)) << 64 | UInt128(big64(at + 8)) }

    /// 16 bits in the byte order that the file declared.
    @inline(__always)
    func load16(_ at: Int, bigEndian: Bool) -> UInt16 {
        bigEndian ? big16(at) : big16(at).byteSwapped
    }

    /// 32 bits in the byte order that the file declared.
    @inline(__always)
    func load32(_ at: Int, bigEndian: Bool) -> UInt32 {
        bigEndian ? big32(at) : big32(at).byteSwapped
    }

    /// 64 bits in the byte order that the file declared.
    @inline(__always)
    func load64(_ at: Int, bigEndian: Bool) -> UInt64 {
        bigEndian ? big64(at) : big64(at).byteSwapped
    }
}
