import PolicyText

/// What can't be read: nft refuses it, or only this reader doesn't know it.
struct NftProblem: Error {
    var why: String
    var place: NftPlace
    /// Whether nft itself is sure to refuse it.
    var isRefused = false
}

/// A place in tokens, and the ways to step on.
struct NftCursor {
    let tokens: [NftToken]
    var index = 0
    /// Braces, brackets and parentheses within each other; more is refused.
    static let maximumDepth = 64
    var depth = 0

    init(_ tokens: [NftToken]) { self.tokens = tokens }

    private static let end = NftToken(kind: .end, text: "", place: NftPlace(line: 1))

    var token: NftToken {
        if index < tokens.count { return tokens[index] }
        return NftToken(kind: .end, text: "", place: tokens.last?.place ?? NftPlace(line: 1))
    }

    func ahead(_ count: Int) -> NftToken {
        tokens.indices.contains(index + count) ? tokens[index + count] : Self.end
    }

    var isAtEnd: Bool { index >= tokens.count }

    /// Whether a statement ends here: at a line break, a semicolon, a closing brace or the end.
    var endsStatement: Bool {
        let token = token
        return token.kind == .newline || token.kind == .end || token.isSymbol(";")
            || token.isSymbol("}")
    }

    mutating func skipBreaks() {
        while token.kind == .newline || token.isSymbol(";") { index += 1 }
    }

    mutating func skipNewlines() { while token.kind == .newline { index += 1 } }

    func problem(_ why: String, refused: Bool = false) -> NftProblem {
        NftProblem(why: why, place: token.place, isRefused: refused)
    }

    /// The word or quoted words that stand here.
    mutating func name(_ what: String) throws(NftProblem) -> String {
        let token = token
        guard token.kind == .word || token.kind == .quoted else {
            if token.kind == .undefined {
                throw problem("variable \(token.text) isn't defined", refused: true)
            }
            throw problem("\(what) is expected, not '\(shown)'", refused: true)
        }
        index += 1
        return token.text
    }

    var shown: String {
        switch token.kind {
        case .newline: "end of line"
        case .end: "end of file"
        default: token.text
        }
    }

    mutating func take(_ symbol: String) -> Bool {
        guard token.isSymbol(symbol) else { return false }
        index += 1
        return true
    }

    mutating func takeWord(_ word: String) -> Bool {
        guard token.isWord(word) else { return false }
        index += 1
        return true
    }

    mutating func expect(_ symbol: String) throws(NftProblem) {
        guard take(symbol) else {
            throw problem("'\(symbol)' is expected, not '\(shown)'", refused: true)
        }
    }

    /// Goes into a brace, bracket or parenthesis.
    mutating func enter(_ symbol: String) throws(NftProblem) {
        try expect(symbol)
        depth += 1
        guard depth <= Self.maximumDepth else {
            throw problem("more than \(Self.maximumDepth) braces within each other")
        }
    }

    mutating func leave(_ symbol: String) throws(NftProblem) {
        try expect(symbol)
        depth -= 1
    }

    /// Goes to the end of the statement, over braces within it, and gives back its words.
    @discardableResult
    mutating func skipStatement() -> String {
        var open = 0
        var words: [String] = []
        while !isAtEnd {
            let token = token
            if token.isSymbol("{") { open += 1 }
            if token.isSymbol("}") {
                if open == 0 { break }
                open -= 1
            }
            if open == 0, token.kind == .newline || token.isSymbol(";") { break }
            if token.kind != .newline {
                words.append(token.kind == .quoted ? "\"\(token.text)\"" : token.text)
            }
            index += 1
        }
        return words.joined(separator: " ")
    }
}
