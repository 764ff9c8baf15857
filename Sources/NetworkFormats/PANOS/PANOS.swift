import Net
public import Policy
public import PolicyText

/// A PAN-OS configuration: XML, braces or `set` lines.
public enum PANOS: ConfigFormat {
    public static let name = "panos"
    public static let platform = "Palo Alto PAN-OS"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var points = 0
        for line in text.lines {
            let bare = line.trimmingBlanks
            if bare.hasPrefix("<") {
                if bare.hasPrefix("<pfsense") || bare.hasPrefix("<opnsense") { return .no }
                if bare.hasPrefix("<entry name=\"localhost.localdomain\"")
                    || bare.hasPrefix("<vsys>") || bare.hasPrefix("<rulebase>")
                    || bare.hasPrefix("<config ") && bare.contains("urldb")
                {
                    points += 2
                }
                continue
            }
            let words = bare.split(separator: " ", maxSplits: 3).map(String.init)
            guard words.count > 1 else { continue }
            if words[0] == "set",
                ["deviceconfig", "rulebase", "vsys", "shared", "zone"].contains(words[1])
                    || words[1] == "network" && words.count > 2
                        && ["interface", "virtual-router"].contains(words[2])
            {
                points += 2
            } else if ["localhost.localdomain", "deviceconfig", "vsys", "rulebase", "vsys1"]
                .contains(words[0]), words[1] == "{"
            {
                points += 2
            }
        }
        return points >= 2 ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let reader = PANOSReader(text)
        return reader.firewall.configuration(of: text.file, name, reader.notes)
    }

    /// `set` lines for a service and a rule; the rule names the address before translation.
    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        guard let configuration, let device = configuration.device,
            case .permit(let ports, let address) = change
        else { return nil }
        let lines = configuration.notes.map(\.text).joined(separator: "\n")
        let reader = PANOSReader(ConfigText(file: configuration.file, lines))
        guard reader.firewall.hasPolicies,
            let (inner, _) = device.filteredHost(ports, of: address),
            let entering = device.usualEntering,
            let from = reader.firewall.interfaces.first(where: { $0.name == entering })?.zone,
            let leaving = device.leaving(towards: inner),
            let to = reader.firewall.interfaces.first(where: { $0.name == leaving })?.zone
        else { return nil }
        let list = ports.ranges.map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }.joined(separator: ",")
        let texts = configuration.notes.map(\.text)
        let used = texts.flatMap { $0.split { " \t<>\"{};[]".contains($0) }.map { "\($0)" } }
        let name = String.opening(ports, of: inner).unused(used)
        let rule = "rulebase security rules \(name)"
        let head = "set \(rule)"
        return Fix(
            platform: platform,
            commands: [
                "set service \(name) protocol tcp port \(list)", "\(head) from \(from)",
                "\(head) to \(to)", "\(head) source any", "\(head) destination \(address)",
                "\(head) application any", "\(head) service \(name)", "\(head) action allow",
                "move \(rule) top",
            ],
            undo: [
                "delete \(rule)", "delete service \(name)",
            ], restart: ["commit"])
    }
}
