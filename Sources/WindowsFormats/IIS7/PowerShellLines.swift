import PolicyText

/// The statements of a PowerShell script: continued lines joined, literals in place of variables.
struct PowerShellLines {
    struct Statement {
        /// Words without their quotation marks; a hash literal is one word.
        var words: [String]
        var lines: ClosedRange<Int>
        /// Why it may not be run.
        var doubt: String?
    }

    private(set) var statements: [Statement] = []
    private var variables: [String: String] = [:]
    /// Open braces of blocks: why what is in them may not be run, nil where it is.
    private var blocks: [String?] = []
    /// The line that ends the script.
    private var end: Int?

    private static let ends: Set<String> = ["exit", "return", "throw", "break"]

    init(_ lines: [String]) {
        var index = 0
        var scan = PowerShellCode()
        while index < lines.count {
            let first = index
            var line = scan.code(of: lines[index].bare)
            index += 1
            if line.isEmpty { continue }
            while line.hasSuffix("`") || line.hasSuffix("|"), index < lines.count {
                if line.hasSuffix("`") { line.removeLast() }
                line += " " + scan.code(of: lines[index].bare)
                index += 1
            }
            // A here-string goes on to a line that begins with its mark.
            if let mark = scan.mark, line.hasSuffix("@\(mark)") {
                var isOpen = true
                while isOpen, index < lines.count {
                    line += " " + lines[index].replacing(/[{}]/, with: " ")
                    isOpen = !lines[index].hasPrefix("\(mark)@")
                    index += 1
                }
            }
            for part in PowerShellCode.statements(line) { take(part, (first + 1)...index) }
        }
    }

    private mutating func take(_ line: String, _ lines: ClosedRange<Int>) {
        // Braces of hash literals open and close on one line and are none of blocks.
        let isHash = line.utf8.contains(UInt8(ascii: "@"))
        let plain = isHash ? line.replacing(/@\{[^{}]*\}/, with: "") : line
        let doubt =
            blocks.lazy.compactMap(\.self).first
            ?? end.map { "the script goes on behind line \($0)" }
        assign(line, doubt)
        let words = Self.words(line).map(expand)
        if doubt == nil, let head = words.first, Self.ends.contains(head.lowercased()) {
            end = lines.lowerBound
        }
        if !words.isEmpty { statements.append(Statement(words: words, lines: lines, doubt: doubt)) }
        let head = plain.drop { $0 == "}" || $0 == " " }.lowercased()
        let why: String? =
            ["try", "begin", "process", "end", "finally"].contains { head.hasPrefix($0) }
            ? nil : "the block it stands in is run"
        for character in plain {
            if character == "{", blocks.count < 512 { blocks.append(why) }
            if character == "}" { _ = blocks.popLast() }
        }
    }

    /// `$name = literal`; anything else makes the variable unknown.
    private mutating func assign(_ line: String, _ doubt: String?) {
        guard line.utf8.contains(UInt8(ascii: "=")),
            let match = line.firstMatch(of: /^(?:\[\w+\])?\s*\$(\w+)\s*=\s*(.+?),?$/)
        else {
            return
        }
        let name = match.1.lowercased()
        let value = String(match.2).bare
        let isLiteral =
            ServerText.number(value) != nil
            || value.wholeMatch(of: /"[^"$`]*"|'[^']*'/) != nil
        if doubt == nil, isLiteral {
            variables[name] = value.stripping("\"'")
        } else {
            variables[name] = nil
        }
    }

    private func expand(_ word: String) -> String {
        guard word.contains("$") else { return word }
        return word.replacing(/\$\{?([A-Za-z_]\w*)\}?/) { match in
            variables[match.1.lowercased()] ?? Unknown.named("$\(match.1)")
        }
    }

    /// Words between blanks; quotation marks and braces hold them together.
    static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word = ""
        var inside = false
        var mark: Character?
        var depth = 0
        for character in line {
            if let open = mark {
                if character == open, depth == 0 {
                    mark = nil
                } else {
                    if character == open { mark = nil }
                    word.append(character)
                }
            } else if character == "\"" || character == "'" {
                mark = character
                inside = true
                if depth > 0 { word.append(character) }
            } else if depth == 0, character == " " || character == "\t" || character == ";" {
                if inside { words.append(word) }
                word = ""
                inside = false
            } else {
                if character == "{" { depth += 1 }
                if character == "}" { depth = max(0, depth - 1) }
                word.append(character)
                inside = true
            }
        }
        if inside { words.append(word) }
        return words
    }
}
