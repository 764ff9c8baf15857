import Net
public import Policy

/// `iptables-save` and `ip6tables-save`, and what iptables-restore reads.
public enum IPTablesSave: ConfigFormat {
    public static let name = "iptables-save"
    public static let platform = "Linux (iptables)"
    public static let joinsFiles = true

    public static func recognise(_ text: ConfigText) -> Recognition {
        var table = false
        var rules = false
        var ofUfw = false
        var base = false
        for line in text.lines.prefix(100_000) {
            // ufw keeps its rules in this form, but they are a part of its rule set only.
            if line.hasPrefix("### tuple ###") { return .no }
            ofUfw = ofUfw || line.hasPrefix(":ufw-") || line.hasPrefix(":ufw6-")
            base = base || line.hasPrefix(":INPUT ")
            if ["*filter", "*nat", "*mangle", "*raw", "*security"].contains(where: line.hasPrefix) {
                table = true
            } else if line.hasPrefix(":") || line.hasPrefix("-A ") || line.hasPrefix("-I ")
                || line.hasPrefix("COMMIT") || (line.hasPrefix("[") && line.contains("] -A "))
            {
                rules = true
            }
        }
        return table && rules && (base || !ofUfw) ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration { read(text, with: []) }

    /// Reads the rule set; `companions` may hold the sets that it names, as of `ipset save`.
    public static func read(_ text: ConfigText, with companions: [ConfigText]) -> Configuration {
        var sets: [String: IPSet] = [:]
        for companion in companions where IPSetSave.recognise(companion) == .certain {
            sets.merge(IPSet.read(companion).sets) { _, new in new }
        }
        var reader = IPTablesSaveReader(text, sets: sets)
        return reader.read()
    }

    public static func includes(_ other: ConfigText, in texts: [ConfigText]) -> Bool {
        IPSetSave.recognise(other) == .certain
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        IPTablesSaveWriter.fix(change, configuration)
    }
}
