import Net
import Policy
import PolicyText

/// Reads where a translation leads.
struct NftTranslation {
    let isRedirect: Bool
    /// Whether a port within the range stays as it is.
    let keepsPorts: Bool
    /// Why it can't be told.
    var problem: String?

    /// Addresses that are followed; more make the destination unknown.
    static let maximumAddresses = 256

    func unknown(_ why: String) -> Translation {
        Translation(address: .unknown("it is translated by \(why), which isn't modelled"))
    }

    /// `10.1.1.10`, `10.1.1.10 . 21`, a range; and a port, where it stands apart.
    func translation(
        _ address: NftExpression?, _ port: NftExpression?
    ) throws(NftValues.Problem) -> Translation {
        if let problem { return unknown(problem) }
        if case .concatenation(let parts)? = address, parts.count == 2 {
            return try translation(parts[0], parts[1])
        }
        do throws(NftValues.Problem) {
            let ports = try port.map { (port) throws(NftValues.Problem) in
                try Self.ports(port)
            }
            let target = try target(address)
            return Translation(address: target, ports: ports, keepsPortsWithin: keepsPorts)
        } catch .unresolved(let what) {
            return unknown(what)
        } catch { throw error }
    }

    private func target(
        _ address: NftExpression?
    ) throws(NftValues.Problem) -> Translation.Target {
        guard !isRedirect else { return .device }
        guard let address else { return .unchanged }
        let list = try Self.list(address)
        return list.map { .addresses($0) }
            ?? .unknown("it is translated to more than \(Self.maximumAddresses) addresses")
    }

    private static func ports(
        _ port: NftExpression
    ) throws(NftValues.Problem) -> ClosedRange<UInt16> {
        let set = try NftValues.ports(port)
        guard let range = set.ranges.first, set.ranges.count == 1 else {
            throw .unresolved("port \(port.text)")
        }
        return range
    }

    private static func list(
        _ address: NftExpression
    ) throws(NftValues.Problem) -> [IPAddress]? {
        let range: ClosedRange<IPAddress>
        switch address {
        case .word, .quoted:
            let one = try NftValues.address(address)
            range = one...one
        case .range(let low, let high):
            let (first, last) = (try NftValues.address(low), try NftValues.address(high))
            guard first.family == last.family, first <= last else {
                throw .invalid("range \(address.text) is reversed")
            }
            range = first...last
        case .prefix(let base, let length):
            guard let prefix = Prefix(try NftValues.address(base), length: length) else {
                throw .invalid("'\(address.text)' is no prefix")
            }
            range = prefix.address...prefix.last
        default: throw .unresolved("'\(address.text)'")
        }
        var list: [IPAddress] = []
        var next: IPAddress? = range.lowerBound
        while let one = next, one <= range.upperBound {
            list.append(one)
            if list.count > maximumAddresses { return nil }
            next = one.next
        }
        return list
    }

    /// One of the map's values, by turns or by a hash.
    func byTurns(
        _ elements: [NftElement], _ port: NftExpression?
    ) throws(NftValues.Problem) -> Translation {
        var addresses: [IPAddress] = []
        var ports: Set<ClosedRange<UInt16>?> = []
        for element in elements {
            let one = try translation(element.data, port)
            guard case .addresses(let list) = one.address else {
                return Translation(address: one.address)
            }
            addresses += list.filter { !addresses.contains($0) }
            ports.insert(one.ports)
        }
        guard !addresses.isEmpty, ports.count == 1, let same = ports.first else {
            return unknown("turns")
        }
        guard addresses.count <= Self.maximumAddresses else {
            return unknown("turns over more than \(Self.maximumAddresses) addresses")
        }
        return Translation(
            address: .addresses(addresses), ports: same, keepsPortsWithin: keepsPorts)
    }
}

/// Marks as constants and bit operations make them.
enum NftMarks {
    /// What a value leaves on the packet; nil where it isn't modelled.
    static func effect(_ field: String, _ value: NftExpression) -> Effect? {
        let onPacket = field == "meta mark"
        if let effect = copied(value, onPacket, .max) { return effect }
        if case .operation("&", let other, let mask) = value,
            let mask = try? NftValues.constant(mask), let effect = copied(other, onPacket, mask)
        {
            return effect
        }
        guard let (keep, flip) = affine(value, field) else { return nil }
        return onPacket
            ? .mark(clear: ~keep, flip: flip) : .connectionMark(clear: ~keep, flip: flip)
    }

    private static func copied(
        _ value: NftExpression, _ onPacket: Bool, _ mask: UInt32
    ) -> Effect? {
        switch (onPacket, value) {
        case (true, .field("ct mark")): .restoreMark(packet: .max, connection: mask)
        case (false, .field("meta mark")): .saveMark(packet: mask, connection: .max)
        default: nil
        }
    }

    /// Whether the value is made of the connection's mark.
    static func readsConnection(_ value: NftExpression) -> Bool {
        switch value {
        case .field(let name): name == "ct mark"
        case .operation(_, let left, let right): readsConnection(left) || readsConnection(right)
        default: false
        }
    }

    /// `(field & keep) ^ flip`; for a constant, keep is 0.
    private static func affine(
        _ value: NftExpression, _ field: String
    ) -> (keep: UInt32, flip: UInt32)? {
        if let constant = try? NftValues.constant(value) { return (0, constant) }
        switch value {
        case .field(field): return (.max, 0)
        case .operation(let sign, let left, let right):
            guard let (keep, flip) = affine(left, field),
                let constant = try? NftValues.constant(right)
            else { return nil }
            switch sign {
            case "&": return (keep & constant, flip & constant)
            case "|": return (keep & ~constant, flip & ~constant ^ constant)
            case "^": return (keep, flip ^ constant)
            default: return nil
            }
        default: return nil
        }
    }

    /// Whether every mark that the statements set is modelled.
    static func areKnown(_ statements: [NftStatement]) -> Bool {
        statements.allSatisfy { statement in
            guard case .assign(let field, let value) = statement,
                field == "meta mark" || field == "ct mark"
            else { return true }
            if effect(field, value) != nil { return true }
            guard case .map(_, .set(let elements)) = value else { return false }
            return elements.allSatisfy { $0.data.flatMap { effect(field, $0) } != nil }
        }
    }

    /// Whether the statements set the mark of a connection.
    static func areOfConnection(_ statements: [NftStatement]) -> Bool {
        statements.contains { statement in
            if case .assign("ct mark", _) = statement { true } else { false }
        }
    }
}
