/// Elements of an XML text with what stands in them and where; nothing expands and nothing is
/// fetched. What stands before a fault counts.
package struct XMLTree {
    package struct Node {
        package var name: String
        package var attributes: [String: String] = [:]
        /// Characters directly in it, blanks at both ends cut.
        package var text = ""
        package var line: Int
        package var lastLine: Int
        package var children: [Int] = []
    }

    /// Elements open at once, and in all.
    package static let depthLimit = 128
    package static let nodeLimit = 1_000_000

    package private(set) var nodes: [Node] = []
    package private(set) var fault: (line: Int, why: String)?
    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private var open: [Int] = []

    package init(_ text: String) {
        bytes = Array(text.utf8)
        while fault == nil, at < bytes.count { step() }
        if fault == nil, let last = open.last {
            fault = (line, "the text ends inside <\(nodes[last].name)>")
        }
        for index in open { nodes[index].lastLine = line }
    }

    package var root: Node? { nodes.first }

    package func children(_ node: Node, _ name: String? = nil) -> [Node] {
        node.children.map { nodes[$0] }.filter { name == nil || $0.name == name }
    }

    /// The first element at a path below the node.
    package func node(_ path: String..., of start: Node? = nil) -> Node? {
        var found = start ?? root
        for name in path {
            guard let node = found else { return nil }
            found = node.children.lazy.map { nodes[$0] }.first { $0.name == name }
        }
        return found
    }

    /// What stands in the first such child; nil where there is none.
    package func text(_ name: String, of node: Node) -> String? {
        node.children.lazy.map { nodes[$0] }.first { $0.name == name }?.text
    }

    // MARK: reading

    private mutating func step() {
        guard bytes[at] == UInt8(ascii: "<") else { return characters() }
        if starts("<!--") { return skip(past: "-->") }
        if starts("<![CDATA[") { return cdata() }
        if starts("<?") { return skip(past: "?>") }
        if starts("<!") { return skip(past: ">") }
        if starts("</") { return endTag() }
        startTag()
    }

    private func starts(_ text: StaticString) -> Bool {
        let wanted = text.description.utf8
        return bytes.count - at >= wanted.count && bytes[at...].starts(with: wanted)
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where at < bytes.count {
            if bytes[at] == UInt8(ascii: "\n") { line += 1 }
            at += 1
        }
    }

    private mutating func skip(past end: StaticString) {
        while at < bytes.count, !starts(end) { advance() }
        advance(end.utf8CodeUnitCount)
    }

    private mutating func characters() {
        let first = at
        while at < bytes.count, bytes[at] != UInt8(ascii: "<") { advance() }
        append(Self.resolved(bytes[first..<at]))
    }

    private mutating func cdata() {
        advance(9)
        let first = at
        while at < bytes.count, !starts("]]>") { advance() }
        append(String(decoding: bytes[first..<at], as: UTF8.self))
        advance(3)
    }

    private mutating func append(_ text: String) {
        guard let last = open.last else { return }
        let trimmed = text.trimmingBlanks
        guard !trimmed.isEmpty else { return }
        nodes[last].text += nodes[last].text.isEmpty ? trimmed : "\n" + trimmed
    }

    private static func resolved(_ bytes: ArraySlice<UInt8>) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("&") else { return text }
        for (name, character) in [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&"),
        ] {
            text = text.replacing(name, with: character)
        }
        return text
    }

    private mutating func name() -> String {
        let first = at
        let ends = Set(" \t\n\r/>=<\"'".utf8)
        while at < bytes.count, !ends.contains(bytes[at]) { advance() }
        return String(decoding: bytes[first..<at], as: UTF8.self)
    }

    private mutating func blanks() {
        while at < bytes.count, " \t\n\r".utf8.contains(bytes[at]) { advance() }
    }

    private mutating func startTag() {
        let start = line
        advance()
        let name = name()
        guard !name.isEmpty else { return fail("a tag without a name") }
        guard open.count < Self.depthLimit, nodes.count < Self.nodeLimit else {
            return fail("more elements than are read")
        }
        var node = Node(name: name, line: start, lastLine: start)
        while true {
            blanks()
            guard at < bytes.count else { return fail("the text ends inside a tag") }
            if bytes[at] == UInt8(ascii: ">") || starts("/>") { break }
            let key = self.name()
            blanks()
            guard !key.isEmpty, at < bytes.count, bytes[at] == UInt8(ascii: "=") else {
                return fail("an attribute without a value")
            }
            advance()
            blanks()
            guard at < bytes.count, "\"'".utf8.contains(bytes[at]) else {
                return fail("an attribute's value without quotes")
            }
            let quote = bytes[at]
            advance()
            let first = at
            while at < bytes.count, bytes[at] != quote { advance() }
            guard at < bytes.count else { return fail("an attribute's value isn't closed") }
            node.attributes[key] = Self.resolved(bytes[first..<at])
            advance()
        }
        let closed = bytes[at] == UInt8(ascii: "/")
        advance(closed ? 2 : 1)
        node.lastLine = line
        nodes.append(node)
        if let parent = open.last { nodes[parent].children.append(nodes.count - 1) }
        if !closed { open.append(nodes.count - 1) }
    }

    private mutating func endTag() {
        advance(2)
        let name = name()
        blanks()
        guard at < bytes.count, bytes[at] == UInt8(ascii: ">") else {
            return fail("an end tag isn't closed")
        }
        advance()
        guard let last = open.last, nodes[last].name == name else {
            return fail("</\(name)> ends what isn't open")
        }
        nodes[last].lastLine = line
        open.removeLast()
    }

    private mutating func fail(_ why: String) { fault = (line, why) }
}
