import Net
public import Policy
public import PolicyText

/// A FortiOS configuration: policies, addresses, services and virtual addresses.
public enum FortiOS: NumberedFormat {
    public static let name = "fortios"
    public static let platform = "FortiOS"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var (sections, edits) = (0, 0)
        for line in text.lines {
            if line.hasPrefix("#config-version=") { return .certain }
            let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
            guard let first = words.first else { continue }
            if first == "config", words.count > 1,
                ["system", "firewall", "router", "vdom", "global", "user", "vpn", "log"]
                    .contains(words[1])
            {
                sections += 1
            } else if first == "edit" || first == "next" || line == "end" {
                edits += 1
            }
        }
        return sections > 0 && edits > 0 ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let reader = FortiOSReader(text)
        return reader.firewall.configuration(of: text.file, name, reader.notes)
    }

    /// A service, an address and a policy of their own, put before the others.
    public static func fix(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix? {
        guard let configuration, let device = configuration.device,
            case .permit(let ports, let address) = change, address.family == .v4
        else { return nil }
        let lines = configuration.notes.map(\.text).joined(separator: "\n")
        let reader = FortiOSReader(ConfigText(file: configuration.file, lines))
        // A policy for a virtual address is for what that one carries, at the ports behind it.
        let carriers = reader.firewall.forwards.filter {
            $0.destinations.set == AddressSet(address)
        }
        let forwarded = carriers.filter { !($0.ports ?? .all).isDisjoint(with: ports) }
        guard carriers.isEmpty || !forwarded.isEmpty, reader.firewall.hasPolicies,
            let (inner, seen) = device.filteredHost(ports, of: address),
            let entering = device.usualEntering, let leaving = device.leaving(towards: inner),
            !device.stillDenies(
                forwarded.isEmpty
                    ? ports
                    : forwarded.reduce(PortSet()) { $0.union($1.ports ?? .all) }
                        .intersection(ports),
                of: address, opening: ["policies": [(inner, seen)]])
        else { return nil }
        let zone = { (name: String) in
            reader.firewall.interfaces.first { $0.name == name }?.zone ?? name
        }
        let used = reader.tree.children(reader.tree.find(["firewall policy"]))
            .compactMap { Int(reader.tree.name($0)) }
        // Another number for another opening, for an edit of one that is there changes it.
        let first = Int(inner.bits & 0xffff) << 14 + (Int(seen.first ?? 0) + seen.count) % (1 << 14)
        let taken = numbering.taken(of: "policy").union(used)
        let number = (first...first + taken.count + 1).first { !taken.contains($0) } ?? first
        numbering.take([number], of: "policy")
        let ranges = seen.ranges.map { "\($0.lowerBound)-\($0.upperBound)" }
        let services = reader.tree.children(reader.tree.find(["firewall service custom"]))
            .map { reader.tree.name($0) }
        let policies = configuration.notes.compactMap {
            $0.text.firstMatch(of: /^\s*set name "(.*)"\s*$/).map { String($0.1) }
        }
        let name = String.opening(seen, of: inner).unused(services + policies)
        var commands = [
            "config firewall service custom", "edit \"\(name)\"",
            "set tcp-portrange \(ranges.joined(separator: " "))", "next", "end",
        ]
        var targets = forwarded.map { "\"\($0.name.dropFirst(4))\"" }
        if targets.isEmpty {
            targets = ["\"pinhole-\(inner)\""]
            commands += [
                "config firewall address", "edit \(targets[0])",
                "set subnet \(inner) 255.255.255.255", "next", "end",
            ]
        }
        commands += [
            "config firewall policy", "edit \(number)", "set name \"\(name)\"",
            "set srcintf \"\(zone(entering))\"", "set dstintf \"\(zone(leaving))\"",
            "set srcaddr \"all\"", "set dstaddr \(targets.joined(separator: " "))",
            "set service \"\(name)\"",
            "set schedule \"always\"", "set action accept", "next",
        ]
        if let first = used.first { commands.append("move \(number) before \(first)") }
        commands.append("end")
        return Fix(
            platform: platform, commands: commands,
            undo: ["config firewall policy", "delete \(number)", "end"])
    }
}
