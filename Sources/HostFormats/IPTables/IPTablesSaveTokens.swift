import PolicyText

/// The words of a line, as iptables-restore cuts it: by blanks, with quotes.
enum IPTablesWords {
    struct Word: Hashable {
        var text: String
        var quoted = false
    }

    /// Nil where a quote isn't closed.
    static func split(_ line: String) -> [Word]? {
        guard line.utf8.contains(where: { $0 == 0x22 || $0 == 0x27 }) else {
            return line.utf8.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
                .map { Word(text: String(Substring($0))) }
        }
        return splitQuoted(line)
    }

    private static func splitQuoted(_ line: String) -> [Word]? {
        var words: [Word] = []
        var current = Word(text: "")
        var open: Character?
        var started = false
        var escaped = false
        for character in line {
            if escaped {
                current.text.append(character)
                escaped = false
            } else if let quote = open {
                if character == "\\" {
                    escaped = true
                } else if character == quote {
                    open = nil
                } else {
                    current.text.append(character)
                }
            } else if character == "\"" || character == "'" {
                open = character
                started = true
                current.quoted = true
            } else if character == " " || character == "\t" || character == "\r" {
                if started { words.append(current) }
                current = Word(text: "")
                started = false
            } else {
                started = true
                current.text.append(character)
            }
        }
        guard open == nil, !escaped else { return nil }
        if started { words.append(current) }
        return words
    }
}
