import Net
import Policy
import PolicyText

/// Commands of `netsh firewall`, which opens one port a command; of `netsh advfirewall`, which
/// takes ranges, where the configuration is written in it.
enum NetshFirewallFix {
    static let platform = "Windows Server 2003 (netsh firewall)"
    static let advancedPlatform = "Windows (netsh advfirewall)"

    static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let isAdvanced = configuration?.notes.contains { $0.text.mentions("advfirewall") } ?? false
        if isAdvanced, let fix = advanced(change) { return fix }
        switch change {
        case .permit(let ports, _):
            return Fix(
                platform: platform, commands: ports.ranges.map(add), undo: ports.ranges.map(delete))
        case .forbid(let ports, _):
            return Fix(
                platform: platform, commands: ports.ranges.map(delete), undo: ports.ranges.map(add))
        case .setPassiveRange, .advertise, .requireTLS, .refuseForeignPeers, .refuseActive,
            .restart:
            guard configuration?.server != nil else { return nil }
            return IISFTPService.fix(change, .six, configuration)
        case .set(.ignoreControl) where isAdvanced:
            let global = "netsh advfirewall set global statefulftp"
            return Fix(
                platform: advancedPlatform, commands: ["\(global) disable"],
                undo: ["\(global) enable"])
        case .translate, .set:
            return nil
        }
    }

    /// Rules of `netsh advfirewall`; nil for a change that isn't of rules.
    static func advanced(_ change: Change) -> Fix? {
        switch change {
        case .permit(let ports, _): advanced("FTP \(ports)", "allow", ports)
        case .forbid(let ports, _): advanced("Not for FTP \(ports)", "block", ports)
        default: nil
        }
    }

    /// A block beats every rule that lets in, so that nothing need be taken away.
    private static func advanced(_ name: String, _ action: String, _ ports: PortSet) -> Fix {
        let rule = "netsh advfirewall firewall"
        return Fix(
            platform: advancedPlatform,
            commands: [
                "\(rule) add rule name=\"\(name)\" dir=in action=\(action) protocol=TCP localport=\(ports)"
            ],
            undo: ["\(rule) delete rule name=\"\(name)\""])
    }

    private static func add(_ range: ClosedRange<UInt16>) -> String {
        guard range.count > 1 else {
            let name = range.lowerBound == 21 ? "FTP" : "FTP \(range.lowerBound)"
            return "netsh firewall add portopening TCP \(range.lowerBound) \"\(name)\""
        }
        return loop(range) + #"netsh firewall add portopening TCP %I "Passive FTP %I""#
    }

    private static func delete(_ range: ClosedRange<UInt16>) -> String {
        range.count == 1
            ? "netsh firewall delete portopening TCP \(range.lowerBound)"
            : loop(range) + "netsh firewall delete portopening TCP %I"
    }

    private static func loop(_ range: ClosedRange<UInt16>) -> String {
        "FOR /L %I IN (\(range.lowerBound),1,\(range.upperBound)) DO "
    }
}
