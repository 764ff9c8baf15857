import PolicyText

/// Lines of PowerShell without comments, and the statements of one line.
///
/// Source: learn.microsoft.com, about_Comments, about_Quoting_Rules.
struct PowerShellCode {
    /// Whether `<#` stands open.
    private var inComment = false
    /// The quotation mark that the last line left open.
    private(set) var mark: Character?

    /// What of a line is code: without `<# … #>`, and what stands behind `#`.
    mutating func code(of line: String) -> String {
        mark = nil
        var code = ""
        var rest = line[...]
        while let character = rest.popFirst() {
            if inComment {
                guard character == "#", rest.first == ">" else { continue }
                rest.removeFirst()
                inComment = false
                continue
            }
            if mark == nil, character == "<", rest.first == "#" {
                rest.removeFirst()
                inComment = true
                continue
            }
            // Within a word it is no comment.
            if mark == nil, character == "#", code.last.map({ " \t;|(){}".contains($0) }) ?? true {
                break
            }
            if character == mark {
                mark = nil
            } else if mark == nil, character == "\"" || character == "'" {
                mark = character
            }
            code.append(character)
        }
        return code.bare
    }

    /// Parts between `;` that stand in no quotation marks and no brackets.
    static func statements(_ line: String) -> [String] {
        guard line.utf8.contains(UInt8(ascii: ";")) else { return [line] }
        var parts = [""]
        var mark: Character?
        var depth = 0
        for character in line {
            if character == mark {
                mark = nil
            } else if mark == nil {
                switch character {
                case "\"", "'": mark = character
                case "(", "[", "{": depth += 1
                case ")", "]", "}": depth = max(0, depth - 1)
                case ";" where depth == 0:
                    parts.append("")
                    continue
                default: break
                }
            }
            parts[parts.count - 1].append(character)
        }
        return parts.map(\.bare).filter { !$0.isEmpty }
    }
}
