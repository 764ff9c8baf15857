public import Policy

/// Output of `netsh firewall show portopening`, `show config` and `show state`, as Windows XP,
/// Server 2003 and later versions print it in English.
///
/// Ports that only some of the shown profiles open are unknown unless one is marked as current.
public enum NetshFirewallShow: ConfigFormat {
    public static let name = "netsh-firewall-show"
    public static let platform = NetshFirewallFix.platform

    private static let marks = [
        "port configuration for ", "ports currently open on all network interfaces",
        "domain profile configuration", "standard profile configuration", "portkonfiguration f",
        "momentan auf allen netzwerkschnittstellen",
    ]

    public static func recognise(_ text: ConfigText) -> Recognition {
        text.lines.contains { line in marks.contains { line.bare.lowercased().hasPrefix($0) } }
            ? .certain : .no
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
