public import Policy
public import PolicyText

/// Output of `netsh advfirewall firewall show rule name=all`, with or without `verbose`, and of
/// `netsh advfirewall show allprofiles`, `show currentprofile` and `show global`, in English and
/// German.
///
/// A listing in another language is recognised, and unknown as a whole. Several files are one
/// firewall: the rules and the profiles. Source: learn.microsoft.com, netsh advfirewall (dd734783).
public enum NetshAdvancedFirewallShow: ConfigFormat {
    public static let name = "netsh-advfirewall-show"
    public static let platform = NetshFirewallFix.advancedPlatform

    public static func recognise(_ text: ConfigText) -> Recognition {
        for language in ListingLanguage.all where isListing(text, in: language) {
            return .certain
        }
        return isForeign(text) ? .perhaps : .no
    }

    /// A rule's name with its direction soon below, or a profile's head with its state.
    private static func isListing(_ text: ConfigText, in language: ListingLanguage) -> Bool {
        for (index, line) in text.lines.enumerated() {
            guard line.utf8.contains(UInt8(ascii: ":")) else { continue }
            let plain = line.bare
            let below = text.lines[index...].dropFirst().prefix(12)
            if language.field(plain)?.field == .name,
                below.contains(where: { language.field($0.bare)?.field == .enabled })
            {
                return true
            }
            if language.profile(plain) != nil,
                below.contains(where: {
                    ListingLanguage.folded($0).hasPrefix(language.state)
                        || $0.lowercased().contains("inbound,")
                })
            {
                return true
            }
            if plain.same("Global Settings:"), below.contains(where: { $0.mentions("StrictCRL") }) {
                return true
            }
        }
        return false
    }

    /// Blocks of such a listing with labels that no language here has.
    private static func isForeign(_ text: ConfigText) -> Bool {
        for index in text.lines.indices.dropFirst() where RuleListing.isRule(text.lines[index]) {
            guard isRow(text.lines[index - 1]) else { continue }
            let rows = text.lines[index...].dropFirst().prefix(16).prefix { isRow($0) }
            let names = ["tcp", "udp", "icmpv4", "icmpv6"]
            if rows.count >= 6, rows.contains(where: { names.contains($0.lowercased().lastField) })
            {
                return true
            }
        }
        return text.lines.contains { line in
            let value = line.lastField.lowercased()
            return value.hasPrefix("blockinbound") && value.hasSuffix("outbound")
                && line.bare.lowercased() != value && !line.contains("=")
                && !line.lowercased().contains("netsh")
        }
    }

    /// A label, a colon of any script, blanks and a value.
    private static func isRow(_ line: String) -> Bool {
        guard let colon = line.firstIndex(where: { $0 == ":" || $0 == "：" }) else { return false }
        let rest = line[colon...].dropFirst()
        return !line[..<colon].bare.isEmpty && (rest.isEmpty || rest.hasPrefix("  "))
    }

    public static func read(_ text: ConfigText) -> Configuration { read(together: [text]) }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        NetshFirewallFix.advanced(change, configuration)
    }
}

extension NetshAdvancedFirewallShow: JointFormat {
    package static func read(together texts: [ConfigText]) -> Configuration {
        let first = texts.first ?? ConfigText(file: "", "")
        var listing = RuleListing(first)
        let notes = texts.map { listing.read($0) }
        return Configuration(
            file: first.file, format: name, kinds: [.firewall], device: listing.device(),
            notes: notes.first ?? [])
    }
}

extension StringProtocol {
    /// The last word of a line.
    fileprivate var lastField: String {
        let words = utf8.split { $0 == 0x20 || $0 == 0x09 }
        return words.last.map { String(self[$0.startIndex..<$0.endIndex]) } ?? ""
    }
}
