extension String {
    /// Without blanks and line breaks at both ends.
    package var trimmingBlanks: String {
        // Almost every text begins and ends with a plain letter.
        if let first = utf8.first, let last = utf8.last, Self.isPlain(first), Self.isPlain(last) {
            return self
        }
        let blank: (Unicode.Scalar) -> Bool = {
            $0 == " " || $0 == "\t" || Character($0).isNewline
        }
        var rest = unicodeScalars[...]
        while let first = rest.first, blank(first) { rest.removeFirst() }
        while let last = rest.last, blank(last) { rest.removeLast() }
        return String(rest)
    }

    /// Whether a byte stands for a visible ASCII character.
    private static func isPlain(_ byte: UInt8) -> Bool { (0x21...0x7e).contains(byte) }
}
