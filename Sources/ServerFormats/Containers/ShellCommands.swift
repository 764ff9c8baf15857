import PolicyText

/// The simple commands of a script, each with its words and their lines; enough of a shell's (or a
/// batch file's) grammar to tell where a command ends and whether it is sure to run.
struct ShellCommands {
    struct Word {
        var text: String
        var line: Int
        /// A variable, or a command's output, stands in it.
        var isOpen = false
        /// It may come to several words, or to none.
        var isList = false
    }

    struct Command {
        var words: [Word]
        /// Whether a condition, a loop or a function decides whether it runs.
        var isConditional: Bool
        /// Whether it stands behind what ends the script.
        var isBehindEnd: Bool
    }

    private(set) var commands: [Command] = []
    /// Lines on which a command stands.
    private(set) var lines: Set<Int> = []

    private var words: [Word] = []
    private var depth = 0
    private var parentheses = 0
    /// Behind `||` or `if`, up to the line's end.
    private var isAlternative = false
    private var hasEnded = false
    private static let opening: Set<String> = [
        "if", "for", "while", "until", "case", "select", "{",
    ]
    private static let heads: Set<String> = ["for", "case", "select"]
    private static let closing: Set<String> = ["fi", "done", "esac", "}"]
    private static let between: Set<String> = ["then", "else", "elif", "do", "!", "time"]

    init(_ lines: [String]) {
        var number = 0
        while number < lines.count {
            let (joined, last) = Self.joined(lines, number)
            read(joined)
            number = last + 1
        }
        end()
    }

    /// A line with those that continue it.
    private static func joined(_ lines: [String], _ first: Int) -> (
        parts: [(text: String, line: Int)], last: Int
    ) {
        var parts: [(String, Int)] = []
        var index = first
        while index < lines.count {
            let line = lines[index].bare
            let isComment = parts.isEmpty && line.hasPrefix("#")
            let goesOn = !isComment && [" \\", " ^", " `"].contains { line.hasSuffix($0) }
            guard goesOn || !isComment && line.hasSuffix("\\") else {
                parts.append((line, index + 1))
                break
            }
            parts.append((String(line.dropLast()), index + 1))
            index += 1
        }
        return (parts, min(index, lines.count - 1))
    }

    private mutating func read(_ parts: [(text: String, line: Int)]) {
        for (text, line) in parts {
            guard text.utf8.count < 16384 else { continue }
            cut(text, line)
        }
        end()
        isAlternative = false
    }

    private mutating func cut(_ text: String, _ line: Int) {
        let characters = Array(text)
        var word = Word(text: "", line: line)
        var isWord = false
        var mark: Character?
        var index = 0
        func isOpening(_ index: Int) -> Bool {
            guard characters[index] == "$" || characters[index] == "%" else {
                return characters[index] == "`"
            }
            guard index + 1 < characters.count else { return false }
            let next = characters[index + 1]
            return next.isLetter || next == "_"
                || characters[index] == "$" && "{(@*123456789".contains(next)
        }
        while index < characters.count {
            let character = characters[index]
            if mark != "'", isOpening(index) {
                word.isOpen = true
                let rest = characters[index...].prefix { $0 != "\"" && $0 != " " }
                if mark == nil || rest.contains("@") { word.isList = true }
                isWord = true
                // A command's output holds words of its own.
                if character == "$", index + 1 < characters.count, characters[index + 1] == "(" {
                    let end = Self.end(characters, index + 1)
                    word.text += String(characters[index..<end])
                    index = end
                    continue
                }
            }
            switch character {
            case "\\" where mark != "'" && index + 1 < characters.count:
                index += 1
                word.text.append(characters[index])
                isWord = true
            case "\"", "'":
                if mark == nil {
                    mark = character
                    isWord = true
                } else if mark == character {
                    mark = nil
                } else {
                    word.text.append(character)
                }
            case " ", "\t", ";", "&", "|", "(", ")", "<", ">":
                guard mark == nil else {
                    word.text.append(character)
                    break
                }
                let isChannel = "<>".contains(character) && word.text.allSatisfy(\.isNumber)
                if isWord, !isChannel { words.append(word) }
                (word, isWord) = (Word(text: "", line: line), false)
                if character == " " || character == "\t" { break }
                if character == "<" || character == ">" {
                    // What it is redirected to is no word of the command.
                    index += 1
                    while index < characters.count, " >&".contains(characters[index]) { index += 1 }
                    while index < characters.count, !" ;|&".contains(characters[index]) {
                        index += 1
                    }
                    continue
                }
                // `name()` begins a function.
                if character == "(", words.count == 1, index > 0, characters[index - 1] != " " {
                    words = []
                }
                end()
                let next = index + 1 < characters.count ? characters[index + 1] : " "
                if character == "|" { isAlternative = next == "|" || isAlternative }
                if character == "(" { parentheses += 1 }
                if character == ")" { parentheses = max(0, parentheses - 1) }
            case "#" where mark == nil && !isWord:
                index = characters.count
            default:
                word.text.append(character)
                isWord = true
            }
            index += 1
        }
        if isWord { words.append(word) }
    }

    private static func end(_ characters: [Character], _ start: Int) -> Int {
        var depth = 0
        for index in start..<characters.count {
            if characters[index] == "(" { depth += 1 }
            if characters[index] == ")" { depth -= 1 }
            if depth == 0 { return index + 1 }
        }
        return characters.count
    }

    private mutating func end() {
        defer { words = [] }
        while let first = words.first?.text {
            if Self.opening.contains(first.lowercased()) {
                depth += 1
                isAlternative = true
                // What follows is a variable and its values, or a name.
                if Self.heads.contains(first) {
                    lines.insert(words[0].line)
                    words = []
                    break
                }
            } else if Self.closing.contains(first) {
                depth = max(0, depth - 1)
                if depth == 0 { isAlternative = false }
            } else if !Self.between.contains(first) {
                break
            }
            lines.insert(words[0].line)
            words.removeFirst()
        }
        guard let first = words.first else { return }
        for word in words { lines.insert(word.line) }
        commands.append(
            Command(
                words: words, isConditional: depth + parentheses > 0 || isAlternative,
                isBehindEnd: hasEnded))
        if depth + parentheses == 0, !isAlternative,
            ["exit", "exec", "return"].contains(first.text)
        {
            hasEnded = true
        }
    }
}
