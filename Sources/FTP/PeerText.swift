/// What a peer said, as it is kept: cut at its bound without cutting a character, invalid UTF-8
/// replaced.
enum PeerText {
    static func kept(_ bytes: Span<UInt8>, most: Int) -> String {
        var end = bytes.count
        if end > most {
            end = most
            while end > 0, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        }
        return String(decoding: bytes.extracting(0..<end).array, as: UTF8.self)
    }
}
