import Policy
import PolicyText

/// A word, a quoted string, a macro's name or a sign of pf.conf.
struct PFToken: Hashable {
    enum Kind { case word, string, macro, sign }

    var kind: Kind
    var text: String
    var line: Int
    /// What follows a macro's name without a blank: `:network`.
    var suffix = ""

    func isWord(_ text: String) -> Bool { kind == .word && self.text == text }
    func isSign(_ text: String) -> Bool { kind == .sign && self.text == text }
}

/// What pf takes as one line: it may go on over several by `\` or within braces.
struct PFStatement {
    var tokens: [PFToken]
    var first: Int
    var last: Int
    /// It ends with the brace that opens an anchor's rules.
    var opensBlock = false
    /// A quote or brace of it is never closed.
    var isOpen = false
}

/// The tokens of a line of the file.
struct PFLine {
    var tokens: [PFToken]
    /// By `\` at its end, with the next line.
    var goesOn = false
    var commentGoesOn = false
    /// A quote isn't closed.
    var isOpen = false
}

/// Cuts a pf.conf into statements.
struct PFLexer {
    private(set) var statements: [PFStatement] = []
    private var tokens: [PFToken] = []
    private var depth = 0
    private var first = 0

    init(_ text: ConfigText) {
        var goesOn = false
        var index = 0
        while index < text.lines.count {
            if tokens.isEmpty { first = index + 1 }
            let line = Self.line(text.lines, &index)
            let number = index
            for token in line.tokens {
                if token.isSign("{") { depth += 1 }
                if token.isSign("}") {
                    if tokens.isEmpty {
                        // It closes an anchor's rules.
                        first = number
                        tokens = [token]
                        end(number)
                        first = number
                        continue
                    }
                    depth = max(0, depth - 1)
                }
                tokens.append(token)
            }
            goesOn = line.goesOn
            if line.isOpen {
                end(number, isOpen: true)
            } else if let last = tokens.last, last.isSign("{"),
                tokens.contains(where: { $0.isWord("anchor") })
            {
                end(number, opensBlock: true)
            } else if depth == 0, !goesOn {
                end(number)
            }
        }
        if !tokens.isEmpty { end(text.lines.count, isOpen: depth > 0 || goesOn) }
    }

    private mutating func end(_ line: Int, opensBlock: Bool = false, isOpen: Bool = false) {
        guard !tokens.isEmpty else { return }
        statements.append(
            PFStatement(
                tokens: tokens, first: first, last: line, opensBlock: opensBlock, isOpen: isOpen))
        tokens = []
        depth = 0
    }

    /// A rule without the number that `pfctl -vvsr` puts before it (`@5 `, `@5(1000000103) `); empty
    /// for what it counts below one.
    static func plain(_ line: String) -> String {
        if isCount(line) { return "" }
        guard line.hasPrefix("@") || line.contains(" @"),
            let mark = line.prefixMatch(of: /\s*@\d+(?:\(\d+\))?\s+/)
        else { return line }
        return String(line[mark.range.upperBound...])
    }

    /// `[ Evaluations: 99  Packets: 9  Bytes: 999  States: 0 ]`
    static func isCount(_ line: String) -> Bool {
        let bare = line.trimmingBlanks
        return bare.hasPrefix("[ ") && bare.hasSuffix("]")
    }

    /// Lines that a quoted string may take.
    private static let mostLines = 200

    /// The next line with those that belong to it: a string goes on to its closing quote, a
    /// comment behind `\` to the next line (pf.conf(5): "effective until the end of the entire
    /// block").
    private static func line(_ lines: [String], _ index: inout Int) -> PFLine {
        let number = index + 1
        var whole = plain(lines[index])
        index += 1
        var line = tokens(whole, number)
        var end = index
        while line.isOpen, end < lines.count, end - index < mostLines {
            if whole.last == "\\" { whole.removeLast() }
            whole += lines[end]
            end += 1
            let longer = tokens(whole, number)
            guard !longer.isOpen else { continue }
            (line, index) = (longer, end)
        }
        while line.commentGoesOn, index < lines.count {
            line.commentGoesOn = lines[index].last == "\\"
            index += 1
        }
        return line
    }

    private static let breaks: Set<Character> = [
        "(", ")", "{", "}", "<", ">", "!", "=", "/", "#", ",", " ", "\t", "\"", "'",
    ]

    static func tokens(_ line: String, _ number: Int) -> PFLine {
        let text = Array(line)
        var tokens: [PFToken] = []
        var at = 0
        func add(_ kind: PFToken.Kind, _ text: String) {
            tokens.append(PFToken(kind: kind, text: text, line: number))
        }
        while at < text.count {
            let character = text[at]
            let next = at + 1 < text.count ? text[at + 1] : " "
            switch character {
            case " ", "\t", "\u{0b}", "\u{0c}", "\u{a0}": at += 1
            case "#": return PFLine(tokens: tokens, commentGoesOn: line.last == "\\")
            case "\\" where text[(at + 1)...].allSatisfy({ $0 == " " || $0 == "\t" }):
                return PFLine(tokens: tokens, goesOn: true)
            case "\\": at += 1
            case "\"", "'":
                guard let close = text[(at + 1)...].firstIndex(of: character) else {
                    return PFLine(tokens: tokens, isOpen: true)
                }
                add(.string, String(text[(at + 1)..<close]))
                at = close + 1
            case "-" where next == ">":
                add(.sign, "->")
                at += 2
            case "<", ">", "!":
                let pair = "\(character)\(next)"
                let known: Set<String> = ["<=", ">=", "!=", "<>", "><"]
                add(.sign, known.contains(pair) ? pair : "\(character)")
                at += known.contains(pair) ? 2 : 1
            case _ where breaks.contains(character):
                add(.sign, "\(character)")
                at += 1
            default:
                var end = at
                while end < text.count, !breaks.contains(text[end]),
                    !(text[end] == "-" && end + 1 < text.count && text[end + 1] == ">")
                {
                    end += 1
                }
                let word = String(text[at..<end])
                if word.hasPrefix("$"), word.count > 1 {
                    let name = word.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                    add(.macro, String(name))
                    tokens[tokens.count - 1].suffix = String(word.dropFirst(name.count + 1))
                } else {
                    add(.word, word)
                }
                at = end
            }
        }
        return PFLine(tokens: tokens)
    }
}

/// Tokens that are read from left to right.
struct PFWords {
    private let tokens: [PFToken]
    private(set) var position = 0

    init(_ tokens: [PFToken]) { self.tokens = tokens }

    var isAtEnd: Bool { position >= tokens.count }
    var peek: PFToken? { isAtEnd ? nil : tokens[position] }
    /// The next word, not taken; empty at the end or where a sign follows.
    var word: String { peek.map { $0.kind == .sign ? "" : $0.text } ?? "" }
    var sign: String { peek.map { $0.kind == .sign ? $0.text : "" } ?? "" }

    mutating func skip() { position = min(tokens.count, position + 1) }

    mutating func take(_ word: String) -> Bool {
        guard peek?.isWord(word) == true else { return false }
        skip()
        return true
    }

    mutating func take(sign: String) -> Bool {
        guard peek?.isSign(sign) == true else { return false }
        skip()
        return true
    }

    /// The next word or string.
    mutating func next(_ what: String) throws(PFFault) -> String {
        guard let token = peek, token.kind == .word || token.kind == .string else {
            throw PFFault("\(what) is missing")
        }
        skip()
        return token.text
    }

    /// Items of a list in braces, or the one item that stands without.
    mutating func list(
        _ item: (inout PFWords) throws(PFFault) -> Void
    ) throws(PFFault) {
        guard take(sign: "{") else { return try item(&self) }
        while !take(sign: "}") {
            guard !isAtEnd else { throw PFFault("a brace isn't closed") }
            if take(sign: ",") { continue }
            let before = position
            if sign == "{" {
                try list(item)
            } else {
                try item(&self)
            }
            guard position > before else { throw PFFault("an item isn't understood") }
        }
    }

    /// What stands in parentheses, skipped.
    mutating func skipParentheses() throws(PFFault) {
        guard take(sign: "(") else { return }
        var depth = 1
        while depth > 0 {
            guard !isAtEnd else { throw PFFault("a parenthesis isn't closed") }
            if sign == "(" { depth += 1 }
            if sign == ")" { depth -= 1 }
            skip()
        }
    }
}

/// Why a part of a statement can't be turned into the model.
struct PFFault: Error, Hashable {
    var why: String

    init(_ why: String) { self.why = why }
}
