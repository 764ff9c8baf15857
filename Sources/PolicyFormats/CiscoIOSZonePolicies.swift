import Net
import Policy

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
    private(set) var chains: [String: Chain] = [:]
    private(set) var inspections: [Inspection] = []
    private(set) var usedLists: Set<String> = []
    private(set) var notes: [(line: Int, state: LineNote.State, why: String)] = []
    private(set) var assumptions: [String] = []
    private var building: Set<String> = []
    /// Whether classes have FTP read, as far as it was asked.
    private var readings: [String: Reading] = [:]
    private var serial = 0

    static let chain = "zones"
    /// How deep classes are followed into others.
    private static let depth = 8

    init(_ text: ConfigText, _ config: IOSConfig) {
        self.text = text
        self.config = config
    }

    private var zones: IOSZones { config.zones }

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

    private var controlPorts: PortSet { PortSet(ports: [21] + config.mapped.map(\.port)) }

    // MARK: classes

    private static func tag(_ name: String) -> String { "class \(name)" }
    private static func reads(_ tag: String) -> String { "\(tag) reads FTP" }
    /// Of a packet that went through the class: once is enough.
    private static func judged(_ tag: String) -> String { "\(tag) was judged" }

    /// Has the chain find out whether a packet is of the class.
    ///
    /// - Returns: The tag that a packet of the class has then.
    private mutating func addClass(_ name: String, _ line: Int, _ chain: inout Chain) -> String {
        let tag = Self.tag(name)
        guard let map = zones.classMaps[name] else {
            let why = "class \(name.excerpt) isn't in the file"
            notes.append((line, .notModelled, why))
            chain.rules.append(
                FilterRule(
                    Match(notModelled: [why]), .next, text.source(line), effects: [.tag(tag)]))
            return tag
        }
        if chains[tag] == nil { buildClass(name, tag, map) }
        var match = Match()
        match.tests = [.tagged(Self.judged(tag), false)]
        chain.rules.append(FilterRule(match, .jump(tag), text.source(line)))
        return tag
    }

    private mutating func buildClass(_ name: String, _ tag: String, _ map: IOSZones.ClassMap) {
        var chain = Chain(name: tag)
        guard building.insert(name).inserted, building.count <= Self.depth else {
            let why = "classes name one another"
            chain.rules = [
                FilterRule(
                    Match(notModelled: [why]), .next, text.source(map.line), effects: [.tag(tag)])
            ]
            chains[tag] = chain
            return
        }
        var tests: [PacketTest] = []
        var readers: [String] = []
        for (number, condition) in map.conditions.enumerated() {
            let met = "\(tag) \(number)"
            let source = text.source(condition.line)
            addCondition(condition.is, met, source, &chain)
            let test = PacketTest.tagged(met, !condition.negated)
            tests.append(test)
            let reader: String? =
                switch condition.is {
                case .transport("ftp") where !condition.negated: met
                case .classMap(let other) where !condition.negated: Self.reads(Self.tag(other))
                default: nil
                }
            if map.needsAll {
                if let reader { readers.append(reader) }
                continue
            }
            // The first condition that holds says how it is read.
            var match = Match()
            match.tests = [.tagged(tag, false), test]
            if let reader {
                var both = match
                both.tests.append(.tagged(reader, true))
                chain.rules.append(
                    FilterRule(
                        both, .next, source, effects: [.tag(tag), .tag(Self.reads(tag))]))
            } else if case .list = condition.is {
                chain.rules.append(
                    FilterRule(
                        match, .next, source, effects: [.tag(tag), .tag(Self.reads(tag))]))
            }
            chain.rules.append(FilterRule(match, .next, source, effects: [.tag(tag)]))
        }
        if map.needsAll, !tests.isEmpty {
            let source = text.source(map.line)
            let hasProtocol = map.conditions.contains { condition in
                if case .list = condition.is { false } else { true }
            }
            for reader in readers {
                var match = Match()
                match.tests = tests + [.tagged(reader, true)]
                chain.rules.append(
                    FilterRule(match, .next, source, effects: [.tag(Self.reads(tag))]))
            }
            var match = Match()
            match.tests = tests
            let effects: [Effect] = hasProtocol ? [.tag(tag)] : [.tag(tag), .tag(Self.reads(tag))]
            chain.rules.append(FilterRule(match, .next, source, effects: effects))
        }
        chain.rules.append(
            FilterRule(
                Match(), .next, text.source(map.line), effects: [.tag(Self.judged(tag))]))
        building.remove(name)
        chains[tag] = chain
    }

    /// Rules that tag what meets the condition.
    private mutating func addCondition(
        _ condition: IOSZones.ClassMap.Condition, _ met: String, _ source: SourceLine,
        _ chain: inout Chain
    ) {
        func rule(_ match: Match) -> FilterRule {
            FilterRule(match, .next, source, effects: [.tag(met)])
        }
        switch condition {
        case .transport(let name):
            switch ports(of: name) {
            case .all: chain.rules.append(rule(Match()))
            case .these(let ports): chain.rules.append(rule(Match(destinationPorts: ports)))
            case .none: break
            case .unknown:
                let why = "what protocol \(name.excerpt) matches isn't known"
                if let line = source.line { notes.append((line, .notModelled, why)) }
                chain.rules.append(rule(Match(notModelled: [why])))
            }
        case .list(let name): addList(name, met, source, &chain)
        case .classMap(let name):
            let tag = addClass(name, source.line ?? 0, &chain)
            var match = Match()
            match.tests = [.tagged(tag, true)]
            chain.rules.append(rule(match))
        case .beyond(let why): chain.rules.append(rule(Match(notModelled: [why])))
        }
    }

    /// What a protocol matches, with the ports that the device gives it beside its own.
    private func ports(of name: String) -> IOSProtocols.Ports {
        let own = IOSProtocols.ports(name, ftp: controlPorts)
        guard case .these(let ports) = own, let mapped = config.mappedElse[name] else { return own }
        return mapped.map { .these(ports.union($0)) } ?? .unknown
    }

    private mutating func addList(
        _ name: String, _ met: String, _ source: SourceLine, _ chain: inout Chain
    ) {
        usedLists.insert(name)
        guard let list = config.lists[name], list.strange == nil else {
            let why = "list \(name.excerpt) isn't in the file, or isn't understood"
            if let line = source.line { notes.append((line, .notModelled, why)) }
            chain.rules.append(
                FilterRule(Match(notModelled: [why]), .next, source, effects: [.tag(met)]))
            return
        }
        var entries = Chain(name: met)
        for entry in list.ordered {
            let line = text.source(entry.line)
            let effects: [Effect] = entry.permits ? [.tag(met)] : []
            do throws(IOSFault) {
                for match in try config.matches(entry, extended: list.extended) {
                    entries.rules.append(FilterRule(match, .return, line, effects: effects))
                }
            } catch {
                switch error {
                case .refused(let why): notes.append((entry.line, .invalid, why))
                case .puzzling(let why):
                    notes.append((entry.line, .notRecognised, why))
                    entries.rules.append(
                        FilterRule(
                            Match(notModelled: [why]), .return, line, effects: [.tag(met)]))
                }
            }
        }
        chains[met] = entries
        chain.rules.append(FilterRule(Match(), .jump(met), source))
    }

    // MARK: FTP

    private enum Reading { case yes, perhaps, no }

    /// Whether a class may have FTP read.
    private mutating func reading(_ name: String, _ depth: Int) -> Reading {
        if let known = readings[name] { return known }
        guard let map = zones.classMaps[name] else { return .no }
        guard depth < Self.depth else { return .perhaps }
        var (sure, perhaps, other) = (false, false, false)
        for condition in map.conditions where !condition.negated {
            switch condition.is {
            case .transport("ftp"): sure = true
            case .classMap(let name):
                let below = reading(name, depth + 1)
                if below == .yes { sure = true }
                if below == .perhaps { perhaps = true }
                if below == .no { other = true }
            case .list: perhaps = true
            case .transport, .beyond: other = true
            }
        }
        // All must hold: one protocol names it for all. Any may: a list may be the one that holds.
        let reading: Reading =
            map.needsAll
            ? sure ? .yes : other || !perhaps ? .no : .perhaps
            : perhaps ? .perhaps : sure ? .yes : .no
        readings[name] = reading
        return reading
    }

    /// The servers to which a class is restricted by lists; nil: to none, or it can't be told.
    private func servers(_ name: String, _ depth: Int) -> AddressSet? {
        guard let map = zones.classMaps[name], map.needsAll else { return nil }
        for condition in map.conditions where !condition.negated {
            guard case .list(let listName) = condition.is, let list = config.lists[listName] else {
                continue
            }
            var named = AddressSet()
            for entry in list.entries where entry.permits {
                guard let matches = try? config.matches(entry, extended: list.extended) else {
                    return nil
                }
                for match in matches where match.never == nil {
                    named = named.union(match.destinations ?? .all)
                }
            }
            return named
        }
        return nil
    }
}

/// What `match protocol` means of a connection's first packet.
enum IOSProtocols {
    enum Ports: Hashable {
        case all
        case these(PortSet)
        /// Not TCP.
        case none
        case unknown
    }

    private static let others: Set<String> = [
        "udp", "icmp", "icmpv6", "ntp", "tftp", "dhcp", "bootpc", "bootps", "snmp", "snmptrap",
        "isakmp", "ipsec-msft", "esp", "ah", "gre", "gtpv0", "gtpv1", "rtp",
    ]

    private static let more: [String: UInt16] = [
        "ftps": 990, "ldaps": 636, "imap": 143, "imaps": 993, "pop3s": 995, "rtsp": 554,
        "dns": 53, "ms-sql": 1433, "mysql": 3306, "kerberos": 88, "ssh": 22, "socks": 1080,
        "telnets": 992, "rdp": 3389,
    ]

    static func ports(_ name: String, ftp: PortSet) -> Ports {
        if name == "tcp" || name == "any" { return .all }
        if name == "ftp" { return .these(ftp) }
        if others.contains(name) { return .none }
        guard let port = IOSPorts.names[name] ?? more[name] else { return .unknown }
        return .these(PortSet(ports: [port]))
    }
}
