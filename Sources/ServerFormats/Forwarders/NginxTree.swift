import PolicyText

/// A directive of nginx: words up to a semicolon, or a block of others.
struct NginxDirective: Hashable {
    var words: [String]
    /// The lines of its first and its last word, or of its block's end.
    var line: Int
    var last: Int
    /// Nil where it is no block.
    var block: [NginxDirective]?

    var name: String { words.first ?? "" }

    struct Fault: Error, Hashable {
        var line: Int
        var why: String
    }

    static let maximumDepth = 32

    /// The directives of a text, in order.
    static func parse(_ text: String) throws(Fault) -> [NginxDirective] {
        var parser = NginxParser(bytes: Array(text.utf8))
        return try parser.directives(depth: 0)
    }
}

private struct NginxParser {
    let bytes: [UInt8]
    var index = 0
    var line = 1

    init(bytes: [UInt8]) { self.bytes = bytes }

    private enum Token {
        case word(String, Int)
        case end, open, close, nothing
    }

    mutating func directives(depth: Int) throws(NginxDirective.Fault) -> [NginxDirective] {
        guard depth < NginxDirective.maximumDepth else { throw fault("nested too deep") }
        var list: [NginxDirective] = []
        var words: [String] = []
        var first = line
        while true {
            switch try token() {
            case .word(let word, let line):
                if words.isEmpty { first = line }
                words.append(word)
            case .end:
                guard !words.isEmpty else { throw fault("';' without a directive") }
                list.append(NginxDirective(words: words, line: first, last: line))
                words = []
            case .open:
                guard !words.isEmpty else { throw fault("'{' without a directive") }
                let block = try directives(depth: depth + 1)
                list.append(NginxDirective(words: words, line: first, last: line, block: block))
                words = []
            case .close:
                guard depth > 0, words.isEmpty else { throw fault("'}' where none is expected") }
                return list
            case .nothing:
                guard depth == 0, words.isEmpty else { throw fault("it ends within a directive") }
                return list
            }
        }
    }

    private func fault(_ why: String) -> NginxDirective.Fault { .init(line: line, why: why) }

    private mutating func token() throws(NginxDirective.Fault) -> Token {
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case 0x0a:
                line += 1
                index += 1
            case 0x20, 0x09, 0x0d: index += 1
            case UInt8(ascii: "#"):
                while index < bytes.count, bytes[index] != 0x0a { index += 1 }
            case UInt8(ascii: ";"):
                index += 1
                return .end
            case UInt8(ascii: "{"):
                index += 1
                return .open
            case UInt8(ascii: "}"):
                index += 1
                return .close
            case UInt8(ascii: "\""), UInt8(ascii: "'"): return try quoted(byte)
            default: return bare()
            }
        }
        return .nothing
    }

    private mutating func quoted(_ mark: UInt8) throws(NginxDirective.Fault) -> Token {
        let start = line
        var word: [UInt8] = []
        index += 1
        while index < bytes.count {
            var byte = bytes[index]
            index += 1
            if byte == mark { return .word(String(decoding: word, as: UTF8.self), start) }
            if byte == UInt8(ascii: "\\"), index < bytes.count {
                byte = bytes[index]
                index += 1
            }
            if byte == 0x0a { line += 1 }
            word.append(byte)
        }
        throw fault("a quotation without an end")
    }

    private mutating func bare() -> Token {
        var word: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            // `${name}` is part of a word.
            if byte == UInt8(ascii: "{"), word.last == UInt8(ascii: "$") {
                while index < bytes.count, bytes[index] != UInt8(ascii: "}"), bytes[index] != 0x0a {
                    word.append(bytes[index])
                    index += 1
                }
                continue
            }
            if byte == UInt8(ascii: "}"), word.contains(UInt8(ascii: "{")) {
                word.append(byte)
                index += 1
                continue
            }
            if [0x20, 0x09, 0x0a, 0x0d, 0x3b, 0x7b, 0x7d].contains(byte) { break }
            word.append(byte)
            index += 1
        }
        return .word(String(decoding: word, as: UTF8.self), line)
    }
}
