/// Finds the password in a user's name such as `anna:password@host`, byte by byte.
///
/// Of `ftp://anna:password@host` the first colon is the scheme's. Any other first colon begins what
/// may be a password; each @ after it may be the one that ends it.
struct NamedPassword {
    /// Where it begins, if an @ follows.
    private(set) var begin: Int?
    /// The letters before this byte, in upper case, the last of them lowest.
    private var letters: UInt64 = 0
    private var state = State.name

    private enum State { case name, scheme, slash, password }

    private static let schemes: [UInt64] = ["FTP", "FTPS"].map { (name: String) in
        name.utf8.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Takes the byte at a position.
    ///
    /// - Returns: What is a password for sure now: it ends before this byte.
    mutating func take(_ byte: UInt8, at position: Int) -> Range<Int>? {
        switch (state, byte) {
        case (.name, 0x3a):
            begin = position + 1
            state = Self.schemes.contains(letters) ? .scheme : .password
        case (.name, _):
            let isLetter = SecretScanner.isLetter(byte)
            letters = isLetter ? letters << 8 | UInt64(byte & 0xdf) : 0
            // More letters than a scheme has stay more.
            if letters >> 40 != 0 { letters |= 1 << 40 }
        case (.scheme, 0x2f): state = .slash
        case (.slash, 0x2f): self = NamedPassword()
        case (.scheme, _), (.slash, _): state = .password
        case (.password, _): break
        }
        guard byte == 0x40, let begin, begin < position else { return nil }
        return begin..<position
    }
}
