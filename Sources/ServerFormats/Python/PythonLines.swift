import PolicyText

/// The statements of a Python file: brackets closed, comments and docstrings taken out.
struct PythonLines {
    struct Statement {
        var text: String
        var lines: ClosedRange<Int>
        /// Why it may not be run.
        var doubt: String?
    }

    private(set) var statements: [Statement] = []
    private var blocks: [(indent: Int, doubt: String?)] = []

    init(_ lines: [String]) {
        var index = 0
        var quotes: String?
        while index < lines.count {
            let first = index
            let line = lines[index]
            index += 1
            let bare = line.bare
            if let open = quotes {
                if bare.contains(open) { quotes = nil }
                continue
            }
            if let mark = ["\"\"\"", "'''"].first(where: {
                bare.hasPrefix($0) || bare.hasPrefix("r\($0)")
            }) {
                if bare.ranges(of: mark).count < 2 { quotes = mark }
                continue
            }
            var text = Self.code(line)
            var depth = Self.depth(text)
            while depth > 0 || text.hasSuffix("\\"), index < lines.count, index - first < 200 {
                if text.hasSuffix("\\") { text.removeLast() }
                let next = Self.code(lines[index]).bare
                depth += Self.depth(next)
                text += " " + next
                index += 1
            }
            if !text.bare.isEmpty { take(text, (first + 1)...index) }
        }
    }

    private mutating func take(_ text: String, _ lines: ClosedRange<Int>) {
        let indent = text.prefix { $0 == " " || $0 == "\t" }.count
        while let last = blocks.last, last.indent >= indent { blocks.removeLast() }
        let bare = text.bare
        statements.append(
            Statement(text: bare, lines: lines, doubt: blocks.lazy.compactMap(\.doubt).first))
        guard bare.hasSuffix(":"), blocks.count < 128 else { return }
        let word = bare.prefix { $0.isLetter }
        let isRun =
            ["def", "class", "with", "try", "async", "finally"].contains(word)
            || (word == "if" && bare.contains("__name__"))
        blocks.append((indent, isRun ? nil : "the branch it stands in is taken"))
    }

    /// A line without its comment.
    private static func code(_ line: String) -> String {
        guard line.contains("#") else { return line }
        var result = ""
        var mark: Character?
        for character in line {
            if let open = mark {
                if character == open { mark = nil }
            } else if character == "\"" || character == "'" {
                mark = character
            } else if character == "#" {
                break
            }
            result.append(character)
        }
        return result
    }

    /// Brackets that the line opens, less those that it closes.
    private static func depth(_ line: String) -> Int {
        var depth = 0
        var mark: UInt8?
        for byte in line.utf8 {
            if let open = mark {
                if byte == open { mark = nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): mark = byte
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return depth
    }
}
