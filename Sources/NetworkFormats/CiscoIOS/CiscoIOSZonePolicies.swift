import Net
import Policy
import PolicyText

/// The zone-based firewall as chains: of pairs, of policies, of classes.
///
/// A packet goes from the zone of the interface by which it enters to the zone of that by which it
/// leaves. Within a zone it passes, unless a pair says otherwise; between zones the policy of their
/// pair decides, and none means drop; between a zone and an interface without one it is dropped.
/// Lists at interfaces judge too, before and after. Source: Cisco, Security Configuration Guide:
/// Zone-Based Policy Firewall.
struct IOSZoneBuilder {
    let text: ConfigText
    let config: IOSConfig
    var chains: [String: Chain] = [:]
    private(set) var inspections: [Inspection] = []
    var usedLists: Set<String> = []
    var notes: [(line: Int, state: LineNote.State, why: String)] = []
    private(set) var assumptions: [String] = []
    var building: Set<String> = []
    /// Whether classes have FTP read, as far as it was asked.
    var readings: [String: Reading] = [:]
    private var serial = 0

    static let chain = "zones"
    /// How deep classes are followed into others.
    static let depth = 8

    init(_ text: ConfigText, _ config: IOSConfig) {
        self.text = text
        self.config = config
    }

    var zones: IOSZones { config.zones }

    /// The zone of an interface; interfaces without one are in `default` where that is a zone.
    private func zone(of interface: IOSInterface) -> String? {
        interface.zone?.name ?? (zones.zones["default"] == nil ? nil : "default")
    }

    private func interfaces(in zone: String?) -> Match.Names {
        Match.Names(config.interfaces.filter { self.zone(of: $0) == zone }.map(\.name))
    }

    /// Stages of the firewall, to stand where zones are judged.
    mutating func build() -> [Stage] {
        let drop = Action.deny(answered: false)
        for pair in zones.pairs { addPair(pair) }
        var rules: [FilterRule] = []
        for pair in zones.pairs where pair.source != "self" && pair.destination != "self" {
            let (from, to) = (interfaces(in: pair.source), interfaces(in: pair.destination))
            guard !from.names.isEmpty, !to.names.isEmpty else { continue }
            rules.append(
                FilterRule(
                    Match(entering: from, leaving: to), .go(Self.name(pair)), text.source(pair.line)
                ))
        }
        for zone in Set(config.interfaces.compactMap(zone)).sorted() {
            let names = interfaces(in: zone)
            rules.append(
                FilterRule(
                    Match(entering: names, leaving: names), .permit,
                    text.absence("within zone \(zone)")))
        }
        let without = interfaces(in: nil)
        if !without.names.isEmpty {
            rules.append(
                FilterRule(
                    Match(entering: without, leaving: without), .permit,
                    text.absence("between interfaces without a zone")))
        }
        chains[Self.chain] = Chain(name: Self.chain, rules: rules)
        // To the device itself everything passes where no pair says otherwise.
        let own = zones.pairs.filter { $0.destination == "self" }
            .map { ($0, interfaces(in: $0.source)) }.filter { !$0.1.names.isEmpty }
            .map { pair, names in
                FilterRule(
                    Match(entering: names), .go(Self.name(pair)), text.source(pair.line))
            }
        chains["\(Self.chain) to self"] = Chain(name: "\(Self.chain) to self", rules: own)
        return [
            Stage(
                .filter, chain: Self.chain,
                ending: Setting(drop, text.absence("no zone-pair between the zones: dropped")),
                places: [.through], families: [.v4]),
            Stage(
                .filter, chain: "\(Self.chain) to self",
                ending: Setting(.permit, text.absence("no zone-pair to the device itself")),
                places: [.host], families: [.v4]),
            Stage(
                .filter, chain: "",
                ending: Setting(
                    .unknown("zones aren't modelled for IPv6"), text.absence("zones and IPv6")),
                families: [.v6]),
        ]
    }

    private static func name(_ pair: IOSZones.Pair) -> String { "zone-pair \(pair.line)" }

    // MARK: pairs and policies

    private mutating func addPair(_ pair: IOSZones.Pair) {
        var chain = Chain(name: Self.name(pair))
        let source = text.source(pair.line)
        let drop = Action.deny(answered: false)
        if let (name, line) = pair.policy {
            if let policy = zones.policies[name] {
                addPolicy(policy, to: &chain)
            } else {
                let why = "policy \(name.excerpt) isn't in the file"
                notes.append((line, .notModelled, why))
                chain.rules.append(FilterRule(Match(), .unknown(why), text.source(line)))
            }
        } else {
            chain.rules.append(FilterRule(Match(), drop, source))
        }
        let end = text.absence("class-default: drop")
        chain.rules.append(FilterRule(Match(), drop, end, support: [source]))
        chains[chain.name] = chain
    }

    private mutating func addPolicy(_ policy: IOSZones.Policy, to chain: inout Chain) {
        for entry in policy.entries {
            let tag: String?
            if let name = entry.name { tag = addClass(name, entry.line, &chain) } else { tag = nil }
            let action = entry.action?.is ?? .drop
            let source = text.source(entry.action?.line ?? entry.line)
            let support = [text.source(entry.line)]
            var match = Match()
            if let tag { match.tests = [.tagged(tag, true)] }
            if let beyond = entry.beyond { match.notModelled = [beyond] }
            guard action != .drop else {
                chain.rules.append(
                    FilterRule(match, .deny(answered: false), source, support: support))
                continue
            }
            if action == .pass {
                assumptions.append(
                    "\(text.file):\(source.line ?? 0): pass keeps no state: answers need a zone-pair of their own"
                )
            } else if let name = entry.name, let tag {
                addReading(name, tag, source, match, &chain)
            }
            chain.rules.append(FilterRule(match, .permit, source, support: support))
        }
    }

    /// What a class that reads FTP opens: data connections that are announced in clear text.
    private mutating func addReading(
        _ name: String, _ tag: String, _ source: SourceLine, _ match: Match, _ chain: inout Chain
    ) {
        let reads = reading(name, 0)
        guard reads != .no else { return }
        serial += 1
        let assigned = "inspect \(serial)"
        var reading = match
        reading.tests.append(.tagged(Self.reads(tag), true))
        chain.rules.append(
            FilterRule(reading, .permit, source, effects: [.tag(assigned)]))
        var opened = Match(expectedOnly: true, notModelled: match.notModelled)
        opened.destinations = servers(name, 0)
        if reads == .perhaps {
            opened.notModelled.append("whether a class without a protocol reads FTP isn't known")
        }
        chain.rules.insert(FilterRule(opened, .permit, source), at: 0)
        var inspection = Inspection(
            controlPorts: controlPorts, opensFilter: false, rewritesAddress: false, source: source)
        inspection.assignedBy = assigned
        inspections.append(inspection)
    }

    var controlPorts: PortSet { PortSet(ports: [21] + config.mapped.map(\.port)) }
}
