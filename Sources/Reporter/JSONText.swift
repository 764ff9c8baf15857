/// JSON written piece by piece, in the order of the calls: for records that come by the thousand.
struct JSONText {
    private(set) var text = ""
    private var needsComma = false

    /// Opens an object or an array, writes its members, closes it.
    mutating func object(_ key: String? = nil, _ members: (inout JSONText) -> Void) {
        nest(key, "{", "}", members)
    }

    mutating func array(_ key: String? = nil, _ members: (inout JSONText) -> Void) {
        nest(key, "[", "]", members)
    }

    /// A string; a key without a value is left out.
    mutating func string(_ key: String? = nil, _ value: String?) {
        guard let value else { return }
        begin(key)
        quote(value)
    }

    mutating func number(_ key: String? = nil, _ value: (some BinaryInteger)?) {
        guard let value else { return }
        begin(key)
        text += String(value)
    }

    mutating func bool(_ key: String? = nil, _ value: Bool?) {
        guard let value else { return }
        begin(key)
        text += value ? "true" : "false"
    }

    private mutating func nest(
        _ key: String?, _ open: String, _ close: String, _ members: (inout JSONText) -> Void
    ) {
        begin(key)
        text += open
        needsComma = false
        members(&self)
        text += close
        needsComma = true
    }

    private mutating func begin(_ key: String?) {
        if needsComma { text += "," }
        needsComma = true
        if let key {
            text += "\""
            text += key
            text += "\":"
        }
    }

    /// Printable ASCII that stands for itself: nearly all there is.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20..<0x7f).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// RFC 8259 section 7; beyond it, what is invisible is escaped too, so that a record shown on a
    /// terminal does nothing there.
    private mutating func quote(_ value: String) {
        text += "\""
        guard !value.utf8.allSatisfy(Self.isPlain) else {
            text += value
            text += "\""
            return
        }
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                if PrettyJSON.isInvisible(scalar) {
                    text += PrettyJSON.escaped(scalar)
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }
}
