import Net
public import Policy
public import PolicyText

/// A Junos configuration, as `set` lines or in braces: filters, and the policies of an SRX.
public enum Junos: ConfigFormat {
    public static let name = "junos"
    public static let platform = "Juniper Junos"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var points = 0
        let sections: Set<String> = [
            "security", "firewall", "applications", "policy-options", "routing-options",
            "protocols", "interfaces",
        ]
        for line in text.lines {
            let words = line.split { $0 == " " || $0 == "\t" || $0 == ";" }.prefix(4)
                .map(String.init)
            guard words.count > 1 else { continue }
            if words[0] == "set", words.count > 2 {
                if ["rulebase", "deviceconfig", "vsys", "shared", "zone", "address"]
                    .contains(words[1])
                {
                    return .no
                }
                points += sections.contains(words[1]) ? 3 : 0
                if words[1] == "system", words[2] == "host-name" { points += 3 }
            } else if line.first?.isLetter == true, words[1] == "{" {
                points += sections.contains(words[0]) || words[0] == "system" ? 2 : 0
            } else if ["from-zone", "security-zone", "family"].contains(words[0]),
                words.last == "{"
            {
                points += 3
            }
        }
        return points >= 3 ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let reader = JunosReader(text)
        return reader.firewall.configuration(of: text.file, name, reader.notes)
    }

    /// Lines of configuration mode: an application, an address and a policy before the others.
    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        guard let configuration, case .permit(let ports, let address) = change else { return nil }
        let lines = configuration.notes.map(\.text).joined(separator: "\n")
        let reader = JunosReader(ConfigText(file: configuration.file, lines))
        guard let device = configuration.device, reader.firewall.hasPolicies,
            let (inner, ports) = device.filteredHost(ports, of: address),
            let entering = device.usualEntering,
            let from = reader.firewall.interfaces.first(where: { $0.name == entering })?.zone,
            let leaving = device.leaving(towards: inner),
            let to = reader.firewall.interfaces.first(where: { $0.name == leaving })?.zone,
            !device.stillDenies(ports, of: address, opening: ["policies": [(inner, ports)]])
        else { return nil }
        let present = reader.tree.values(
            "security", "policies", "from-zone", from, "to-zone", to, "policy", in: 0)
        let policy = String.opening(ports, of: inner).unused(present)
        let host = "pinhole-\(inner)"
        let head = "security policies from-zone \(from) to-zone \(to)"
        let applications = ports.ranges.map { "pinhole-tcp-\($0.lowerBound)-\($0.upperBound)" }
        // Junos takes no global book beside those of zones.
        let zones = reader.tree.children(reader.tree.find(["security", "zones", "security-zone"]))
        let ownBooks = zones.contains { reader.tree.find("address-book", in: $0) != nil }
        let book = ownBooks ? "zones security-zone \(to) address-book" : "address-book global"
        var commands = [
            "set security \(book) address \(host) \(inner)/\(inner.family.width)"
        ]
        for (range, name) in zip(ports.ranges, applications) {
            commands.append("set applications application \(name) protocol tcp")
            commands.append(
                "set applications application \(name) destination-port \(range.lowerBound)-\(range.upperBound)"
            )
        }
        commands += [
            "set \(head) policy \(policy) match source-address any",
            "set \(head) policy \(policy) match destination-address \(host)",
        ]
        commands += applications.map { "set \(head) policy \(policy) match application \($0)" }
        commands.append("set \(head) policy \(policy) then permit")
        if let first = present.first {
            commands.append("insert \(head) policy \(policy) before policy \(first)")
        }
        return Fix(
            platform: platform, commands: commands,
            undo: ["delete \(head) policy \(policy)"], restart: ["commit"])
    }
}
