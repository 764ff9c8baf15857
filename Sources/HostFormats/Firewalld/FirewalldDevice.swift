import Net
import Policy
import PolicyText

/// Zones, policies and services taken together, and the device that they make.
///
/// The order is that of firewalld's nftables backend: policies of negative priority, the zone's
/// rich rules of negative priority, those that deny, all that accepts, rich rules of positive
/// priority, policies of positive priority, the target.
struct FirewalldDevice {
    var file: String
    var zones: [FirewalldSet] = []
    var policies: [FirewalldSet] = []
    var services: [String: FirewalldService] = [:]
    var helpers: [String: (module: String, ports: PortSet)] = [:]
    var direct: SourceLine?
    var defaultZone: Setting<String>?
    /// Before 1.0, what a zone of sources leaves undecided goes on to a zone of interfaces
    /// (firewalld.org, "Allowing Zone Drifting").
    var drifts: SourceLine?
    /// A file that can't be read, and why.
    var broken: Setting<String>?

    /// The selection that follows the bindings of zones.
    static let byBinding = "by-binding"

    private func absence(_ text: String) -> SourceLine {
        SourceLine(file: file, line: nil, text: text)
    }

    private static func tag(_ zone: FirewalldSet) -> String { "zone \(zone.name)" }

    private func tests(_ zone: FirewalldSet) -> [PacketTest] {
        zones.count > 1 ? [.tagged(Self.tag(zone), true)] : []
    }

    /// Nil where no zone is given.
    func device() -> Device? {
        if let broken {
            return Device(
                usualPlace: .host,
                stages: [
                    Stage(
                        .filter, chain: "", ending: Setting(.unknown(broken.value), broken.source))
                ])
        }
        guard !zones.isEmpty else { return nil }
        var device = Device(usualPlace: .host)
        device.denialsFirst = true
        device.assumptions = ["\(file): firewalld is taken as running, in these files' state"]
        if (zones + policies).contains(where: { $0.entries.contains(where: \.limited) }) {
            device.assumptions.append(IPTablesRule.firstPacket)
        }
        choose(&device)
        translate(&device)
        filter("INPUT", .host, &device)
        filter("FORWARD", .through, &device)
        inspect(&device)
        return device
    }

    // MARK: which zone

    /// Zones by their ingress-priority; of the same, sources before interfaces; the default zone last
    /// (firewalld.zone(5), firewalld.zones(5)).
    private func choose(_ device: inout Device) {
        guard zones.count > 1 else {
            device.assumptions.append(
                "\(file): packets are taken to arrive in zone \(zones[0].name)")
            return
        }
        var chain = Chain(name: Self.byBinding)
        let bound = zones.flatMap { zone in zone.bindings.map { (zone: zone, binding: $0) } }
        let ranked = bound.enumerated().sorted {
            func rank(_ place: (zone: FirewalldSet, binding: FirewalldSet.Binding)) -> (Int, Int) {
                (place.zone.ingressPriority, place.binding.interface == nil ? 0 : 1)
            }
            let (a, b) = (rank($0.element), rank($1.element))
            return a == b ? $0.offset < $1.offset : a < b
        }
        for (zone, binding) in ranked.map(\.element) {
            var match = Match()
            match.sources = binding.sources
            match.entering = binding.interface.map { .init([$0]) }
            if let doubt = binding.doubt { match.notModelled = [doubt] }
            chain.rules.append(
                FilterRule(match, .permit, binding.source, effects: [.tag(Self.tag(zone))]))
        }
        if let zone = fallback(&device) {
            let source =
                defaultZone?.source ?? absence("default zone \(zone.name)")
            chain.rules.append(
                FilterRule(Match(), .permit, source, effects: [.tag(Self.tag(zone))]))
        }
        let ending: Setting<Action> = Setting(.permit, absence("no zone"))
        device.chains[chain.name] = chain
        device.stages.append(Stage(.filter, chain: chain.name, ending: ending))
        for zone in zones {
            device.chains[zone.name] = Chain(
                name: zone.name,
                rules: [
                    FilterRule(
                        Match(), .permit, absence("zone \(zone.name)"),
                        effects: [.tag(Self.tag(zone))])
                ])
            device.stages.append(Stage(.filter, chain: zone.name, ending: ending))
        }
        device.selectable = [chain.name] + zones.map(\.name)
        device.usualSelection = chain.name
    }

    /// The default zone, where it is among those that are given.
    private func fallback(_ device: inout Device) -> FirewalldSet? {
        if let name = defaultZone?.value { return zones.first { $0.name == name } }
        if let listed = zones.first(where: \.isDefault) { return listed }
        guard let zone = zones.first(where: { $0.name == "public" }) else { return nil }
        device.assumptions.append(
            "\(file): public, as shipped, is taken as the default zone")
        return zone
    }

    // MARK: stages

    private func translate(_ device: inout Device) {
        var chain = Chain(name: "forward-ports")
        for zone in zones {
            // By where a packet comes from alone: where it goes isn't known yet.
            let mine = policies.filter { !$0.disabled && $0.comes(from: zone.name) }
                .sorted { $0.priority < $1.priority }
            let sets =
                mine.filter { $0.priority < 0 } + [zone] + mine.filter { $0.priority >= 0 }
            for entry in sets.flatMap(byPriority) {
                guard case .forward(let ports, let translation) = entry.element else { continue }
                var match = Match(destinationPorts: ports)
                narrow(&match, entry)
                match.tests = tests(zone)
                chain.rules.append(FilterRule(match, .translate(translation), entry.source))
            }
        }
        guard !chain.rules.isEmpty else { return }
        device.chains[chain.name] = chain
        device.stages.append(
            Stage(.translate, chain: chain.name, ending: Setting(.keep, absence("no forward port")))
        )
    }

    private func filter(_ name: String, _ place: Device.Place, _ device: inout Device) {
        var chain = Chain(name: name)
        if let direct {
            chain.rules.append(
                FilterRule(Match(), .unknown("direct rules aren't modelled"), direct))
        }
        for zone in zones where !control(zone).isEmpty {
            var related = Match(expectedOnly: true)
            related.tests = tests(zone)
            chain.rules.append(
                FilterRule(related, .permit, absence("ct state related accept")))
        }
        var translated = Match()
        translated.tests = [.translated(true)]
        chain.rules.append(FilterRule(translated, .permit, absence("ct status dnat accept")))
        if place == .host {
            chain.rules.append(
                FilterRule(
                    Match(entering: .init(["lo"])), .permit, absence("iifname lo accept")))
        }
        for zone in zones {
            let own = "\(name) \(zone.name)"
            device.chains[own] = Chain(name: own, rules: rules(zone, place))
            var match = Match()
            match.tests = tests(zone)
            chain.rules.append(FilterRule(match, .go(own), absence("zone \(zone.name)")))
        }
        device.chains[name] = chain
        let ending: Action =
            zones.count > 1
            ? .unknown("no file says in which zone the other packets arrive")
            : .deny(answered: true)
        device.stages.append(
            Stage(
                .filter, chain: name, ending: Setting(ending, absence("reject")), places: [place]))
    }

    private func rules(_ zone: FirewalldSet, _ place: Device.Place) -> [FilterRule] {
        if let broken = zone.broken {
            return [FilterRule(Match(), .unknown(broken.why), broken.source)]
        }
        let mine = policies.filter { $0.applies(from: zone.name, to: place) }
            .sorted { $0.priority < $1.priority }
        var rules = mine.filter { $0.priority < 0 }.flatMap { self.rules(of: $0, place) }
        // What a zone permits, it permits to the host.
        if place == .host {
            rules += ordered(zone).flatMap(self.rules)
        } else if let forwards = zone.forwards {
            rules.append(within(zone, forwards))
        }
        rules += mine.filter { $0.priority >= 0 }.flatMap { self.rules(of: $0, place) }
        if let drifts, zones.count > 1, zone.target.value == .standard,
            zone.bindings.contains(where: { $0.interface == nil })
        {
            let why = "AllowZoneDrifting: firewalld before 1.0 goes on to another zone"
            rules.append(FilterRule(Match(), .unknown(why), drifts))
        } else if let action = action(zone.target.value) {
            rules.append(FilterRule(Match(), action, zone.target.source))
        }
        return rules
    }

    /// A policy's rules, for packets that leave by its egress zones.
    private func rules(of policy: FirewalldSet, _ place: Device.Place) -> [FilterRule] {
        var rules = ordered(policy).flatMap(self.rules)
        if let broken = policy.broken {
            rules = [FilterRule(Match(), .unknown(broken.why), broken.source)]
        } else if let action = action(policy.target.value) {
            rules.append(FilterRule(Match(), action, policy.target.source))
        }
        guard place == .through, !policy.egress.contains("ANY") else { return rules }
        let leaving = zones.filter { policy.egress.contains($0.name) }.flatMap(\.bindings)
            .compactMap(\.interface)
        return rules.map { rule in
            var rule = rule
            if leaving.isEmpty {
                rule.match.notModelled.append(
                    "the interfaces of zone \(policy.egress.joined(separator: ", ").excerpt) aren't in the files"
                )
            } else {
                rule.match.leaving = .init(leaving)
            }
            return rule
        }
    }

    private func within(_ zone: FirewalldSet, _ source: SourceLine) -> FilterRule {
        var match = Match()
        let interfaces = zone.bindings.compactMap(\.interface)
        if interfaces.isEmpty {
            match.notModelled = ["it isn't known whether a packet stays within zone \(zone.name)"]
        } else {
            match.leaving = .init(interfaces)
        }
        return FilterRule(match, .permit, source)
    }

    private func action(_ target: FirewalldSet.Target) -> Action? {
        switch target {
        case .standard, .reject: .deny(answered: true)
        case .accept: .permit
        case .drop: .deny(answered: false)
        case .proceed: nil
        }
    }

    private func byPriority(_ set: FirewalldSet) -> [FirewalldSet.Entry] {
        set.entries.enumerated().sorted {
            ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset)
        }.map(\.element)
    }

    /// Entries in the order in which firewalld puts them.
    private func ordered(_ set: FirewalldSet) -> [FirewalldSet.Entry] {
        let all = byPriority(set)
        let early = all.filter { $0.priority < 0 }
        let late = all.filter { $0.priority > 0 }
        let middle = set.entries.filter { $0.priority == 0 }
        // What can't be read stands first, where it is in doubt about most.
        return early + middle.filter { $0.action != .permit }
            + middle.filter { $0.action == .permit }
            + late
    }

    // MARK: entries

    private func rules(_ entry: FirewalldSet.Entry) -> [FilterRule] {
        matches(entry).map { match in
            var match = match
            narrow(&match, entry)
            return FilterRule(match, entry.action, entry.source)
        }
    }

    private func narrow(_ match: inout Match, _ entry: FirewalldSet.Entry) {
        if let set = entry.families { match.narrowSources(set) }
        if let set = entry.sources { match.narrowSources(set) }
        if let set = entry.destinations { match.narrowDestinations(set) }
        match.notModelled += entry.doubts
    }

    private func matches(_ entry: FirewalldSet.Entry) -> [Match] {
        switch entry.element {
        case .all, .tcp: return [Match()]
        case .ports(let set): return [Match(destinationPorts: set)]
        case .sourcePorts(let set): return [Match(sourcePorts: set)]
        case .forward, .other: return []
        case .service(let name):
            var seen: Set<String> = []
            return matches(service: name, &seen)
        }
    }

    private func matches(service name: String, _ seen: inout Set<String>) -> [Match] {
        guard seen.insert(name).inserted, seen.count < 64 else { return [] }
        guard let service = service(name) else {
            return [Match(notModelled: ["the ports of service \(name.excerpt) aren't known"])]
        }
        var matches: [Match] = []
        if !service.ports.isEmpty { matches.append(Match(destinationPorts: service.ports)) }
        if !service.sourcePorts.isEmpty { matches.append(Match(sourcePorts: service.sourcePorts)) }
        if service.anyPort { matches.append(Match()) }
        if let doubt = service.doubt {
            matches.append(Match(notModelled: ["service \(name.excerpt): \(doubt)"]))
        }
        if let set = service.destinations {
            for index in matches.indices { matches[index].destinations = set }
        }
        return matches + service.includes.flatMap { self.matches(service: $0, &seen) }
    }

    private func service(_ name: String) -> FirewalldService? {
        services[name] ?? FirewalldServices.shipped(name)
    }

    // MARK: the helper

    /// Services of a zone that assign the FTP helper, and the control ports that it watches.
    private func control(_ zone: FirewalldSet) -> [(PortSet, SourceLine)] {
        zone.entries.compactMap { entry in
            guard case .service(let name) = entry.element, entry.action == .permit,
                entry.doubts.isEmpty, let service = service(name)
            else { return nil }
            var ports = PortSet()
            for helper in service.helpers {
                if let given = helpers[helper] {
                    if given.module.hasSuffix("conntrack_ftp") { ports = ports.union(given.ports) }
                } else if helper == "ftp" {
                    ports = ports.union(PortSet(21...21))
                }
            }
            return ports.isEmpty ? nil : (ports, entry.source)
        }
    }

    private func inspect(_ device: inout Device) {
        for zone in zones {
            for (ports, source) in control(zone) {
                device.inspections.append(
                    Inspection(
                        controlPorts: ports, opensFilter: false, rewritesAddress: false,
                        source: source))
            }
        }
    }
}

extension FirewalldSet {
    fileprivate func comes(from zone: String) -> Bool {
        ingress.contains(zone) || ingress.contains("ANY")
    }

    /// Whether a policy is for packets of the zone to the host, or through it.
    fileprivate func applies(from zone: String, to place: Device.Place) -> Bool {
        guard !disabled, comes(from: zone) else { return false }
        return place == .host ? egress.contains("HOST") : egress.contains { $0 != "HOST" }
    }
}
