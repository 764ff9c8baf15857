import Net
import Policy

/// Turns what IOS's terms say into the model, and notes how each line fared.
struct IOSDeviceBuilder {
    private(set) var reader: IOSReader
    private var config: IOSConfig { reader.config }
    private var device = Device(usualPlace: .through)
    private var usedLists: Set<String> = []

    static let natChain = "ip nat outside to inside"

    init(_ reader: IOSReader) { self.reader = reader }

    mutating func build() -> Device {
        device.interfaces = config.interfaces.map {
            DeviceInterface(
                name: $0.name,
                side: $0.outside != nil ? .outside : $0.inside != nil ? .inside : nil,
                addresses: $0.addresses, networks: $0.networks)
        }
        chooseWays()
        let translates = addTranslations()
        for list in config.lists.values.sorted(by: { $0.name < $1.name }) { addChain(list) }
        enteringFilters()
        if translates { translationStages() }
        zones()
        leavingFilters()
        if config.interfaces.isEmpty { loneLists() }
        addInspections(translates)
        for interface in config.interfaces {
            device.assumptions += interface.beyond.map {
                "\($0) on \(interface.name) is taken to pass what the lists pass"
            }
        }
        forgetUnusedLists()
        return device
    }

    // MARK: ways

    private mutating func chooseWays() {
        let open = config.interfaces.filter { !$0.isShut }
        let outside = open.filter { $0.outside != nil }
        let filtering = open.filter { $0.filterIn != nil && $0.inside == nil }
        if outside.count == 1 {
            device.usualEntering = outside[0].name
        } else if outside.isEmpty, filtering.count == 1 {
            device.usualEntering = filtering[0].name
        }
        let inside = open.filter { $0.inside != nil }
        let leaving = open.filter { $0.filterOut != nil && $0.name != device.usualEntering }
        if inside.count == 1 {
            device.usualLeaving = inside[0].name
        } else if inside.isEmpty, leaving.count == 1 {
            device.usualLeaving = leaving[0].name
        }
    }

    // MARK: filters

    private func applications(of list: String) -> [(interface: IOSInterface, line: Int)] {
        config.interfaces.flatMap { interface in
            [interface.filterIn, interface.filterOut].compactMap(\.self)
                .filter { $0.list == list }.map { (interface, $0.line) }
        }
    }

    private func answered(_ list: String) -> Bool? {
        let answers = Set(applications(of: list).map(\.interface.answersDenied))
        return answers.count == 1 ? answers.first : answers.isEmpty ? true : nil
    }

    private mutating func addChain(_ list: IOSAccessList) {
        let support = applications(of: list.name).map { reader.text.source($0.line) }
        device.chains[list.name] = Chain(
            name: list.name, rules: rules(list, Array(support.prefix(1))))
    }

    private mutating func rules(_ list: IOSAccessList, _ support: [SourceLine]) -> [FilterRule] {
        if let strange = list.strange {
            return [
                FilterRule(
                    Match(), .unknown("list \(list.name) isn't understood"),
                    reader.text.source(strange), support: support)
            ]
        }
        let denial = Action.deny(answered: answered(list.name))
        var rules: [FilterRule] = []
        for entry in list.ordered {
            let action = entry.permits ? Action.permit : denial
            let source = reader.text.source(entry.line)
            do throws(IOSFault) {
                for match in try config.matches(entry, extended: list.extended) {
                    if !match.notModelled.isEmpty {
                        let why = match.notModelled.joined(separator: ", ")
                        reader.mark(entry.line, .notModelled, why)
                    }
                    rules.append(FilterRule(match, action, source, support: support))
                }
            } catch {
                switch error {
                case .refused(let why): reader.mark(entry.line, .invalid, why)
                case .puzzling(let why):
                    reader.mark(entry.line, .notRecognised, why)
                    rules.append(FilterRule(Match(), .unknown(why), source, support: support))
                }
            }
        }
        return rules
    }

    private func ending(_ name: String) -> Setting<Action> {
        guard let list = config.lists[name] else {
            return Setting(.permit, reader.text.absence("list \(name) is not defined: all pass"))
        }
        if list.entries.isEmpty, list.strange == nil {
            return Setting(.permit, reader.text.absence("list \(name) is empty: all pass"))
        }
        return Setting(.deny(answered: answered(name)), reader.text.absence("implicit deny"))
    }

    private func filter(_ name: String, _ interface: String?, _ way: Stage.Direction?) -> Stage {
        Stage(
            .filter, chain: name, ending: ending(name), interface: interface, direction: way,
            families: [.v4])
    }

    private mutating func enteringFilters() {
        for interface in config.interfaces {
            if let applied = interface.filterIn {
                apply(applied, interface, .entering)
            } else if interface.outside != nil {
                let absence = reader.text.absence("no list on \(interface.name) in: all pass")
                device.stages.append(
                    Stage(
                        .filter, chain: "", ending: Setting(.permit, absence),
                        interface: interface.name, direction: .entering, families: [.v4]))
            }
            for line in interface.filters6 { unknown("IPv6 list", line, interface.name, [.v6]) }
        }
        if !config.interfaces.isEmpty, device.stages.isEmpty {
            let absence = reader.text.absence("no list is applied inbound: all pass")
            device.stages.append(Stage(.filter, chain: "", ending: Setting(.permit, absence)))
        }
    }

    private mutating func leavingFilters() {
        for interface in config.interfaces {
            if let applied = interface.filterOut { apply(applied, interface, .leaving) }
        }
    }

    private mutating func apply(
        _ applied: (list: String, line: Int), _ interface: IOSInterface, _ way: Stage.Direction
    ) {
        usedLists.insert(applied.list)
        device.stages.append(filter(applied.list, interface.name, way))
        if config.lists[applied.list] == nil {
            reader.mark(applied.line, .invalid, "the list is not defined: all pass")
        }
    }

    private mutating func unknown(
        _ what: String, _ line: Int, _ interface: String?, _ families: Set<IPAddress.Family>
    ) {
        let chain = "\(what) at line \(line)"
        device.chains[chain] = Chain(
            name: chain, rules: [FilterRule(Match(), .unknown(what), reader.text.source(line))])
        device.stages.append(
            Stage(
                .filter, chain: chain, ending: Setting(.unknown(what), reader.text.source(line)),
                interface: interface, direction: interface == nil ? nil : .entering,
                families: families))
    }

    private mutating func zones() {
        let usual = config.interfaces.first { $0.name == device.usualEntering }?.zone
        guard let line = usual ?? config.interfaces.compactMap(\.zone).first else { return }
        unknown("zone-based firewall", line, nil, [.v4, .v6])
    }

    /// Lists of a file that shows no interfaces: each may be the one in force.
    private mutating func loneLists() {
        let names = config.lists.keys.filter { !usedLists.contains($0) }.sorted()
        let translations = device.stages
        device.selectable = names
        device.stages = names.map { filter($0, nil, nil) } + translations
        usedLists.formUnion(names)
    }

    private mutating func forgetUnusedLists() {
        for list in config.lists.values where !usedLists.contains(list.name) {
            for entry in list.entries {
                reader.mark(
                    entry.line, .irrelevant,
                    "no interface and no translation from outside uses list \(list.name)")
            }
        }
    }

    // MARK: translation

    private var sides: (outside: [IOSInterface], inside: [IOSInterface]) {
        (
            config.interfaces.filter { $0.outside != nil },
            config.interfaces.filter { $0.inside != nil }
        )
    }

    private mutating func addTranslations() -> Bool {
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

    private mutating func translationStages() {
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

    private mutating func addInspections(_ translates: Bool) {
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
            let servers = servers(list).intersection(rest)
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

    /// The servers that a list of `ip nat service` names: by their own address.
    private mutating func servers(_ name: String) -> AddressSet {
        guard let list = config.lists[name] else { return AddressSet() }
        usedLists.insert(name)
        var (permitted, left) = (AddressSet(), AddressSet.allV4)
        for entry in list.ordered {
            guard let match = try? config.matches(entry, extended: list.extended).first else {
                continue
            }
            let named = (match.sources ?? .allV4).intersection(left)
            if entry.permits { permitted = permitted.union(named) }
            left = left.subtracting(named)
        }
        return permitted
    }
}
