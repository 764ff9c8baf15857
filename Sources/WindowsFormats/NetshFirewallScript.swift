public import Policy
public import PolicyText

/// Scripts and console transcripts of `netsh firewall` and `netsh advfirewall`, run as cmd.exe would
/// on the default state: firewall on, no exceptions.
///
/// Conditions, jumps, calls and loops are followed where the script decides them; what depends on
/// anything else is unknown.
public enum NetshFirewallScript: ConfigFormat {
    public static let name = "netsh-firewall-script"
    public static let platform = NetshFirewallFix.platform

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("netsh") else { return .no }
        return text.lines.contains(where: WindowsScript.touchesFirewall) ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        WindowsScript.read(text, as: name)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        NetshFirewallFix.fix(change, configuration)
    }
}
