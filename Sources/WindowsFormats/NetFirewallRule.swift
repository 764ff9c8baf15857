import Net
public import Policy
public import PolicyText

/// Rules of `Get-NetFirewallRule` with those of `Get-NetFirewallPortFilter`, `AddressFilter`,
/// `ApplicationFilter` and others, as CSV or JSON: one object a rule, or rules and filters that
/// belong together by `InstanceID`, in one file or several. With them `Get-NetFirewallProfile`,
/// `Get-NetConnectionProfile` and `Get-NetFirewallSetting`; and scripts of `New-NetFirewallRule`.
///
/// Source: learn.microsoft.com, the NetSecurity module.
public enum NetFirewallRule: ConfigFormat {
    public static let name = "netfirewallrule"
    public static let platform = "Windows (PowerShell)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        let first = text.whole.unicodeScalars.first { !$0.properties.isWhitespace }
        guard first == "{" || first == "[" else {
            let columns = PowerShellTable.columns(text) ?? []
            if PowerShellFirewall.kind(Set(columns)) != nil { return .certain }
            // Scripts of a server, and of cmd, have readers of their own.
            return PowerShellFirewall.isScript(text) && IIS7PowerShell.recognise(text) == .no
                && NetshFirewallScript.recognise(text) == .no ? .certain : .no
        }
        let marks = ["Direction", "InstanceID", "DefaultInboundAction", "NetworkCategory"]
        guard marks.contains(where: { text.mentions("\"\($0)\"") }) || text.mentions("StatefulFtp")
        else { return .no }
        do throws(JSONWithLines.Fault) {
            let objects = PowerShellObject.objects(try JSONWithLines.parse(text.whole))
            let known = objects.prefix(64).contains {
                PowerShellFirewall.kind(Set($0.values.keys)) != nil
            }
            return known ? .certain : .no
        } catch {
            let isCut =
                text.mentions("\"EdgeTraversalPolicy\"") || text.mentions("\"DisplayGroup\"")
            return isCut ? .perhaps : .no
        }
    }

    public static func read(_ text: ConfigText) -> Configuration { read(together: [text]) }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        switch change {
        case .permit(let ports, _):
            fix(
                NetshFirewallFix.name("FTP \(ports)", configuration), "Allow", ports,
                after: NetshFirewallFix.blocks(ports, configuration).map { "# " + $0 })
        case .forbid(let ports, _):
            fix(NetshFirewallFix.name("Not for FTP \(ports)", configuration), "Block", ports)
        default: nil
        }
    }

    /// A block beats every rule that lets in, so that nothing need be taken away; what another
    /// rule blocks, no rule opens.
    private static func fix(
        _ name: String, _ action: String, _ ports: PortSet, after notes: [String] = []
    ) -> Fix {
        Fix(
            platform: platform,
            commands: notes + [
                "New-NetFirewallRule -DisplayName \"\(name)\" -Direction Inbound -Action \(action) -Protocol TCP -LocalPort \(ports)"
            ],
            undo: ["Remove-NetFirewallRule -DisplayName \"\(name)\""])
    }
}

extension NetFirewallRule: JointFormat {
    package static func read(together texts: [ConfigText]) -> Configuration {
        var firewall = PowerShellFirewall(texts)
        firewall.read()
        return firewall.configuration(name)
    }
}
