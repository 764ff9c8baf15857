import Net
import Policy
import PolicyText

/// Commands of `az network nsg rule` for a change; a rule is for every address behind the group.
///
/// The new rule goes before all others where a priority is free there; 100 is the lowest.
enum AzureNSGWriter {
    static func fix(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix? {
        let ports: PortSet
        let access: String
        switch change {
        case .permit(let wanted, _): (ports, access) = (wanted, "Allow")
        case .forbid(let wanted, _): (ports, access) = (wanted, "Deny")
        default: return nil
        }
        guard !ports.isEmpty else { return nil }
        let group = (name(configuration) ?? "").shellWord(else: "GROUP")
        let (names, there, denials) = present(configuration)
        let given = numbering.taken(of: "")
        let priorities = there + given
        // As many names are taken as numbers: of each change one.
        var taken = names
        for _ in given.indices { taken.append("ftp-\(access.lowercased())".unused(taken)) }
        let rule = "ftp-\(access.lowercased())".unused(taken)
        let before = (priorities.min() ?? 101) - 1
        guard
            let priority = before >= 100
                ? before : (100...4096).first(where: { !priorities.contains($0) })
        else { return nil }
        if access == "Allow" {
            let above = denials.filter { $0.priority < priority }.map(\.line)
            let rules = configuration?.device?.chains.values.flatMap(\.rules) ?? []
            let isShut = rules.contains { rule in
                guard case .deny = rule.action, let line = rule.source.line else { return false }
                return above.contains(line)
                    && !(rule.match.destinationPorts ?? .all).isDisjoint(with: ports)
            }
            guard !isShut else { return nil }
        }
        numbering.take([priority], of: "")
        let list = ports.ranges.map { range in
            range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        }
        let target = "--resource-group RESOURCE-GROUP --nsg-name \(group) --name \(rule)"
        let match =
            "--protocol Tcp --source-address-prefixes '*' --source-port-ranges '*' --destination-address-prefixes '*' --destination-port-ranges \(list.joined(separator: " "))"
        return Fix(
            platform: AzureNSG.platform,
            commands: [
                "az network nsg rule create \(target) --priority \(priority) --direction Inbound --access \(access) \(match)"
            ], undo: ["az network nsg rule delete \(target)"])
    }

    /// Names and priorities of the rules for what comes in, and the lines of those that deny.
    private static func present(
        _ configuration: Configuration?
    ) -> (names: [String], priorities: [Int], denials: [(priority: Int, line: Int)]) {
        var (names, priorities): ([String], [Int]) = ([], [])
        var denials: [(priority: Int, line: Int)] = []
        let documents = configuration?.documents ?? []
        let lists = AzureNSG.groups(documents).compactMap { AzureNSG.rules($0, "securityRules") }
        for rule in lists.flatMap(\.self) + AzureNSG.separateRules(documents) {
            if let name = rule["name"]?.text { names.append(name) }
            let body = rule["properties"] ?? rule
            guard body["direction"]?.text?.lowercased() == "inbound" else { continue }
            if let number = body["priority"]?.text.flatMap({ Int($0) }) {
                priorities.append(number)
                if body["access"]?.text?.lowercased() == "deny" {
                    denials.append((number, rule.line))
                }
            }
        }
        return (names, priorities, denials)
    }

    private static func name(_ configuration: Configuration?) -> String? {
        guard let device = configuration?.device, device.selectable.isEmpty,
            let name = device.stages.first?.chain, !name.contains(where: { " '\"".contains($0) })
        else { return nil }
        return name
    }
}
