import PolicyText

/// The keys and values of a `.reg` file, in order, each with its lines.
struct RegistryFile {
    enum Content: Hashable, Sendable {
        case string(String)
        case other(type: String, value: String)
        case deleted
        case keyDeleted
        case broken(String)
    }

    struct Entry: Hashable, Sendable {
        /// Without brackets.
        var key: String
        /// Nil for the key's own line, empty for its default value.
        var name: String?
        var content: Content
        var lines: ClosedRange<Int>
    }

    private(set) var entries: [Entry] = []
    /// Lines that name the file's format.
    private(set) var headers: Set<Int> = []

    /// The key of a line in brackets, without the `-` that deletes it.
    static func key(_ line: String) -> String? {
        let text = line.bare
        guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
        let inner = text.dropFirst().dropLast()
        return String(inner.first == "-" ? inner.dropFirst() : inner)
    }

    init(_ text: ConfigText) {
        let wide = !text.lines.contains { $0.bare.same("REGEDIT4") }
        var key: String?
        var index = 0
        while index < text.lines.count {
            let first = index
            var line = text.lines[index].bare
            index += 1
            if let found = Self.key(line) {
                let deletes = line.hasPrefix("[-")
                key = deletes ? nil : found
                entries.append(
                    Entry(
                        key: found, name: nil, content: deletes ? .keyDeleted : .string(""),
                        lines: index...index))
                continue
            }
            if line.same("REGEDIT4") || line.lowercased().hasPrefix("windows registry editor") {
                headers.insert(index)
                continue
            }
            guard let key, line.hasPrefix("\"") || line.hasPrefix("@") else { continue }
            while line.hasSuffix("\\"), index < text.lines.count {
                line = line.dropLast() + text.lines[index].bare
                index += 1
            }
            guard let (name, rest) = Self.name(line) else { continue }
            entries.append(
                Entry(
                    key: key, name: name, content: Self.content(rest, wide: wide),
                    lines: (first + 1)...index))
        }
    }

    /// The value's name and what stands after `=`.
    private static func name(_ line: String) -> (String, Substring)? {
        if line.hasPrefix("@") {
            let rest = line.dropFirst().drop { $0 == " " }
            return rest.first == "=" ? ("", rest.dropFirst()) : nil
        }
        guard let (name, rest) = quoted(line[...]) else { return nil }
        let after = rest.drop { $0 == " " || $0 == "\t" }
        return after.first == "=" ? (name, after.dropFirst()) : nil
    }

    private static func quoted(_ text: Substring) -> (String, Substring)? {
        guard text.first == "\"" else { return nil }
        var result = ""
        var rest = text.dropFirst()
        while let next = rest.popFirst() {
            if next == "\"" { return (result, rest) }
            if next == "\\", let escaped = rest.popFirst() {
                result.append(escaped)
            } else {
                result.append(next)
            }
        }
        return nil
    }

    private static func content(_ text: Substring, wide: Bool) -> Content {
        let value = text.bare
        if value == "-" { return .deleted }
        if value.hasPrefix("\"") {
            guard let (string, _) = quoted(value[...]) else {
                return .broken("the string isn't closed")
            }
            return .string(string)
        }
        guard let colon = value.firstIndex(of: ":") else { return .broken("not a value") }
        let kind = value[..<colon].lowercased()
        let data = value[value.index(after: colon)...]
        if kind == "dword" {
            guard let number = UInt32(data.bare, radix: 16) else {
                return .broken("not a number")
            }
            return .other(type: "REG_DWORD", value: "\(number)")
        }
        guard kind.hasPrefix("hex") else { return .broken("of an unknown type") }
        var bytes: [UInt8] = []
        for part in data.split(separator: ",", omittingEmptySubsequences: true) {
            let digits = part.bare
            guard !digits.isEmpty else { continue }
            guard let byte = UInt8(digits, radix: 16) else { return .broken("not hexadecimal") }
            bytes.append(byte)
        }
        let string = Self.string(bytes, wide: wide)
        switch kind {
        case "hex(1)": return .string(string)
        case "hex(2)": return .other(type: "REG_EXPAND_SZ", value: string)
        case "hex(7)": return .other(type: "REG_MULTI_SZ", value: string)
        default: return .other(type: kind == "hex" ? "REG_BINARY" : kind, value: string)
        }
    }

    private static func string(_ bytes: [UInt8], wide: Bool) -> String {
        let units =
            wide
            ? stride(from: 0, to: bytes.count - bytes.count % 2, by: 2).map {
                UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
            } : bytes.map { UInt16($0) }
        return String(decoding: units, as: UTF16.self).stripping("\0")
            .split(separator: "\0").joined(separator: " ")
    }
}
