import Net
import Policy
import PolicyText

extension IOSConfig {
    /// Which SYNs an entry of a list matches; several where a group stands for several services.
    func matches(_ entry: IOSEntry, extended: Bool) throws(IOSFault) -> [Match] {
        extended ? try extendedMatches(entry.words) : [try standardMatch(entry.words)]
    }

    private func standardMatch(_ words: [String]) throws(IOSFault) -> Match {
        var rest = IOSWords(words)
        var match = Match()
        if rest.take("any") {
            // Every source.
        } else if rest.take("host") {
            match.sources = AddressSet(IPAddress(v4: try rest.address()))
        } else {
            let value = try rest.address()
            let wild = rest.peek.contains(".") ? try rest.address() : 0
            (match.sources, match.sourceMask) = try Self.wildcard(value, wild)
        }
        try options(&rest, &match)
        return match
    }

    private func extendedMatches(_ words: [String]) throws(IOSFault) -> [Match] {
        var rest = IOSWords(words)
        var services = [Match()]
        let mentionsDynamic = rest.keyword == "dynamic"
        if mentionsDynamic { throw .puzzling("lock-and-key") }
        let proto = rest.keyword
        if rest.take("object-group") {
            services = try self.services(rest.next(), depth: 0)
        } else if serviceGroups[rest.peek] != nil {
            services = try self.services(rest.next(), depth: 0)
        } else if proto == "ip" || proto == "ipv4" || proto == "tcp" || proto == "6" {
            rest.skip()
        } else if Self.otherProtocols.contains(proto) || UInt8(proto) != nil {
            return [Self.never("\(proto), not TCP")]
        } else {
            throw .puzzling("\(rest.peek) is no protocol known here")
        }
        var match = Match()
        (match.sources, match.sourceMask) = try addresses(&rest)
        match.sourcePorts = try ports(&rest)
        (match.destinations, match.destinationMask) = try addresses(&rest)
        match.destinationPorts = try ports(&rest)
        try options(&rest, &match)
        return services.map { service in
            var both = match
            both.never = match.never ?? service.never
            both.sourcePorts = Self.meet(match.sourcePorts, service.sourcePorts)
            both.destinationPorts = Self.meet(match.destinationPorts, service.destinationPorts)
            return both
        }
    }

    static func never(_ why: String) -> Match {
        var match = Match()
        match.never = why
        return match
    }

    private static func meet(_ a: PortSet?, _ b: PortSet?) -> PortSet? {
        guard let a, let b else { return a ?? b }
        return a.intersection(b)
    }

    static let otherProtocols: Set<String> = [
        "udp", "icmp", "igmp", "ahp", "ah", "esp", "gre", "eigrp", "igrp", "ospf", "nos",
        "ipinip", "pim", "pcp", "sctp", "icmp6", "icmpv6", "ipv6", "vrrp",
    ]

    private typealias Addresses = (set: AddressSet?, mask: AddressMask?)

    private static func wildcard(
        _ value: UInt32, _ wild: UInt32
    ) throws(IOSFault) -> Addresses {
        if let mask = AddressMask(value: value, wildcard: wild) { return (mask.hull, mask) }
        return (AddressSet(v4: value, wildcard: wild), nil)
    }

    /// `any`, `host A`, `A W`, `object-group G`; nil for any.
    private func addresses(_ rest: inout IOSWords) throws(IOSFault) -> Addresses {
        if rest.take("any") { return (nil, nil) }
        if rest.take("host") { return (AddressSet(IPAddress(v4: try rest.address())), nil) }
        if rest.take("object-group") { return (try network(rest.next(), depth: 0), nil) }
        let value = try rest.address()
        return try Self.wildcard(value, try rest.address())
    }

    private func ports(_ rest: inout IOSWords) throws(IOSFault) -> PortSet? {
        if rest.take("portgroup") { return try portGroup(rest.next()) }
        return try rest.ports()
    }

    // MARK: what follows the addresses

    private func options(_ rest: inout IOSWords, _ match: inout Match) throws(IOSFault) {
        var flags: [String] = []
        while !rest.isAtEnd {
            let word = rest.next()
            switch word.lowercased() {
            case "established": match.never = "only packets with ACK or RST"
            case "fragments": match.never = "only fragments after the first"
            case "ack", "fin", "psh", "rst", "syn", "urg": flags.append(word.lowercased())
            case "match-any", "match-all":
                try self.flags(all: word.lowercased() == "match-all", &rest, &match)
            case "log", "log-input":
                // A word of the user's may follow, to be found again in the log.
                if !rest.isAtEnd, !Self.optionWords.contains(rest.keyword),
                    !rest.peek.hasPrefix("(")
                {
                    rest.skip()
                }
            case "time-range": timeRange(&rest, &match)
            case "reflect", "timeout": rest.skip()
            case "dscp", "precedence", "tos", "ttl", "option":
                match.notModelled.append(word.lowercased())
                while !rest.isAtEnd, !Self.optionWords.contains(rest.keyword) { rest.skip() }
            case let word where word.hasPrefix("("):
                while !rest.isAtEnd { rest.skip() }
            default: throw .puzzling("\(word) is no option known here")
            }
        }
        if !flags.isEmpty, !flags.contains("syn") {
            match.never = "only packets with \(flags.joined(separator: " or "))"
        }
    }

    private static let optionWords: Set<String> = [
        "established", "fragments", "ack", "fin", "psh", "rst", "syn", "urg", "match-any",
        "match-all", "log", "log-input", "time-range", "reflect", "timeout", "dscp",
        "precedence", "tos", "ttl", "option",
    ]

    /// `match-all +ack -fin` against the flags of a SYN: SYN set, all others not.
    private func flags(
        all: Bool, _ rest: inout IOSWords, _ match: inout Match
    ) throws(IOSFault) {
        var verdicts: [Bool] = []
        while let sign = rest.peek.first, sign == "+" || sign == "-" {
            let flag = rest.next().dropFirst().lowercased()
            guard ["ack", "fin", "psh", "rst", "syn", "urg"].contains(flag) else {
                throw .puzzling("\(flag) is no flag")
            }
            verdicts.append((flag == "syn") == (sign == "+"))
        }
        guard !verdicts.isEmpty else { throw .puzzling("flags are missing") }
        let holds = all ? verdicts.allSatisfy(\.self) : verdicts.contains(true)
        if !holds { match.never = "flags that a new connection's SYN hasn't" }
    }

    /// The listing of a running router says whether the range is on; a configuration doesn't.
    private func timeRange(_ rest: inout IOSWords, _ match: inout Match) {
        let name = rest.next()
        if rest.take("(active)") { return }
        if rest.take("(inactive)") {
            match.never = "time range \(name) is off"
        } else {
            match.notModelled.append("time range \(name)")
        }
    }
}
