import PolicyText

/// What `Export-Csv` and `ConvertTo-Csv` write: records of fields, quoted where need be, whose first
/// names the columns. Several tables may stand one below another.
struct PowerShellTable {
    private struct Record {
        var fields: [String]
        var lines: ClosedRange<Int>
        /// A quotation mark is not closed.
        var isOpen: Bool
    }

    private(set) var objects: [PowerShellObject] = []
    /// Lines that name columns, or types.
    private(set) var heads: [ClosedRange<Int>] = []

    /// The columns that a first record names; nil where the text doesn't begin as such a table.
    static func columns(_ text: ConfigText) -> [String]? {
        for line in text.lines.prefix(8) {
            let plain = line.bare
            if plain.isEmpty || plain.hasPrefix("#TYPE") { continue }
            guard let mark = delimiter(plain), plain.count < 4096 else { return nil }
            let fields = records([plain], mark).first?.fields ?? []
            return fields.map { PowerShellObject.folded($0) }
        }
        return nil
    }

    /// The one that parts most fields of a head.
    private static func delimiter(_ head: String) -> Character? {
        let counts = [",", ";", "\t"].map { mark in (mark, head.count { $0 == Character(mark) }) }
        guard let best = counts.max(by: { $0.1 < $1.1 }), best.1 > 0 else { return nil }
        return Character(best.0)
    }

    init(_ text: ConfigText) {
        let head = text.lines.first { !$0.bare.isEmpty && !$0.bare.hasPrefix("#TYPE") } ?? ""
        guard let mark = Self.delimiter(head) else { return }
        var columns: [String] = []
        for record in Self.records(text.lines, mark) {
            let first = record.fields.first?.bare ?? ""
            if record.fields.count == 1, first.isEmpty || first.hasPrefix("#TYPE") {
                heads.append(record.lines)
                continue
            }
            let names = record.fields.map { PowerShellObject.folded($0) }
            if columns.isEmpty || PowerShellFirewall.kind(Set(names)) != nil {
                columns = names
                heads.append(record.lines)
                continue
            }
            var object = PowerShellObject(lines: record.lines)
            for (name, field) in zip(columns, record.fields) {
                let value = field.bare
                object.put(name, .init(texts: value.isEmpty ? [] : [value], lines: record.lines))
            }
            if record.isOpen {
                object.fault = "the row is cut short"
            } else if record.fields.count != columns.count {
                object.fault = "the row has not as many fields as its head"
            }
            objects.append(object)
        }
    }

    private static func records(_ lines: [String], _ mark: Character) -> [Record] {
        var result: [Record] = []
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var start = 1
        for (index, line) in lines.enumerated() {
            if !isQuoted { (fields, field, start) = ([], "", index + 1) }
            var previousQuote = false
            for character in line {
                if character == "\"" {
                    // Two of them within quotation marks are one.
                    if !isQuoted, previousQuote { field.append(character) }
                    isQuoted.toggle()
                    previousQuote = !isQuoted
                    continue
                }
                previousQuote = false
                if character == mark, !isQuoted {
                    fields.append(field)
                    field = ""
                } else {
                    field.append(character)
                }
            }
            if isQuoted {
                field.append("\n")
                continue
            }
            result.append(
                Record(fields: fields + [field], lines: start...(index + 1), isOpen: false))
        }
        if isQuoted {
            result.append(
                Record(
                    fields: fields + [field], lines: start...max(start, lines.count), isOpen: true))
        }
        return result
    }
}
