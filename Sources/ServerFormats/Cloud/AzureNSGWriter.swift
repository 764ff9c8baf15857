import Net
import Policy

/// Commands of `az network nsg rule` for a change.
enum AzureNSGWriter {
    static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let ports: PortSet
        let access: String
        switch change {
        case .permit(let wanted, _): (ports, access) = (wanted, "Allow")
        case .forbid(let wanted, _): (ports, access) = (wanted, "Deny")
        default: return nil
        }
        guard !ports.isEmpty else { return nil }
        let group = name(configuration) ?? "GROUP"
        let rule = "ftp-\(access.lowercased())"
        let list = ports.ranges.map { range in
            range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        }
        let target = "--resource-group RESOURCE-GROUP --nsg-name \(group) --name \(rule)"
        let match =
            "--protocol Tcp --source-address-prefixes '*' --source-port-ranges '*' --destination-address-prefixes '*' --destination-port-ranges \(list.joined(separator: " "))"
        return Fix(
            platform: AzureNSG.platform,
            commands: [
                "az network nsg rule create \(target) --priority 100 --direction Inbound --access \(access) \(match)"
            ], undo: ["az network nsg rule delete \(target)"])
    }

    private static func name(_ configuration: Configuration?) -> String? {
        guard let device = configuration?.device, device.selectable.isEmpty,
            let name = device.stages.first?.chain, !name.contains(where: { " '\"".contains($0) })
        else { return nil }
        return name
    }
}
