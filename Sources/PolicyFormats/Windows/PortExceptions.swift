import Net
import Policy

/// The exceptions of the Windows firewall while they are gathered, and the device that they make.
struct PortExceptions {
    struct Key: Hashable {
        var port: UInt16
        var interface: String?
    }

    struct Hole: Hashable {
        /// Nil: from everywhere.
        var sources: AddressSet?
        /// What makes it uncertain: a scope or a profile that isn't known.
        var doubt: String?
        var source: SourceLine
    }

    var holes: [Key: Hole] = [:]
    /// Lines beyond the model that may open any port.
    var doubts: [(why: String, source: SourceLine)] = []
    /// The line that switches the firewall off.
    var off: SourceLine?
    /// The line that lets no exception count.
    var shielded: SourceLine?

    /// The device; all that isn't excepted is dropped silently.
    func device(_ text: ConfigText, assumptions: [String]) -> Device {
        var rules: [FilterRule] = []
        if let off {
            rules = [FilterRule(Match(), .permit, off)]
        } else {
            if shielded == nil { rules = permits() }
            rules += doubts.map { FilterRule(Match(notModelled: [$0.why]), .permit, $0.source) }
        }
        let ending = shielded ?? text.absence("implicit deny")
        return Device(
            usualPlace: .host, chains: ["inbound": Chain(name: "inbound", rules: rules)],
            stages: [
                Stage(
                    .filter, chain: "inbound", ending: Setting(.deny(answered: false), ending))
            ], assumptions: assumptions)
    }

    /// One rule for the ports of a line, certain ones first.
    private func permits() -> [FilterRule] {
        struct Group: Hashable {
            var hole: Hole
            var interface: String?
        }
        var groups: [Group: [UInt16]] = [:]
        for (key, hole) in holes {
            groups[Group(hole: hole, interface: key.interface), default: []].append(key.port)
        }
        let rules = groups.map { group, ports in
            FilterRule(
                Match(
                    sources: group.hole.sources, destinationPorts: PortSet(ports: ports),
                    entering: group.interface.map { Match.Names([$0]) },
                    notModelled: group.hole.doubt.map { [$0] } ?? []),
                .permit, group.hole.source)
        }
        func rank(_ rule: FilterRule) -> (Int, Int, UInt16) {
            (
                rule.match.notModelled.isEmpty && rule.match.entering == nil ? 0 : 1,
                rule.source.line ?? 0, rule.match.destinationPorts?.first ?? 0
            )
        }
        return rules.sorted { rank($0) < rank($1) }
    }

    /// A scope as netsh names it: `ALL`, `*`, `SUBNET`, or addresses separated by commas.
    static func scope(_ text: String) -> (sources: AddressSet?, doubt: String?)? {
        var ranges: [ClosedRange<IPAddress>] = []
        for part in text.split(separator: ",").map({ $0.bare.lowercased() }) where !part.isEmpty {
            if part == "all" || part == "*" || part == "any" { return (nil, nil) }
            if part == "subnet" || part == "localsubnet" {
                return (nil, "open to the server's own subnet, which isn't known, or to \(text)")
            }
            guard let prefix = prefix(part) else { return nil }
            ranges.append(prefix.address...prefix.last)
        }
        return ranges.isEmpty ? nil : (AddressSet(ranges), nil)
    }

    private static func prefix(_ text: String) -> Prefix? {
        if let prefix = Prefix(text) { return prefix }
        let parts = text.split(separator: "/")
        guard parts.count == 2, let address = IPAddress(String(parts[0])),
            let mask = IPAddress(String(parts[1])), address.family == .v4, mask.family == .v4
        else { return nil }
        let bits = UInt32(truncatingIfNeeded: mask.bits)
        guard ~bits & (~bits &+ 1) == 0 else { return nil }
        return Prefix(address, length: bits.nonzeroBitCount)
    }
}
