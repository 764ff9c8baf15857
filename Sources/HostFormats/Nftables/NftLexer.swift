import Net

/// Where something stands: a file of those read together, and its line from 1.
struct NftPlace: Hashable, Comparable, Sendable {
    /// 0: the file itself; then those that it includes.
    var file = 0
    var line: Int

    static func < (a: NftPlace, b: NftPlace) -> Bool {
        a.file == b.file ? a.line < b.line : a.file < b.file
    }
}

/// A token of the language of nft(8).
struct NftToken: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// Names, numbers, addresses, times.
        case word
        case quoted
        case symbol
        /// `$name`
        case variable
        /// A line break outside of a comment.
        case newline
        /// Something that the language doesn't have.
        case junk
        /// A variable that nobody defines.
        case undefined
        /// A variable that an included file may define, which isn't there.
        case unresolved
        /// An included file that isn't there.
        case missing
        /// The end of an included file.
        case end
    }

    var kind: Kind
    var text: String
    var place: NftPlace

    func isSymbol(_ wanted: String) -> Bool { kind == .symbol && text == wanted }

    func isWord(_ wanted: String) -> Bool { kind == .word && text == wanted }
}

/// Cuts a text into tokens (scanner.l of nftables); never fails.
struct NftLexer {
    private let bytes: [UInt8]
    private let file: Int
    private var index = 0
    private var line = 1
    private var tokens: [NftToken] = []

    private init(_ text: String, file: Int, line: Int) {
        bytes = Array(text.utf8)
        self.file = file
        self.line = line
    }

    /// The tokens of a text whose first line is line `line` of its file.
    static func tokens(_ text: String, file: Int = 0, line: Int = 1) -> [NftToken] {
        var lexer = NftLexer(text, file: file, line: line)
        lexer.scan()
        return lexer.tokens
    }

    private static let pairs: Set<String> = ["!=", "==", "<=", ">=", "<<", ">>"]
    private static let singles = Array("{}()[];,:.=!<>&|^/+-*@".utf8)

    private mutating func scan() {
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\n"):
                add(.newline, "\n")
                line += 1
                index += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"): index += 1
            case UInt8(ascii: "#"):
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            case UInt8(ascii: "\\"): escape()
            case UInt8(ascii: "\""): quoted()
            case UInt8(ascii: "$"): variable()
            default:
                if let end = colonAddress() {
                    add(.word, text(index..<end))
                    index = end
                } else if Self.startsWord(byte) {
                    word()
                } else {
                    symbol()
                }
            }
        }
    }

    private mutating func add(_ kind: NftToken.Kind, _ text: String) {
        tokens.append(NftToken(kind: kind, text: text, place: NftPlace(file: file, line: line)))
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// A backslash joins the next line to this one.
    private mutating func escape() {
        var next = index + 1
        while next < bytes.count, bytes[next] == UInt8(ascii: " ") || bytes[next] == 9 { next += 1 }
        if next < bytes.count, bytes[next] == UInt8(ascii: "\n") {
            line += 1
            index = next + 1
        } else if next == bytes.count {
            index = next
        } else {
            add(.junk, "\\")
            index += 1
        }
    }

    private mutating func quoted() {
        var end = index + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\n")
        {
            end += 1
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else {
            add(.junk, text(index..<end))
            index = end
            return
        }
        add(.quoted, text(index + 1..<end))
        index = end + 1
    }

    private mutating func variable() {
        var end = index + 1
        while end < bytes.count, Self.continuesWord(bytes[end]), bytes[end] != UInt8(ascii: "/") {
            end += 1
        }
        add(end == index + 1 ? .junk : .variable, text(index + 1..<end))
        index = end
    }

    /// Words that begin with a letter may hold `-`, `/` and `.`; numbers and addresses may not.
    private mutating func word() {
        let digitFirst = (0x30...0x39).contains(bytes[index])
        var end = index + 1
        while end < bytes.count {
            let byte = bytes[end]
            let takes =
                digitFirst ? Self.isAlphanumeric(byte) || byte == 0x2e : Self.continuesWord(byte)
            guard takes else { break }
            end += 1
        }
        // `eth*`: a prefix of interface names.
        if !digitFirst, end < bytes.count, bytes[end] == UInt8(ascii: "*") { end += 1 }
        add(.word, text(index..<end))
        index = end
    }

    private mutating func symbol() {
        if index + 1 < bytes.count {
            let pair = text(index..<index + 2)
            if Self.pairs.contains(pair) {
                add(.symbol, pair)
                index += 2
                return
            }
        }
        let known = Self.singles.contains(bytes[index])
        var end = index + 1
        // A character of several bytes is one piece of junk.
        while !known, end < bytes.count, bytes[end] & 0xc0 == 0x80 { end += 1 }
        add(known ? .symbol : .junk, text(index..<end))
        index = end
    }

    /// The end of an IPv6 or link-layer address that begins here.
    private func colonAddress() -> Int? {
        var end = index
        var colons = 0
        while end < bytes.count, end - index < 64 {
            let byte = bytes[end]
            let hex = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
            guard hex || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") else { break }
            if byte == UInt8(ascii: ":") { colons += 1 }
            end += 1
        }
        guard colons >= 2 else { return nil }
        while end > index + 1 {
            let before = bytes[end - 1]
            let follows = end < bytes.count && Self.isAlphanumeric(bytes[end])
            let candidate = text(index..<end)
            if !follows, IPAddress(candidate) != nil || Self.isLinkAddress(candidate) {
                return end
            }
            guard before == UInt8(ascii: ":") || before == UInt8(ascii: ".") else { return nil }
            end -= 1
        }
        return nil
    }

    private static func isLinkAddress(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 6 && parts.allSatisfy { (1...2).contains($0.utf8.count) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) && byte >= 0x41
    }

    private static func startsWord(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "_")
    }

    private static func continuesWord(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")
    }
}
