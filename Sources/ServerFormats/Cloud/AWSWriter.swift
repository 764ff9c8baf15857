import Net
import Policy
import PolicyText

/// Commands of `aws ec2` for a change.
enum AWSWriter {
    /// A group only permits: what opens ports and others too is taken away and given back without
    /// them; nil where a rule for all traffic opens them. It is for every address behind the group.
    static func group(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix? {
        let id = (single(configuration) ?? "").shellWord(else: "sg-GROUP")
        var (commands, undo): ([String], [String]) = ([], [])
        func put(_ isAuthorized: Bool, _ ports: ClosedRange<UInt16>, _ clients: String) {
            func line(_ verb: String) -> String {
                "aws ec2 \(verb)-security-group-ingress --group-id \(id) --ip-permissions 'IpProtocol=tcp,FromPort=\(ports.lowerBound),ToPort=\(ports.upperBound),\(clients)'"
            }
            commands.append(line(isAuthorized ? "authorize" : "revoke"))
            undo.insert(line(isAuthorized ? "revoke" : "authorize"), at: 0)
        }
        func anyone(_ address: IPAddress) -> String {
            address.family == .v4 ? "IpRanges=[{CidrIp=0.0.0.0/0}]" : "Ipv6Ranges=[{CidrIpv6=::/0}]"
        }
        let rows = AWSPermission.rows(configuration)
        switch change {
        case .permit(let ports, let address):
            let there = (rows ?? []).filter { $0.clients == anyone(address) }.map(\.ports)
            for range in ports.ranges where !there.contains(range) {
                put(true, range, anyone(address))
            }
        case .forbid(let ports, let address):
            guard let rows else {
                for range in ports.ranges { put(false, range, anyone(address)) }
                break
            }
            let list = "closed to \(address.family)"
            let closed = PortSet(ports: numbering.taken(of: list).map(UInt16.init))
            let left = AWSPermission.left(of: rows, without: closed, address.family)
            for row in left where row.isOf(address.family) {
                guard let opened = row.ports else { return nil }
                let rest = PortSet(opened).subtracting(ports)
                guard rest != PortSet(opened) else { continue }
                put(false, opened, row.clients)
                let given = left.filter { $0.clients == row.clients }.map(\.ports)
                for range in rest.ranges where !given.contains(range) {
                    put(true, range, row.clients)
                }
            }
            numbering.take(ports.ranges.joined().map(Int.init), of: list)
        default: return nil
        }
        guard !commands.isEmpty else { return nil }
        return Fix(platform: AWSSecurityGroups.platform, commands: commands, undo: undo)
    }

    static func list(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix? {
        let id = (single(configuration) ?? "").shellWord(else: "acl-LIST")
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
        // Below all that are there, so that these come first.
        let taken = numbers(configuration)
        let inbound = numbering.taken(of: "inbound").union(taken.inbound)
        let first = (inbound.min() ?? 100) - ports.ranges.count
        let outbound = numbering.taken(of: "outbound").union(taken.outbound)
        let answer = (outbound.min() ?? 100) - 1
        guard first > 0, answer > 0 else { return nil }
        numbering.take(first..<first + ports.ranges.count, of: "inbound")
        if action == "allow" { numbering.take([answer], of: "outbound") }
        var commands: [String] = []
        var undo: [String] = []
        for (number, range) in zip(first..., ports.ranges) {
            commands.append(
                "aws ec2 create-network-acl-entry --network-acl-id \(id) --ingress --rule-number \(number) --protocol tcp --port-range From=\(range.lowerBound),To=\(range.upperBound) \(cidr) --rule-action \(action)"
            )
            undo.append(
                "aws ec2 delete-network-acl-entry --network-acl-id \(id) --ingress --rule-number \(number)"
            )
        }
        if action == "allow" {
            commands.append(
                "aws ec2 create-network-acl-entry --network-acl-id \(id) --egress --rule-number \(answer) --protocol tcp --port-range From=1024,To=65535 \(cidr) --rule-action allow"
            )
            undo.append(
                "aws ec2 delete-network-acl-entry --network-acl-id \(id) --egress --rule-number \(answer)"
            )
        }
        return Fix(platform: AWSNetworkACLs.platform, commands: commands, undo: undo)
    }

    /// The numbers of entries that are there.
    private static func numbers(
        _ configuration: Configuration?
    ) -> (inbound: [Int], outbound: [Int]) {
        var (inbound, outbound): ([Int], [Int]) = ([], [])
        for document in configuration?.documents ?? [] {
            for entry in (document["NetworkAcls"]?.array ?? []).flatMap({
                $0["Entries"]?.array ?? []
            }) {
                guard let number = entry["RuleNumber"]?.text.flatMap({ Int($0) }) else { continue }
                if entry["Egress"]?.value == .bool(true) {
                    outbound.append(number)
                } else {
                    inbound.append(number)
                }
            }
        }
        return (inbound, outbound)
    }

    /// The one list of the file.
    private static func single(_ configuration: Configuration?) -> String? {
        guard let device = configuration?.device, device.selectable.isEmpty,
            let name = device.stages.first?.chain, !name.isEmpty
        else { return nil }
        return name
    }
}

extension Configuration {
    /// The lines as they were read, as documents of JSON or YAML; empty where they are none.
    var documents: [JSONWithLines] {
        let text = ConfigText(file: file, notes.map(\.text).joined(separator: "\n"))
        do throws(JSONWithLines.Fault) {
            return try StructuredText.documents(text)
        } catch {
            return []
        }
    }
}

/// What one rule of a security group permits to some clients.
struct AWSPermission {
    /// Nil: all traffic.
    var ports: ClosedRange<UInt16>?
    /// As a command names them: `IpRanges=[{CidrIp=0.0.0.0/0}]`.
    var clients: String

    /// Whether clients of that family may be meant.
    func isOf(_ family: IPAddress.Family) -> Bool {
        clients.hasPrefix("Ipv6Ranges") ? family == .v6 : family == .v4 || !clients.hasPrefix("IpR")
    }

    /// The rules that are left when changes before this one closed ports.
    static func left(
        of rows: [AWSPermission], without closed: PortSet, _ family: IPAddress.Family
    ) -> [AWSPermission] {
        guard !closed.isEmpty else { return rows }
        var left: [AWSPermission] = []
        for row in rows {
            guard let ports = row.ports, row.isOf(family) else {
                left.append(row)
                continue
            }
            for range in PortSet(ports).subtracting(closed).ranges
            where !left.contains(where: { $0.ports == range && $0.clients == row.clients }) {
                left.append(AWSPermission(ports: range, clients: row.clients))
            }
        }
        return left
    }

    private static let lists = [
        ("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("PrefixListIds", "PrefixListId"),
        ("UserIdGroupPairs", "GroupId"),
    ]

    /// The rules for TCP of the one group that the lines describe; nil where they describe none.
    static func rows(_ configuration: Configuration?) -> [AWSPermission]? {
        guard let configuration, configuration.device?.selectable.isEmpty == true else {
            return nil
        }
        var rows: [AWSPermission] = []
        for document in configuration.documents {
            for group in document["SecurityGroups"]?.array ?? [] {
                for permission in group["IpPermissions"]?.array ?? [] {
                    for (list, key) in lists {
                        for item in permission[list]?.array ?? [] {
                            guard let value = item[key]?.text else { continue }
                            add(permission, "\(list)=[{\(key)=\(value)}]", to: &rows)
                        }
                    }
                }
            }
            for rule in document["SecurityGroupRules"]?.array ?? []
            where rule["IsEgress"]?.value == .bool(false) {
                if let value = rule["CidrIpv4"]?.text {
                    add(rule, "IpRanges=[{CidrIp=\(value)}]", to: &rows)
                } else if let value = rule["CidrIpv6"]?.text {
                    add(rule, "Ipv6Ranges=[{CidrIpv6=\(value)}]", to: &rows)
                } else if let value = rule["PrefixListId"]?.text {
                    add(rule, "PrefixListIds=[{PrefixListId=\(value)}]", to: &rows)
                } else if let value = rule["ReferencedGroupInfo"]?["GroupId"]?.text {
                    add(rule, "UserIdGroupPairs=[{GroupId=\(value)}]", to: &rows)
                }
            }
        }
        return rows
    }

    private static func add(
        _ rule: JSONWithLines, _ clients: String, to rows: inout [AWSPermission]
    ) {
        switch rule["IpProtocol"]?.text {
        case "-1": rows.append(AWSPermission(ports: nil, clients: clients))
        case "tcp", "6":
            guard let low = rule["FromPort"]?.text.flatMap({ UInt16($0) }),
                let high = rule["ToPort"]?.text.flatMap({ UInt16($0) }), low <= high
            else { return }
            rows.append(AWSPermission(ports: low...high, clients: clients))
        default: break
        }
    }
}
