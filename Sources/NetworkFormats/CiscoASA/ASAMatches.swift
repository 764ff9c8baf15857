import Net
import Policy
import PolicyText

/// Entries of lists, as matches.
extension ASAConfig {
    /// Which SYNs an entry of a list matches; several where a group stands for several services.
    func matches(_ entry: ASAEntry) throws(IOSFault) -> [Match] {
        var rest = IOSWords(entry.words)
        var match = Match()
        var services = [Match()]
        switch rest.keyword {
        case "object-group", "object":
            rest.skip()
            services = resolved(rest.next(), &match)
        default: services = [try Self.proto(rest.next())]
        }
        let (portsFollow, never) = (
            services.contains { $0.never == nil }, services.compactMap(\.never).first
        )
        user(&rest, &match)
        match.sources = try addresses(&rest, &match, source: true)
        if portsFollow { match.sourcePorts = try listPorts(&rest, &match) }
        match.destinations = try addresses(&rest, &match, source: false)
        guard portsFollow else {
            // Types of ICMP may follow.
            return [IOSConfig.never(never ?? "not TCP")]
        }
        match.destinationPorts = try listPorts(&rest, &match)
        try options(&rest, &match)
        return services.map { service in
            var both = match
            both.never = match.never ?? service.never
            both.sourcePorts = Self.meet(match.sourcePorts, service.sourcePorts)
            both.destinationPorts = Self.meet(match.destinationPorts, service.destinationPorts)
            return both
        }
    }

    private static func meet(_ a: PortSet?, _ b: PortSet?) -> PortSet? {
        guard let a, let b else { return a ?? b }
        return a.intersection(b)
    }

    private func resolved(_ name: String, _ match: inout Match) -> [Match] {
        do throws(IOSFault) {
            return try services(name)
        } catch {
            match.notModelled.append(error.why)
            return [Match()]
        }
    }

    /// `user-group any`, `object-group-security …`: who sends is decided elsewhere.
    private func user(_ rest: inout IOSWords, _ match: inout Match) {
        let words: Set<String> = [
            "user", "user-group", "object-group-user", "security-group", "object-group-security",
        ]
        while words.contains(rest.keyword) {
            match.notModelled.append(rest.keyword)
            let tagged = rest.keyword == "security-group"
            rest.skip(tagged ? 3 : 2)
        }
    }

    private var any: AddressSet? { isUnified ? nil : .allV4 }

    /// Nil for any.
    private func addresses(
        _ rest: inout IOSWords, _ match: inout Match, source: Bool
    ) throws(IOSFault) -> AddressSet? {
        if !source { user(&rest, &match) }
        let word = rest.keyword
        var set: AddressSet?
        switch word {
        case "any":
            rest.skip()
            set = any
        case "any4":
            rest.skip()
            set = .allV4
        case "any6":
            rest.skip()
            set = .allV6
        case "host":
            rest.skip()
            set = AddressSet(try address(&rest))
        case "interface":
            rest.skip()
            set = ownAddress(rest.next(), &match)
        case "object", "object-group":
            rest.skip()
            do throws(IOSFault) {
                set = try self.set(rest.next())
            } catch {
                match.notModelled.append(error.why)
            }
        case "fqdn":
            rest.skip()
            match.notModelled.append("\(rest.next()) is a name, not an address")
        case "range":
            rest.skip()
            let (first, last) = (try address(&rest), try address(&rest))
            guard first <= last else { throw .refused("the range runs backwards") }
            set = AddressSet(first...last)
        default: set = AddressSet(try masked(&rest))
        }
        // A listing names what it looked up.
        if rest.peek.hasPrefix("("), !rest.peek.hasPrefix("(hitcnt"), rest.keyword != "(inactive)" {
            rest.skip()
        }
        return set
    }

    private func ownAddress(_ name: String, _ match: inout Match) -> AddressSet? {
        guard let interface = interface(name), !interface.addresses.isEmpty else {
            match.notModelled.append("the address of interface \(name) isn't in the file")
            return nil
        }
        return AddressSet(interface.addresses.map { $0...$0 })
    }

    private func listPorts(
        _ rest: inout IOSWords, _ match: inout Match
    ) throws(IOSFault) -> PortSet? {
        if Self.operatorFollows(rest) {
            var ahead = rest
            ahead.skip()
            // A listing writes a range of addresses as one of ports.
            guard IPAddress(ahead.peek) != nil else { return try ports(&rest) }
            return nil
        }
        guard rest.keyword == "object-group" else { return nil }
        var ahead = rest
        ahead.skip()
        let name = ahead.next()
        // Of a group that isn't defined, a list's further words tell what it stands for.
        guard let group = groups[name], group.kind == .service else { return nil }
        rest = ahead
        do throws(IOSFault) {
            var set = PortSet()
            for service in try services(name) where service.never == nil {
                set = set.union(service.destinationPorts ?? .all)
            }
            return set
        } catch {
            match.notModelled.append(error.why)
            return nil
        }
    }

    private func options(_ rest: inout IOSWords, _ match: inout Match) throws(IOSFault) {
        while !rest.isAtEnd {
            let word = rest.next()
            switch word.lowercased() {
            case "inactive": match.never = "the line is inactive"
            case "(inactive)": match.never = "the line is inactive"
            case "log":
                let levels: Set<String> = [
                    "default", "disable", "emergencies", "alerts", "critical", "errors",
                    "warnings", "notifications", "informational", "debugging",
                ]
                if levels.contains(rest.keyword) || Int(rest.peek) != nil { rest.skip() }
            case "interval": rest.skip()
            case "time-range":
                let name = rest.next()
                // A listing says `(inactive)` where the range is off.
                match.notModelled.append("time range \(name)")
            case let word where word.hasPrefix("(hitcnt"):
                // What follows the counter is `(inactive)` or the line's hash.
                match.notModelled.removeAll { $0.hasPrefix("time range") }
            case let word where word.hasPrefix("0x"): continue
            default: throw .puzzling("\(word) is no option known here")
            }
        }
    }
}
