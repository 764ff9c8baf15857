/// A small XML reader that knows the line of every attribute.
///
/// Reads elements and attributes; comments, processing instructions, CDATA and a DOCTYPE are
/// stepped over. Only the five predefined entities and character references are resolved: nothing
/// expands and nothing is fetched. What stands before a fault counts; `fault` says where it is.
package struct XMLScanner {
    package struct Attribute: Hashable, Sendable {
        package var name: String
        package var value: String
        /// Where the name stands, and where the value ends.
        package var line: Int
        package var lastLine: Int
    }

    package struct Element: Hashable, Sendable {
        package var name: String
        package var attributes: [Attribute]
        package var line: Int
        /// How many elements are open around it.
        package var depth: Int
        /// The text straight inside it, entities resolved; empty unless it was asked for.
        package var text = ""

        package subscript(_ name: String) -> Attribute? {
            attributes.first { $0.name == name }
        }
    }

    package struct Fault: Hashable, Sendable {
        package var line: Int
        package var why: String
    }

    /// Elements open at once.
    package static let depthLimit = 256

    /// In the order of their start tags.
    package private(set) var elements: [Element] = []
    package private(set) var fault: Fault?

    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    /// `index` is the element's among `elements`.
    private var open: [(name: String, line: Int, index: Int)] = []
    private let elementLimit: Int
    private let keepsText: Bool

    /// Reading stops after `elementLimit` elements, without a fault.
    package init(_ text: String, elementLimit: Int = .max, keepsText: Bool = false) {
        bytes = Array(text.utf8)
        self.elementLimit = elementLimit
        self.keepsText = keepsText
        while fault == nil, elements.count < elementLimit, at < bytes.count { step() }
        if fault == nil, elements.count < elementLimit, let last = open.last {
            fault = Fault(
                line: line, why: "the text ends inside <\(last.name)> of line \(last.line)")
        }
    }

    private mutating func step() {
        guard bytes[at] == UInt8(ascii: "<") else { return content() }
        if skip(from: "<!--", to: "-->") || skip(from: "<![CDATA[", to: "]]>")
            || skip(from: "<?", to: "?>")
        {
            return
        }
        if starts("<!") {
            skipDeclaration()
        } else if starts("</") {
            endTag()
        } else {
            startTag()
        }
    }

    private mutating func content() {
        let first = at
        while at < bytes.count, bytes[at] != UInt8(ascii: "<") { advance() }
        guard keepsText, let last = open.last else { return }
        let text = String(decoding: bytes[first..<at], as: UTF8.self)
        elements[last.index].text += Self.resolve(text)
    }

    private mutating func startTag() {
        let start = line
        advance()
        let name = self.name()
        guard !name.isEmpty else { return fail("a tag has no name", start) }
        var element = Element(name: name, attributes: [], line: start, depth: open.count)
        while true {
            blanks()
            guard at < bytes.count else { return fail("the text ends inside <\(name)>", start) }
            if starts("/>") {
                at += 2
                break
            }
            if bytes[at] == UInt8(ascii: ">") {
                at += 1
                guard open.count < Self.depthLimit else { return fail("too deep", line) }
                open.append((name, start, elements.count))
                break
            }
            guard let attribute = attribute() else { return }
            element.attributes.append(attribute)
        }
        elements.append(element)
    }

    private mutating func attribute() -> Attribute? {
        let start = line
        let name = self.name()
        blanks()
        guard !name.isEmpty, at < bytes.count, bytes[at] == UInt8(ascii: "=") else {
            fail("an attribute has no value", start)
            return nil
        }
        at += 1
        blanks()
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'")
        else {
            fail("the value of \(name.excerpt) isn't quoted", start)
            return nil
        }
        let quote = bytes[at]
        at += 1
        let first = at
        while at < bytes.count, bytes[at] != quote, bytes[at] != UInt8(ascii: "<") { advance() }
        guard at < bytes.count, bytes[at] == quote else {
            fail("the value of \(name.excerpt) isn't closed", start)
            return nil
        }
        let value = String(decoding: bytes[first..<at], as: UTF8.self)
        at += 1
        return Attribute(name: name, value: Self.resolve(value), line: start, lastLine: line)
    }

    private mutating func endTag() {
        let start = line
        at += 2
        let name = self.name()
        blanks()
        guard at < bytes.count, bytes[at] == UInt8(ascii: ">") else {
            return fail("the end tag </\(name.excerpt)> isn't closed", start)
        }
        at += 1
        guard let last = open.popLast(), last.name == name else {
            return fail("</\(name.excerpt)> closes nothing that is open", start)
        }
    }

    private mutating func skipDeclaration() {
        var depth = 0
        while at < bytes.count {
            let byte = bytes[at]
            advance()
            if byte == UInt8(ascii: "<") || byte == UInt8(ascii: "[") { depth += 1 }
            if byte == UInt8(ascii: ">") || byte == UInt8(ascii: "]") { depth -= 1 }
            if depth <= 0 { return }
        }
    }

    private mutating func skip(from: StaticString, to: String) -> Bool {
        guard starts(from.description) else { return false }
        let start = line
        at += from.description.utf8.count
        while at < bytes.count {
            if starts(to) {
                at += to.utf8.count
                return true
            }
            advance()
        }
        fail("\(from) isn't closed", start)
        return true
    }

    private func starts(_ text: String) -> Bool {
        bytes[at...].starts(with: text.utf8)
    }

    private mutating func name() -> String {
        let first = at
        while at < bytes.count {
            switch bytes[at] {
            case 0x30...0x3a, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x80...: at += 1
            default: return String(decoding: bytes[first..<at], as: UTF8.self)
            }
        }
        return String(decoding: bytes[first..<at], as: UTF8.self)
    }

    private mutating func blanks() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0a {
            advance()
        }
    }

    private mutating func advance() {
        if bytes[at] == 0x0a { line += 1 }
        at += 1
    }

    private mutating func fail(_ why: String, _ line: Int) {
        fault = Fault(line: line, why: why)
    }

    private static let entities = [
        "lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'",
    ]

    private static func resolve(_ value: String) -> String {
        guard value.contains("&") else { return value }
        var result = ""
        var rest = value[...]
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[start...]
            guard let end = rest.prefix(12).firstIndex(of: ";") else {
                result += "&"
                rest = rest.dropFirst()
                continue
            }
            let name = rest[rest.index(after: start)..<end]
            result += character(name) ?? String(rest[start...end])
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func character(_ name: Substring) -> String? {
        if let text = entities[String(name)] { return text }
        guard name.first == "#" else { return nil }
        let digits = name.dropFirst()
        let value =
            digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return value.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
    }
}
