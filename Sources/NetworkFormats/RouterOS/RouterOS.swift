import Net
public import Policy
public import PolicyText

/// An export of MikroTik RouterOS.
public enum RouterOS: ConfigFormat {
    public static let name = "routeros"
    public static let platform = "MikroTik RouterOS"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var (menus, entries) = (0, 0)
        for line in text.lines {
            let bare = line.trimmingBlanks
            if bare.hasPrefix("#"), bare.contains("by RouterOS") { return .certain }
            let known = ["/ip ", "/interface ", "/system ", "/routing ", "/user ", "/ipv6 "]
            if known.contains(where: bare.hasPrefix) { menus += 1 }
            if bare.hasPrefix("add ") || bare.hasPrefix("set ") || bare.hasPrefix("/ip firewall") {
                entries += bare.contains("=") ? 1 : 0
            }
        }
        return menus > 0 && entries > 0 ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var builder = RouterOSBuilder(RouterOSReader(text))
        let device = builder.build()
        let translates = device.stages.contains { $0.work == .translate }
        return Configuration(
            file: text.file, format: name, kinds: translates ? [.firewall, .nat] : [.firewall],
            device: device, notes: builder.reader.notes)
    }

    /// Rules put first; the filter sees the address behind the translation.
    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        guard configuration?.device != nil else { return nil }
        let list = { (ports: PortSet) in
            ports.ranges.map {
                $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
            }.joined(separator: ",")
        }
        let mark = "comment=\"pinhole\""
        let undo = { (menu: String) in ["\(menu) remove [find comment=\"pinhole\"]"] }
        switch change {
        case .permit(let ports, let address), .forbid(let ports, let address):
            let action = if case .permit = change { "accept" } else { "drop" }
            let inner = inside(of: address, configuration) ?? address
            return Fix(
                platform: platform,
                commands: [
                    "/ip firewall filter add action=\(action) chain=forward dst-address=\(inner) "
                        + "dst-port=\(list(ports)) protocol=tcp \(mark) place-before=0"
                ], undo: undo("/ip firewall filter"))
        case .translate(let ports, let outside, let inside):
            return Fix(
                platform: platform,
                commands: [
                    "/ip firewall nat add action=dst-nat chain=dstnat dst-address=\(outside) "
                        + "dst-port=\(list(ports)) protocol=tcp to-addresses=\(inside) \(mark)"
                ], undo: undo("/ip firewall nat"))
        default: return nil
        }
    }

    private static func inside(of address: IPAddress, _ configuration: Configuration?) -> IPAddress?
    {
        for rule in configuration?.device?.chains["nat dstnat"]?.rules ?? []
        where rule.match.destinations == AddressSet(address) {
            if case .translate(let to) = rule.action, case .addresses(let all) = to.address,
                all.count == 1
            {
                return all[0]
            }
        }
        return nil
    }
}
