import Net
public import Policy
public import PolicyText

/// VPC firewall rules of Google Cloud: `gcloud compute firewall-rules list --format=json` or yaml,
/// `describe`, the API's list.
///
/// Rules are tried by priority, the lowest number first, a denial before a permission of the same
/// number; what none matches is denied on the way in. A rule with target tags or accounts holds for
/// some instances only; the selection `NETWORK/TAG` is an instance that carries that tag alone.
/// Source: Google Cloud documentation, "VPC firewall rules"; Compute Engine API, `firewalls`.
public enum GCPFirewall: NumberedFormat {
    public static let name = "gcp-firewall-rules"
    public static let platform = "Google Cloud (VPC firewall rules)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("IPProtocol") else { return .no }
        do throws(JSONWithLines.Fault) {
            let documents = try StructuredText.documents(text)
            if !effective(documents).isEmpty { return .certain }
            let items = rules(documents)
            return !items.isEmpty && items.allSatisfy(isRule) ? .certain : .no
        } catch {
            return text.mentions("\"IPProtocol\"") && text.mentions("\"sourceRanges\"")
                ? .perhaps : .no
        }
    }

    public static func read(_ text: ConfigText) -> Configuration {
        do throws(JSONWithLines.Fault) {
            var reader = GCPFirewallReader(text)
            return reader.read(try StructuredText.documents(text))
        } catch {
            return ElementNotes.broken(text, error, format: name)
        }
    }

    public static func fix(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix? {
        GCPFirewallWriter.fix(change, configuration, numbering)
    }

    /// The rules of a text: lists of them, the API's `items`, or one rule a document.
    static func rules(_ documents: [JSONWithLines]) -> [JSONWithLines] {
        documents.flatMap { $0.array ?? [$0] }.flatMap { document in
            document["items"]?.array ?? document["firewalls"]?.array
                ?? (document[policies] == nil ? [document] : [])
        }
    }

    /// Answers of `getEffectiveFirewalls`, which hold the policies too.
    static func effective(_ documents: [JSONWithLines]) -> [JSONWithLines] {
        documents.flatMap { $0.array ?? [$0] }.filter { $0[policies]?.array != nil }
    }

    /// As the API spells it.
    static let policies = "firewallPolicys"

    private static func isRule(_ item: JSONWithLines) -> Bool {
        guard case .object = item.value, item["name"]?.text != nil else { return false }
        return (item["allowed"] ?? item["denied"])?.array != nil
    }
}

struct GCPFirewallReader {
    private struct Rule {
        var priority: Int
        var denies: Bool
        var network: String
        /// Nil: for every instance.
        var tags: [String]?
        /// Accounts of the instances that it is for.
        var accounts: Bool
        var rules: [FilterRule]
    }

    let text: ConfigText
    var notes: ElementNotes
    /// Rules of policies, which stand before those of the network or behind them.
    var ofPolicies: [FilterRule] = []
    private var read: [Rule] = []
    private var networks: [String] = []
    /// Whether a rule names instances as sources.
    private var namesInstances = false
    /// Whether the policies of the network, and of what stands above it, are in the file.
    private var isWhole = false

    private static let shaping: Set<String> = [
        "direction", "disabled", "priority", "sourceRanges", "sourceTags", "name", "network",
        "sourceServiceAccounts", "targetTags", "targetServiceAccounts", "destinationRanges",
    ]

    private static let idle: Set<String> = [
        "allowed", "denied", "description", "creationTimestamp", "id", "kind", "selfLink",
        "logConfig", "enableLogging", "params", "selfLinkWithId",
    ]

    init(_ text: ConfigText) {
        self.text = text
        notes = ElementNotes(text)
    }

    mutating func read(_ documents: [JSONWithLines]) -> Configuration {
        let effective = GCPFirewall.effective(documents)
        for document in effective { readPolicies(document) }
        for item in GCPFirewall.rules(documents) { readRule(item) }
        if networks.isEmpty, !effective.isEmpty { networks = ["default"] }
        isWhole = !effective.isEmpty
        return Configuration(
            file: text.file, format: GCPFirewall.name, kinds: [.firewall], device: device(),
            notes: notes.finish())
    }

    private mutating func readRule(_ item: JSONWithLines) {
        let strange = notes.take(item, shaping: Self.shaping, idle: Self.idle)
        var doubts = strange.map { "key \($0.excerpt) isn't known" }
        let network = Self.last(item["network"]?.text ?? "default")
        if !networks.contains(network) { networks.append(network) }
        switch item["direction"]?.text?.lowercased() ?? "ingress" {
        case "ingress": break
        case "egress": return notes.set(item, .irrelevant, "for what leaves")
        default: doubts.append("its direction can't be read")
        }
        switch item["disabled"]?.value ?? .bool(false) {
        case .bool(false): break
        case .bool(true): return notes.set(item, .irrelevant, "it is disabled")
        default: doubts.append("whether it is disabled can't be read")
        }
        let priority = item["priority"].map { $0.text.flatMap { Int($0) } } ?? 1000
        if priority == nil { doubts.append("its priority can't be read") }
        if item["allowed"] != nil, item["denied"] != nil {
            doubts.append("it both allows and denies")
        }
        let denies = item["denied"] != nil
        let protocols = (item["allowed"]?.array ?? []) + (item["denied"]?.array ?? [])
        let source = text.source((item["name"] ?? item).line)
        var rules: [FilterRule] = []
        let sources = sources(item, denies: denies, &doubts)
        let destinations = destinations(item, &doubts)
        for match in protocols.flatMap({ matches($0) }) {
            for sources in sources {
                var match = match
                match.sources = sources.sources
                match.notModelled += sources.notModelled + doubts
                let matches =
                    destinations.map { Match.behindTranslation(match, $0) } ?? [match]
                let action: Action = denies ? .deny(answered: false) : .permit
                rules += matches.map { FilterRule($0, action, source) }
            }
        }
        if rules.isEmpty { notes.set(item, .irrelevant, "not for TCP") }
        if let why = doubts.first { notes.set(item, .notModelled, why) }
        read.append(
            Rule(
                priority: priority ?? 0, denies: denies, network: network,
                tags: item["targetTags"]?.array.map { $0.compactMap(\.text) },
                accounts: !(item["targetServiceAccounts"]?.array ?? []).isEmpty, rules: rules))
    }

    /// The last part of a URL or path.
    private static func last(_ text: String) -> String {
        text.split(separator: "/").last.map(String.init) ?? text
    }

    /// What an element of `allowed` or `denied` is for; none where it isn't TCP.
    private mutating func matches(_ element: JSONWithLines) -> [Match] {
        let strange = notes.take(element, shaping: ["IPProtocol", "ports"], idle: [])
        var match = Match(notModelled: strange.map { "key \($0.excerpt) isn't known" })
        switch CloudValues.transport(element["IPProtocol"]?.text ?? "", all: ["all"]) {
        case .all: return [match]
        case .other(let name):
            notes.set(element, .irrelevant, "for \(name)")
            return []
        case .unknown(let why):
            match.notModelled.append(why)
            notes.set(element, .notModelled, why)
            return [match]
        case .tcp: break
        }
        guard let ports = element["ports"], ports.value != .null else { return [match] }
        let ranges = (ports.array ?? []).map { $0.text.flatMap(CloudValues.ports) }
        if ranges.contains(nil) || ports.array == nil {
            match.notModelled.append("its ports can't be read")
            notes.set(element, .notModelled, "its ports can't be read")
        } else if !ranges.isEmpty {
            match.destinationPorts = PortSet(ranges.compactMap(\.self))
        }
        return [match]
    }

    /// Ranges, tags and accounts are alternatives; without any, every source of IPv4 is meant.
    private mutating func sources(
        _ item: JSONWithLines, denies: Bool, _ doubts: inout [String]
    ) -> [Match] {
        var matches: [Match] = []
        let ranges = item["sourceRanges"]?.array ?? []
        var set = AddressSet()
        for range in ranges {
            guard let part = range.text.flatMap(CloudValues.addresses) else {
                doubts.append("its sourceRanges can't be read")
                continue
            }
            set = set.union(part)
        }
        if !set.isEmpty { matches.append(Match(sources: set)) }
        for key in ["sourceTags", "sourceServiceAccounts"] {
            guard let list = item[key], !(list.array ?? []).isEmpty else { continue }
            let why = "the addresses of instances (\(key)) aren't in the file"
            notes.set(list, .notModelled, why)
            namesInstances = true
            matches.append(
                Match(
                    sources: denies ? .all : CloudValues.privateV4.union(.allV6),
                    notModelled: [why]))
        }
        guard matches.isEmpty else { return matches }
        if !ranges.isEmpty { return [Match()] }
        return [
            Match(sources: .allV4),
            Match(sources: .allV6, notModelled: ["it names no source, and so perhaps IPv4 only"]),
        ]
    }

    /// Nil: all, or none that can be read.
    private func destinations(_ item: JSONWithLines, _ doubts: inout [String]) -> AddressSet? {
        guard let element = item["destinationRanges"], element.value != .null else { return nil }
        let sets = element.array?.map { $0.text.flatMap(CloudValues.addresses) } ?? [nil]
        guard !sets.isEmpty else { return nil }
        guard !sets.contains(nil) else {
            doubts.append("its destinationRanges can't be read")
            return nil
        }
        return sets.compactMap(\.self).reduce(AddressSet()) { $0.union($1) }
    }

    // MARK: the device

    private func device() -> Device {
        var device = Device(usualPlace: .through)
        for network in networks {
            let own = read.enumerated().filter { $0.element.network == network }
                .sorted { a, b in
                    (a.element.priority, a.element.denies ? 0 : 1, a.offset)
                        < (b.element.priority, b.element.denies ? 0 : 1, b.offset)
                }.map(\.element)
            add(network, own, tag: nil, to: &device)
            for tag in Set(own.flatMap { $0.tags ?? [] }).sorted() {
                add("\(network)/\(tag)", own, tag: tag, to: &device)
            }
        }
        // Empty where there are none, and where the account sees none.
        if networks.isEmpty {
            let none = text.absence("no firewall rule")
            let ending = Setting(Action.unknown("it holds no firewall rule"), none)
            device.stages = [Stage(.filter, chain: "default", ending: ending)]
        }
        if device.stages.count > 1 {
            device.selectable = device.stages.map(\.chain)
            if networks.count == 1 { device.usualSelection = networks.first }
        }
        device.assumptions = [
            isWhole
                ? "\(text.file): firewall policies of regions stand beside these rules"
                : "\(text.file): firewall policies of the organisation, folders and networks stand above these rules"
        ]
        if namesInstances {
            device.assumptions.append(
                "\(text.file): instances that rules name as sources are taken to have private IPv4 addresses"
            )
        }
        return device
    }

    /// The chain of an instance: of no known tags, or of one tag alone.
    private func add(_ name: String, _ rules: [Rule], tag: String?, to device: inout Device) {
        var chain = Chain(name: name, rules: ofPolicies)
        for rule in rules {
            var why: String?
            if let tags = rule.tags, !tags.isEmpty {
                let list = tags.joined(separator: ", ").excerpt
                if let tag {
                    guard tags.contains(tag) else { continue }
                } else {
                    why = "it holds for instances with tag \(list) only"
                }
            }
            if rule.accounts { why = "it holds for instances of some service accounts only" }
            chain.rules += rule.rules.map { filter in
                var filter = filter
                if let why { filter.match.notModelled.append(why) }
                return filter
            }
        }
        device.chains[name] = chain
        device.stages.append(
            Stage(
                .filter, chain: name,
                ending: Setting(
                    .deny(answered: false), text.absence("implied deny ingress (65535)"))))
    }
}

/// Commands of `gcloud compute firewall-rules` for a change; a rule is for every address of the
/// network. Of two rules of priority 0 the denying one counts: what such a one denies, no rule opens.
enum GCPFirewallWriter {
    static func fix(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix? {
        let ports: PortSet
        let address: IPAddress
        let action: String
        switch change {
        case .permit(let wanted, let to): (ports, address, action) = (wanted, to, "ALLOW")
        case .forbid(let wanted, let to): (ports, address, action) = (wanted, to, "DENY")
        default: return nil
        }
        guard !ports.isEmpty else { return nil }
        var names = (configuration?.notes ?? []).compactMap {
            $0.text.firstMatch(of: /\bname"?\s*:\s*"?([\w-]+)/).map { String($0.1) }
        }
        // Of each change before this one a name is taken.
        let given = numbering.taken(of: action)
        for _ in given { names.append("ftp-\(action.lowercased())".unused(names)) }
        numbering.take([given.count], of: action)
        let name = "ftp-\(action.lowercased())".unused(names)
        let list = ports.ranges.map { range in
            range.count == 1
                ? "tcp:\(range.lowerBound)" : "tcp:\(range.lowerBound)-\(range.upperBound)"
        }
        let network = (configuration?.device?.stages.first?.chain ?? "default")
            .shellWord(else: "NETWORK")
        let anyone = address.family == .v4 ? "0.0.0.0/0" : "::/0"
        return Fix(
            platform: GCPFirewall.platform,
            commands: [
                "gcloud compute firewall-rules create \(name) --network=\(network) --direction=INGRESS --priority=0 --action=\(action) --rules=\(list.joined(separator: ",")) --source-ranges=\(anyone)"
            ], undo: ["gcloud compute firewall-rules delete \(name) --quiet"])
    }
}
