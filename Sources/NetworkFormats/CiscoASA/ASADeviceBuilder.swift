import Net
import Policy
import PolicyText

/// Turns what ASA's terms say into the model, and notes how each line fared.
struct ASADeviceBuilder {
    var reader: ASAReader
    let config: ASAConfig
    var device = Device(usualPlace: .through)
    var usedLists: Set<String> = []
    /// Interfaces that have a name and so a part in traffic.
    let named: [ASAInterface]
    /// Of the NAT rules read so far: those that would take the answers of later ones' servers.
    var waysBack: [FilterRule] = []

    init(_ reader: ASAReader) {
        self.reader = reader
        config = reader.config
        named = config.interfaces.filter { $0.name != nil && !$0.isShut }
    }

    mutating func build() -> Device {
        interfaces()
        chooseWays()
        let translates = translations()
        for list in config.lists.values.sorted(by: { $0.name < $1.name }) where !list.isStandard {
            device.chains[list.name] = Chain(name: list.name, rules: rules(list))
        }
        if config.untranslatesFirst {
            strange()
            if translates { stage(.translate, Self.natChain) }
            checks()
            enteringFilters()
        } else {
            enteringFilters()
            strange()
            if translates { stage(.translate, Self.natChain) }
            checks()
        }
        levels()
        leavingFilters()
        inspections(translates)
        oldFamilies()
        assumptions()
        forgetUnusedLists()
        device.idleTimeout = idleTimeout
        return device
    }

    // MARK: interfaces

    private mutating func interfaces() {
        device.interfaces = named.map { interface in
            let routes = config.routes.filter { $0.interface == interface.name }
            var result = DeviceInterface(
                name: interface.name ?? "", addresses: interface.addresses,
                networks: interface.networks + routes.map(\.prefix))
            result.aliases = [interface.hardware]
            return result
        }
    }

    private mutating func chooseWays() {
        let bound = Set(config.bound.filter { $0.way == .entering }.map(\.interface))
        let levels = named.compactMap(\.level)
        let outer = named.filter { $0.level == levels.min() }
        if bound.count == 1 {
            device.usualEntering = bound.first
        } else if outer.count == 1, named.count > 1 {
            device.usualEntering = outer[0].name
        }
        let inner = named.filter { $0.level == levels.max() && $0.name != device.usualEntering }
        if inner.count == 1, levels.max() != levels.min() { device.usualLeaving = inner[0].name }
    }

    /// Addresses to which the interface is the way, by the longest prefix.
    func territory(_ name: String) -> AddressSet {
        guard let own = device.interfaces.first(where: { $0.name == name }) else {
            return AddressSet()
        }
        var result = AddressSet()
        for network in own.networks {
            var part = AddressSet(network)
            for other in device.interfaces where other.name != name {
                for longer in other.networks where longer.length > network.length {
                    part.subtract(AddressSet(longer))
                }
            }
            result = result.union(part)
        }
        return result
    }

    // MARK: lists

    mutating func rules(_ list: ASAList) -> [FilterRule] {
        if let strange = list.strange {
            return [
                FilterRule(
                    Match(), .unknown("list \(list.name) isn't understood"),
                    reader.text.source(strange))
            ]
        }
        let bound = config.bound.first { $0.list == list.name }
        let support = bound.map { [reader.text.source($0.line)] } ?? []
        var rules: [FilterRule] = []
        for entry in list.entries where !entry.isRemark {
            let source = reader.text.source(entry.line)
            let action = entry.permits ? Action.permit : denial(bound)
            do throws(IOSFault) {
                for match in try config.matches(entry) {
                    if !match.notModelled.isEmpty, match.never == nil {
                        reader.mark(
                            entry.line, .notModelled, match.notModelled.joined(separator: ", "))
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

    /// What comes from the outermost interface is dropped in silence unless `service resetinbound`.
    private func denial(_ bound: ASABinding?) -> Action {
        if config.resetInbound != nil { return .deny(answered: true) }
        guard let bound, bound.way == .entering,
            let level = config.interface(bound.interface)?.level
        else { return .deny(answered: nil) }
        return .deny(answered: level == 0 ? false : nil)
    }

    private mutating func ending(_ binding: ASABinding) -> Setting<Action> {
        guard let list = config.lists[binding.list] else {
            reader.mark(binding.line, .notModelled, "list \(binding.list) isn't in the file")
            let why = "list \(binding.list) isn't in the file"
            return Setting(.unknown(why), reader.text.source(binding.line))
        }
        if list.isStandard || list.strange == nil && !list.entries.contains(where: { !$0.isRemark })
        {
            let why = "list \(binding.list) holds no entry"
            return Setting(.unknown(why), reader.text.source(binding.line))
        }
        return Setting(denial(binding), reader.text.absence("implicit deny"))
    }

    private mutating func enteringFilters() {
        let everywhere = config.bound.first { $0.way == .global }
        let entering = config.bound.filter { $0.way == .entering }
        if named.isEmpty, !entering.isEmpty, everywhere == nil { otherInterfaces(entering) }
        for binding in entering {
            usedLists.insert(binding.list)
            var (chain, ending) = (binding.list, ending(binding))
            if let everywhere, config.lists[binding.list] != nil {
                chain = "\(binding.list) on \(binding.interface), then \(everywhere.list)"
                let jumps = [binding, everywhere].map {
                    FilterRule(Match(), .jump($0.list), reader.text.source($0.line))
                }
                device.chains[chain] = Chain(name: chain, rules: jumps)
                ending = self.ending(everywhere)
            }
            filter(chain, ending, binding.interface, .entering)
        }
        guard let everywhere else {
            if named.isEmpty, entering.isEmpty { loneLists() }
            return
        }
        usedLists.insert(everywhere.list)
        let covered = Set(entering.map(\.interface))
        let ending = ending(everywhere)
        if named.isEmpty {
            filter(everywhere.list, ending, nil, nil)
        } else {
            for name in named.compactMap(\.name) where !covered.contains(name) {
                filter(everywhere.list, ending, name, .entering)
            }
        }
    }

    private mutating func leavingFilters() {
        for binding in config.bound where binding.way == .leaving {
            usedLists.insert(binding.list)
            filter(binding.list, ending(binding), binding.interface, .leaving)
        }
    }

    private mutating func filter(
        _ chain: String, _ ending: Setting<Action>, _ interface: String?, _ way: Stage.Direction?
    ) {
        device.stages.append(
            Stage(.filter, chain: chain, ending: ending, interface: interface, direction: way))
    }

    private mutating func otherInterfaces(_ bound: [ASABinding]) {
        let names = Match.Names(bound.map(\.interface), negated: true)
        let why = "the file doesn't say what holds for other interfaces"
        let name = "other interfaces"
        device.chains[name] = Chain(
            name: name,
            rules: [FilterRule(Match(entering: names), .unknown(why), reader.text.absence(why))])
        filter(name, Setting(.permit, reader.text.absence("no filter applies")), nil, nil)
    }

    /// Lists of a file that shows no interfaces: each may be the one in force.
    private mutating func loneLists() {
        let names = config.lists.values.filter { !$0.isStandard }.map(\.name).sorted()
        guard !names.isEmpty else {
            let why = "the file shows no interface and no list"
            filter("", Setting(.unknown(why), reader.text.absence(why)), nil, nil)
            return
        }
        device.selectable = names
        for name in names {
            let deny = Setting(
                Action.deny(answered: nil), reader.text.absence("implicit deny"))
            filter(name, deny, nil, nil)
        }
        usedLists.formUnion(names)
    }

    private mutating func forgetUnusedLists() {
        for list in config.lists.values where !usedLists.contains(list.name) {
            for entry in list.entries where !entry.isRemark {
                reader.mark(
                    entry.line, .irrelevant,
                    "no interface and no translation from outside uses list \(list.name)")
            }
        }
    }

    // MARK: what isn't modelled

    private mutating func oldFamilies() {
        guard !config.isUnified, let line = config.filters6.first else { return }
        let why = "IPv6 lists of before 9.0 aren't modelled"
        let setting = Setting(Action.unknown(why), reader.text.source(line))
        device.stages.append(Stage(.filter, chain: "", ending: setting, families: [.v6]))
    }

    private mutating func strange() {
        guard !config.strangeNAT.isEmpty else { return }
        let name = "translations that aren't modelled"
        device.chains[name] = Chain(
            name: name,
            rules: config.strangeNAT.map {
                FilterRule(Match(), .unknown("it isn't modelled"), reader.text.source($0))
            })
        stage(.translate, name)
    }

    mutating func stage(_ work: Stage.Work, _ chain: String) {
        let keep = Setting(Action.keep, reader.text.absence("no translation matches"))
        device.stages.append(Stage(work, chain: chain, ending: keep))
    }

    private mutating func assumptions() {
        for command in config.beyond {
            device.assumptions.append("\(command) is taken to pass what the lists pass")
        }
        if config.learnsRoutes != nil {
            device.assumptions.append("routes that are learnt aren't in the file")
        }
    }
}
