import Policy
import PolicyText

/// A configuration in words, whatever its form: `set` lines, braces, or XML.
struct ConfigTree {
    struct Node {
        var name: String
        var lines: [Int]
        var children: [Int] = []
        var isInactive = false
    }

    private struct Key: Hashable {
        var parent: Int
        var name: String
    }

    static let depthLimit = 48
    static let nodeLimit = 1_000_000
    /// What is known to follow which word.
    var grammar = ConfigGrammar()
    private(set) var nodes = [Node(name: "", lines: [])]
    private var index: [Key: Int] = [:]
    /// Lines that are no part of the tree, and why.
    var odd: [(line: Int, state: LineNote.State, why: String)] = []

    /// Puts a path in; the last node's number.
    @discardableResult
    mutating func insert(_ path: some Sequence<String>, below start: Int = 0, line: Int) -> Int {
        var at = start
        for (depth, name) in path.enumerated() {
            guard depth < Self.depthLimit, nodes.count < Self.nodeLimit else { return at }
            let key = Key(parent: at, name: name)
            if let known = index[key] {
                at = known
            } else {
                nodes.append(Node(name: name, lines: [line]))
                nodes[at].children.append(nodes.count - 1)
                index[key] = nodes.count - 1
                at = nodes.count - 1
            }
        }
        if nodes[at].lines.last != line { nodes[at].lines.append(line) }
        return at
    }

    mutating func deactivate(_ node: Int) { nodes[node].isInactive = true }

    /// Forgets what stands below a path.
    mutating func remove(_ path: [String]) {
        guard let parent = find(path.dropLast()), let name = path.last,
            let node = index.removeValue(forKey: Key(parent: parent, name: name))
        else { return }
        nodes[parent].children.removeAll { $0 == node }
    }

    /// Puts a path's node before the sibling of that name, or behind it; false where one of them
    /// isn't there. Without a sibling it goes before, or behind, all others.
    mutating func move(_ path: [String], isBefore: Bool, _ sibling: String? = nil) -> Bool {
        guard let parent = find(path.dropLast()), let name = path.last, sibling != name,
            let node = index[Key(parent: parent, name: name)]
        else { return false }
        var order = nodes[parent].children.filter { $0 != node }
        if let sibling {
            guard let other = index[Key(parent: parent, name: sibling)],
                let place = order.firstIndex(of: other)
            else { return false }
            order.insert(node, at: isBefore ? place : place + 1)
        } else {
            order.insert(node, at: isBefore ? 0 : order.count)
        }
        nodes[parent].children = order
        return true
    }

    /// An active node at a path.
    func find(_ path: some Sequence<String>, from start: Int = 0) -> Int? {
        var at = start
        for name in path {
            guard let next = index[Key(parent: at, name: name)], !nodes[next].isInactive else {
                return nil
            }
            at = next
        }
        return at
    }

    func find(_ path: String..., in start: Int) -> Int? { find(path, from: start) }

    func children(_ node: Int?) -> [Int] {
        guard let node else { return [] }
        return nodes[node].children.filter { !nodes[$0].isInactive }
    }

    /// An active node of that name, wherever it stands below another.
    func any(named name: String, below node: Int = 0) -> Int? {
        var left = children(node)
        while let next = left.popLast() {
            if nodes[next].name == name { return next }
            left += children(next)
        }
        return nil
    }

    /// Names of the children at a path.
    func values(_ path: String..., in start: Int) -> [String] {
        children(find(path, from: start)).map { nodes[$0].name }
    }

    func name(_ node: Int) -> String { nodes[node].name }

    /// The line that first speaks of the node.
    func line(_ node: Int) -> Int { nodes[node].lines.first ?? 1 }

    /// Every line of the node and of what stands below it.
    func lines(_ node: Int) -> [Int] {
        var (all, left) = (nodes[node].lines, nodes[node].children)
        while let next = left.popLast() {
            all += nodes[next].lines
            left += nodes[next].children
        }
        return all
    }

    // MARK: forms

    /// Words of a line; quotes hold one together, brackets and braces and semicolons stand alone.
    static func words(_ line: String) -> [String] {
        var words: [String] = []
        var current = ""
        var quoted = false
        var holds = false
        func isSign(_ character: Character) -> Bool { "[]{};".contains(character) }
        for character in line {
            if character == "\"" {
                quoted.toggle()
                holds = true
            } else if quoted {
                current.append(character)
            } else if character == " " || character == "\t" || isSign(character) {
                if !current.isEmpty || holds { words.append(current) }
                (current, holds) = ("", false)
                if isSign(character) { words.append("\(character)") }
            } else {
                current.append(character)
            }
        }
        if !current.isEmpty || holds { words.append(current) }
        return words
    }

    /// `set a b [ c d ] e f`: each statement apart, as far as the grammar knows them.
    mutating func set(_ words: ArraySlice<String>, line: Int) {
        put(words, below: Place(0, grammar), line: line)
    }

    /// `a b { c d; e [ f g ]; }`; comments go.
    mutating func braces(_ text: ConfigText) {
        var stack = [Place(0, grammar)]
        var pending: [String] = []
        var first = 0
        var comment = false
        for (offset, raw) in text.lines.enumerated() {
            let number = offset + 1
            var line = raw
            if comment {
                guard let end = line.range(of: "*/") else { continue }
                line = String(line[end.upperBound...])
                comment = false
            }
            while let start = line.range(of: "/*") {
                if let end = line.range(of: "*/"), start.upperBound <= end.lowerBound {
                    line.removeSubrange(start.lowerBound..<end.upperBound)
                } else {
                    line = String(line[..<start.lowerBound])
                    comment = true
                }
            }
            let bare = line.trimmingBlanks
            if bare.hasPrefix("#") { continue }
            if let mark = line.range(of: "## ") { line = String(line[..<mark.lowerBound]) }
            for word in Self.words(line) {
                switch word {
                case "{":
                    guard stack.count < Self.depthLimit else {
                        odd.append((number, .notRecognised, "deeper than is read"))
                        return
                    }
                    stack.append(open(&pending, stack[stack.count - 1], number))
                case "}":
                    if !pending.isEmpty { close(&pending, stack[stack.count - 1], first) }
                    if stack.count > 1 {
                        nodes[stack.removeLast().node].lines.append(number)
                    } else {
                        odd.append((number, .notRecognised, "a brace that closes nothing"))
                    }
                case ";":
                    close(&pending, stack[stack.count - 1], first)
                default:
                    if pending.isEmpty { first = number }
                    pending.append(word)
                }
            }
        }
        if stack.count > 1 || !pending.isEmpty {
            odd.append((max(1, text.lines.count), .invalid, "a brace isn't closed"))
        }
    }

    private mutating func open(_ pending: inout [String], _ parent: Place, _ line: Int) -> Place {
        let inactive = pending.first == "inactive:"
        let words = pending.filter { $0 != "inactive:" && $0 != "replace:" && $0 != "protect:" }
        pending = []
        let place = put(words[...], below: parent, line: line).last
        if inactive { deactivate(place.node) }
        return place
    }

    private mutating func close(_ pending: inout [String], _ parent: Place, _ line: Int) {
        let inactive = pending.first == "inactive:"
        let words = pending.filter { $0 != "inactive:" && $0 != "replace:" && $0 != "protect:" }
        pending = []
        guard !words.isEmpty else { return }
        let node = put(words[...], below: parent, line: line).first.node
        if inactive, node != parent.node { deactivate(node) }
    }
}

extension String {
    /// Where a piece first stands.
    func range(of piece: String) -> Range<String.Index>? { ranges(of: piece).first }
}
