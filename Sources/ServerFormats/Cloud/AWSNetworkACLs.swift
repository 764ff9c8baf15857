import Net
public import Policy
public import PolicyText

/// `aws ec2 describe-network-acls`, as JSON or YAML.
///
/// Entries are tried by number, those for what enters and what leaves apart; the first that matches
/// decides. Nothing is remembered: answers need an entry of their own on the way out, to the
/// client's port. Source: Amazon VPC User Guide, "Control subnet traffic with network ACLs".
public enum AWSNetworkACLs: NumberedFormat {
    public static let name = "aws-network-acls"
    public static let platform = "AWS (network ACL)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("NetworkAcls") else { return .no }
        do throws(JSONWithLines.Fault) {
            return try StructuredText.documents(text).contains { $0["NetworkAcls"]?.array != nil }
                ? .certain : .no
        } catch {
            return text.mentions("\"NetworkAcls\"") ? .perhaps : .no
        }
    }

    public static func read(_ text: ConfigText) -> Configuration {
        do throws(JSONWithLines.Fault) {
            var reader = AWSNetworkACLsReader(text)
            return reader.read(try StructuredText.documents(text))
        } catch {
            return ElementNotes.broken(text, error, format: name)
        }
    }

    public static func fix(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix? {
        AWSWriter.list(change, configuration, numbering)
    }
}

struct AWSNetworkACLsReader {
    private let text: ConfigText
    private var notes: ElementNotes
    private var rules = CloudRules()
    private var lists: [String] = []

    init(_ text: ConfigText) {
        self.text = text
        notes = ElementNotes(text)
    }

    /// The chain that judges what leaves by way of a list.
    static func answers(_ list: String) -> String { "\(list) egress" }

    mutating func read(_ documents: [JSONWithLines]) -> Configuration {
        for document in documents {
            _ = notes.take(document, shaping: [], idle: AWSSecurityGroups.envelope)
            for list in document["NetworkAcls"]?.array ?? [] { readList(list) }
        }
        return Configuration(
            file: text.file, format: AWSNetworkACLs.name, kinds: [.firewall], device: device(),
            notes: notes.finish())
    }

    private mutating func readList(_ list: JSONWithLines) {
        let name = list["NetworkAclId"]?.text ?? "list \(lists.count + 1)"
        if !lists.contains(name) { lists.append(name) }
        rules.open(name)
        rules.open(Self.answers(name))
        _ = notes.take(
            list, shaping: ["NetworkAclId"],
            idle: ["Entries", "Associations", "IsDefault", "Tags", "VpcId", "OwnerId"])
        var entries: [(number: Int, element: JSONWithLines)] = []
        for entry in list["Entries"]?.array ?? [] {
            if let number = entry["RuleNumber"]?.text.flatMap({ Int($0) }) {
                entries.append((number, entry))
            } else {
                notes.set(entry, .notModelled, "its number can't be read")
                // It may stand anywhere, so it makes all in doubt.
                entries.append((0, entry))
            }
        }
        // Sorting keeps the order of equal numbers; two families may share one.
        let sorted = entries.enumerated().sorted {
            ($0.element.number, $0.offset) < ($1.element.number, $1.offset)
        }
        for entry in sorted.map(\.element) { readEntry(entry.element, name) }
    }

    private mutating func readEntry(_ entry: JSONWithLines, _ list: String) {
        let strange = notes.take(
            entry,
            shaping: [
                "CidrBlock", "Ipv6CidrBlock", "Egress", "PortRange", "Protocol", "RuleAction",
                "RuleNumber",
            ], idle: ["IcmpTypeCode"])
        var match = Match()
        var doubts = strange.map { "key \($0.excerpt) isn't known" }
        if entry["RuleNumber"]?.text.flatMap({ Int($0) }) == nil {
            doubts.append("its number can't be read")
        }
        switch CloudValues.transport(entry["Protocol"]?.text ?? "", all: ["-1"]) {
        case .all: break
        case .other(let name): return notes.set(entry, .irrelevant, "for protocol \(name)")
        case .unknown(let why): doubts.append(why)
        case .tcp:
            let range = entry["PortRange"]
            if let low = range?["From"]?.text.flatMap({ UInt16($0) }),
                let high = range?["To"]?.text.flatMap({ UInt16($0) }), low <= high
            {
                match.destinationPorts = PortSet(low...high)
            } else {
                doubts.append("its ports can't be read")
            }
        }
        if let set = (entry["CidrBlock"] ?? entry["Ipv6CidrBlock"])?.text
            .flatMap(CloudValues.addresses)
        {
            match.sources = set
        } else {
            doubts.append("its addresses can't be read")
        }
        let action: Action
        switch entry["RuleAction"]?.text {
        case "allow": action = .permit
        case "deny": action = .deny(answered: false)
        default: action = .unknown("its action can't be read")
        }
        match.notModelled = doubts
        if let why = doubts.first { notes.set(entry, .notModelled, why) }
        add(match, action, entry, list, &doubts)
    }

    private mutating func add(
        _ match: Match, _ action: Action, _ entry: JSONWithLines, _ list: String,
        _ doubts: inout [String]
    ) {
        let source = text.source((entry["RuleNumber"] ?? entry).line)
        let direction = entry["Egress"]?.value
        if direction != .bool(true) {
            var match = match
            if direction != .bool(false) {
                match.notModelled.append("its direction can't be read")
                notes.set(entry, .notModelled, "its direction can't be read")
            }
            rules.add(FilterRule(match, action, source), to: list)
        }
        if direction != .bool(false) {
            var match = match
            // An answer goes to the port that the client came from.
            match.sourcePorts = match.destinationPorts
            match.destinationPorts = nil
            rules.add(FilterRule(match, action, source), to: Self.answers(list))
        }
    }

    private func device() -> Device {
        var device = Device(usualPlace: .through, chains: rules.chains)
        let ending: Setting<Action> = Setting(
            .deny(answered: false), text.absence("implicit deny"))
        for list in lists {
            device.stages.append(Stage(.filter, chain: list, ending: ending))
            device.answers[list] = [
                Stage(.filter, chain: Self.answers(list), ending: ending)
            ]
        }
        if lists.count > 1 { device.selectable = lists }
        if lists.isEmpty {
            device.stages = [
                Stage(
                    .filter, chain: "",
                    ending: Setting(
                        .unknown("it holds no network ACL"), text.absence("no network ACL")))
            ]
        }
        device.assumptions = [
            "\(text.file): a security group, a route and a public address may be needed beside the list"
        ]
        return device
    }
}
