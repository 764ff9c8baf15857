/// Where clear text follows TLS, or what only seemed to be TLS.
extension SecretScanner {
    mutating func leaveTLS() {
        walker = nil
        isTLSBroken = false
        recent = 0
        beginLine()
    }

    /// Where clear text begins behind TLS records, if it does.
    ///
    /// That is said by the records; but they may be none, or have lost their order, and so `PASS`
    /// and a space end them wherever they stand.
    mutating func endOfTLS(
        _ bytes: Span<UInt8>, from start: Int, _ position: Int
    ) -> Int? {
        if isTLSBroken {
            isTLSBroken = !TLSWalker.beginsRecord(bytes, start)
            if isTLSBroken, Self.isPrintable(bytes, from: start) {
                leaveTLS()
                if isClient { line = .doubt(since: position + start, secret: true) }
                return start
            }
        }
        let text = walker?.walk(bytes, from: start)
        for at in start..<(text ?? bytes.count) {
            if bytes[at] == 0x20,
                recent == Self.packed(Self.pass) || recent == Self.packed(Self.account)
            {
                let verb = recent == Self.packed(Self.pass) ? Self.pass : Self.account
                leaveTLS()
                word = verb
                return at
            }
            recent = recent << 8 | UInt32(bytes[at] & 0xdf)
        }
        if text != nil { leaveTLS() }
        return text
    }
}
