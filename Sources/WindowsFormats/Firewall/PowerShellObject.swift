import PolicyText

/// An object of PowerShell as `ConvertTo-Json` or `Export-Csv` writes it: flat, its values as texts.
struct PowerShellObject {
    /// A value, or several, with its lines; without any where it is null or empty.
    struct Value {
        var texts: [String]
        var lines: ClosedRange<Int>
    }

    /// By name in small letters, without blanks.
    private(set) var values: [String: Value] = [:]
    /// Names that stand twice and don't say the same.
    private(set) var disputed: Set<String> = []
    var lines: ClosedRange<Int>
    /// Why it isn't whole.
    var fault: String?

    init(lines: ClosedRange<Int>) { self.lines = lines }

    static func folded(_ name: some StringProtocol) -> String {
        String(name.lowercased().unicodeScalars.filter { !" \t_-".unicodeScalars.contains($0) })
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    /// Nil where it isn't there, or says nothing.
    subscript(_ name: String) -> [String]? {
        guard let texts = values[name]?.texts, !texts.isEmpty else { return nil }
        return texts
    }

    /// A value that says nothing doesn't gainsay another.
    mutating func put(_ name: some StringProtocol, _ value: Value) {
        let key = Self.folded(name)
        guard let old = values[key], !old.texts.isEmpty else {
            values[key] = value
            return
        }
        if !value.texts.isEmpty, value.texts != old.texts { disputed.insert(key) }
    }

    /// The objects of a JSON text that are something to the firewall; of others those within, and
    /// where there are none, themselves.
    static func objects(_ root: JSONWithLines) -> [PowerShellObject] {
        switch root.value {
        case .array(let items): return items.flatMap(objects)
        case .object(let members):
            var object = PowerShellObject(lines: span(root))
            for member in members { object.take(member, depth: 0) }
            guard PowerShellFirewall.kind(Set(object.values.keys)) == nil else { return [object] }
            let inner = members.map(\.value).flatMap(objects)
            return inner.isEmpty ? [object] : inner
        default: return []
        }
    }

    private static func span(_ element: JSONWithLines) -> ClosedRange<Int> {
        element.line...max(element.line, element.last)
    }

    private mutating func take(_ member: JSONWithLines.Member, depth: Int) {
        let lines = Self.span(member.value)
        if let texts = Self.texts(member.value) {
            return put(member.key, Value(texts: texts, lines: lines))
        }
        // `PortFilter` and its like within a rule speak for the rule.
        if depth == 0, Self.folded(member.key).contains("filter"),
            case .object(let inner) = member.value.value
        {
            for member in inner { take(member, depth: 1) }
        } else {
            put(member.key, Value(texts: ["{}"], lines: lines))
        }
    }

    /// The texts of a scalar or a list of them, also of the `{"value": […], "Count": 2}` by which
    /// PowerShell 5 writes a list; nil for anything else.
    private static func texts(_ element: JSONWithLines) -> [String]? {
        switch element.value {
        case .null: return []
        case .bool(let value): return [value ? "true" : "false"]
        case .number(let text): return [text]
        case .string(let text): return text.bare.isEmpty ? [] : [text.bare]
        case .array(let items):
            var result: [String] = []
            for item in items {
                guard let text = item.text?.bare else { return nil }
                result.append(text)
            }
            return result
        case .object(let members):
            let keys = members.map { $0.key.lowercased() }
            guard keys.contains("value"), keys.allSatisfy({ $0 == "value" || $0 == "count" }) else {
                return nil
            }
            let values = members.filter { $0.key.same("value") }.map(\.value)
            guard let best = values.first(where: { $0.string != nil }) ?? values.first,
                best.line >= element.line
            else { return nil }
            if case .object = best.value { return nil }
            return texts(best)
        }
    }
}
