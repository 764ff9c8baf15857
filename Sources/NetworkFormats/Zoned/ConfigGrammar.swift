/// What may follow a word of a configuration: tells statements on one line apart, and what is known.
struct ConfigGrammar: Sendable {
    /// Words after the name, before other statements: `policy NAME`.
    var values = 0
    /// Statements below.
    var inner: [String: ConfigGrammar] = [:]
    /// What stands below is a modifier: a statement beside this one may follow on its line.
    var isLeaf = false
    /// Whatever stands below is of no matter.
    var isOpen = false

    static let flag = ConfigGrammar(isLeaf: true)
    static let value = ConfigGrammar(values: 1, isLeaf: true)
    static let open = ConfigGrammar(isOpen: true)

    /// A value with modifiers: `10.0.0.0/8 except`.
    static func value(_ modifiers: [String: ConfigGrammar]) -> ConfigGrammar {
        ConfigGrammar(values: 1, inner: modifiers, isLeaf: true)
    }

    /// `then { … }`.
    static func block(_ inner: [String: ConfigGrammar]) -> ConfigGrammar {
        ConfigGrammar(inner: inner)
    }

    /// `policy NAME { … }`.
    static func named(_ inner: [String: ConfigGrammar]) -> ConfigGrammar {
        ConfigGrammar(values: 1, inner: inner)
    }

    /// Statements of one kind, by their names.
    static func all(
        _ names: [String], _ grammar: ConfigGrammar = .value
    ) -> [String: ConfigGrammar] {
        Dictionary(names.map { ($0, grammar) }) { first, _ in first }
    }

    func with(_ more: [String: ConfigGrammar]) -> ConfigGrammar {
        var grammar = self
        grammar.inner.merge(more) { _, new in new }
        return grammar
    }
}

extension ConfigTree {
    /// A node, and what may follow it.
    struct Place {
        var node: Int
        var grammar: ConfigGrammar
        /// Values that come first.
        var missing: Int

        init(_ node: Int, _ grammar: ConfigGrammar) {
            (self.node, self.grammar, missing) = (node, grammar, grammar.values)
        }
    }

    /// Puts the statements of a line in: where the first of them ends, and the last.
    @discardableResult
    mutating func put(
        _ words: ArraySlice<String>, below start: Place, line: Int
    ) -> (first: Place, last: Place) {
        var around: [Place] = []
        var at = start
        var first: Place?
        var left = words
        func isDone(_ place: Place) -> Bool { place.missing == 0 && place.grammar.isLeaf }
        while let word = left.first {
            let isModifier = at.grammar.isLeaf && at.grammar.inner[word] != nil
            if at.missing > 0, !isModifier {
                if word == "[" {
                    let end = left.firstIndex(of: "]") ?? left.endIndex
                    for value in left[left.index(after: left.startIndex)..<end] {
                        insert([value], below: at.node, line: line)
                    }
                    left = left[end...].dropFirst()
                    at.missing = 0
                } else {
                    at.node = insert([word], below: at.node, line: line)
                    at.missing -= 1
                    left = left.dropFirst()
                }
            } else {
                while isDone(at), at.grammar.inner[word] == nil, let outer = around.popLast() {
                    at = outer
                }
                guard let next = at.grammar.inner[word] else {
                    at = nest(left, below: at.node, line: line)
                    break
                }
                around.append(at)
                at = Place(insert([word], below: at.node, line: line), next)
                left = left.dropFirst()
            }
            if first == nil, at.missing == 0 { first = at }
        }
        return (first ?? at, at)
    }

    /// Words of which nothing is known: each stands below the one before it.
    private mutating func nest(_ words: ArraySlice<String>, below node: Int, line: Int) -> Place {
        guard let open = words.firstIndex(of: "["), let close = words.lastIndex(of: "]"),
            open < close
        else { return Place(insert(words, below: node, line: line), ConfigGrammar()) }
        let head = insert(words[..<open], below: node, line: line)
        for value in words[(open + 1)..<close] { insert([value], below: head, line: line) }
        insert(words[(close + 1)...], below: head, line: line)
        return Place(head, ConfigGrammar())
    }

    /// Names of what stands below a node and isn't in its grammar.
    func strays(_ node: Int, _ grammar: ConfigGrammar, values: Int? = nil) -> [String] {
        guard !grammar.isOpen else { return [] }
        let missing = values ?? grammar.values
        return children(node).flatMap { child -> [String] in
            let known = grammar.inner[name(child)].map { strays(child, $0) }
            guard missing > 0 else { return known ?? [name(child)] }
            let found = strays(child, grammar, values: missing - 1)
            return grammar.isLeaf && !found.isEmpty ? known ?? found : found
        }
    }
}
