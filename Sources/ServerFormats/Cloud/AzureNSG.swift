import Net
public import Policy
public import PolicyText

/// An Azure network security group: `az network nsg show`, `az network nsg list`, or a resource of
/// an ARM template or export, as JSON or YAML.
///
/// Rules are tried by priority, the lowest number first; the platform's own come last. A group at
/// the subnet and one at the interface must both allow: given together, they do.
/// Source: Azure documentation, "Network security groups", "Virtual network service tags".
public enum AzureNSG: NumberedFormat {
    public static let name = "azure-nsg"
    public static let platform = "Azure (network security group)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("securityRules") else { return .no }
        do throws(JSONWithLines.Fault) {
            return try !groups(StructuredText.documents(text)).isEmpty ? .certain : .no
        } catch {
            return text.mentions("\"securityRules\"") ? .perhaps : .no
        }
    }

    public static func read(_ text: ConfigText) -> Configuration {
        do throws(JSONWithLines.Fault) {
            var reader = AzureNSGReader(text)
            let documents = try StructuredText.documents(text)
            return reader.read(groups(documents), separateRules(documents))
        } catch {
            return ElementNotes.broken(text, error, format: name)
        }
    }

    public static func fix(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix? {
        AzureNSGWriter.fix(change, configuration, numbering)
    }

    /// The groups of a text: lone ones, lists of them, and those among a template's resources; a bare
    /// list of rules is one.
    static func groups(_ documents: [JSONWithLines]) -> [JSONWithLines] {
        documents.flatMap { document -> [JSONWithLines] in
            let items = items(document)
            let groups = items.filter { rules($0, "securityRules") != nil }
            guard groups.isEmpty, !items.isEmpty, items.allSatisfy(isRule) else { return groups }
            let list = JSONWithLines(
                value: .array(items), line: document.line, last: document.last)
            return [
                JSONWithLines(
                    value: .object([.init(key: "securityRules", value: list)]),
                    line: document.line, last: document.last)
            ]
        }
    }

    /// Rules that stand among a template's resources, beside their group.
    static func separateRules(_ documents: [JSONWithLines]) -> [JSONWithLines] {
        documents.flatMap { $0["resources"]?.array ?? [] }.filter { item in
            item["type"]?.text?.lowercased().hasSuffix("/networksecuritygroups/securityrules")
                ?? false
        }
    }

    private static func items(_ document: JSONWithLines) -> [JSONWithLines] {
        // `az network nsg create` puts the group that it made beneath `NewNSG`.
        document.array ?? document["value"]?.array ?? document["resources"]?.array
            ?? [document["NewNSG"] ?? document]
    }

    private static func isRule(_ item: JSONWithLines) -> Bool {
        let body = item["properties"] ?? item
        return ["access", "direction", "priority"].allSatisfy { body[$0] != nil }
    }

    /// A list of rules: beneath `properties` in a resource, beside the name in `az`'s output.
    static func rules(_ group: JSONWithLines, _ key: String) -> [JSONWithLines]? {
        (group["properties"]?[key] ?? group[key])?.array
    }
}

struct AzureNSGReader {
    let text: ConfigText
    var notes: ElementNotes
    var assumptions: Set<String> = []
    private var rules = CloudRules()
    private var names: [String] = []

    /// Keys of a group, or of a template, that hold no rule.
    static let idle: Set<String> = [
        "id", "name", "type", "location", "properties", "provisioningState", "resourceGuid",
        "etag", "tags", "networkInterfaces", "subnets", "flowLogs", "flushConnection",
        "resourceGroup", "securityRules", "defaultSecurityRules", "apiVersion", "dependsOn",
        "NewNSG",
    ]

    init(_ text: ConfigText) {
        self.text = text
        notes = ElementNotes(text)
    }

    mutating func read(
        _ groups: [JSONWithLines], _ separate: [JSONWithLines] = []
    ) -> Configuration {
        for group in groups { readGroup(group, separate, alone: groups.count == 1) }
        return Configuration(
            file: text.file, format: AzureNSG.name, kinds: [.firewall], device: device(),
            notes: notes.finish())
    }

    private mutating func readGroup(
        _ group: JSONWithLines, _ separate: [JSONWithLines], alone: Bool
    ) {
        let stated = group["name"]?.text ?? "group \(names.count + 1)"
        let name = names.contains(stated) ? "\(stated) (\(names.count + 1))" : stated
        names.append(name)
        rules.open(name)
        _ = notes.take(group, shaping: [], idle: Self.idle)
        if let properties = group["properties"] {
            _ = notes.take(properties, shaping: [], idle: Self.idle)
        }
        var read: [(priority: Int, rules: [FilterRule])] = []
        for element in AzureNSG.rules(group, "securityRules") ?? [] {
            if let rule = rule(element) { read.append(rule) }
        }
        for element in separate {
            guard var rule = rule(element) else { continue }
            if !alone {
                let why = "it isn't told to which group it belongs"
                for index in rule.rules.indices { rule.rules[index].match.notModelled.append(why) }
                notes.set(element, .notModelled, why)
            }
            read.append(rule)
        }
        let defaults = AzureNSG.rules(group, "defaultSecurityRules")
        for element in defaults ?? [] {
            if let rule = rule(element) { read.append(rule) }
        }
        if defaults?.isEmpty ?? true { read += shippedDefaults() }
        let sorted = read.enumerated().sorted {
            ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset)
        }
        for rule in sorted.flatMap(\.element.rules) { rules.add(rule, to: name) }
    }

    /// The rules that every group has, where the text leaves them out.
    private mutating func shippedDefaults() -> [(priority: Int, rules: [FilterRule])] {
        var network = AzureAddresses(self)
        network.read("VirtualNetwork", allows: true)
        let vnet = network.matches.map {
            FilterRule($0, .permit, text.absence("AllowVnetInBound (65000)"))
        }
        var balancer = AzureAddresses(self)
        balancer.read("AzureLoadBalancer", allows: true)
        let probe = balancer.matches.map {
            FilterRule($0, .permit, text.absence("AllowAzureLoadBalancerInBound (65001)"))
        }
        assumptions.formUnion(network.assumptions)
        return [(65000, vnet), (65001, probe)]
    }

    private func device() -> Device {
        var device = Device(usualPlace: .through, chains: rules.chains)
        for name in names {
            device.stages.append(
                Stage(
                    .filter, chain: name,
                    ending: Setting(
                        .deny(answered: false), text.absence("DenyAllInBound (65500)"))))
        }
        if names.isEmpty {
            let none = text.absence("no network security group")
            let ending = Setting(Action.unknown("it holds no network security group"), none)
            device.stages = [Stage(.filter, chain: "", ending: ending)]
        }
        if names.count > 1 { device.selectable = names }
        device.assumptions = assumptions.sorted()
        return device
    }
}

extension AzureNSG: JointFormat {
    package static func read(together texts: [ConfigText]) -> Configuration {
        Joint.series(texts.map(read)) ?? read(ConfigText(file: "", ""))
    }
}
