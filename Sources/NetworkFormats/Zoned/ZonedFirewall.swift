import Net
import Policy
import PolicyText

/// A firewall of zones, objects and ordered policies, free of the vendor's form.
struct ZonedFirewall {
    struct Interface {
        var name: String
        var zone: String?
        var addresses: [IPAddress] = []
        var networks: [Prefix] = []
    }

    /// A set that may hold more than the file tells.
    struct Hosts {
        var set = AddressSet()
        var unknown: [String] = []
        /// Where what isn't known lies.
        var within = AddressSet.all

        /// Where a name is part of what it stands for.
        static func circular(_ name: String) -> Hosts {
            var hosts = Hosts()
            hosts.unknown = ["\(name) holds itself"]
            return hosts
        }

        static let any: Hosts = {
            var hosts = Hosts()
            hosts.set = AddressSet.all
            return hosts
        }()

        /// All but these.
        mutating func exclude() {
            (set, within) = (unknown.isEmpty ? set.complement : AddressSet(), set.complement)
        }

        init() {}

        /// All of them at once: thousands of members one by one would be put in order as often.
        init(joining all: [Hosts]) {
            set = all.count == 1 ? all[0].set : AddressSet(all.flatMap(\.set.ranges))
            for why in all.flatMap(\.unknown) where unknown.count < 16 && !unknown.contains(why) {
                unknown.append(why)
            }
        }
    }

    struct Policy {
        var lines: [Int]
        /// Zones or interfaces; empty: any.
        var from: [String] = []
        var to: [String] = []
        var sources = Hosts.any
        var destinations = Hosts.any
        /// Ports alone; several where several services are named.
        var services = [Match()]
        var action: Action
        var doubts: [String] = []
        /// The destination is that before translation.
        var seesOriginal = false
        /// Only what one of these translations carried; nil: whatever.
        var carriedBy: [String]?
        /// Doubtful for what a translation carried.
        var ignoresCarried = false
        /// The name of a rule that the product brings.
        var absence: String?
    }

    struct Forward {
        var lines: [Int]
        var name: String
        var from: [String] = []
        /// Where it would leave untranslated; empty: anywhere.
        var leaving: [String] = []
        var sources = Hosts.any
        var destinations = Hosts.any
        var ports: PortSet?
        /// Nil: nothing is translated.
        var to: Hosts?
        var toPorts: ClosedRange<UInt16>?
        /// One for one from the first address on.
        var isOneToOne = false
        var doubts: [String] = []
        var never: String?
    }

    var text: ConfigText
    var interfaces: [Interface] = []
    var policies: [Policy] = []
    var forwards: [Forward] = []
    /// Lines on an interface, before and behind the policies.
    var lists: [String: [FilterRule]] = [:]
    var bound:
        [(
            list: String, interface: String, way: Stage.Direction, line: Int,
            family: IPAddress.Family
        )] = []
    var hasPolicies = false
    /// Where packets from outside enter, where the file says it.
    var entering: String?
    var ending = Setting(Action.deny(answered: false), SourceLine(file: "", line: nil, text: ""))
    var inspections: [Inspection] = []
    var assumptions: [String] = []
    /// What makes every answer unknown.
    var unknown: [(line: Int, why: String)] = []
    /// Of these lines of `unknown`, only answers for such addresses.
    var doubtful: [Int: AddressSet] = [:]

    // MARK: device

    /// What a file says, once it was read into this.
    func configuration(
        of file: String, _ format: String, _ notes: [LineNote]
    ) -> Configuration {
        Configuration(
            file: file, format: format, kinds: forwards.isEmpty ? [.firewall] : [.firewall, .nat],
            device: device(), notes: notes)
    }

    func device() -> Device {
        var device = Device(usualPlace: .through)
        device.interfaces = interfaces.map {
            DeviceInterface(name: $0.name, addresses: $0.addresses, networks: $0.networks)
        }
        let outside = interfaces.filter {
            ["untrust", "outside", "wan", "internet", "external"].contains(
                ($0.zone ?? $0.name).lowercased())
        }
        if outside.count == 1 { device.usualEntering = outside[0].name }
        if let entering { device.usualEntering = entering }
        device.inspections = inspections
        device.assumptions = assumptions
        // What isn't known may stand in any list: none of them is sure to deny.
        var first = unknown.map {
            FilterRule(
                Match(destinations: doubtful[$0.line]), .unknown($0.why), text.source($0.line))
        }
        for (name, rules) in lists { device.chains[name] = Chain(name: name, rules: first + rules) }
        let denial = text.absence("implicit deny")
        func bind(_ way: Stage.Direction) {
            for entry in bound where entry.way == way {
                let known = lists[entry.list] != nil
                let why = "filter \(entry.list) isn't in the file"
                device.stages.append(
                    Stage(
                        .filter, chain: entry.list,
                        ending: known
                            ? Setting(.deny(answered: false), denial)
                            : Setting(.unknown(why), text.source(entry.line)),
                        interface: entry.interface, direction: way, families: [entry.family]))
            }
        }
        bind(.entering)
        if !forwards.isEmpty {
            device.chains["nat"] = Chain(name: "nat", rules: forwards.flatMap(rules))
            let keep = Setting(Action.keep, text.absence("no translation matches"))
            device.stages.append(Stage(.translate, chain: "nat", ending: keep))
        }
        if !hasPolicies, bound.isEmpty {
            let why = "the file shows no policy and no filter that is applied"
            first.append(FilterRule(Match(), .unknown(why), text.absence(why)))
        }
        let own = AddressSet(interfaces.flatMap(\.addresses).map { $0...$0 })
        if hasPolicies || !first.isEmpty {
            device.chains["policies"] = Chain(
                name: "policies", rules: first + policies.flatMap { aside($0, own) + rules($0) })
            let pass = Setting(Action.permit, text.absence("no policy applies"))
            device.stages.append(
                Stage(.filter, chain: "policies", ending: hasPolicies ? ending : pass))
        }
        bind(.leaving)
        return device
    }

    /// The interfaces that zones or names stand for; nil: every one.
    private func names(_ zones: [String]) -> Match.Names? {
        guard !zones.isEmpty, !zones.contains("any"), !zones.contains("all") else { return nil }
        return Match.Names(
            zones.flatMap { zone in
                let members = interfaces.filter { $0.zone == zone }.map(\.name)
                return members.isEmpty ? [zone] : members
            })
    }

    private func rules(_ policy: Policy) -> [FilterRule] {
        var base = Match()
        base.entering = names(policy.from)
        base.leaving = names(policy.to)
        base.notModelled = policy.doubts
        let lines = policy.lines.sorted()
        let source = policy.absence.map { text.absence($0) } ?? text.source(lines.first ?? 1)
        let support = lines.dropFirst().prefix(8).map { text.source($0) }
        var matches = policy.services.map { service in
            var match = base
            match.never = service.never
            match.sourcePorts = service.sourcePorts
            if policy.seesOriginal {
                match.originalPorts = service.destinationPorts
            } else {
                match.destinationPorts = service.destinationPorts
            }
            match.notModelled += service.notModelled
            return match
        }
        matches = matches.flatMap { Self.split($0, policy.sources) { $0.sources = $1 } }
        if let names = policy.carriedBy {
            matches = matches.flatMap { match in
                names.map { name in
                    var match = match
                    match.tests.append(.tagged(name, true))
                    return match
                }
            }
        } else {
            matches = matches.flatMap {
                Self.split($0, policy.destinations) {
                    if policy.seesOriginal {
                        $0.originalDestinations = $1
                    } else {
                        $0.destinations = $1
                    }
                }
            }
            if policy.ignoresCarried {
                matches = matches.flatMap { match -> [Match] in
                    var (plain, carried) = (match, match)
                    plain.tests.append(.translated(false))
                    carried.tests.append(.translated(true))
                    carried.notModelled.append(
                        "whether it matches what a virtual address carries")
                    return [plain, carried]
                }
            }
        }
        return matches.map { FilterRule($0, policy.action, source, support: Array(support)) }
    }

    /// What is bound for the device's own addresses isn't let through by a policy: it goes to
    /// services of the device (FortiOS's `allowaccess`, Junos's `host-inbound-traffic`, PAN-OS's
    /// management profiles), or to none.
    private func aside(_ policy: Policy, _ own: AddressSet) -> [FilterRule] {
        guard policy.action == .permit, policy.carriedBy == nil, !own.isEmpty else { return [] }
        return rules(policy).compactMap { rule in
            var rule = rule
            let local = rule.match.destinations?.intersection(own) ?? own
            guard !local.isEmpty else { return nil }
            rule.match.destinations = local
            rule.action = .unknown("it goes to the device itself, whose services aren't modelled")
            return rule
        }
    }

    private static func split(
        _ match: Match, _ hosts: Hosts, _ put: (inout Match, AddressSet?) -> Void
    ) -> [Match] {
        var result: [Match] = []
        if !hosts.set.isEmpty {
            var known = match
            put(&known, hosts.set == AddressSet.all ? nil : hosts.set)
            result.append(known)
        }
        if !hosts.unknown.isEmpty {
            var perhaps = match
            put(&perhaps, hosts.within == AddressSet.all ? nil : hosts.within)
            perhaps.notModelled += hosts.unknown
            result.append(perhaps)
        }
        return result
    }

    private func rules(_ forward: Forward) -> [FilterRule] {
        var base = Match()
        base.never = forward.never
        base.entering = names(forward.from)
        base.leaving = names(forward.leaving)
        base.notModelled = forward.doubts
        base.destinationPorts = forward.ports
        let lines = forward.lines.sorted()
        let source = text.source(lines.first ?? 1)
        let support = Array(lines.dropFirst().prefix(8).map { text.source($0) })
        var matches = Self.split(base, forward.sources) { $0.sources = $1 }
        matches = matches.flatMap {
            Self.split($0, forward.destinations) { $0.destinations = $1 }
        }
        return matches.flatMap { match -> [FilterRule] in
            guard let to = forward.to else {
                return [FilterRule(match, .keep, source, support: support)]
            }
            return moves(match, forward, to).map { match, target, ports in
                FilterRule(
                    match, .translate(Translation(address: target, ports: ports)), source,
                    support: support, effects: [.tag(forward.name)])
            }
        }
    }

    private typealias Move = (Match, Translation.Target, ClosedRange<UInt16>?)

    private func moves(_ match: Match, _ forward: Forward, _ to: Hosts) -> [Move] {
        if let why = to.unknown.first {
            let isKept = forward.toPorts == forward.ports?.ranges.first
            return [(match, .unknown(why), isKept ? nil : forward.toPorts)]
        }
        let targets = Self.few(to.set)
        guard let targets, !targets.isEmpty else {
            return [(match, .unknown("a network of more than 1024 addresses"), nil)]
        }
        var moves: [Move] = []
        if forward.isOneToOne,
            targets.count > 1 || (match.destinations.map(Self.few)??.count ?? 0) > 1
        {
            guard let outer = match.destinations.flatMap(Self.few), outer.count == targets.count
            else { return [(match, .unknown("addresses that aren't one for one"), nil)] }
            moves = zip(outer, targets).map { address, target in
                var match = match
                match.destinations = AddressSet(address)
                return (match, .addresses([target]), nil)
            }
        } else {
            moves = [(match, .addresses(targets), nil)]
        }
        guard let ports = forward.toPorts else { return moves }
        guard ports.count > 1, let asked = forward.ports?.ranges.first, asked.count == ports.count
        else { return moves.map { ($0.0, $0.1, ports) } }
        if asked == ports { return moves }
        return moves.flatMap { move in
            zip(asked, ports).prefix(4096).map { from, to in
                var match = move.0
                match.destinationPorts = PortSet(from...from)
                return (match, move.1, to...to)
            }
        }
    }

    private static func few(_ set: AddressSet) -> [IPAddress]? {
        var all: [IPAddress] = []
        for range in set.ranges {
            var next: IPAddress? = range.lowerBound
            while let address = next, address <= range.upperBound {
                guard all.count < 1024 else { return nil }
                all.append(address)
                next = address.next
            }
        }
        return all
    }
}

extension ConfigText {
    /// A note for every line, none of which says anything yet.
    func blankNotes(_ hide: (String) -> String) -> [LineNote] {
        lines.enumerated().map {
            LineNote(
                line: $0.offset + 1, state: .irrelevant, text: hide($0.element),
                why: "no influence on who reaches which port")
        }
    }
}
