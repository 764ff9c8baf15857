public import Policy
public import PolicyText

/// A registry export (`.reg`) of the Windows firewall:
/// `…\Services\SharedAccess\Parameters\FirewallPolicy` with its `FirewallRules` and profiles, and
/// `SOFTWARE\Policies\Microsoft\WindowsFirewall`, which a group policy writes.
///
/// Source: MS-GPFAS 2.2 (values, and the grammar of a rule).
public enum WindowsFirewallRegistry: ConfigFormat {
    public static let name = "windows-firewall-registry"
    public static let platform = NetshFirewallFix.advancedPlatform

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard let first = text.lines.first(where: { !$0.bare.isEmpty })?.bare,
            first.same("REGEDIT4") || first.lowercased().hasPrefix("windows registry editor")
        else { return .no }
        let found = text.lines.contains { line in
            guard line.bare.hasPrefix("["), let key = RegistryFile.key(line) else { return false }
            return FirewallRegistry.place(key) != nil
        }
        return found ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var registry = FirewallRegistry(text)
        return registry.read()
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        NetshFirewallFix.advanced(change, configuration)
    }
}
