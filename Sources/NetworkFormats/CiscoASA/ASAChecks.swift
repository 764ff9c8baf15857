import Net
import Policy
import PolicyText

/// Checks beside the lists: the way back through NAT, the firewall's own addresses, security
/// levels.
extension ASADeviceBuilder {
    /// What passes untranslated although its answer would be translated is dropped; so is what is
    /// sent to the firewall itself.
    mutating func checks() {
        var rules: [FilterRule] = []
        let own = named.flatMap(\.addresses)
        if !own.isEmpty {
            var match = Match(destinations: AddressSet(own.map { $0...$0 }))
            match.destinationPorts = PortSet(ports: [22, 23, 80, 443, 8443])
            let text = "the firewall's own address: nothing is forwarded"
            rules.append(
                FilterRule(
                    match, .unknown("the firewall itself may answer"), reader.text.absence(text)))
            match.destinationPorts = nil
            rules.append(
                FilterRule(match, .deny(answered: false), reader.text.absence(text)))
        }
        rules += returns()
        if !rules.isEmpty {
            let name = "untranslated"
            // Identity NAT ends the stage before; what is translated never comes here.
            device.chains[name] = Chain(
                name: name,
                rules: rules.map { rule in
                    var rule = rule
                    rule.match.tests = [.translated(false)]
                    return rule
                })
            stage(.translate, name)
        }
        if let line = config.natControl { control(line) }
    }

    /// NAT's rules in their order, as the answer of a server meets them.
    private mutating func returns() -> [FilterRule] {
        var rules: [FilterRule] = []
        for entry in config.twice { rules += back(entry) + behind(entry) }
        for entry in orderedObjectNATs() where !entry.isOtherProtocol {
            rules += back(entry)
        }
        for entry in config.late { rules += back(entry) + behind(entry) }
        guard !rules.isEmpty || config.untranslatesFirst else { return oldReturns() }
        return rules
    }

    /// Whether a line keeps its source as it is; two objects may hold the same addresses (Cisco ASA
    /// CLI configuration guide, NAT, guidelines for twice NAT).
    func isIdentity(_ entry: ASATwiceNAT) -> Bool {
        guard entry.isStatic else { return false }
        if entry.source.real == entry.source.mapped { return true }
        guard let real = try? ranges(entry.source.real, at: entry.real),
            let mapped = try? ranges(entry.source.mapped, at: entry.mapped)
        else { return false }
        return AddressSet(real) == AddressSet(mapped)
    }

    func back(_ entry: ASATwiceNAT) -> [FilterRule] {
        let isIdentity = isIdentity(entry)
        var match = Match(entering: Self.names(entry.mapped), leaving: Self.names(entry.real))
        guard let real = try? ranges(entry.source.real, at: entry.real) ?? AddressSet.all.ranges
        else { return [] }
        match.destinations = AddressSet(real)
        if let mapped = entry.destination?.mapped {
            guard let clients = try? ranges(mapped, at: entry.real) ?? AddressSet.all.ranges
            else { return [] }
            match.sources = AddressSet(clients)
        }
        if let service = entry.service {
            guard let ports = try? config.services(service.real), ports.count == 1,
                ports[0].never == nil
            else { return [] }
            match.destinationPorts = ports[0].sourcePorts
            match.sourcePorts = ports[0].destinationPorts
        }
        var rule = rule(match, isIdentity, entry.line)
        if isIdentity, entry.isOneWay { rule.action = .unknown(Self.oneWay) }
        return [rule]
    }

    /// Cisco's guide says of a unidirectional line that nobody begins from its other side.
    private static let oneWay = "the line is unidirectional"

    /// What is sent from the real side to a server's own address, where the line translates another
    /// to it: twice NAT is for both directions, so that the answer may meet the line.
    private func behind(_ entry: ASATwiceNAT) -> [FilterRule] {
        guard let destination = entry.destination,
            let servers = try? ranges(destination.real, at: entry.real)
        else { return [] }
        var match = Match(
            destinations: AddressSet(servers), entering: Self.names(entry.real),
            leaving: Self.names(entry.mapped))
        if isIdentity(entry), let clients = try? ranges(entry.source.real, at: entry.real) {
            match.sources = AddressSet(clients)
        }
        if let service = entry.service {
            guard let ports = try? config.services(service.mapped), ports.count == 1,
                ports[0].never == nil
            else { return [] }
            match.destinationPorts = ports[0].destinationPorts
        }
        let asked = try? ranges(destination.mapped, at: entry.real)
        let isKept = asked.map { AddressSet(servers) == AddressSet($0) } ?? false
        let action: Action = isKept ? .keep : .unknown("its answer may be translated")
        return [FilterRule(match, action, reader.text.source(entry.line))]
    }

    func back(_ entry: ASAObjectNAT) -> [FilterRule] {
        guard let real = try? config.ranges(entry.object) else { return [] }
        var match = Match(
            destinations: AddressSet(real), entering: Self.names(entry.mapped),
            leaving: Self.names(entry.real))
        if let ports = entry.ports { match.destinationPorts = PortSet(ports.real...ports.real) }
        let mapped = try? ranges(entry.to, at: entry.mapped)
        return [rule(match, entry.isStatic && mapped == real, entry.line)]
    }

    private func rule(_ match: Match, _ isIdentity: Bool, _ line: Int) -> FilterRule {
        FilterRule(
            match, isIdentity ? .keep : .deny(answered: false), reader.text.source(line))
    }

    private mutating func oldReturns() -> [FilterRule] {
        var rules: [FilterRule] = []
        for entry in config.exemptions { rules += exemption(entry, .keep) }
        let why = "its answer would be translated"
        for entry in config.statics {
            guard let local = entry.local, entry.count == 1 else { continue }
            var match = Match(
                destinations: AddressSet(local), entering: Self.names(entry.mapped),
                leaving: Self.names(entry.real))
            if let ports = entry.ports { match.destinationPorts = PortSet(ports.real...ports.real) }
            if entry.to == .address(local) {
                rules.append(FilterRule(match, .keep, reader.text.source(entry.line)))
            } else {
                rules.append(FilterRule(match, .unknown(why), reader.text.source(entry.line)))
            }
        }
        for entry in config.dynamics {
            var match = Match(
                destinations: entry.addresses, leaving: Self.names(entry.real))
            match.entering = Match.Names([entry.real], negated: true)
            rules.append(FilterRule(match, .unknown(why), reader.text.source(entry.line)))
        }
        return rules
    }

    /// `nat-control`: what comes from outside needs a translation.
    private mutating func control(_ line: Int) {
        var match = Match(entering: device.usualEntering.map { Match.Names([$0]) })
        match.tests = [.translated(false)]
        let name = "nat-control"
        let exempt = config.exemptions.flatMap { exemption($0, .keep) }
        let rule = FilterRule(
            match, .unknown("nat-control: nothing passes untranslated"), reader.text.source(line))
        device.chains[name] = Chain(name: name, rules: exempt + [rule])
        stage(.translate, name)
    }

    // MARK: security levels

    mutating func levels() {
        let covered = Set(config.bound.filter { $0.way == .entering }.map(\.interface))
        let everywhere = config.bound.contains { $0.way == .global }
        for interface in named {
            guard let name = interface.name, let level = interface.level else { continue }
            let source = interface.levelLine.map { reader.text.source($0) }
            let own = source ?? reader.text.absence("security level \(level)")
            let listed = everywhere || covered.contains(name)
            var rules: [FilterRule] =
                listed
                ? []
                : config.conduits.map {
                    FilterRule(Match(), .unknown("it isn't modelled"), reader.text.source($0))
                }
            let back = Match(destinations: territory(name), leaving: Match.Names([name]))
            rules.append(equal(back, config.backOut, own))
            for other in named where other.name != name {
                guard let there = other.name, let theirs = other.level else { continue }
                let match = Match(leaving: Match.Names([there]))
                if theirs == level {
                    rules.append(equal(match, config.betweenEqual, own))
                } else if !listed {
                    rules.append(FilterRule(match, level > theirs ? .permit : Self.silent, own))
                }
            }
            let chain = "security level of \(name)"
            if listed {
                // What the list passes is denied here or goes on.
                rules = rules.filter { $0.action != .permit }
                guard !rules.isEmpty else { continue }
                device.chains[chain] = Chain(name: chain, rules: rules)
                var stage = Stage(
                    .filter, chain: chain,
                    ending: Setting(.permit, reader.text.absence("the levels differ")),
                    interface: name, direction: .entering)
                stage.interface = name
                // Before the lists, so that what the list says is the last word on what passes.
                let place = device.stages.firstIndex { $0.work == .filter } ?? 0
                device.stages.insert(
                    stage, at: config.untranslatesFirst ? place : device.stages.count)
            } else {
                device.chains[chain] = Chain(name: chain, rules: rules)
                device.stages.append(
                    Stage(
                        .filter, chain: chain, ending: ending(interface, level, own),
                        interface: name, direction: .entering))
            }
        }
    }

    private static let silent = Action.deny(answered: nil)

    private func equal(_ match: Match, _ line: Int?, _ own: SourceLine) -> FilterRule {
        if let line { return FilterRule(match, .permit, reader.text.source(line)) }
        if let advanced = config.advanced {
            let why = "whether Firepower Threat Defense asks the levels isn't known"
            return FilterRule(match, .unknown(why), reader.text.source(advanced))
        }
        return FilterRule(match, Self.silent, own)
    }

    /// Where no route tells by which interface a packet leaves.
    private func ending(
        _ interface: ASAInterface, _ level: Int, _ own: SourceLine
    ) -> Setting<Action> {
        let others = named.filter { $0.name != interface.name }.compactMap(\.level)
        if !others.isEmpty, others.allSatisfy({ $0 < level }) { return Setting(.permit, own) }
        if !others.isEmpty, others.allSatisfy({ $0 > level }) { return Setting(Self.silent, own) }
        return Setting(.unknown("it isn't known by which interface it leaves"), own)
    }

    // MARK: inspection

    mutating func inspections(_ translates: Bool) {
        for service in config.servicePolicies {
            for inspect in config.policies[service.policy] ?? [] {
                for (ports, servers) in watched(inspect) {
                    var inspection = Inspection(
                        controlPorts: ports, opensFilter: true, rewritesAddress: translates,
                        source: reader.text.source(inspect.line))
                    inspection.servers = servers
                    inspection.interface = service.interface
                    inspection.direction = service.interface == nil ? nil : .entering
                    device.inspections.append(inspection)
                    if service.interface != nil {
                        inspection.direction = .leaving
                        device.inspections.append(inspection)
                    }
                }
            }
        }
        let inForce = Set(config.servicePolicies.map(\.policy))
        for (name, inspects) in config.policies where !inForce.contains(name) {
            for inspect in inspects {
                reader.mark(inspect.line, .irrelevant, "no service policy uses \(name)")
            }
        }
        for fixup in config.fixups {
            device.inspections.append(
                Inspection(
                    controlPorts: PortSet(fixup.port...fixup.port), opensFilter: true,
                    rewritesAddress: translates, source: reader.text.source(fixup.line)))
        }
    }

    /// The control ports, and the servers where only some, of an inspection's class.
    private mutating func watched(_ inspect: ASAInspect) -> [(PortSet, AddressSet?)] {
        if inspect.className == "class-default" { return [(.all, nil)] }
        guard let found = config.classes[inspect.className] else {
            if inspect.className == "inspection_default" { return [(PortSet(21...21), nil)] }
            reader.mark(inspect.line, .notModelled, "its class isn't in the file")
            return []
        }
        var result: [(PortSet, AddressSet?)] = []
        for entry in found.matches {
            var rest = IOSWords(entry.words)
            switch rest.next().lowercased() {
            case "default-inspection-traffic": result.append((PortSet(21...21), nil))
            case "any": result.append((.all, nil))
            case "port" where rest.take("tcp"):
                if let ports = try? config.ports(&rest) { result.append((ports, nil)) }
            case "access-list":
                guard let list = config.lists[rest.next()] else { continue }
                usedLists.insert(list.name)
                for rule in rules(list) where rule.action == .permit && rule.match.never == nil {
                    result.append((rule.match.destinationPorts ?? .all, rule.match.destinations))
                }
            default: reader.mark(entry.line, .notModelled, "a class that isn't modelled")
            }
        }
        return result
    }
}
