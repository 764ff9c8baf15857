import Foundation
import Net
import Policy
import Testing

@testable import PolicyFormats

/// Firewalls of clouds: a rule is for every address behind the group, list or network.
@Suite struct CloudRoundTripTests {
    static let server = "203.0.113.10"

    static func trip(
        _ format: any ConfigFormat.Type,
        _ carryOut: @escaping @Sendable (String, inout [[String: Any]]) throws -> Void,
        text: @escaping @Sendable ([[String: Any]]) throws -> String,
        rows: @escaping @Sendable (String) throws -> [[String: Any]]
    ) -> RoundTrip {
        var trip = RoundTrip(format) { commands, config in
            var current = try rows(config)
            for command in commands { try carryOut(command, &current) }
            return try text(current)
        }
        trip.bystanders = []
        trip.staysWhenRepeated = false
        return trip
    }

    static func json(_ value: Any) throws -> String {
        let data = try JSONSerialization.data(
            withJSONObject: value, options: [.prettyPrinted, .sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }

    static func object(_ text: String) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return value as? [String: Any] ?? [:]
    }

    static func check(_ trip: RoundTrip, on text: String) throws {
        for ports in ["5001-5201", "21,5001-5201"] {
            try trip.permit(ports, to: server, on: text)
            let set = try #require(PortSet(ports))
            let now = trip.meaning(text, of: try #require(IPAddress(server)))
            if now != now.denying(set) { try trip.forbid(ports, to: server, on: text) }
        }
    }

    // MARK: Amazon

    static func groupText(_ permissions: [[String: Any]]) throws -> String {
        try json(["SecurityGroups": [["GroupId": "sg-1", "IpPermissions": permissions]]])
    }

    /// A rule of a group for one range of clients; AWS knows no two that are the same.
    static let group = trip(AWSSecurityGroups.self) { command, rows in
        guard
            let match = try
                /aws ec2 (authorize|revoke)-security-group-ingress --group-id sg-1 --ip-permissions 'IpProtocol=tcp,FromPort=(\d+),ToPort=(\d+),IpRanges=\[\{CidrIp=([\d.\/]+)\}\]'/
                .wholeMatch(in: command), let low = Int(match.2), let high = Int(match.3)
        else { throw Refused(command) }
        let same = rows.firstIndex { row in
            let clients = (row["IpRanges"] as? [[String: String]])?.first?["CidrIp"]
            return row["FromPort"] as? Int == low && row["ToPort"] as? Int == high
                && clients == String(match.4) && row["IpProtocol"] as? String == "tcp"
        }
        if match.1 == "revoke" {
            guard let same else { throw Refused("InvalidPermission.NotFound: \(command)") }
            rows.remove(at: same)
        } else {
            guard same == nil else { throw Refused("InvalidPermission.Duplicate: \(command)") }
            rows.append(permission(low, high, String(match.4)))
        }
    } text: {
        try groupText($0)
    } rows: { text in
        let groups = try object(text)["SecurityGroups"] as? [[String: Any]]
        return groups?.first?["IpPermissions"] as? [[String: Any]] ?? []
    }

    static func permission(
        _ low: Int, _ high: Int, _ clients: String = "0.0.0.0/0", _ word: String = "tcp"
    ) -> [String: Any] {
        [
            "IpProtocol": word, "FromPort": low, "ToPort": high,
            "IpRanges": [["CidrIp": clients]],
        ]
    }

    @Test func `a security group permits, and takes away`() throws {
        let groups: [[[String: Any]]] = [
            [], [Self.permission(21, 21)], [Self.permission(5001, 5201)],
            [Self.permission(1024, 65535), Self.permission(5050, 5050, "198.51.100.0/24")],
            [Self.permission(5100, 5300), Self.permission(21, 21, "0.0.0.0/0", "udp")],
        ]
        for rows in groups { try Self.check(Self.group, on: try Self.groupText(rows)) }
    }

    @Test func `a rule for all traffic can't be cut`() throws {
        let text = try Self.groupText([
            ["IpProtocol": "-1", "IpRanges": [["CidrIp": "0.0.0.0/0"]]]
        ])
        let configuration = Self.group.read(text)
        let address = try #require(IPAddress(Self.server))
        #expect(AWSSecurityGroups.fix(.forbid(PortSet(21...21), to: address), configuration) == nil)
    }

    static func listText(_ entries: [[String: Any]]) throws -> String {
        try json(["NetworkAcls": [["NetworkAclId": "acl-1", "Entries": entries]]])
    }

    static func entry(
        _ number: Int, _ action: String, _ low: Int, _ high: Int, egress: Bool = false
    ) -> [String: Any] {
        [
            "RuleNumber": number, "RuleAction": action, "Protocol": "6", "Egress": egress,
            "CidrBlock": "0.0.0.0/0", "PortRange": ["From": low, "To": high],
        ]
    }

    static let list = trip(AWSNetworkACLs.self) { command, rows in
        let create =
            /aws ec2 create-network-acl-entry --network-acl-id acl-1 --(ingress|egress) --rule-number (\d+) --protocol tcp --port-range From=(\d+),To=(\d+) --cidr-block 0\.0\.0\.0\/0 --rule-action (allow|deny)/
        let delete =
            /aws ec2 delete-network-acl-entry --network-acl-id acl-1 --(ingress|egress) --rule-number (\d+)/
        func place(_ number: Int, _ egress: Bool) -> Int? {
            rows.firstIndex {
                $0["RuleNumber"] as? Int == number && $0["Egress"] as? Bool == egress
            }
        }
        if let match = try create.wholeMatch(in: command), let number = Int(match.2),
            let low = Int(match.3), let high = Int(match.4)
        {
            guard place(number, match.1 == "egress") == nil, number > 0 else {
                throw Refused("NetworkAclEntryAlreadyExists: \(command)")
            }
            rows.append(entry(number, String(match.5), low, high, egress: match.1 == "egress"))
        } else if let match = try delete.wholeMatch(in: command), let number = Int(match.2),
            let place = place(number, match.1 == "egress")
        {
            rows.remove(at: place)
        } else {
            throw Refused(command)
        }
    } text: {
        try listText($0)
    } rows: { text in
        let lists = try object(text)["NetworkAcls"] as? [[String: Any]]
        return lists?.first?["Entries"] as? [[String: Any]] ?? []
    }

    @Test func `a network ACL takes entries before its own`() throws {
        let lists: [[[String: Any]]] = [
            [],
            [Self.entry(100, "allow", 21, 21), Self.entry(100, "allow", 0, 65535, egress: true)],
            [Self.entry(3, "deny", 5000, 6000), Self.entry(5, "allow", 1024, 65535)],
        ]
        for rows in lists { try Self.check(Self.list, on: try Self.listText(rows)) }
    }

    // MARK: Azure

    static func nsgText(_ rules: [[String: Any]]) throws -> String {
        try json(["name": "nsg", "securityRules": rules])
    }

    static func rule(
        _ name: String, _ priority: Int, _ access: String, _ ports: [String]
    ) -> [String: Any] {
        [
            "name": name, "priority": priority, "access": access, "direction": "Inbound",
            "protocol": "Tcp", "sourceAddressPrefix": "*", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRanges": ports,
            "sourceAddressPrefixes": [String](),
        ]
    }

    static let nsg = trip(AzureNSG.self) { command, rows in
        let head = "az network nsg rule "
        guard command.hasPrefix(head) else { throw Refused(command) }
        let rest = String(command.dropFirst(head.count))
        let create =
            /create --resource-group RESOURCE-GROUP --nsg-name nsg --name (\S+) --priority (\d+) --direction Inbound --access (Allow|Deny) --protocol Tcp --source-address-prefixes '\*' --source-port-ranges '\*' --destination-address-prefixes '\*' --destination-port-ranges ([\d -]+)/
        let delete = /delete --resource-group RESOURCE-GROUP --nsg-name nsg --name (\S+)/
        if let match = try create.wholeMatch(in: rest), let priority = Int(match.2) {
            guard !rows.contains(where: { $0["priority"] as? Int == priority }),
                !rows.contains(where: { $0["name"] as? String == String(match.1) }),
                (100...4096).contains(priority)
            else { throw Refused("SecurityRuleConflict: \(command)") }
            let ports = match.4.split(separator: " ").map(String.init)
            rows.append(rule(String(match.1), priority, String(match.3), ports))
        } else if let match = try delete.wholeMatch(in: rest),
            let place = rows.firstIndex(where: { $0["name"] as? String == String(match.1) })
        {
            rows.remove(at: place)
        } else {
            throw Refused(command)
        }
    } text: {
        try nsgText($0)
    } rows: { text in
        try object(text)["securityRules"] as? [[String: Any]] ?? []
    }

    @Test func `a network security group takes a rule before its own`() throws {
        let groups: [[[String: Any]]] = [
            [Self.rule("a", 300, "Allow", ["21"])],
            [
                Self.rule("ftp-allow", 200, "Allow", ["80"]),
                Self.rule("b", 150, "Deny", ["5000-6000"]),
            ],
            [
                Self.rule("ftp-deny", 4096, "Deny", ["22"]),
                Self.rule("c", 101, "Allow", ["1024-65535"]),
            ],
        ]
        for rows in groups { try Self.check(Self.nsg, on: try Self.nsgText(rows)) }
    }

    // MARK: Google

    static func firewallRule(
        _ name: String, _ ports: [String], denies: Bool = false, priority: Int = 1000
    ) -> [String: Any] {
        [
            "name": name, "priority": priority, "direction": "INGRESS", "disabled": false,
            "network": "default", "sourceRanges": ["0.0.0.0/0"],
            denies ? "denied" : "allowed": [["IPProtocol": "tcp", "ports": ports]],
        ]
    }

    static let google = trip(GCPFirewall.self) { command, rows in
        let create =
            /gcloud compute firewall-rules create (\S+) --network=default --direction=INGRESS --priority=0 --action=(ALLOW|DENY) --rules=(\S+) --source-ranges=0\.0\.0\.0\/0/
        let delete = /gcloud compute firewall-rules delete (\S+) --quiet/
        if let match = try create.wholeMatch(in: command) {
            guard !rows.contains(where: { $0["name"] as? String == String(match.1) }) else {
                throw Refused("already exists: \(command)")
            }
            let ports = match.3.split(separator: ",").map { String($0.dropFirst("tcp:".count)) }
            rows.append(
                firewallRule(String(match.1), ports, denies: match.2 == "DENY", priority: 0))
        } else if let match = try delete.wholeMatch(in: command),
            let place = rows.firstIndex(where: { $0["name"] as? String == String(match.1) })
        {
            rows.remove(at: place)
        } else {
            throw Refused(command)
        }
    } text: {
        try json($0)
    } rows: { text in
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return value as? [[String: Any]] ?? []
    }

    @Test func `a network takes a rule of the highest priority`() throws {
        let networks: [[[String: Any]]] = [
            [Self.firewallRule("a", ["21"])],
            [
                Self.firewallRule("ftp-allow", ["80"]),
                Self.firewallRule("b", ["5000-6000"], denies: true, priority: 10),
            ],
            [
                Self.firewallRule("ftp-deny", ["22"], denies: true),
                Self.firewallRule("c", ["1024-65535"]),
            ],
        ]
        for rows in networks { try Self.check(Self.google, on: try Self.json(rows)) }
    }
}
