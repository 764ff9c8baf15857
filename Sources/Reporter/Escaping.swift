/// Text from peers and files, made safe to show.
///
/// Control characters, invisible and direction-changing ones become visible escapes, and what is
/// longer than the limit is cut, with the count of the rest. This is not yet markup: each writer
/// escapes its own metacharacters on top.
enum Visible {
    /// How many characters of one hostile text are shown.
    static let limit = 200

    /// One line of safe text; line breaks become `\n`.
    static func line(_ text: String, limit: Int = limit) -> String {
        // Nearly all text is printable ASCII, and short.
        if text.utf8.count <= limit, text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) {
            return text
        }
        var shown = ""
        var count = 0
        var rest = 0
        for scalar in text.unicodeScalars {
            count += 1
            if count > limit {
                rest += 1
            } else if let escape = escape(scalar) {
                shown += escape
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return rest > 0 ? "\(shown)… (+\(rest) characters)" : shown
    }

    /// A sentence of ours, which may quote: the same with a limit that no honest sentence reaches.
    static func sentence(_ text: String) -> String { line(text, limit: 2000) }

    /// A command that is to be pasted: nothing is cut, but nothing invisible is left either.
    static func command(_ text: String) -> String { line(text, limit: 100_000) }

    private static func escape(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            return hex(scalar)
        case .spaceSeparator: return scalar == " " || scalar == "\u{a0}" ? nil : hex(scalar)
        case .nonspacingMark, .enclosingMark: return hex(scalar)
        default: return nil
        }
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String {
        scalar.value < 0x100
            ? "\\x" + pad(String(scalar.value, radix: 16), 2)
            : "\\u{" + String(scalar.value, radix: 16) + "}"
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

/// Escaped HTML, told apart from text by its type: text can only enter through `text` or `attribute`.
struct HTML: ExpressibleByStringInterpolation, Sendable {
    var source: String

    init(raw: String) { source = raw }

    /// Our own markup, as it stands in the program.
    init(stringLiteral value: String) { source = value }

    init(stringInterpolation: Interpolation) { source = stringInterpolation.source }

    /// Text, cut and escaped as `Visible.line` does it; good in elements and in quoted attributes.
    static func text(_ text: String, limit: Int = Visible.limit) -> HTML {
        HTML(raw: escaped(Visible.line(text, limit: limit)))
    }

    static func sentence(_ text: String) -> HTML { HTML(raw: escaped(Visible.sentence(text))) }

    static func join(_ parts: some Sequence<HTML>, _ separator: String = "") -> HTML {
        HTML(raw: parts.map(\.source).joined(separator: separator))
    }

    var isEmpty: Bool { source.isEmpty }

    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { entity($0) != nil }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if let entity = entity(scalar) {
                result += entity
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// What stands for a character that is markup; nil where it stands for itself.
    private static func entity(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "&": "&amp;"
        case "<": "&lt;"
        case ">": "&gt;"
        case "\"": "&quot;"
        case "'": "&#39;"
        default: nil
        }
    }

    /// Interpolated strings are escaped, interpolated `HTML` is not.
    struct Interpolation: StringInterpolationProtocol {
        var source = ""

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { source += literal }

        mutating func appendInterpolation(_ html: HTML) { source += html.source }

        mutating func appendInterpolation(_ text: String) { source += HTML.text(text).source }

        mutating func appendInterpolation(_ number: Int) { source += String(number) }
    }

    static func + (a: HTML, b: HTML) -> HTML { HTML(raw: a.source + b.source) }

    static func += (a: inout HTML, b: HTML) { a.source += b.source }
}
