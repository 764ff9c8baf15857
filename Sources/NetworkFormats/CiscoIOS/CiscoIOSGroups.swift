import Net
import Policy
import PolicyText

/// Object groups, resolved.
extension IOSConfig {
    /// Groups may hold groups, to this depth.
    private static let deepest = 16

    func network(_ name: String, depth: Int) throws(IOSFault) -> AddressSet {
        let circle = IOSFault.puzzling("object group \(name) holds itself")
        return try networksTold.value(of: name, meanwhile: .failure(circle)) {
            Result { () throws(IOSFault) in try resolvedNetwork(name, depth) }
        }.get()
    }

    private func resolvedNetwork(_ name: String, _ depth: Int) throws(IOSFault) -> AddressSet {
        guard let group = networkGroups[name], depth < Self.deepest else {
            throw .puzzling("object group \(name) isn't defined")
        }
        var ranges: [ClosedRange<IPAddress>] = []
        for member in group.members {
            var rest = IOSWords(member.words)
            if rest.take("description") { continue }
            ranges += try members(&rest, depth: depth).ranges
        }
        let set = AddressSet(ranges)
        guard !set.isEmpty else { throw .puzzling("object group \(name) is empty") }
        return set
    }

    private func members(_ rest: inout IOSWords, depth: Int) throws(IOSFault) -> AddressSet {
        if rest.take("any") { return .allV4 }
        if rest.take("group-object") { return try network(rest.next(), depth: depth + 1) }
        if rest.take("host") { return AddressSet(IPAddress(v4: try rest.address())) }
        if rest.take("range") {
            let (first, last) = (
                IPAddress(v4: try rest.address()), IPAddress(v4: try rest.address())
            )
            guard first <= last else { throw .refused("the range runs backwards") }
            return AddressSet(first...last)
        }
        if rest.peek.contains("/"), let prefix = Prefix(rest.peek), prefix.address.family == .v4 {
            return AddressSet(prefix)
        }
        // Here, unlike in a list, the mask is a network mask.
        let value = try rest.address()
        guard let set = AddressSet(v4: value, wildcard: ~(try rest.address()), limit: 256) else {
            throw .puzzling("a mask of more than 256 ranges")
        }
        return set
    }

    /// The services of a group, as matches of ports alone.
    func services(_ name: String, depth: Int) throws(IOSFault) -> [Match] {
        let circle = IOSFault.puzzling("object group \(name) holds itself")
        return try servicesTold.value(of: name, meanwhile: .failure(circle)) {
            Result { () throws(IOSFault) in try resolvedServices(name, depth) }
        }.get()
    }

    private func resolvedServices(_ name: String, _ depth: Int) throws(IOSFault) -> [Match] {
        guard let group = serviceGroups[name], depth < Self.deepest else {
            throw .puzzling("object group \(name) isn't defined")
        }
        var matches: [Match] = []
        for member in group.members {
            guard matches.count < 4096 else { throw .puzzling("object group \(name) is too large") }
            var rest = IOSWords(member.words)
            if rest.take("description") { continue }
            if rest.take("group-object") {
                matches += try services(rest.next(), depth: depth + 1)
            } else {
                matches.append(try service(&rest))
            }
        }
        guard !matches.isEmpty else { throw .puzzling("object group \(name) is empty") }
        return matches
    }

    private func service(_ rest: inout IOSWords) throws(IOSFault) -> Match {
        let proto = rest.next().lowercased()
        if proto == "ip" { return Match() }
        guard ["tcp", "tcp-udp", "6"].contains(proto) else {
            guard Self.otherProtocols.contains(proto) || UInt8(proto) != nil else {
                throw .puzzling("\(proto) is no protocol known here")
            }
            return Self.never("\(proto), not TCP")
        }
        var match = Match()
        if rest.take("source") { match.sourcePorts = try servicePorts(&rest) }
        _ = rest.take("destination")
        if !rest.isAtEnd { match.destinationPorts = try servicePorts(&rest) }
        guard rest.isAtEnd else { throw .puzzling("\(rest.peek) is no part of a service") }
        return match
    }

    /// As in a list, but a bare port means `eq`.
    private func servicePorts(_ rest: inout IOSWords) throws(IOSFault) -> PortSet {
        if let ports = try rest.ports() { return ports }
        return PortSet(ports: [try rest.port()])
    }

    func portGroup(_ name: String) throws(IOSFault) -> PortSet {
        guard let group = portGroups[name] else {
            throw .puzzling("object group \(name) isn't defined")
        }
        var set = PortSet()
        for member in group.members {
            var rest = IOSWords(member.words)
            if rest.take("description") { continue }
            guard let ports = try rest.ports() else {
                throw .puzzling("\(rest.peek) is no operator on ports")
            }
            set = set.union(ports)
        }
        guard !set.isEmpty else { throw .puzzling("object group \(name) is empty") }
        return set
    }
}
