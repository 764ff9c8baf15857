public import Policy
public import PolicyText

/// Output of `netsh firewall show portopening`, `show config` and `show state`, as Windows XP,
/// Server 2003 and later versions print it in English and German.
///
/// Ports that only some of the shown profiles open are unknown unless one is marked as current.
public enum NetshFirewallShow: ConfigFormat {
    public static let name = "netsh-firewall-show"
    public static let platform = NetshFirewallFix.platform

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard
            text.mentions("configuration") || text.mentions("konfiguration")
                || text.mentions("ports")
        else { return .no }
        let found = text.lines.contains { line in
            guard let head = ListingHead(line.bare) else { return false }
            if head.table == .ports || head.table == .open { return true }
            if case .profile = head.place { return true }
            return false
        }
        return found ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var reading = FirewallListing(text)
        for index in text.lines.indices { reading.take(index + 1, text.lines[index]) }
        return Configuration(
            file: text.file, format: name, kinds: [.firewall], device: reading.device(),
            notes: reading.notes.finish { _, _ in (.notRecognised, "not understood") })
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        NetshFirewallFix.fix(change, configuration)
    }
}
