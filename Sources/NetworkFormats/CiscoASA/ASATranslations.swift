import Net
import Policy
import PolicyText

/// What NAT makes of a packet's destination.
extension ASADeviceBuilder {
    static let natChain = "nat"
    /// More rules from one line than this are not told one by one.
    private static let mostRules: UInt128 = 4096

    mutating func translations() -> Bool {
        var rules: [FilterRule] = []
        for entry in config.twice { rules += twice(entry) }
        for entry in orderedObjectNATs() where !entry.isOtherProtocol {
            if entry.isStatic { rules += object(entry) }
            noteWayBack(entry)
        }
        for entry in config.late { rules += twice(entry) }
        for entry in config.exemptions { rules += exemption(entry, .keep) }
        for entry in config.statics { rules += old(entry) }
        guard !rules.isEmpty else { return false }
        device.chains[Self.natChain] = Chain(name: Self.natChain, rules: rules)
        return true
    }

    /// Section 2: static before dynamic, then fewer addresses first, then the lower address.
    func orderedObjectNATs() -> [ASAObjectNAT] {
        func key(_ entry: ASAObjectNAT) -> (Int, UInt128, UInt128, String) {
            let ranges = (try? config.ranges(entry.object)) ?? []
            return (
                entry.isStatic ? 0 : 1, Self.count(ranges), ranges.first?.lowerBound.bits ?? 0,
                entry.object
            )
        }
        return config.objectNATs.map { (entry: $0, key: key($0)) }.sorted { $0.key < $1.key }
            .map(\.entry)
    }

    static func count(_ ranges: [ClosedRange<IPAddress>]) -> UInt128 {
        var sum: UInt128 = 0
        for range in ranges {
            let size = range.upperBound.bits &- range.lowerBound.bits
            guard size < 1 << 100, sum < 1 << 100 else { return 1 << 100 }
            sum += size + 1
        }
        return sum
    }

    static func names(_ interface: String) -> Match.Names? {
        interface.lowercased() == "any" ? nil : Match.Names([interface])
    }

    /// The addresses that a value of a NAT line stands for; nil: every one.
    func ranges(
        _ value: ASANATValue, at interface: String
    ) throws(IOSFault) -> [ClosedRange<IPAddress>]? {
        switch value {
        case .any: return nil
        case .address(let address): return [address...address]
        case .named(let name): return try config.ranges(name)
        case .interface:
            guard let found = config.interface(interface) else {
                throw .puzzling("the address of interface \(interface) isn't in the file")
            }
            if let address = found.addresses.first { return [address...address] }
            guard found.isDynamic else {
                throw .puzzling("interface \(interface) has no address")
            }
            let others = named.flatMap(\.networks).filter { $0.length > 0 }
            return AddressSet.allV4.subtracting(
                AddressSet(others.map { $0.address...$0.last })
            ).ranges
        }
    }

    private mutating func assumeGiven(_ value: ASANATValue, _ interface: String) {
        guard value == .interface, config.interface(interface)?.addresses.isEmpty == true else {
            return
        }
        let said = "the address asked for is taken to be that of \(interface), given from outside"
        if !device.assumptions.contains(said) { device.assumptions.append(said) }
    }

    /// Why a line's translation can't be told, as a rule that says so for all it may touch.
    private mutating func puzzle(
        _ line: Int, _ why: String, _ match: Match = Match()
    ) -> FilterRule {
        reader.mark(line, .notModelled, why)
        return FilterRule(match, .unknown(why), reader.text.source(line))
    }

    // MARK: since 8.3

    private mutating func twice(_ entry: ASATwiceNAT) -> [FilterRule] {
        defer { noteWayBack(entry) }
        do throws(IOSFault) {
            return try backward(entry) + forward(entry)
        } catch {
            let either: Match.Names? =
                entry.real == "any" || entry.mapped == "any"
                ? nil : Match.Names([entry.real, entry.mapped])
            return [puzzle(entry.line, error.why, Match(entering: either))]
        }
    }

    /// The ports of a line's two services; nil: the line isn't for TCP.
    private func services(
        _ entry: ASATwiceNAT
    ) throws(IOSFault) -> (real: Match, mapped: Match)? {
        guard let service = entry.service else { return (Match(), Match()) }
        let (real, mapped) = (
            try config.services(service.real), try config.services(service.mapped)
        )
        guard real.count == 1, mapped.count == 1 else { throw .puzzling("several services") }
        guard real[0].never == nil, mapped[0].never == nil else { return nil }
        return (real[0], mapped[0])
    }

    /// From the mapped side to the real one: to a mapped source.
    private mutating func backward(_ entry: ASATwiceNAT) throws(IOSFault) -> [FilterRule] {
        guard entry.isStatic, !entry.isOneWay, let services = try services(entry) else { return [] }
        var match = Match(entering: Self.names(entry.mapped))
        if let destination = entry.destination {
            match.sources = try ranges(destination.real, at: entry.real).map { AddressSet($0) }
        }
        match.sourcePorts = services.mapped.destinationPorts
        let mapped = try ranges(entry.source.mapped, at: entry.mapped)
        let real = try ranges(entry.source.real, at: entry.real)
        assumeGiven(entry.source.mapped, entry.mapped)
        let rules = carry(
            match, from: mapped, to: real,
            (services.mapped.sourcePorts, services.real.sourcePorts), entry.line, [])
        let keepsClients = entry.destination.map { $0.mapped == $0.real } ?? true
        return shadowed(rules, entry.real, isCertain: keepsClients)
    }

    /// From the real side on: to a mapped destination.
    private mutating func forward(_ entry: ASATwiceNAT) throws(IOSFault) -> [FilterRule] {
        guard let destination = entry.destination, let services = try services(entry) else {
            return []
        }
        var match = Match(entering: Self.names(entry.real))
        match.sources = try ranges(entry.source.real, at: entry.real).map { AddressSet($0) }
        match.sourcePorts = services.real.sourcePorts
        let mapped = try ranges(destination.mapped, at: entry.real)
        let real = try ranges(destination.real, at: entry.real)
        assumeGiven(destination.mapped, entry.real)
        let rules = carry(
            match, from: mapped, to: real,
            (services.real.destinationPorts, services.mapped.destinationPorts), entry.line, [])
        return shadowed(rules, entry.mapped, isCertain: false)
    }

    private mutating func object(_ entry: ASAObjectNAT) -> [FilterRule] {
        let support = config.networks[entry.object]?.value.map { [reader.text.source($0.line)] }
        let match = Match(entering: Self.names(entry.mapped))
        do throws(IOSFault) {
            let real = try config.ranges(entry.object)
            var mapped = try ranges(entry.to, at: entry.mapped)
            assumeGiven(entry.to, entry.mapped)
            if case .address(let first) = entry.to { mapped = [network(first, like: real)] }
            let ports = entry.ports.map {
                (PortSet($0.mapped...$0.mapped), PortSet($0.real...$0.real))
            }
            let rules = carry(
                match, from: mapped, to: real, (ports?.0, ports?.1), entry.line, support ?? [])
            return shadowed(rules, entry.real)
        } catch {
            return [puzzle(entry.line, error.why, match)]
        }
    }

    /// As many addresses as `real` has, from `first`, at a network's bounds.
    private func network(
        _ first: IPAddress, like real: [ClosedRange<IPAddress>]
    ) -> ClosedRange<IPAddress> {
        let size = Self.count(real)
        guard size > 1, size & (size &- 1) == 0 else {
            let last = IPAddress(family: first.family, bits: first.bits &+ size &- 1)
            return first...max(first, last ?? first)
        }
        guard let low = IPAddress(family: first.family, bits: first.bits & ~(size &- 1)),
            let high = IPAddress(family: first.family, bits: first.bits | (size &- 1))
        else { return first...first }
        return low...high
    }

    // MARK: before 8.3

    /// `nat 0 access-list`: from the list's destinations to its sources nothing is translated.
    mutating func exemption(_ entry: ASAExemption, _ action: Action) -> [FilterRule] {
        guard let list = config.lists[entry.list] else {
            return [puzzle(entry.line, "list \(entry.list) isn't in the file")]
        }
        usedLists.insert(entry.list)
        return rules(list).map { rule in
            var rule = rule
            rule.support = [reader.text.source(entry.line)]
            (rule.match.sources, rule.match.destinations) = (
                rule.match.destinations, rule.match.sources
            )
            (rule.match.sourcePorts, rule.match.destinationPorts) = (nil, nil)
            switch rule.action {
            case .permit: rule.action = action
            case .deny: rule.action = .next
            default: break
            }
            return rule
        }
    }

    private mutating func old(_ entry: ASAStatic) -> [FilterRule] {
        var match = Match(entering: Self.names(entry.mapped))
        var local = entry.local
        var support: [SourceLine] = []
        if let name = entry.list {
            guard let list = config.lists[name], let only = list.entries.first(where: \.permits),
                list.entries.count(where: { !$0.isRemark }) == 1,
                let found = try? config.matches(only), found.count == 1,
                let host = found[0].sources?.ranges.first, host.lowerBound == host.upperBound
            else { return [puzzle(entry.line, "what list \(name) names isn't one host", match)] }
            usedLists.insert(name)
            match.sources = found[0].destinations
            if entry.ports == nil, let ports = found[0].sourcePorts {
                match.destinationPorts = ports
            }
            local = host.lowerBound
            support = [reader.text.source(only.line)]
        }
        guard let local else { return [] }
        do throws(IOSFault) {
            let real = [network(local, like: [local...local])]
            var (from, to) = (try ranges(entry.to, at: entry.mapped), real)
            assumeGiven(entry.to, entry.mapped)
            if entry.count > 1, case .address(let first) = entry.to {
                let mask = UInt128(entry.count - 1)
                (from, to) = ([Self.block(first, mask)], [Self.block(local, mask)])
            }
            let ports = entry.ports.map {
                (PortSet($0.mapped...$0.mapped), PortSet($0.real...$0.real))
            }
            return carry(match, from: from, to: to, (ports?.0, ports?.1), entry.line, support)
        } catch {
            return [puzzle(entry.line, error.why, match)]
        }
    }

    private static func block(_ address: IPAddress, _ mask: UInt128) -> ClosedRange<IPAddress> {
        let (low, high) = (address.bits & ~mask, address.bits | mask)
        guard let first = IPAddress(family: address.family, bits: low),
            let last = IPAddress(family: address.family, bits: high)
        else { return address...address }
        return first...last
    }

    // MARK: rules

    /// Rules that carry mapped addresses and ports to real ones, one for one.
    private mutating func carry(
        _ match: Match, from mapped: [ClosedRange<IPAddress>]?, to real: [ClosedRange<IPAddress>]?,
        _ ports: (mapped: PortSet?, real: PortSet?), _ line: Int, _ support: [SourceLine]
    ) -> [FilterRule] {
        var match = match
        match.destinations = mapped.map { AddressSet($0) }
        if let own = ports.mapped {
            match.destinationPorts = match.destinationPorts?.intersection(own) ?? own
        }
        guard let moves = Self.moves(ports) else {
            return [puzzle(line, "the services are of different sizes", match)]
        }
        let source = reader.text.source(line)
        if mapped == real || mapped == nil {
            guard mapped == real else {
                return [puzzle(line, "every address is translated to some", match)]
            }
            return moves.map { move in
                var match = match
                match.destinationPorts = move.ports ?? match.destinationPorts
                let to = Translation(address: .unchanged, ports: move.to)
                return FilterRule(
                    match, move.to == nil ? .keep : .translate(to), source, support: support)
            }
        }
        guard let mapped, let real else {
            return [puzzle(line, "some addresses are translated to any", match)]
        }
        let (size, targets) = (Self.count(mapped), Self.count(real))
        if size > 1, targets == 1, let only = real.first?.lowerBound {
            return single(match, only, moves, source, support)
        }
        guard size * UInt128(moves.count) <= Self.mostRules, targets > 0 else {
            return [puzzle(line, "more than \(Self.mostRules) addresses and ports", match)]
        }
        var rules: [FilterRule] = []
        for (index, address) in Self.each(mapped).enumerated() {
            guard let target = Self.address(UInt128(index) % targets, in: real) else { continue }
            match.destinations = AddressSet(address)
            rules += single(match, target, moves, source, support)
        }
        return rules
    }

    private func single(
        _ match: Match, _ target: IPAddress, _ moves: [Move], _ source: SourceLine,
        _ support: [SourceLine]
    ) -> [FilterRule] {
        moves.map { move in
            var match = match
            match.destinationPorts = move.ports ?? match.destinationPorts
            let to = Translation(address: .addresses([target]), ports: move.to)
            return FilterRule(match, .translate(to), source, support: support)
        }
    }

    private typealias Move = (ports: PortSet?, to: ClosedRange<UInt16>?)

    /// Nil where the ports can't be told one for one.
    private static func moves(_ ports: (mapped: PortSet?, real: PortSet?)) -> [Move]? {
        guard ports.mapped != ports.real else { return [(ports.mapped, nil)] }
        guard let mapped = ports.mapped, let real = ports.real, mapped.count == real.count,
            mapped.count <= mostRules
        else { return nil }
        return zip(mapped.ports, real.ports).map { (PortSet($0...$0), $1...$1) }
    }

    private static func each(_ ranges: [ClosedRange<IPAddress>]) -> [IPAddress] {
        ranges.flatMap { range in
            var (all, next): ([IPAddress], IPAddress?) = ([], range.lowerBound)
            while let address = next, address <= range.upperBound {
                all.append(address)
                next = address.next
            }
            return all
        }
    }

    private static func address(
        _ index: UInt128, in ranges: [ClosedRange<IPAddress>]
    ) -> IPAddress? {
        var left = index
        for range in ranges {
            let size = count([range])
            if left < size {
                return IPAddress(
                    family: range.lowerBound.family, bits: range.lowerBound.bits + left)
            }
            left -= size
        }
        return nil
    }
}
