import PolicyText

/// Reads shell scripts whose lines are commands of `nft`.
enum NftShell {
    struct Command {
        var line: Int
        var last: Int
        /// What nft is given; nil where the line is no plain command of it.
        var words: String?
    }

    /// Whether lines call `nft` as a shell would.
    static func isScript(_ text: ConfigText) -> Bool {
        text.lines.contains { line in
            let words = line.split(separator: " ", maxSplits: 2)
            return isCall(words) && !line.hasPrefix("#")
        }
    }

    private static func isCall(_ words: [Substring]) -> Bool {
        var words = words[...]
        if words.first == "sudo" { words = words.dropFirst() }
        guard let first = words.first, words.count > 1 else { return false }
        return first == "nft" || first.hasPrefix("/") && first.hasSuffix("/nft")
    }

    /// The lines that are no comments, joined where they end in a backslash.
    static func commands(_ text: ConfigText) -> [Command] {
        var commands: [Command] = []
        var start = 1
        var joined = ""
        for (offset, line) in text.lines.enumerated() {
            if joined.isEmpty { start = offset + 1 }
            if line.hasSuffix("\\") {
                joined += line.dropLast() + " "
                continue
            }
            let whole = joined + line
            joined = ""
            let bare = whole.drop { $0 == " " || $0 == "\t" }
            guard !bare.isEmpty, bare.first != "#" else { continue }
            if ["set -e", "set -eu", "set -x", "exit 0"].contains(bare) { continue }
            commands.append(Command(line: start, last: offset + 1, words: words(String(bare))))
        }
        if !joined.isEmpty {
            commands.append(Command(line: start, last: text.lines.count, words: words(joined)))
        }
        return commands
    }

    /// What nft is given: its arguments as the shell cuts and unquotes them.
    private static func words(_ line: String) -> String? {
        guard isCall(line.split(separator: " ", maxSplits: 2)) else { return nil }
        guard var words = split(line) else { return nil }
        if words.first == "sudo" { words.removeFirst() }
        words.removeFirst()
        while let option = words.first, option.hasPrefix("-") {
            // Options that only change how it shows things.
            guard ["-a", "-n", "-nn", "-s", "-e", "-o"].contains(option) else { return nil }
            words.removeFirst()
        }
        return words.joined(separator: " ")
    }

    /// Words of a POSIX shell; nil for what does more than call one command.
    private static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word = ""
        var inWord = false
        var quote: Character?
        var escaped = false
        for character in line {
            if escaped {
                if quote == "\"", !"\"\\$`".contains(character) { word.append("\\") }
                word.append(character)
                escaped = false
            } else if character == "\\", quote != "'" {
                escaped = true
                inWord = true
            } else if let open = quote {
                if character == open {
                    quote = nil
                } else if open == "\"", character == "`" {
                    return nil
                } else {
                    word.append(character)
                }
            } else if character == "'" || character == "\"" {
                quote = character
                inWord = true
            } else if character == " " || character == "\t" {
                if inWord { words.append(word) }
                word = ""
                inWord = false
            } else if character == "#", !inWord {
                break
            } else if "|&;<>()`".contains(character) {
                return nil
            } else {
                word.append(character)
                inWord = true
            }
        }
        if inWord { words.append(word) }
        return quote == nil && !escaped ? words : nil
    }

    /// A command as a line of a shell.
    static func line(_ words: String) -> String {
        let plain = words.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) || $0 == 0x20
                || [0x2e, 0x3a, 0x2f, 0x2d, 0x5f, 0x2c, 0x40, 0x2b, 0x3d].contains($0)
        }
        return plain ? "nft \(words)" : "nft '\(words.replacing("'", with: "'\\''"))'"
    }
}
