import Net

/// What a rule's match makes of a flow: nothing, or some of its ports and clients; perhaps in doubt.
struct MatchResult {
    /// Nil: all.
    var ports: PortSet?
    /// Nil: all.
    var sources: AddressSet?
    /// Why it may not match; empty: it does.
    var doubts: [String] = []
}

/// The question as it stands at one device.
struct MatchContext {
    var sourcePorts: PortSet
    /// Interfaces by which the packet enters and leaves, where known.
    var entering: String?
    var leaving: String?
    /// Whether clients may be the device itself, so that they may come by the loopback interface.
    var clientsMayBeLocal: Bool
    /// From the first client of the question to the last.
    var clients: ClosedRange<IPAddress>?

    /// Evaluates all but what differs by port and client; nil: no match.
    func evaluate(_ rule: FilterRule, _ packet: Packet) -> MatchResult? {
        let match = rule.match
        guard match.never == nil, match.tests.allSatisfy(packet.passes) else { return nil }
        guard !match.expectedOnly || packet.expectedHere else { return nil }
        var result = MatchResult(sources: match.sources)
        let place = rule.source
        guard
            hold(match.entering, entering, "enters", place, &result),
            hold(match.leaving, leaving, "leaves", place, &result),
            holdDestination(match.destinations, packet, place, &result),
            hold(match.destinationMask, packet, place, &result),
            hold(match.originalDestinations, packet.arrival, place, &result),
            hold(match.destinationPorts, packet.ports, place, &result),
            hold(match.originalPorts, packet.arrivalPorts, place, &result),
            holdSourcePorts(rule, place, &result)
        else { return nil }
        if let mask = match.sourceMask, let clients {
            result.sources = mask.ranges(within: clients)
            if result.sources == nil {
                result.doubts.append(
                    "\(Self.place(place)): limit of 65536 ranges of clients reached")
            }
        }
        if packet.clientHidden, let named = match.sources,
            !AddressSet.allV4.isSubset(of: named), !AddressSet.allV6.isSubset(of: named)
        {
            result.sources = nil
            result.doubts.append(
                "\(Self.place(place)): it sees the address of what forwards, not the client's")
        }
        for predicate in match.notModelled {
            result.doubts.append("\(Self.place(place)): \(predicate)")
        }
        return result
    }

    /// A line that needs source ports that a client doesn't have, by the contract noted.
    func needsOtherSourcePort(_ rule: FilterRule) -> Bool {
        guard let needed = rule.match.sourcePorts, rule.match.never == nil else { return false }
        return !sourcePorts.isSubset(of: needed)
    }

    private func hold(
        _ names: Match.Names?, _ interface: String?, _ verb: String, _ place: SourceLine,
        _ result: inout MatchResult
    ) -> Bool {
        guard let names else { return true }
        if let interface {
            return names.names.contains { Self.matches($0, interface) } != names.negated
        }
        if names.names.contains("*") || names.names.contains("any") { return !names.negated }
        if Self.areLoopback(names.names), !clientsMayBeLocal { return names.negated }
        let list = names.names.joined(separator: ", ")
        result.doubts.append(
            "\(Self.place(place)): it isn't known whether a packet \(verb) by \(names.negated ? "another interface than " : "")\(list)"
        )
        return true
    }

    /// Linux's, and BSD's with its number, or beside it (`lo*`) the group of all; what others send,
    /// or what is sent on to others, neither enters nor leaves there.
    private static func areLoopback(_ names: [String]) -> Bool {
        names.allSatisfy { name in
            let rest = name.dropFirst(2)
            return name.hasPrefix("lo")
                && (rest.allSatisfy(\.isNumber) || rest == "*" && names.contains("lo"))
        }
    }

    /// A trailing `*` stands for any rest.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        if pattern.hasSuffix("*") { return name.hasPrefix(pattern.dropLast()) }
        return pattern == name
    }

    /// What an interface by which packets of others enter may have for an address: no loopback, no
    /// multicast.
    private static func ownAddresses(_ family: IPAddress.Family?) -> AddressSet {
        switch family {
        case .v4: interfaceV4
        case .v6: interfaceV6
        case nil: interfaceV4.union(interfaceV6)
        }
    }

    private static let interfaceV4 = AddressSet.allV4.subtracting(
        set(["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"]))
    private static let interfaceV6 = AddressSet.allV6.subtracting(set(["::/127", "ff00::/8"]))

    private static func set(_ prefixes: [String]) -> AddressSet {
        prefixes.compactMap { Prefix($0) }.reduce(AddressSet()) { $0.union(AddressSet($1)) }
    }

    private func holdDestination(
        _ set: AddressSet?, _ packet: Packet, _ place: SourceLine, _ result: inout MatchResult
    ) -> Bool {
        guard packet.isSentToDevice, let set else {
            return hold(set, packet.destination, place, &result)
        }
        let own = Self.ownAddresses(packet.destination.family)
        if own.isSubset(of: set) { return true }
        if own.isDisjoint(with: set) { return false }
        result.doubts.append("\(Self.place(place)): the device's own address isn't known")
        return true
    }

    private func hold(
        _ mask: AddressMask?, _ packet: Packet, _ place: SourceLine, _ result: inout MatchResult
    ) -> Bool {
        guard let mask else { return true }
        if !packet.isSentToDevice, case .oneOf(let addresses) = packet.destination {
            let inside = addresses.count(where: mask.contains)
            if inside == 0 || inside == addresses.count { return inside > 0 }
        }
        result.doubts.append("\(Self.place(place)): it depends on which address takes it")
        return true
    }

    private func hold(
        _ set: AddressSet?, _ destination: Destination, _ place: SourceLine,
        _ result: inout MatchResult
    ) -> Bool {
        guard let set else { return true }
        if let lies = destination.lies(in: set) { return lies }
        if case .unknown(let why) = destination {
            result.doubts.append("\(Self.place(place)): \(why)")
        } else {
            result.doubts.append(
                "\(Self.place(place)): it depends on which of several addresses takes it")
        }
        return true
    }

    private func hold(
        _ set: PortSet?, _ mapping: PortMapping, _ place: SourceLine, _ result: inout MatchResult
    ) -> Bool {
        guard let set else { return true }
        switch mapping {
        case .kept:
            result.ports = result.ports?.intersection(set) ?? set
            return true
        case .to(let range):
            let ports = PortSet(range)
            if ports.isSubset(of: set) { return true }
            if ports.isDisjoint(with: set) { return false }
            result.doubts.append(
                "\(Self.place(place)): it depends on which of ports \(ports) it is given")
            return true
        }
    }

    private func holdSourcePorts(
        _ rule: FilterRule, _ place: SourceLine, _ result: inout MatchResult
    ) -> Bool {
        guard let needed = rule.match.sourcePorts else { return true }
        if sourcePorts.isSubset(of: needed) { return true }
        if sourcePorts.isDisjoint(with: needed) { return false }
        // Some clients' ports match. A line that lets those in isn't counted on; one that does
        // anything else may be the one that decides.
        if rule.action == .permit { return false }
        result.doubts.append("\(Self.place(place)): it depends on the client's port (\(needed))")
        return true
    }

    private static func place(_ source: SourceLine) -> String {
        source.line.map { "\(source.file):\($0)" } ?? "\(source.file) (\(source.text))"
    }
}

extension ReachQuestion {
    /// Whether who asks may be the server itself.
    var mayBeLocal: Bool {
        let loopback = Prefix("127.0.0.0/8").map { AddressSet($0) } ?? AddressSet()
        return from.isSubset(of: loopback)
    }
}
