import Net
import Policy
import PolicyText

/// What a rule's properties ask of a packet.
extension RouterOSBuilder {
    func condition(
        _ key: String, _ value: String, _ negated: Bool, _ base: Match
    ) -> [Match] {
        var match = base
        switch key {
        case "chain", "action", "comment", "log", "log-prefix", "disabled", "to-addresses",
            "to-ports", "jump-target", "reject-with", "address-list", "address-list-timeout",
            "place-before", "hw-offload":
            break
        case "protocol":
            let isTCP = value == "tcp" || value == "6"
            if isTCP == negated { match.never = "not TCP" }
        case "src-address", "dst-address":
            return addresses(match, Self.hosts(value), negated, source: key.hasPrefix("src"))
        case "src-address-list": return list(value, negated, match)
        case "dst-address-list":
            var hosts = lists[value] ?? ZonedFirewall.Hosts()
            if growing.contains("dst \(value)") {
                hosts.unknown.append("rules put destinations on list \(value)")
            }
            return addresses(match, hosts, negated, source: false)
        case "src-port", "dst-port", "port", "any-port":
            var set = PortSet()
            for part in value.split(separator: ",") {
                guard let range = JunosPorts.range(String(part)) else {
                    match.notModelled.append("port \(part) isn't known here")
                    return [match]
                }
                set = set.union(range)
            }
            if negated { set = set.complement }
            guard key == "dst-port" || key == "src-port" else {
                var other = match
                match.destinationPorts = set.intersection(match.destinationPorts ?? .all)
                other.sourcePorts = set.intersection(other.sourcePorts ?? .all)
                return [match, other]
            }
            if key == "dst-port" {
                match.destinationPorts = set.intersection(match.destinationPorts ?? .all)
            } else {
                match.sourcePorts = set.intersection(match.sourcePorts ?? .all)
            }
        case "in-interface", "out-interface":
            // `all-ethernet`, `all-ppp`: kinds, of which the file doesn't tell.
            if value.hasPrefix("all-") { match.notModelled.append("\(key) \(value)") }
            guard !value.hasPrefix("all-") else { break }
            Self.narrow(&match, key, [value], negated)
        case "in-interface-list", "out-interface-list":
            guard value != "all" else { break }
            guard members[value] != nil, !composed.contains(value) else {
                match.notModelled.append("list \(value) isn't wholly in the file")
                break
            }
            Self.narrow(&match, key, members[value] ?? [], negated)
        case "connection-state": return states(value, negated, match)
        case "connection-nat-state":
            if value == "dstnat" {
                match.tests.append(.translated(!negated))
            } else {
                match.notModelled.append(key)
            }
        case "dst-address-type":
            guard value == "local" else {
                match.notModelled.append(key)
                break
            }
            // What is redirected, or bound for the router anyhow, is; else its address tells.
            var here = match
            here.tests.append(.local(true))
            match.tests.append(.local(false))
            var others = [match]
            if !own.isEmpty || !givenLines.isEmpty {
                others = addresses(match, localHosts, negated, source: false)
            } else {
                others[0].notModelled.append("its own addresses aren't in the file")
            }
            return negated ? others : [here] + others
        case "ipsec-policy":
            // Clients are taken to come without a tunnel.
            if value.hasSuffix("ipsec") != negated { match.never = "only what came by IPsec" }
        case "fragment": if value == "yes" { match.never = "only fragments" }
        case "tcp-flags":
            let flags = value.split(separator: ",").map(String.init)
            let holds = flags.allSatisfy { ($0 == "syn") != $0.hasPrefix("!") }
            if holds == negated { match.never = "flags that a new connection's SYN hasn't" }
        default: match.notModelled.append(key)
        }
        return [match]
    }

    private var localHosts: ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        hosts.set = own
        if let given = givenLines.first {
            hosts.unknown = ["the address that \(given.interface) is given isn't in the file"]
            hosts.within = elsewhere
        }
        return hosts
    }

    /// Where an address that the router is given may lie: in no network known to be another's.
    var elsewhere: AddressSet {
        let known = device.interfaces.flatMap(\.networks).filter { $0.length > 0 } + routes
        return known.reduce(.allV4) { $0.subtracting(AddressSet($1)) }
    }

    /// A list of senders, to which rules may have added this one.
    private func list(_ name: String, _ negated: Bool, _ base: Match) -> [Match] {
        let hosts = lists[name] ?? ZonedFirewall.Hosts()
        guard growing.contains("src \(name)") else {
            return addresses(base, hosts, negated, source: true)
        }
        var tagged = base
        tagged.tests.append(.tagged(name, !negated))
        if negated { return addresses(tagged, hosts, negated, source: true) }
        return [tagged] + addresses(base, hosts, negated, source: true)
    }

    /// A first packet is new, or related to a connection whose helper expects it, or untracked.
    private func states(_ value: String, _ negated: Bool, _ base: Match) -> [Match] {
        let words = Set(value.split(separator: ",").map(String.init))
        guard !words.isEmpty else {
            var match = base
            match.notModelled.append("connection-state without a state")
            return [match]
        }
        let allowed = ["new", "related", "untracked"].filter { words.contains($0) != negated }
        if allowed.count == 3 { return [base] }
        guard !allowed.isEmpty else {
            var match = base
            match.never = "no new connection"
            return [match]
        }
        return allowed.map { state in
            var match = base
            switch state {
            case "new": match.tests.append(.new(true))
            case "related":
                match.expectedOnly = true
                match.tests.append(.tracked(true))
            default: match.tests.append(.tracked(false))
            }
            return match
        }
    }

    /// A rule's properties hold all: an interface and a list of interfaces too.
    private static func narrow(
        _ match: inout Match, _ key: String, _ names: [String], _ negated: Bool
    ) {
        let side: WritableKeyPath<Match, Match.Names?> =
            key.hasPrefix("in") ? \.entering : \.leaving
        guard let before = match[keyPath: side] else {
            match[keyPath: side] = Match.Names(names, negated: negated)
            return
        }
        let both =
            switch (before.negated, negated) {
            case (true, true): before.names + names
            case (true, false): names.filter { !before.names.contains($0) }
            case (false, _): before.names.filter { names.contains($0) != negated }
            }
        match[keyPath: side] = Match.Names(both, negated: before.negated && negated)
    }

    private func addresses(
        _ base: Match, _ hosts: ZonedFirewall.Hosts, _ negated: Bool, source: Bool
    ) -> [Match] {
        func with(_ set: AddressSet) -> Match {
            var match = base
            if source {
                match.sources = set.intersection(match.sources ?? .all)
            } else {
                match.destinations = set.intersection(match.destinations ?? .all)
            }
            return match
        }
        guard hosts.unknown.isEmpty else {
            var perhaps = hosts.within == .all || negated ? base : with(hosts.within)
            perhaps.notModelled += hosts.unknown
            return negated || hosts.set.isEmpty ? [perhaps] : [with(hosts.set), perhaps]
        }
        return [with(negated ? hosts.set.complement : hosts.set)]
    }
}
