import Net
import Policy

/// Commands of `aws ec2` for a change.
enum AWSWriter {
    static func group(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let id = single(configuration) ?? "sg-GROUP"
        let verbs: (String, String)
        let ports: PortSet
        let address: IPAddress
        switch change {
        case .permit(let wanted, let to):
            (ports, address) = (wanted, to)
            verbs = ("authorize", "revoke")
        case .forbid(let wanted, let to):
            (ports, address) = (wanted, to)
            verbs = ("revoke", "authorize")
        default: return nil
        }
        guard !ports.isEmpty else { return nil }
        func lines(_ verb: String) -> [String] {
            ports.ranges.map { range in
                let span = "FromPort=\(range.lowerBound),ToPort=\(range.upperBound)"
                let anyone =
                    address.family == .v4
                    ? "IpRanges=[{CidrIp=0.0.0.0/0}]" : "Ipv6Ranges=[{CidrIpv6=::/0}]"
                return
                    "aws ec2 \(verb)-security-group-ingress --group-id \(id) --ip-permissions 'IpProtocol=tcp,\(span),\(anyone)'"
            }
        }
        return Fix(
            platform: AWSSecurityGroups.platform, commands: lines(verbs.0), undo: lines(verbs.1))
    }

    static func list(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let id = single(configuration) ?? "acl-LIST"
        let ports: PortSet
        let address: IPAddress
        let action: String
        switch change {
        case .permit(let wanted, let to): (ports, address, action) = (wanted, to, "allow")
        case .forbid(let wanted, let to): (ports, address, action) = (wanted, to, "deny")
        default: return nil
        }
        guard !ports.isEmpty else { return nil }
        let cidr =
            address.family == .v4 ? "--cidr-block 0.0.0.0/0" : "--ipv6-cidr-block ::/0"
        var commands: [String] = []
        var undo: [String] = []
        // Numbers below those that the console and templates begin with, so that these come first.
        for (number, range) in zip(1..., ports.ranges) {
            commands.append(
                "aws ec2 create-network-acl-entry --network-acl-id \(id) --ingress --rule-number \(number) --protocol tcp --port-range From=\(range.lowerBound),To=\(range.upperBound) \(cidr) --rule-action \(action)"
            )
            undo.append(
                "aws ec2 delete-network-acl-entry --network-acl-id \(id) --ingress --rule-number \(number)"
            )
        }
        if action == "allow" {
            commands.append(
                "aws ec2 create-network-acl-entry --network-acl-id \(id) --egress --rule-number 1 --protocol tcp --port-range From=1024,To=65535 \(cidr) --rule-action allow"
            )
            undo.append(
                "aws ec2 delete-network-acl-entry --network-acl-id \(id) --egress --rule-number 1")
        }
        return Fix(platform: AWSNetworkACLs.platform, commands: commands, undo: undo)
    }

    /// The one list of the file.
    private static func single(_ configuration: Configuration?) -> String? {
        guard let device = configuration?.device, device.selectable.isEmpty,
            let name = device.stages.first?.chain, !name.isEmpty
        else { return nil }
        return name
    }
}
