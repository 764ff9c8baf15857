public import Policy

/// Scripts and console transcripts of `netsh firewall add|set|delete portopening`, in order, with
/// counting loops; judged as run on the default state: firewall on, no exceptions.
public enum NetshFirewallScript: ConfigFormat {
    public static let name = "netsh-firewall-script"
    public static let platform = NetshFirewallFix.platform

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("netsh") else { return .no }
        let command =
            /(?i)netsh(?:\.exe)?\s+(?:firewall\s+(?:add|set|delete)|advfirewall\s+(?:firewall\s+(?:add|set|delete)|set))\s/
        return text.lines.contains { $0.firstMatch(of: command) != nil } ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        WindowsScript.read(text, as: name)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        NetshFirewallFix.fix(change, configuration)
    }
}
