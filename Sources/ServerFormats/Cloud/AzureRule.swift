import Net
import Policy
import PolicyText

extension AzureNSGReader {
    private static let shapingRule: Set<String> = [
        "protocol", "sourcePortRange", "sourcePortRanges", "destinationPortRange",
        "destinationPortRanges", "sourceAddressPrefix", "sourceAddressPrefixes",
        "destinationAddressPrefix", "destinationAddressPrefixes", "access", "priority",
        "direction", "name",
    ]

    private static let idleInRule: Set<String> = [
        "id", "etag", "type", "apiVersion", "dependsOn", "properties", "provisioningState",
        "description",
        "resourceGroup", "sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups",
    ]

    /// A rule for what enters; nil where it is none.
    mutating func rule(_ element: JSONWithLines) -> (priority: Int, rules: [FilterRule])? {
        let body = element["properties"] ?? element
        var strange = notes.take(element, shaping: Self.shapingRule, idle: Self.idleInRule)
        if element["properties"] != nil {
            strange += notes.take(body, shaping: Self.shapingRule, idle: Self.idleInRule)
        }
        var doubts = strange.map { "key \($0.excerpt) isn't known" }
        switch body["direction"]?.text?.lowercased() {
        case "inbound": break
        case "outbound":
            notes.set(element, .irrelevant, "for what leaves")
            return nil
        default: doubts.append("its direction can't be read")
        }
        switch CloudValues.transport(body["protocol"]?.text ?? "", all: ["*"]) {
        case .tcp, .all: break
        case .other(let name):
            notes.set(element, .irrelevant, "for \(name)")
            return nil
        case .unknown(let why): doubts.append(why)
        }
        let action = action(body, &doubts)
        let number = body["priority"]?.text.flatMap { Int($0) }
        if number == nil { doubts.append("its priority can't be read") }
        var match = Match()
        match.sourcePorts = ports(body, "sourcePortRange", &doubts)
        match.destinationPorts = ports(body, "destinationPortRange", &doubts)
        for side in ["sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups"]
        where !(body[side]?.array ?? []).isEmpty {
            doubts.append("it is for members of an application security group")
        }
        let alternatives = addresses(body, match, allows: action == .permit, &doubts)
        if let why = doubts.first { notes.set(element, .notModelled, why) }
        let source = text.source((element["name"] ?? element).line)
        let rules = alternatives.map { match in
            var match = match
            match.notModelled += doubts
            return FilterRule(match, action, source)
        }
        return (number ?? 0, rules)
    }

    private func action(_ body: JSONWithLines, _ doubts: inout [String]) -> Action {
        switch body["access"]?.text?.lowercased() {
        case "allow": return .permit
        case "deny": return .deny(answered: false)
        default:
            doubts.append("its access can't be read")
            return .unknown("its access can't be read")
        }
    }

    /// The values of `key` and of its plural.
    private func values(_ body: JSONWithLines, _ key: String, _ plural: String) -> [JSONWithLines] {
        var values: [JSONWithLines] = []
        if let value = body[key], value.value != .null, value.text != "" { values.append(value) }
        return values + (body[plural]?.array ?? [])
    }

    /// Nil: all.
    private func ports(
        _ body: JSONWithLines, _ key: String, _ doubts: inout [String]
    ) -> PortSet? {
        let values = values(body, key, key + "s")
        var ranges: [ClosedRange<UInt16>] = []
        for value in values {
            if value.text == "*" { return nil }
            guard let range = value.text.flatMap(CloudValues.ports) else {
                doubts.append("its \(key) can't be read")
                return nil
            }
            ranges.append(range)
        }
        if ranges.isEmpty { doubts.append("it has no \(key)") }
        return ranges.isEmpty ? nil : PortSet(ranges)
    }

    private mutating func addresses(
        _ body: JSONWithLines, _ match: Match, allows: Bool, _ doubts: inout [String]
    ) -> [Match] {
        var sources = AzureAddresses(self)
        let wanted = values(body, "sourceAddressPrefix", "sourceAddressPrefixes")
        for value in wanted { sources.read(value.text ?? "", allows: allows) }
        let groups = body["sourceApplicationSecurityGroups"]?.array ?? []
        if wanted.isEmpty, groups.isEmpty { doubts.append("it has no source address") }
        assumptions.formUnion(sources.assumptions)
        if let why = sources.doubt { notes.set(body, .notModelled, why) }
        let bySource = wanted.isEmpty ? [Match()] : sources.matches
        let destinations = destinations(body, &doubts)
        return bySource.flatMap { source -> [Match] in
            var match = match
            match.sources = source.sources
            match.notModelled = source.notModelled
            guard let destinations else { return [match] }
            return Match.behindTranslation(match, destinations)
        }
    }

    /// Nil: all. What enters a network is for an address of it.
    private func destinations(_ body: JSONWithLines, _ doubts: inout [String]) -> AddressSet? {
        var set = AddressSet()
        let values = values(body, "destinationAddressPrefix", "destinationAddressPrefixes")
        for value in values {
            let text = value.text ?? ""
            if text == "*" || text.same("any") || text.same("VirtualNetwork") { return nil }
            guard let part = CloudValues.addresses(text) else {
                doubts.append("the addresses of \(text.excerpt) aren't in the file")
                return nil
            }
            set = set.union(part)
        }
        let groups = body["destinationApplicationSecurityGroups"]?.array ?? []
        if values.isEmpty, groups.isEmpty { doubts.append("it has no destination address") }
        return values.isEmpty ? nil : set
    }
}

/// Sources of a rule: addresses and service tags.
struct AzureAddresses {
    private let file: String
    private var known: AddressSet? = AddressSet()
    private var doubtful: [(AddressSet, String)] = []
    private(set) var assumptions: Set<String> = []

    init(_ reader: AzureNSGReader) { file = reader.text.file }

    /// Why some of them aren't known.
    var doubt: String? { doubtful.first { $0.0 != Self.hidden }?.1 }

    private static let hidden = CloudValues.privateV4.union(CloudValues.privateV6)
    /// The platform's own address for probes, DHCP and DNS.
    private static let platform = Prefix("168.63.129.16/32").map { AddressSet($0) } ?? AddressSet()

    /// `*`, an address or prefix, or a service tag. A rule that doesn't allow is in doubt wherever
    /// its tag may reach, as what it leaves may be let in by another.
    mutating func read(_ text: String, allows: Bool) {
        let tag = text.lowercased()
        let network = "the network's own addresses aren't in the file (\(text.excerpt))"
        switch tag {
        case "*", "any": known = nil
        case "azureloadbalancer": add(Self.platform)
        case "virtualnetwork" where allows:
            assume()
            doubtful.append((Self.hidden, network))
            add(Self.platform)
        case "virtualnetwork": doubtful.append((.all, network))
        case "internet":
            assume()
            add(AddressSet.all.subtracting(Self.hidden).subtracting(Self.platform))
            doubtful.append((Self.hidden, network))
        default:
            if let set = CloudValues.addresses(text) {
                add(set)
            } else {
                doubtful.append((.all, "the addresses of \(text.excerpt) aren't in the file"))
            }
        }
    }

    private mutating func add(_ set: AddressSet) { known = known?.union(set) }

    private mutating func assume() {
        assumptions.insert(
            "\(file): VirtualNetwork is taken to hold private addresses only, and Internet all others"
        )
    }

    /// Alternatives of a rule: those known, and those in doubt.
    var matches: [Match] {
        guard let known else { return [Match()] }
        var matches = known.isEmpty ? [] : [Match(sources: known)]
        matches += doubtful.map { Match(sources: $0.0, notModelled: [$0.1]) }
        return matches
    }
}
