/// Text made safe for GitHub-flavoured Markdown.
enum MarkdownText {
    /// Running text and table cells: every character that could begin markup is escaped.
    static func text(_ text: String, limit: Int = Visible.limit) -> String {
        var result = ""
        for scalar in Visible.line(text, limit: limit).unicodeScalars {
            switch scalar {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "@": result += "&#64;"
            case "\\", "`", "*", "_", "[", "]", "|", "#", "~", "!", "$":
                result += "\\"
                result.unicodeScalars.append(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        // A bare address would become a link.
        return result.replacing("://", with: ":&#47;&#47;").replacing("www.", with: "www&#46;")
    }

    static func sentence(_ sentence: String) -> String { text(sentence, limit: 2000) }

    /// A code span; in a table cell the bar is escaped too.
    static func code(_ text: String, inTable: Bool = false) -> String {
        var shown = Visible.line(text)
        if inTable { shown = shown.replacing("|", with: "\\|") }
        let fence = String(repeating: "`", count: longestRun(shown) + 1)
        let pad = shown.hasPrefix("`") || shown.hasSuffix("`") ? " " : ""
        return shown.isEmpty ? "" : "\(fence)\(pad)\(shown)\(pad)\(fence)"
    }

    /// A fenced block that its content can't end.
    static func block(_ lines: [String], language: String = "") -> String {
        let shown = lines.map(Visible.command)
        let longest = shown.map(longestRun).max() ?? 0
        let fence = String(repeating: "`", count: max(3, longest + 1))
        return "\(fence)\(language)\n\(shown.joined(separator: "\n"))\n\(fence)\n"
    }

    private static func longestRun(_ text: String) -> Int {
        var longest = 0
        var run = 0
        for character in text {
            run = character == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }
}
