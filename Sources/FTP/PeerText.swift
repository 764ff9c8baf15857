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

    /// The name of a USER, without the password of `anna:password@host`, also behind `ftp://`.
    static func user(_ argument: Span<UInt8>, most: Int) -> String {
        var colon: Int?
        var end: Int?
        for index in 0..<argument.count {
            switch argument[index] {
            case 0x3a: if colon == nil { colon = index }
            // Of `://` itself.
            case 0x2f: if colon == index - 1 { colon = nil }
            case 0x40: if colon != nil { end = index }
            default: break
            }
        }
        guard let colon, let end else { return kept(argument, most: most) }
        let name = kept(argument.extracting(0...colon), most: most)
        // One bound for both parts.
        let host = argument.extracting(end..<argument.count)
        return name + "x" + kept(host, most: max(0, most - name.utf8.count - 1))
    }
}
