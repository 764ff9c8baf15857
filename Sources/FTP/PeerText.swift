/// What a peer said, as it is kept: cut at its bound without cutting a character, invalid UTF-8
/// replaced. A CR ends it: where a peer ends its lines with CR alone, the next may be a PASS.
enum PeerText {
    static func kept(_ bytes: Span<UInt8>, most: Int) -> String {
        var end = 0
        while end < bytes.count, end <= most, bytes[end] != 0x0d { end += 1 }
        if end > most {
            end = most
            while end > 0, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        }
        let kept = bytes.extracting(0..<end)
        // Text that is valid is copied once; of other text the wrong bytes are replaced.
        if let text = try? UTF8Span(validating: kept) { return String(copying: text) }
        return String(decoding: kept.array, as: UTF8.self)
    }

    /// The name of a USER, without the password of `anna:password@host`, also behind `ftp://`.
    static func user(_ said: Span<UInt8>, most: Int) -> String {
        var length = 0
        while length < said.count, said[length] != 0x0d { length += 1 }
        let argument = said.extracting(..<length)
        var name = NamedPassword()
        var password: Range<Int>?
        for index in 0..<argument.count {
            if let found = name.take(argument[index], at: index) { password = found }
        }
        guard let password else { return kept(argument, most: most) }
        let begin = kept(argument.extracting(0..<password.lowerBound), most: most)
        // One bound for both parts.
        let end = argument.extracting(password.upperBound..<argument.count)
        return begin + "x" + kept(end, most: max(0, most - begin.utf8.count - 1))
    }
}
