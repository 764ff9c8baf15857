import Policy
import PolicyText

/// The tokens of a file with variables replaced and included files put in.
struct NftSource {
    /// Values of variables together; more is a bomb, and refused.
    static let maximumTokens = 4_000_000

    private(set) var tokens: [NftToken] = []
    /// Lines of definitions and includes that are in order.
    private(set) var used: [NftPlace] = []
    /// What nft refuses: the file doesn't load.
    private(set) var faults: [(place: NftPlace, why: String)] = []
    /// Names of included files that aren't there.
    private(set) var missing: [(place: NftPlace, path: String)] = []

    private let companions: [ConfigText]
    private var scopes: [[String: [NftToken]]] = [[:]]

    /// Companions are files that may be included, as they are named by their last part.
    init(_ tokens: [NftToken], companions: [ConfigText]) {
        self.companions = companions
        expand(tokens, depth: 0)
    }

    private mutating func expand(_ input: [NftToken], depth: Int) {
        var index = 0
        var atStart = true
        let floor = scopes.count
        while index < input.count, tokens.count < Self.maximumTokens {
            let token = input[index]
            if atStart, token.kind == .word {
                if token.text == "define" || token.text == "redefine" || token.text == "undefine" {
                    index = define(input, index)
                    continue
                }
                if token.text == "include" {
                    index = include(input, index, depth)
                    continue
                }
            }
            if token.isSymbol("{") { scopes.append([:]) }
            if token.isSymbol("}"), scopes.count > floor { scopes.removeLast() }
            atStart =
                token.kind == .newline || token.isSymbol(";") || token.isSymbol("{")
                || token.isSymbol("}")
            put(token)
            index += 1
        }
        if tokens.count >= Self.maximumTokens, index < input.count {
            faults.append((input[index].place, "more than \(Self.maximumTokens) words"))
        }
    }

    /// Appends the token, or what its variable stands for, at the place of the token.
    private mutating func put(_ token: NftToken) {
        guard token.kind == .variable else {
            tokens.append(token)
            return
        }
        for scope in scopes.reversed() {
            guard let value = scope[token.text] else { continue }
            guard tokens.count + value.count <= Self.maximumTokens else {
                tokens.append(NftToken(kind: .undefined, text: token.text, place: token.place))
                return
            }
            tokens += value.map { NftToken(kind: $0.kind, text: $0.text, place: token.place) }
            return
        }
        let kind = missing.isEmpty ? NftToken.Kind.undefined : .unresolved
        tokens.append(NftToken(kind: kind, text: token.text, place: token.place))
    }

    /// The index behind a statement that begins at `start`: at its line break or semicolon.
    private static func end(_ input: [NftToken], _ start: Int) -> Int {
        var index = start
        var depth = 0
        while index < input.count {
            let token = input[index]
            if token.isSymbol("{") { depth += 1 }
            if token.isSymbol("}") {
                if depth == 0 { break }
                depth -= 1
            }
            if depth == 0, token.kind == .newline || token.isSymbol(";") { break }
            index += 1
        }
        return index
    }

    private mutating func define(_ input: [NftToken], _ start: Int) -> Int {
        let end = Self.end(input, start)
        let words = Array(input[start..<end])
        let place = words[0].place
        if words[0].text == "undefine" {
            let known = words.count == 2 ? scopes.lastIndex { $0[words[1].text] != nil } : nil
            guard let known else {
                faults.append((place, "it undefines nothing"))
                return end
            }
            scopes[known][words[1].text] = nil
            used.append(place)
            return end
        }
        guard words.count >= 4, words[1].kind == .word, words[2].isSymbol("=") else {
            faults.append((place, "no definition: a name, `=` and a value"))
            return end
        }
        let name = words[1].text
        if words[0].text == "define", scopes[scopes.count - 1][name] != nil {
            faults.append((place, "\(name) is defined already"))
            return end
        }
        let before = tokens.count
        for word in words.dropFirst(3) where word.kind != .newline { put(word) }
        let value = Array(tokens[before...])
        tokens.removeSubrange(before...)
        if let unknown = value.first(where: { $0.kind == .undefined }) {
            faults.append((unknown.place, "variable \(unknown.text) isn't defined"))
        }
        scopes[scopes.count - 1][name] = value
        used += Set(words.map(\.place))
        return end
    }

    private mutating func include(_ input: [NftToken], _ start: Int, _ depth: Int) -> Int {
        let end = Self.end(input, start)
        let words = input[start..<end]
        let place = input[start].place
        guard words.count == 2, let name = words.last, name.kind == .quoted || name.kind == .word
        else {
            faults.append((place, "no include: a path in quotes is expected"))
            return end
        }
        let found = companions.enumerated().filter { Self.means(name.text, $0.element.file) }
        guard !found.isEmpty, depth < 16 else {
            missing.append((place, name.text))
            tokens.append(NftToken(kind: .missing, text: name.text, place: place))
            return end
        }
        used.append(place)
        for (index, text) in found.sorted(by: { $0.element.file < $1.element.file }) {
            expand(NftLexer.tokens(text.whole, file: index + 1), depth: depth + 1)
            let last = NftPlace(file: index + 1, line: max(1, text.lines.count))
            tokens.append(NftToken(kind: .newline, text: "\n", place: last))
        }
        return end
    }

    /// Whether the include's path, which may hold `*` and `?` in its last part, means the file.
    static func means(_ path: String, _ file: String) -> Bool {
        let wanted = path.split(separator: "/").last.map(Array.init) ?? []
        let name = file.split(separator: "/").last.map(Array.init) ?? []
        // Greedy with one point of return: linear in the product of both lengths at worst.
        var (p, n, star, mark) = (0, 0, -1, 0)
        while n < name.count {
            if p < wanted.count, wanted[p] == "*" {
                star = p
                mark = n
                p += 1
            } else if p < wanted.count, wanted[p] == "?" || wanted[p] == name[n] {
                p += 1
                n += 1
            } else if star >= 0 {
                p = star + 1
                mark += 1
                n = mark
            } else {
                return false
            }
        }
        return wanted[p...].allSatisfy { $0 == "*" }
    }
}
