import Net
public import Policy

/// `nft list ruleset`, and scripts of nft(8) such as `/etc/nftables.conf`; also shell scripts whose
/// lines are commands of `nft`.
public enum Nftables: ConfigFormat {
    public static let name = "nftables"
    public static let platform = "Linux (nftables)"
    public static let joinsFiles = true

    public static func recognise(_ text: ConfigText) -> Recognition {
        if text.lines.first.map({ $0.hasPrefix("#!") && $0.contains("nft") }) ?? false {
            return .certain
        }
        guard text.mentions("table") || text.mentions("nft") || text.mentions("chain") else {
            return .no
        }
        var opens = false
        var inside = false
        var adds = 0
        for line in text.lines.prefix(100_000) {
            let words = line.split(maxSplits: 6) { $0 == " " || $0 == "\t" }
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            if first == "table" {
                if let family = words.dropFirst().first, words.count >= 3,
                    NftTextReader.families.contains(String(family)),
                    line.contains("{") || words.count == 3
                {
                    return .certain
                }
                // pf.conf writes `table <name> {`.
                if words.count >= 3, words[2].hasPrefix("{"), words[1].first?.isLetter ?? false {
                    opens = true
                }
            }
            if opens, ["chain", "set", "map", "flowtable"].contains(first), line.contains("{") {
                inside = true
            }
            if isCommand(words) { adds += 1 }
        }
        if inside || adds >= 2 { return .certain }
        return opens || adds == 1 ? .perhaps : .no
    }

    /// `add rule inet filter input …`, `nft add table ip nat`.
    private static func isCommand(_ words: [Substring]) -> Bool {
        var words = words[...]
        if words.first == "sudo" { words = words.dropFirst() }
        if let first = words.first, first == "nft" || first.hasSuffix("/nft") {
            words = words.dropFirst()
        }
        guard words.count >= 3, let verb = words.first, let kind = words.dropFirst().first else {
            return words.count == 2 && words.first == "flush" && words.last == "ruleset"
        }
        return ["add", "insert", "create", "flush", "delete"].contains(verb)
            && ["table", "chain", "rule", "set", "map", "element", "ruleset"].contains(kind)
    }

    public static func read(_ text: ConfigText) -> Configuration { read(text, with: []) }

    /// Reads the rule set; `companions` may hold the files that it includes.
    public static func read(_ text: ConfigText, with companions: [ConfigText]) -> Configuration {
        NftReading.text(text, companions).configuration
    }

    public static func includes(_ other: ConfigText, in texts: [ConfigText]) -> Bool {
        texts.contains { text in
            text.lines.contains { line in
                let words = line.bare.split(whereSeparator: { " \t\";".contains($0) })
                return words.count > 1 && words[0] == "include"
                    && NftSource.means(String(words[1]), other.file)
            }
        }
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        NftWriter.fix(change, configuration)
    }
}
