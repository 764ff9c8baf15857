/// A JSON value (RFC 8259) that knows its lines.
package struct JSONWithLines: Hashable, Sendable {
    package indirect enum Value: Hashable, Sendable {
        case null
        case bool(Bool)
        /// As it is written.
        case number(String)
        case string(String)
        case array([JSONWithLines])
        /// In order; of a key given twice, the last counts.
        case object([Member])
    }

    package struct Member: Hashable, Sendable {
        package var key: String
        package var value: JSONWithLines

        package init(key: String, value: JSONWithLines) {
            self.key = key
            self.value = value
        }
    }

    package struct Fault: Error, Hashable {
        package var line: Int
        package var why: String

        package init(line: Int, why: String) {
            self.line = line
            self.why = why
        }
    }

    package var value: Value
    /// The lines of its first and its last character.
    package var line: Int
    package var last: Int

    package init(value: Value, line: Int, last: Int) {
        self.value = value
        self.line = line
        self.last = last
    }

    package static let maximumDepth = 128

    package subscript(_ key: String) -> JSONWithLines? {
        guard case .object(let members) = value else { return nil }
        return members.last { $0.key == key }?.value
    }

    package var string: String? {
        if case .string(let text) = value { return text }
        return nil
    }

    /// A string or number, as its text.
    package var text: String? {
        switch value {
        case .string(let text), .number(let text): text
        default: nil
        }
    }

    package var array: [JSONWithLines]? {
        if case .array(let items) = value { return items }
        return nil
    }

    /// The only member of an object.
    package var single: Member? {
        if case .object(let members) = value, members.count == 1 { return members[0] }
        return nil
    }

    package static func parse(_ text: String) throws(Fault) -> JSONWithLines {
        var parser = Parser(bytes: Array(text.utf8))
        let value = try parser.value(depth: 0)
        parser.skipBlanks()
        guard parser.index == parser.bytes.count else {
            throw parser.fault("something stands behind the end")
        }
        return value
    }
}

private struct Parser {
    package let bytes: [UInt8]
    package var index = 0
    package var line = 1

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package func fault(_ why: String) -> JSONWithLines.Fault { .init(line: line, why: why) }

    package var byte: UInt8? { index < bytes.count ? bytes[index] : nil }

    package mutating func skipBlanks() {
        while let byte, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            if byte == 0x0a { line += 1 }
            index += 1
        }
    }

    package mutating func value(depth: Int) throws(JSONWithLines.Fault) -> JSONWithLines {
        guard depth < JSONWithLines.maximumDepth else { throw fault("nested too deep") }
        skipBlanks()
        let start = line
        let value: JSONWithLines.Value
        switch byte {
        case UInt8(ascii: "{"): value = .object(try object(depth))
        case UInt8(ascii: "["): value = .array(try array(depth))
        case UInt8(ascii: "\""): value = .string(try string())
        case UInt8(ascii: "t"):
            try word("true")
            value = .bool(true)
        case UInt8(ascii: "f"):
            try word("false")
            value = .bool(false)
        case UInt8(ascii: "n"):
            try word("null")
            value = .null
        default: value = .number(try number())
        }
        return JSONWithLines(value: value, line: start, last: line)
    }

    private mutating func word(_ word: String) throws(JSONWithLines.Fault) {
        guard bytes[index...].starts(with: word.utf8) else { throw fault("no JSON value") }
        index += word.utf8.count
    }

    private mutating func number() throws(JSONWithLines.Fault) -> String {
        let start = index
        while let byte,
            (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
        {
            index += 1
        }
        guard index > start else { throw fault("no JSON value") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func array(_ depth: Int) throws(JSONWithLines.Fault) -> [JSONWithLines] {
        index += 1
        var items: [JSONWithLines] = []
        skipBlanks()
        if byte == UInt8(ascii: "]") {
            index += 1
            return items
        }
        while true {
            items.append(try value(depth: depth + 1))
            skipBlanks()
            if byte == UInt8(ascii: ",") {
                index += 1
            } else if byte == UInt8(ascii: "]") {
                index += 1
                return items
            } else {
                throw fault("',' or ']' is expected")
            }
        }
    }

    private mutating func object(
        _ depth: Int
    ) throws(JSONWithLines.Fault) -> [JSONWithLines.Member] {
        index += 1
        var members: [JSONWithLines.Member] = []
        skipBlanks()
        if byte == UInt8(ascii: "}") {
            index += 1
            return members
        }
        while true {
            skipBlanks()
            guard byte == UInt8(ascii: "\"") else { throw fault("a key is expected") }
            let key = try string()
            skipBlanks()
            guard byte == UInt8(ascii: ":") else { throw fault("':' is expected") }
            index += 1
            members.append(.init(key: key, value: try value(depth: depth + 1)))
            skipBlanks()
            if byte == UInt8(ascii: ",") {
                index += 1
            } else if byte == UInt8(ascii: "}") {
                index += 1
                return members
            } else {
                throw fault("',' or '}' is expected")
            }
        }
    }

    private mutating func string() throws(JSONWithLines.Fault) -> String {
        index += 1
        var result: [UInt8] = []
        while let byte {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"): result += try escape()
            case 0..<0x20: throw fault("a control character in a string")
            default: result.append(byte)
            }
        }
        throw fault("a string without an end")
    }

    private mutating func escape() throws(JSONWithLines.Fault) -> [UInt8] {
        guard let byte else { throw fault("a string without an end") }
        index += 1
        switch byte {
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "u"):
            let first = try unit()
            if (0xd800..<0xdc00).contains(first), bytes[index...].starts(with: [0x5c, 0x75]) {
                index += 2
                let second = try unit()
                return Array(String(decoding: [first, second], as: UTF16.self).utf8)
            }
            return Array(String(decoding: [first], as: UTF16.self).utf8)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        default: throw fault("an unknown escape")
        }
    }

    private mutating func unit() throws(JSONWithLines.Fault) -> UInt16 {
        guard index + 4 <= bytes.count,
            let unit = UInt16(
                String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
        else { throw fault("no four hexadecimal digits") }
        index += 4
        return unit
    }
}
