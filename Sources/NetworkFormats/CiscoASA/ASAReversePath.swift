import Net
import Policy
import PolicyText

/// Static rules that an earlier rule keeps from working: the answer meets that one first, and the
/// reverse-path check drops the connection (%ASA-5-305013). `after-auto` is the usual cure.
extension ASADeviceBuilder {
    /// Dynamic rules and identity. Several static rules may lead to one server.
    mutating func noteWayBack(_ entry: ASATwiceNAT) {
        let isIdentity = isIdentity(entry)
        guard isIdentity || !entry.isStatic else { return }
        if let service = entry.service, let ports = try? config.services(service.real),
            ports.allSatisfy({ $0.never != nil })
        {
            return
        }
        // A line that is one-way still takes what its servers send.
        var entry = entry
        entry.isOneWay = false
        noteWayBack(back(entry).first, isIdentity, (entry.real, entry.mapped), entry.line)
    }

    mutating func noteWayBack(_ entry: ASAObjectNAT) {
        let isIdentity = back(entry).first?.action == .keep
        guard isIdentity || !entry.isStatic else { return }
        noteWayBack(back(entry).first, isIdentity, (entry.real, entry.mapped), entry.line)
    }

    private mutating func noteWayBack(
        _ rule: FilterRule?, _ isIdentity: Bool, _ sides: (real: String, mapped: String),
        _ line: Int
    ) {
        guard var rule else {
            let match = Match(
                entering: Self.names(sides.mapped), leaving: Self.names(sides.real))
            waysBack.append(FilterRule(match, Self.doubtful, reader.text.source(line)))
            return
        }
        if isIdentity { rule.action = Self.doubtful }
        waysBack.append(rule)
    }

    /// Static rules, behind what earlier rules make of them. It isn't certain where the client's
    /// address may be translated too.
    func shadowed(
        _ rules: [FilterRule], _ real: String, isCertain: Bool = true
    ) -> [FilterRule] {
        waysBack.flatMap { shadows($0, rules, real, isCertain) } + rules
    }

    private static let doubtful = Action.unknown("its answer may be translated otherwise")

    /// The interface to which the routes of the file send what goes to the servers.
    private func way(to servers: [IPAddress]) -> String? {
        named.compactMap(\.name).first { name in
            let there = territory(name)
            return servers.allSatisfy(there.contains)
        }
    }

    private func shadows(
        _ earlier: FilterRule, _ rules: [FilterRule], _ real: String, _ isCertain: Bool
    ) -> [FilterRule] {
        let side = Self.names(real)
        if let side, let leaving = earlier.match.leaving, side != leaving { return [] }
        var result: [FilterRule] = []
        for rule in rules {
            guard case .translate(let translation) = rule.action,
                case .addresses(let servers) = translation.address,
                var match = meet(earlier.match, rule.match, servers, translation.ports)
            else { continue }
            var action = earlier.action
            if side == nil, let leaving = earlier.match.leaving {
                // Where the server is, is for the routes to say.
                let way = way(to: servers)
                guard way == nil || leaving.names == [way] else { continue }
                if way == nil { action = Self.doubtful }
            }
            if !isCertain { (match.sources, action) = (rule.match.sources, Self.doubtful) }
            Self.add(
                FilterRule(match, action, earlier.source, support: [rule.source]), to: &result)
        }
        return result
    }

    /// Rules that differ by the address alone become one.
    private static func add(_ rule: FilterRule, to rules: inout [FilterRule]) {
        guard var last = rules.popLast() else { return rules.append(rule) }
        var alike = rule
        alike.match.destinations = last.match.destinations
        if alike == last, let more = rule.match.destinations {
            last.match.destinations = last.match.destinations?.union(more)
            rules.append(last)
        } else {
            rules += [last, rule]
        }
    }

    /// What a static rule translates whose answer the earlier rule takes; nil: nothing.
    private func meet(
        _ earlier: Match, _ rule: Match, _ servers: [IPAddress], _ ports: ClosedRange<UInt16>?
    ) -> Match? {
        if let known = earlier.destinations, !servers.contains(where: known.contains) { return nil }
        var match = rule
        if let entering = earlier.entering {
            guard rule.entering == nil || rule.entering == entering else { return nil }
            match.entering = entering
        }
        if let clients = earlier.sources {
            match.sources = rule.sources?.intersection(clients) ?? clients
            if match.sources?.isEmpty == true { return nil }
        }
        if let clients = earlier.sourcePorts {
            match.sourcePorts = rule.sourcePorts?.intersection(clients) ?? clients
            if match.sourcePorts?.isEmpty == true { return nil }
        }
        guard let taken = earlier.destinationPorts else { return match }
        if let ports {
            return taken.isDisjoint(with: PortSet(ports)) ? nil : match
        }
        match.destinationPorts = rule.destinationPorts?.intersection(taken) ?? taken
        return match.destinationPorts?.isEmpty == true ? nil : match
    }
}
