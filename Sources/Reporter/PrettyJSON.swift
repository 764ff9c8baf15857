import Analyzer
import Foundation

/// JSON as `JSONEncoder` writes it with sorted keys and indentation, made piece by piece on all
/// cores: what the encoder keeps of a whole report of 100 MB takes several times as much.
///
/// Direction-changing and other invisible characters stand as `\u` escapes, so that a terminal or an
/// editor shows what a program reads.
enum PrettyJSON {
    /// Elements of a list that are encoded together.
    private static let part = 256

    /// What stands behind a key, one level deep, in pieces.
    struct Member {
        fileprivate let pieces: [String]

        /// Bytes of it, and of what stands around it.
        fileprivate var size: Int { pieces.reduce(16) { $0 + $1.utf8.count } }
    }

    /// An object, ending in a line break; a key without a value is left out.
    static func object(_ members: [String: Member?]) -> String {
        let members = members.compactMapValues(\.self).sorted { $0.key < $1.key }
        var text = ""
        text.reserveCapacity(
            members.reduce(256) { $0 + $1.key.utf8.count + $1.value.size })
        text += "{"
        var separator = "\n"
        for (key, member) in members {
            text += "\(separator)  \"\(key)\" : "
            for piece in member.pieces { text += piece }
            separator = ",\n"
        }
        text += "\n}\n"
        return text
    }

    static func value(_ value: some Encodable) -> Member {
        Member(pieces: [pretty(value, depth: 1)])
    }

    /// A list of what is made of each element.
    static func list<Element: Sendable>(
        _ elements: [Element], _ make: @Sendable (Element) -> some Encodable
    ) -> Member {
        guard !elements.isEmpty else { return Member(pieces: ["[\n\n  ]"]) }
        let starts = Array(stride(from: 0, to: elements.count, by: part))
        let parts = starts.mapSideBySide { start in
            elements[start..<min(start + part, elements.count)].reduce(into: "") { text, element in
                text += text.isEmpty && start == 0 ? "\n    " : ",\n    "
                text += pretty(make(element), depth: 2)
            }
        }
        return Member(pieces: ["["] + parts + ["\n  ]"])
    }

    /// A value inside so many others.
    private static func pretty(_ value: some Encodable, depth: Int) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return indented(visible(encoded(value, encoder)), depth)
    }

    /// A value on one line.
    static func line(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return visible(encoded(value, encoder))
    }

    private static func encoded(_ value: some Encodable, _ encoder: JSONEncoder) -> String {
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            // Strings, integers and booleans: nothing that an encoder can refuse.
            preconditionFailure("a value that JSON cannot hold: \(error)")
        }
    }

    /// Every line but the first and empty ones; inside strings none ends.
    private static func indented(_ text: String, _ depth: Int) -> String {
        let lineFeed = UInt8(ascii: "\n")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 5 / 4)
        var begins = false
        for byte in text.utf8 {
            if begins, byte != lineFeed {
                for _ in 0..<2 * depth { bytes.append(UInt8(ascii: " ")) }
            }
            bytes.append(byte)
            begins = byte == lineFeed
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Outside strings the encoder writes ASCII only.
    private static func visible(_ text: String) -> String {
        var result = ""
        var begin = text.startIndex
        var rest = text[...]
        // What JSON's writer leaves of ASCII is visible, but for DEL.
        while let place = rest.utf8.firstIndex(where: { $0 >= 0x7f }) {
            let scalar = text.unicodeScalars[place]
            let next = text.unicodeScalars.index(after: place)
            if isInvisible(scalar) {
                result += text[begin..<place] + escaped(scalar)
                begin = next
            }
            rest = text[next...]
        }
        return begin == text.startIndex ? text : result + text[begin...]
    }

    /// The scalar as RFC 8259 section 7 escapes any.
    static func escaped(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.reduce(into: "") { text, unit in
            let hex = String(unit, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
        }
    }

    /// Whether nothing of its own is seen of it, or it changes what is seen of others.
    static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format, .lineSeparator, .paragraphSeparator, .control: true
        default: false
        }
    }
}
