import Net
import Policy
import PolicyText

/// What NAT carries from outside to inside, and which control connections are read on the way.
extension IOSDeviceBuilder {
    private var sides: (outside: [IOSInterface], inside: [IOSInterface]) {
        (
            config.interfaces.filter { $0.outside != nil },
            config.interfaces.filter { $0.inside != nil }
        )
    }

    mutating func addTranslations() -> Bool {
        let lines = config.statics.map(\.line) + config.destinationLists.map(\.line)
        guard !lines.isEmpty else { return false }
        let (outside, inside) = sides
        guard config.interfaces.isEmpty || !outside.isEmpty && !inside.isEmpty else {
            for line in lines {
                reader.mark(line, .irrelevant, "no interface is ip nat outside, or none is inside")
            }
            return false
        }
        var rules: [FilterRule] = []
        // Those with ports are the more specific ones; static goes before dynamic.
        for entry in config.statics where entry.ports != nil { rules += translation(entry) }
        for entry in config.statics where entry.ports == nil { rules += translation(entry) }
        for entry in config.destinationLists { rules += rotation(entry) }
        device.chains[Self.natChain] = Chain(name: Self.natChain, rules: rules)
        return true
    }

    mutating func translationStages() {
        let keep = Setting(Action.keep, reader.text.absence("no translation matches"))
        let outside = sides.outside.map(\.name)
        if outside.isEmpty {
            device.assumptions.append("no interface is shown: translation is taken to be at work")
            device.stages.append(
                Stage(.translate, chain: Self.natChain, ending: keep, families: [.v4]))
        }
        for name in outside {
            device.stages.append(
                Stage(
                    .translate, chain: Self.natChain, ending: keep, interface: name,
                    direction: .entering, families: [.v4]))
        }
    }

    /// Behind a translated client, no list can be told to match or not.
    mutating func outsideSources() {
        guard !config.outsideSources.isEmpty else { return }
        let rules = config.outsideSources.map { entry in
            let clients: AddressSet
            switch entry.clients {
            case .these(let set): clients = set
            case .list(let name): clients = permittedSources(name)
            }
            return FilterRule(
                Match(sources: clients), .unknown(IOSReader.outsideSourceUnknown),
                reader.text.source(entry.line))
        }
        let name = "ip nat outside source"
        device.chains[name] = Chain(name: name, rules: rules)
        let keep = Setting(Action.keep, reader.text.absence("no other client is translated"))
        device.stages.append(Stage(.translate, chain: name, ending: keep, families: [.v4]))
    }

    private mutating func translation(_ entry: IOSStatic) -> [FilterRule] {
        let source = reader.text.source(entry.line)
        var match = Match()
        match.notModelled = entry.beyond
        if let ports = entry.ports { match.destinationPorts = PortSet(ports: [ports.global]) }
        let moved = entry.ports.flatMap { $0.local == $0.global ? nil : $0.local...$0.local }
        var support: [SourceLine] = []
        switch entry.global {
        case .interface(let name):
            let meant = device.interface(meant: name) ?? name
            guard let interface = config.interfaces.first(where: { $0.name == meant }) else {
                reader.mark(entry.line, .invalid, "interface \(name) is not defined")
                return []
            }
            support = [reader.text.source(interface.line)]
            if let address = interface.addresses.first {
                match.destinations = AddressSet(address)
            } else {
                let others = config.interfaces.flatMap(\.networks).map { $0.address...$0.last }
                match.destinations = AddressSet.allV4.subtracting(AddressSet(others))
                let said =
                    "the address asked for is taken to be that of \(meant), given from outside"
                if !device.assumptions.contains(said) { device.assumptions.append(said) }
            }
        case .address(let address):
            guard entry.count == 1 else { return network(entry, address, match, source) }
            match.destinations = AddressSet(address)
        }
        let target = Translation(address: .addresses([entry.local]), ports: moved)
        return [FilterRule(match, .translate(target), source, support: support)]
    }

    /// `network`: address for address, where those are few enough to be told one by one.
    private mutating func network(
        _ entry: IOSStatic, _ global: IPAddress, _ match: Match, _ source: SourceLine
    ) -> [FilterRule] {
        let mask = ~(entry.count - 1)
        let (first, local) = (
            UInt32(truncatingIfNeeded: global.bits) & mask,
            UInt32(truncatingIfNeeded: entry.local.bits) & mask
        )
        var match = match
        guard entry.count <= 1024 else {
            let last = IPAddress(v4: first | ~mask)
            match.destinations = AddressSet(IPAddress(v4: first)...last)
            reader.mark(entry.line, .notModelled, "a network of more than 1024 addresses")
            return [FilterRule(match, .unknown("a network is translated"), source)]
        }
        return (0..<entry.count).map { offset in
            match.destinations = AddressSet(IPAddress(v4: first | offset))
            let to = Translation(address: .addresses([IPAddress(v4: local | offset)]))
            return FilterRule(match, .translate(to), source)
        }
    }

    /// `ip nat inside destination list`: new TCP connections to what the list permits go to the
    /// pool's next address, the port kept.
    private mutating func rotation(_ entry: IOSDestinationList) -> [FilterRule] {
        var support = [reader.text.source(entry.line)]
        guard let list = config.lists[entry.list] else {
            reader.mark(entry.line, .invalid, "list \(entry.list) is not defined")
            return []
        }
        usedLists.insert(entry.list)
        let target: Translation.Target
        if let pool = config.pools[entry.pool] {
            support = ([pool.line] + pool.more).map { reader.text.source($0) } + support
            if !pool.isRotary {
                target = .unknown("pool \(pool.name) is not of type rotary")
                reader.mark(entry.line, .notModelled, "the pool is not of type rotary")
            } else if let addresses = pool.addresses, !addresses.isEmpty {
                target = .addresses(addresses)
            } else {
                target = .unknown("pool \(pool.name) holds no addresses, or too many")
            }
        } else {
            target = .unknown("pool \(entry.pool) is not defined")
            reader.mark(entry.line, .invalid, "pool \(entry.pool) is not defined")
        }
        return rules(list, []).map { rule in
            var rule = rule
            rule.support = support
            if !list.extended {
                // A standard list names the address that is asked for.
                rule.match.destinations = rule.match.sources
                rule.match.sources = nil
                swap(&rule.match.sourceMask, &rule.match.destinationMask)
            }
            switch rule.action {
            case .permit: rule.action = .translate(Translation(address: target))
            case .deny: rule.action = .keep
            default: break
            }
            return rule
        }
    }

    // MARK: inspections

    mutating func addInspections(_ translates: Bool) {
        let ports = PortSet(ports: [21] + config.mapped.map(\.port))
        for interface in config.interfaces {
            let rules: [(rule: (name: String, line: Int)?, way: Stage.Direction, usable: Bool)] = [
                (interface.inspectIn, .entering, interface.inside == nil),
                (interface.inspectOut, .leaving, interface.outside == nil),
            ]
            for (rule, way, usable) in rules {
                guard let rule, usable, config.inspected[rule.name] != nil else { continue }
                var inspection = Inspection(
                    controlPorts: ports, opensFilter: true, rewritesAddress: false,
                    source: reader.text.source(rule.line))
                inspection.interface = interface.name
                inspection.direction = way
                device.inspections.append(inspection)
            }
        }
        if translates { payloadInspections() }
    }

    private mutating func payloadInspections() {
        var rest = AddressSet.allV4
        for entry in config.statics where !entry.readsPayload {
            rest = rest.subtracting(AddressSet(entry.local))
        }
        for (list, entries) in Dictionary(grouping: config.payloads, by: \.list).sorted(by: {
            ($0.value.first?.line ?? 0) < ($1.value.first?.line ?? 0)
        }) {
            guard let list, let first = entries.first else { continue }
            let servers = permittedSources(list).intersection(rest)
            rest = rest.subtracting(servers)
            addPayload(PortSet(ports: entries.map(\.port)), servers, reader.text.source(first.line))
        }
        let everywhere = config.payloads.filter { $0.list == nil }
        var ports = PortSet(ports: everywhere.map(\.port))
        if config.payloadOff == nil { ports = ports.union(PortSet(ports: [21])) }
        guard !ports.isEmpty else { return }
        let usual = reader.text.absence("ip nat service ftp tcp port 21 (the default)")
        addPayload(ports, rest, everywhere.first.map { reader.text.source($0.line) } ?? usual)
    }

    private mutating func addPayload(_ ports: PortSet, _ servers: AddressSet, _ line: SourceLine) {
        var inspection = Inspection(
            controlPorts: ports, opensFilter: false, rewritesAddress: true, source: line)
        inspection.servers = servers
        device.inspections.append(inspection)
    }

    /// The addresses that a list which is used to name some permits.
    private mutating func permittedSources(_ name: String) -> AddressSet {
        guard let list = config.lists[name] else { return AddressSet() }
        usedLists.insert(name)
        var (permitted, left) = (AddressSet(), AddressSet.allV4)
        for entry in list.ordered {
            guard let match = try? config.matches(entry, extended: list.extended).first,
                let named = match.allSources?.intersection(left)
            else { continue }
            if entry.permits { permitted = permitted.union(named) }
            left = left.subtracting(named)
        }
        return permitted
    }
}
