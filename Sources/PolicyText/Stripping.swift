extension StringProtocol {
    /// Without any of `marks` at either end.
    @inlinable package func stripping(_ marks: String) -> String {
        let head = drop { marks.contains($0) }
        guard let last = head.lastIndex(where: { !marks.contains($0) }) else { return "" }
        return String(head[...last])
    }

    /// Without blanks and tabs at either end.
    @inlinable package var bare: String { stripping(" \t\u{a0}") }

    /// Words between blanks and tabs.
    @inlinable package var fields: [String] {
        split { $0 == " " || $0 == "\t" || $0 == "\u{a0}" }.map { String($0) }
    }

    /// Whether the text holds the word, ASCII letters of either case: a cheap look before a dear one.
    @inlinable package func mentions(_ word: StaticString) -> Bool {
        let wanted = "\(word)".utf8.map { $0 | 0x20 }
        var rest = utf8[...]
        while let first = wanted.first, let start = rest.firstIndex(where: { $0 | 0x20 == first }) {
            rest = rest[start...]
            if rest.count >= wanted.count, zip(rest, wanted).allSatisfy({ $0 | 0x20 == $1 }) {
                return true
            }
            rest = rest.dropFirst()
        }
        return false
    }

    /// For a sentence: at most 60 characters.
    package var excerpt: String {
        let text = Unknown.shown(String(self))
        return text.count > 60 ? String(text.prefix(60)) + "…" : text
    }

    /// Equal but for the case of letters.
    @inlinable package func same(_ other: String) -> Bool { lowercased() == other.lowercased() }
}

extension String {
    /// Without one pair of quotation marks around it, straight or curly, as web pages turn them.
    package var unquoted: String {
        let marks = "\"“”„‟«»"
        guard let first, marks.contains(first) else { return self }
        let rest = dropFirst()
        guard let last = rest.last, marks.contains(last) else { return String(rest) }
        return String(rest.dropLast())
    }
}
