import Net
public import Policy
public import PolicyText

/// `aws ec2 describe-security-groups` and `describe-security-group-rules`, as JSON or YAML.
///
/// A group is a list of permissions without an order; what none of them names is denied. Several
/// groups of one interface permit what any of them permits: the selection `all` is that union.
/// Sources: Amazon VPC User Guide, "Security group rules"; EC2 API, IpPermission.
public enum AWSSecurityGroups: NumberedFormat {
    public static let name = "aws-security-groups"
    public static let platform = "AWS (security group)"

    static let roots = ["SecurityGroups", "SecurityGroupRules"]

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard roots.contains(where: text.mentions) else { return .no }
        do throws(JSONWithLines.Fault) {
            return try StructuredText.documents(text).contains { document in
                roots.contains { document[$0]?.array != nil }
            } ? .certain : .no
        } catch {
            return text.mentions("\"IpPermissions\"") ? .perhaps : .no
        }
    }

    public static func read(_ text: ConfigText) -> Configuration {
        do throws(JSONWithLines.Fault) {
            var reader = AWSSecurityGroupsReader(text)
            return reader.read(try StructuredText.documents(text))
        } catch {
            return ElementNotes.broken(text, error, format: name)
        }
    }

    public static func fix(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix? {
        AWSWriter.group(change, configuration, numbering)
    }
}

struct AWSSecurityGroupsReader {
    private let text: ConfigText
    private var notes: ElementNotes
    private var rules = CloudRules()
    private var groups: [String] = []
    private var assumptions: Set<String> = []

    init(_ text: ConfigText) {
        self.text = text
        notes = ElementNotes(text)
    }

    mutating func read(_ documents: [JSONWithLines]) -> Configuration {
        for document in documents {
            _ = notes.take(document, shaping: [], idle: AWSSecurityGroups.envelope)
            for group in document["SecurityGroups"]?.array ?? [] { readGroup(group) }
            for rule in document["SecurityGroupRules"]?.array ?? [] { readRule(rule) }
        }
        return Configuration(
            file: text.file, format: AWSSecurityGroups.name, kinds: [.firewall], device: device(),
            notes: notes.finish())
    }

    private mutating func open(_ group: String) {
        if !groups.contains(group) { groups.append(group) }
        rules.open(group)
    }

    private mutating func readGroup(_ group: JSONWithLines) {
        let name =
            group["GroupId"]?.text ?? group["GroupName"]?.text ?? "group \(groups.count + 1)"
        open(name)
        _ = notes.take(
            group, shaping: ["GroupId"],
            idle: [
                "GroupName", "VpcId", "OwnerId", "Description", "Tags", "IpPermissionsEgress",
                "IpPermissions", "SecurityGroupArn",
            ])
        for permission in group["IpPermissions"]?.array ?? [] { readPermission(permission, name) }
    }

    private mutating func readPermission(_ permission: JSONWithLines, _ group: String) {
        let lists = ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"]
        let strange = notes.take(
            permission, shaping: ["IpProtocol", "FromPort", "ToPort"], idle: Set(lists))
        guard
            let match = match(
                permission, permission["FromPort"], permission["ToPort"], strange)
        else { return }
        for range in (permission["IpRanges"]?.array ?? []) + (permission["Ipv6Ranges"]?.array ?? [])
        {
            let strange = notes.take(
                range, shaping: ["CidrIp", "CidrIpv6"], idle: ["Description"])
            let value = range["CidrIp"] ?? range["CidrIpv6"]
            permit(match, addresses: value, at: range, strange, group)
        }
        for list in permission["PrefixListIds"]?.array ?? [] {
            permitUnknown(match, list, "the addresses of a prefix list", group)
        }
        for pair in permission["UserIdGroupPairs"]?.array ?? [] {
            permitMembers(match, pair, group)
        }
    }

    /// A row of `describe-security-group-rules`.
    private mutating func readRule(_ rule: JSONWithLines) {
        let name = rule["GroupId"]?.text ?? "group \(groups.count + 1)"
        open(name)
        guard rule["IsEgress"]?.value == .bool(false) else {
            let known = rule["IsEgress"]?.value == .bool(true)
            notes.add(rule, known ? .irrelevant : .notModelled, "for what the interface sends")
            return
        }
        let strange = notes.take(
            rule,
            shaping: [
                "GroupId", "IsEgress", "IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6",
            ],
            idle: [
                "SecurityGroupRuleId", "GroupOwnerId", "Description", "Tags", "PrefixListId",
                "ReferencedGroupInfo", "SecurityGroupRuleArn",
            ])
        guard let match = match(rule, rule["FromPort"], rule["ToPort"], strange) else { return }
        if let value = rule["CidrIpv4"] ?? rule["CidrIpv6"] {
            permit(match, addresses: value, at: value, [], name)
        } else if rule["ReferencedGroupInfo"] != nil {
            permitMembers(match, rule, name)
        } else {
            permitUnknown(match, rule, "the addresses of a prefix list", name)
        }
    }

    /// Protocol and ports; nil where it isn't for TCP.
    private mutating func match(
        _ rule: JSONWithLines, _ from: JSONWithLines?, _ to: JSONWithLines?, _ strange: [String]
    ) -> Match? {
        var match = Match()
        for key in strange { match.notModelled.append("key \(key.excerpt) isn't known") }
        switch CloudValues.transport(rule["IpProtocol"]?.text ?? "", all: ["-1"]) {
        case .all: return match
        case .other(let name):
            notes.set(rule, .irrelevant, "for \(name)")
            return nil
        case .unknown(let why):
            notes.add(rule, .notModelled, why)
            match.notModelled.append(why)
            return match
        case .tcp: break
        }
        let bounds = (from?.text, to?.text)
        if let low = bounds.0.flatMap({ UInt16($0) }), let high = bounds.1.flatMap({ UInt16($0) }),
            low <= high
        {
            match.destinationPorts = PortSet(low...high)
        } else {
            match.notModelled.append("its ports can't be read")
            notes.add(rule, .notModelled, "its ports can't be read")
        }
        return match
    }

    private mutating func permit(
        _ match: Match, addresses: JSONWithLines?, at element: JSONWithLines, _ strange: [String],
        _ group: String
    ) {
        var match = match
        for key in strange { match.notModelled.append("key \(key.excerpt) isn't known") }
        if let text = addresses?.text, let set = CloudValues.addresses(text) {
            match.sources = set
        } else {
            match.notModelled.append("its addresses can't be read")
            notes.add(element, .notModelled, "its addresses can't be read")
        }
        let source = text.source(addresses?.line ?? element.line)
        rules.add(FilterRule(match, .permit, source), to: group)
    }

    private mutating func permitUnknown(
        _ match: Match, _ element: JSONWithLines, _ what: String, _ group: String
    ) {
        var match = match
        match.notModelled.append("\(what), which the file doesn't hold")
        notes.set(element, .notModelled, "\(what), which the file doesn't hold")
        rules.add(FilterRule(match, .permit, text.source(line(of: element))), to: group)
    }

    /// A rule for members of a group is for their own addresses: private ones, of IPv4.
    private mutating func permitMembers(
        _ match: Match, _ element: JSONWithLines, _ group: String
    ) {
        let set = CloudValues.privateV4.union(.allV6)
        assumptions.insert(
            "\(text.file): members of a group that rules name are taken to have private IPv4 addresses"
        )
        var match = match
        match.sources = set
        permitUnknown(match, element, "the members of a group", group)
    }

    /// The line that tells most of an element: its first that isn't a bracket alone.
    private func line(of element: JSONWithLines) -> Int {
        let lines = element.line...max(element.line, element.last)
        return lines.first { number in
            text.lines.indices.contains(number - 1)
                && text.lines[number - 1].contains { $0.isLetter }
        } ?? element.line
    }

    private mutating func device() -> Device {
        var device = Device(usualPlace: .through)
        for group in groups {
            device.stages.append(stage(group))
        }
        if groups.count > 1 {
            for group in groups {
                let source = text.absence("security group \(group)")
                rules.add(FilterRule(Match(), .jump(group), source), to: "all")
            }
            device.stages.append(stage("all"))
            device.selectable = groups + ["all"]
        }
        if groups.isEmpty {
            device.stages = [
                Stage(
                    .filter, chain: "",
                    ending: Setting(
                        .unknown("it holds no security group"), text.absence("no security group")))
            ]
        }
        device.chains = rules.chains
        device.assumptions =
            assumptions.sorted() + [
                "\(text.file): a route, a public address and a network ACL may be needed beside the group"
            ]
        return device
    }

    private func stage(_ chain: String) -> Stage {
        Stage(
            .filter, chain: chain,
            ending: Setting(.deny(answered: false), text.absence("implicit deny")))
    }
}

extension AWSSecurityGroups {
    /// Keys of an answer that hold no rule themselves.
    static let envelope: Set<String> = [
        "SecurityGroups", "SecurityGroupRules", "NetworkAcls", "NextToken", "ResponseMetadata",
    ]
}
