import PolicyText

/// The statements of a Python file: brackets closed, comments, docstrings and the text between triple
/// quotation marks taken out.
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
            let line = Self.line(lines, &index)
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
                let next = Self.code(Self.line(lines, &index)).bare
                depth += Self.depth(next)
                text += " " + next
            }
            if !text.bare.isEmpty { take(text, (first + 1)...index) }
        }
    }

    private static let marks = ["\"\"\"", "'''"]
    /// Lines whose texts between triple quotation marks are joined.
    private static let joinLimit = 200

    /// The next line, one that a text of several lines belongs to joined with it and that text left
    /// out; a docstring is left as it is.
    private static func line(_ lines: [String], _ index: inout Int) -> String {
        var text = lines[index]
        let first = index
        index += 1
        while index - first < joinLimit,
            let mark = marks.first(where: { code(text).ranges(of: $0).count % 2 == 1 }),
            let place = text.firstRange(of: mark)?.lowerBound,
            !["", "r"].contains(text[..<place].bare)
        {
            var rest: Substring = ""
            while index < lines.count {
                let next = lines[index]
                index += 1
                if let end = next.firstRange(of: mark)?.upperBound {
                    rest = next[end...]
                    break
                }
            }
            text = text[..<place] + "\"\"" + rest
        }
        return text
    }

    private mutating func take(_ text: String, _ lines: ClosedRange<Int>) {
        let indent = text.prefix { $0 == " " || $0 == "\t" }.count
        while let last = blocks.last, last.indent >= indent { blocks.removeLast() }
        let bare = text.bare
        let word = bare.prefix { $0.isLetter }
        let isRun =
            ["def", "class", "with", "try", "async", "finally"].contains(word)
            || (word == "if" && bare.contains("__name__"))
        let why = "the branch it stands in is taken"
        var doubt = blocks.lazy.compactMap(\.doubt).first
        for part in Self.parts(bare) {
            statements.append(Statement(text: part.bare, lines: lines, doubt: doubt))
            // What follows on the line of a condition stands in its branch.
            if !isRun, Self.branches.contains(word) { doubt = doubt ?? why }
        }
        guard bare.hasSuffix(":"), blocks.count < 128 else { return }
        blocks.append((indent, isRun ? nil : why))
    }

    private static let branches: Set<Substring> = ["if", "elif", "else", "for", "while", "except"]

    /// What semicolons part, but within quotation marks.
    private static func parts(_ text: String) -> [Substring] {
        guard text.utf8.contains(UInt8(ascii: ";")) else { return [text[...]] }
        var mark: Character?
        return text.split { character in
            if let open = mark {
                if character == open { mark = nil }
            } else if character == "\"" || character == "'" {
                mark = character
            }
            return mark == nil && character == ";"
        }
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
