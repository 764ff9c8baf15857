public import Policy

/// The text of a configuration file, decoded and cut into lines.
public struct ConfigText: Sendable {
    /// The file as the user named it.
    public let file: String
    /// Without line breaks (LF, CR LF or CR), and without what a pager printed before them. Line `n`
    /// of the file is `lines[n - 1]`.
    public let lines: [String]
    /// The whole text, line breaks made LF, no byte order mark.
    public let whole: String
    /// The first line that ends in a carriage return; nil where none does.
    public let carriageReturn: Int?
    /// It begins with the byte order mark of UTF-8 or UTF-16.
    public let hasByteOrderMark: Bool

    /// Decodes by byte order mark (UTF-8, UTF-16 of either order); without one as UTF-8, and where
    /// that is no UTF-8, as Windows-1252, in which every byte has a character.
    public init(file: String, bytes: [UInt8]) {
        self.file = file
        hasByteOrderMark = Self.marks.contains { bytes.starts(with: $0) }
        let decoded = Self.decode(bytes)
        carriageReturn = Self.firstReturn(decoded)
        let text = Self.withPlainBreaks(decoded)
        var isPaged = false
        var lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
            .map { part in
                let line = String(text[part.startIndex..<part.endIndex])
                guard let cut = PagerMark.cut(from: line) else { return line }
                isPaged = true
                return cut
            }
        whole = isPaged ? lines.joined(separator: "\n") : text
        if lines.last == "" { lines.removeLast() }
        self.lines = lines
    }

    /// Of a long text its begin and its end, enough to tell what it is; nil of a short one.
    package var sample: ConfigText? {
        guard lines.count > 2 * Self.sampled else { return nil }
        return ConfigText(
            file: file, lines: Array(lines.prefix(Self.sampled) + lines.suffix(Self.sampled)))
    }

    /// Lines of a sample's begin, and of its end.
    private static let sampled = 250

    private init(file: String, lines: [String]) {
        self.file = file
        self.lines = lines
        whole = lines.joined(separator: "\n") + "\n"
        carriageReturn = nil
        hasByteOrderMark = false
    }

    /// The text with each CR LF, and each CR, made LF.
    private static func withPlainBreaks(_ text: String) -> String {
        guard text.utf8.contains(0x0d) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte != 0x0a || previous != 0x0d { bytes.append(byte == 0x0d ? 0x0a : byte) }
            previous = byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    public init(file: String, _ text: String) { self.init(file: file, bytes: Array(text.utf8)) }

    /// Whether the text holds the word, ASCII letters of either case: a cheap look before a dear one.
    public func mentions(_ word: String) -> Bool {
        let wanted = word.utf8.map { $0 | 0x20 }
        guard let first = wanted.first else { return true }
        let bytes = whole.utf8.span
        var start = 0
        while start + wanted.count <= bytes.count {
            if bytes[start] | 0x20 == first {
                var length = 1
                while length < wanted.count, bytes[start + length] | 0x20 == wanted[length] {
                    length += 1
                }
                if length == wanted.count { return true }
            }
            start += 1
        }
        return false
    }

    private static func firstReturn(_ text: String) -> Int? {
        var line = 1
        for byte in text.utf8 {
            if byte == 0x0d { return line }
            if byte == 0x0a { line += 1 }
        }
        return nil
    }

    /// Line `number`, from 1, as a proof.
    public func source(_ number: Int) -> SourceLine {
        let text = lines.indices.contains(number - 1) ? lines[number - 1] : ""
        return SourceLine(file: file, line: number, text: text)
    }

    /// A proof by absence or by the product's default.
    public func absence(_ text: String) -> SourceLine {
        SourceLine(file: file, line: nil, text: text)
    }

    /// Byte order marks: of UTF-8, of UTF-16 little-endian, of UTF-16 big-endian.
    private static let marks: [[UInt8]] = [[0xef, 0xbb, 0xbf], [0xff, 0xfe], [0xfe, 0xff]]

    private static func decode(_ bytes: [UInt8]) -> String {
        switch marks.firstIndex(where: { bytes.starts(with: $0) }) {
        case 0: return String(decoding: bytes.dropFirst(3), as: UTF8.self)
        case 1: return String(decoding: units(bytes.dropFirst(2), low: 0), as: UTF16.self)
        case 2: return String(decoding: units(bytes.dropFirst(2), low: 1), as: UTF16.self)
        default: break
        }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return String(String.UnicodeScalarView(bytes.map(windows1252)))
    }

    private static func units(_ bytes: ArraySlice<UInt8>, low: Int) -> [UInt16] {
        stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map {
            UInt16(bytes[$0 + low]) | UInt16(bytes[$0 + 1 - low]) << 8
        }
    }

    private static let upper1252: [Unicode.Scalar] = [
        "\u{20ac}", "\u{81}", "\u{201a}", "\u{192}", "\u{201e}", "\u{2026}", "\u{2020}", "\u{2021}",
        "\u{2c6}", "\u{2030}", "\u{160}", "\u{2039}", "\u{152}", "\u{8d}", "\u{17d}", "\u{8f}",
        "\u{90}", "\u{2018}", "\u{2019}", "\u{201c}", "\u{201d}", "\u{2022}", "\u{2013}",
        "\u{2014}", "\u{2dc}", "\u{2122}", "\u{161}", "\u{203a}", "\u{153}", "\u{9d}", "\u{17e}",
        "\u{178}",
    ]

    private static func windows1252(_ byte: UInt8) -> Unicode.Scalar {
        (0x80...0x9f).contains(byte) ? upper1252[Int(byte) - 0x80] : Unicode.Scalar(byte)
    }
}
