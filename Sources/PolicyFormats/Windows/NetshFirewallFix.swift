import Net
import Policy

/// Commands of `netsh firewall`, which opens one port a command.
enum NetshFirewallFix {
    static let platform = "Windows Server 2003 (netsh firewall)"

    static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
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
        case .translate:
            return nil
        }
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
