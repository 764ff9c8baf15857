import Policy
import PolicyText

/// One directive of a `proftpd.conf`, its continuation lines joined.
struct ProFTPDDirective: Hashable {
    enum Form { case plain, opening, closing }

    var form: Form
    /// In small letters, for case doesn't count; of a section without its angle brackets.
    var name: String
    var arguments: [String]
    var source: SourceLine
    /// Lines of its file.
    var lines: ClosedRange<Int>

    /// Whether the environment or a template fills an argument in.
    var isOpen: Bool { arguments.contains { ServerText.isOpen($0) } }

    /// `on`, `yes`, `true`, `1` and their opposites, in any case.
    var flag: Bool? {
        switch arguments.first?.lowercased() {
        case "on", "yes", "true", "1": true
        case "off", "no", "false", "0": false
        default: nil
        }
    }

    /// All directives of a text. A backslash at its end joins a line with the next just as that
    /// stands, but for comments.
    static func all(of text: ConfigText) -> [ProFTPDDirective] {
        var result: [ProFTPDDirective] = []
        var index = 0
        while index < text.lines.count {
            let first = index
            var line = text.lines[index]
            let bare = line.bare
            index += 1
            if bare.isEmpty || bare.hasPrefix("#") { continue }
            while line.hasSuffix("\\"), index < text.lines.count {
                line.removeLast()
                line += text.lines[index]
                index += 1
            }
            if let directive = ProFTPDDirective(
                line, text.source(first + 1), (first + 1)...index)
            {
                result.append(directive)
            }
        }
        return result
    }

    private init?(_ line: String, _ source: SourceLine, _ lines: ClosedRange<Int>) {
        var words = Self.words(line)
        guard var head = words.first else { return nil }
        words.removeFirst()
        form = .plain
        if head.hasPrefix("<") {
            form = head.hasPrefix("</") ? .closing : .opening
            head.removeFirst(form == .closing ? 2 : 1)
            if words.isEmpty {
                if head.hasSuffix(">") { head.removeLast() }
            } else if var last = words.popLast() {
                if last.hasSuffix(">") { last.removeLast() }
                if !last.isEmpty { words.append(last) }
            }
        }
        name = head.lowercased()
        arguments = words
        self.source = source
        self.lines = lines
    }

    /// Words between blanks, up to one that begins a comment; quotation marks hold blanks together,
    /// a backslash takes the next character as it is.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word = ""
        var inside = false
        var quoted = false
        var escaped = false
        for character in line {
            if escaped {
                word.append(character)
                escaped = false
            } else if character == "#", !inside {
                break
            } else if character == "\\" {
                escaped = true
                inside = true
            } else if character == "\"" {
                quoted.toggle()
                inside = true
            } else if !quoted, character == " " || character == "\t" {
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
