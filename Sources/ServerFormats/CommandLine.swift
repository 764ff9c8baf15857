import PolicyText

/// A server's command line within a line of text: of a process list, a unit file or a script.
struct CommandLine {
    var program: String
    var arguments: [String]

    /// The program that satisfies the claim by its file name, and what follows it up to the end of
    /// the command; nil where no such program is run.
    static func arguments(
        of isWanted: (Substring) -> Bool, in line: String
    ) -> CommandLine? {
        let bare = line.bare
        if bare.hasPrefix("#") || bare.utf8.count > 16384 { return nil }
        let words = words(bare)
        for (index, word) in words.enumerated() {
            let start = word.drop { $0 == "@" || $0 == "-" || $0 == "+" || $0 == "!" }
            let unit = start.split(separator: "=", maxSplits: 1)
            let path = unit.count == 2 && unit[0].hasPrefix("Exec") ? unit[1] : start
            guard let program = path.split(separator: "/").last, isWanted(program) else { continue }
            let isPath = path.contains("/")
            // `somebody/program` is an image's name.
            guard !isPath || path.hasPrefix("/") || path.hasPrefix(".") else { continue }
            let before = index > 0 ? words[index - 1] : ""
            guard !others.contains(before), !before.hasSuffix(":") else { continue }
            let rest = words[(index + 1)...].prefix { !ends.contains($0) && !$0.hasPrefix("(") }
            // A name in passing, such as a package's, has neither path nor options.
            let hasOptions = rest.contains { word in
                ["-", "/", "$"].contains { word.hasPrefix($0) }
            }
            guard isPath || hasOptions else { continue }
            if index == 0 || isCommand(words[..<index]) {
                return CommandLine(program: String(program), arguments: Array(rest))
            }
        }
        return nil
    }

    private static let ends: Set<String> = [
        "&", "&&", "||", "|", ";", ">", ">>", "2>&1", "<", "\\",
    ]

    /// Commands that take the name for another purpose.
    private static let others: Set<String> = [
        "install", "apt-get", "systemctl", "restart", "service", "echo", "cd", "rm", "cp", "mv",
        "mkdir", "hold", "grep", "pkill", "killall", "man", "dpkg", "tail", "cat",
    ]

    private static func isCommand(_ words: ArraySlice<String>) -> Bool {
        guard let first = words.first else { return true }
        return !others.contains(first) && !first.hasPrefix("apt")
    }

    /// Words between blanks, quotation marks taken off.
    static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word = ""
        var inside = false
        var mark: Character?
        for character in line {
            if let open = mark {
                if character == open { mark = nil } else { word.append(character) }
            } else if character == "\"" || character == "'" {
                mark = character
                inside = true
            } else if character == " " || character == "\t" {
                if inside { words.append(word) }
                word = ""
                inside = false
            } else {
                word.append(character)
                inside = true
            }
        }
        if inside { words.append(word) }
        return words
    }
}
