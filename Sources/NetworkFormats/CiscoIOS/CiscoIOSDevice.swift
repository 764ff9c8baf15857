import Net
import Policy
import PolicyText

/// Turns what IOS's terms say into the model, and notes how each line fared.
struct IOSDeviceBuilder {
    var reader: IOSReader
    var config: IOSConfig { reader.config }
    var device = Device(usualPlace: .through)
    var usedLists: Set<String> = []

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
        if let stray = reader.stray {
            unknown("the interface of this line isn't known", stray, nil, [.v4, .v6])
        }
        addBarriers()
        enteringFilters()
        outsideSources()
        if translates { translationStages() }
        zones()
        leavingFilters()
        if config.interfaces.isEmpty { loneLists() }
        addInspections(translates)
        addIdleTimeout(translates)
        addAnswers()
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

    mutating func rules(_ list: IOSAccessList, _ support: [SourceLine]) -> [FilterRule] {
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
                reader.mark(entry.line, error.state, error.why)
                guard error.isOpen else { continue }
                rules.append(
                    FilterRule(Match(), .unknown(error.why), source, support: support))
            }
        }
        return rules
    }

    func ending(_ name: String) -> Setting<Action> {
        guard let list = config.lists[name] else {
            if let orphan = reader.orphan {
                let why = "list \(name) is not defined, and an entry stands in no list"
                return Setting(.unknown(why), reader.text.source(orphan))
            }
            if let cut = reader.cut {
                let why = "list \(name) is not defined, and the configuration has no end"
                return Setting(.unknown(why), reader.text.source(cut))
            }
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

    mutating func unknown(
        _ what: String, _ line: Int, _ interface: String?, _ families: Set<IPAddress.Family>,
        _ direction: Stage.Direction = .entering
    ) {
        let chain = "\(what) at line \(line)"
        device.chains[chain] = Chain(
            name: chain, rules: [FilterRule(Match(), .unknown(what), reader.text.source(line))])
        device.stages.append(
            Stage(
                .filter, chain: chain, ending: Setting(.unknown(what), reader.text.source(line)),
                interface: interface, direction: interface == nil ? nil : direction,
                families: families))
    }

    private mutating func zones() {
        let inZones = config.interfaces.contains { $0.zone != nil }
        guard inZones || !config.zones.pairs.isEmpty else { return }
        guard inZones else {
            let line = config.zones.pairs.first?.line ?? 0
            unknown("no interface shows its zone", line, nil, [.v4, .v6])
            return
        }
        var builder = IOSZoneBuilder(reader.text, config)
        let stages = builder.build()
        device.stages += stages
        device.chains.merge(builder.chains) { own, _ in own }
        device.inspections += builder.inspections
        device.assumptions += builder.assumptions
        usedLists.formUnion(builder.usedLists)
        for note in builder.notes { reader.mark(note.line, note.state, note.why) }
    }

    /// Lists of a file that shows no interfaces: each may be the one in force.
    private mutating func loneLists() {
        let names = config.lists.keys.filter {
            !usedLists.contains($0) && !config.sourceLists.contains($0)
        }.sorted()
        if names.isEmpty, let line = config.lists.values.compactMap(\.entries.first?.line).min() {
            unknown("the lists in force aren't shown", line, nil, [.v4])
        }
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
}
