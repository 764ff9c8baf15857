import Net
import Policy

/// What hands on the ports that it is told to, and refuses all others: published ports of
/// containers, forwarders of TCP, services of a cluster.
struct ForwardedPorts {
    /// Ports that go somewhere.
    struct Forward {
        /// The ports that clients ask for.
        var ports: ClosedRange<UInt16>
        /// Only at these addresses of its own; nil: at all.
        var addresses: AddressSet?
        /// Whether its address isn't known, rather than all.
        var mayBeAnyAddress = false
        /// Only from these clients; nil: from all.
        var clients: AddressSet?
        var target: Translation.Target
        var mapping = Mapping.kept
        /// The line that says so.
        var source: SourceLine
        /// Why it may not hold.
        var doubts: [String] = []
    }

    /// The port at which a connection arrives.
    enum Mapping: Hashable {
        case kept
        /// The first of the ports asked for becomes this one, the next the next.
        case from(UInt16)
        /// All become this one.
        case one(UInt16)
    }

    /// Places that take ports, of one device; with more, nothing is known of it.
    static let maximumForwards = 8192
    /// Rules that ranges of ports with other numbers may become, of one device; what is beyond
    /// arrives at one of the range's ports, and it isn't said at which.
    static let maximumRules = 8192
    /// Servers that take turns; with more, it isn't known where it goes.
    static let maximumServers = 256

    private static let chain = "taken"
    private static let targets = "handed on"

    private(set) var forwards: [Forward] = []
    /// Why nothing is known of any port: a line that the product refuses, or may not know.
    private(set) var undecided: Setting<String>?
    /// What becomes of all else.
    var ending: Setting<Action>
    /// Sentences about assumptions that hold for every answer.
    var assumptions: [String] = []

    /// Whether what stands behind sees its address in place of the client's.
    var hidesClients = false

    mutating func add(_ forward: Forward) {
        guard forwards.count < Self.maximumForwards else {
            return doubtAll(
                Setting("limit of \(Self.maximumForwards) forwarded ports reached", forward.source))
        }
        forwards.append(forward)
    }

    /// Says that nothing is known of any port; the first reason is kept.
    mutating func doubtAll(_ why: Setting<String>) { undecided = undecided ?? why }

    /// Puts what is in doubt behind what is certain: no port is taken twice.
    mutating func putLast(_ isDoubtful: (Forward) -> Bool) {
        forwards = forwards.filter { !isDoubtful($0) } + forwards.filter(isDoubtful)
    }

    /// Puts the places in the order in which the kernel asks them: one address, one that may be
    /// any, all of a family, all.
    mutating func sortByAddress() {
        let ranks = forwards.map(Self.rank)
        forwards = (0...3).flatMap { rank in
            zip(forwards, ranks).filter { $0.1 == rank }.map(\.0)
        }
    }

    private static func rank(_ forward: Forward) -> Int {
        guard let addresses = forward.addresses else { return forward.mayBeAnyAddress ? 1 : 3 }
        return addresses == .allV4 || addresses == .allV6 ? 2 : 0
    }

    func device(_ place: Device.Place) -> Device {
        if let undecided {
            let ending = Setting(Action.unknown(undecided.value), undecided.source)
            var device = Device(
                usualPlace: place, stages: [Stage(.filter, chain: Self.chain, ending: ending)],
                assumptions: assumptions)
            device.hidesClients = hidesClients
            return device
        }
        var taken = Chain(name: Self.chain)
        var handed = Chain(name: Self.targets)
        var room = Self.maximumRules
        for forward in forwards {
            let match = Match(
                sources: forward.clients, destinations: forward.addresses,
                destinationPorts: PortSet(forward.ports))
            let action: Action
            if case .unknown(let why) = forward.target {
                action = .unknown(why)
            } else if let why = forward.doubts.first {
                // Not a doubtful permission: whatever else takes the port, it isn't known.
                action = .unknown(why)
            } else {
                action = .permit
            }
            taken.rules.append(FilterRule(match, action, forward.source))
            handed.rules += translations(forward, match, &room)
        }
        let keep = Setting(
            Action.keep,
            SourceLine(file: ending.source.file, line: nil, text: "addresses and ports are kept"))
        var stages = [Stage(.filter, chain: Self.chain, ending: ending)]
        if !handed.rules.allSatisfy({ $0.action == .keep }) {
            stages.append(Stage(.translate, chain: Self.targets, ending: keep))
        }
        var device = Device(
            usualPlace: place, chains: [Self.chain: taken, Self.targets: handed], stages: stages,
            assumptions: assumptions)
        device.hidesClients = hidesClients
        return device
    }

    private func translations(
        _ forward: Forward, _ match: Match, _ room: inout Int
    ) -> [FilterRule] {
        func rule(_ match: Match, _ ports: ClosedRange<UInt16>?) -> FilterRule {
            let stays = forward.target == .unchanged && ports == nil
            let translation = Translation(address: forward.target, ports: ports)
            return FilterRule(match, stays ? .keep : .translate(translation), forward.source)
        }
        switch forward.mapping {
        case .kept: return [rule(match, nil)]
        case .one(let port):
            return [rule(match, forward.ports == port...port ? nil : port...port)]
        case .from(let first):
            guard first != forward.ports.lowerBound else { return [rule(match, nil)] }
            let count = forward.ports.count
            let last = Int(first) + count - 1
            guard last <= Int(UInt16.max) else {
                var match = match
                match.notModelled = ["its ports go beyond 65535"]
                return [rule(match, nil)]
            }
            guard count <= room else { return [rule(match, first...UInt16(last))] }
            room -= count
            return zip(forward.ports, first...UInt16(last)).map { asked, given in
                var match = match
                match.destinationPorts = PortSet(asked...asked)
                return rule(match, given...given)
            }
        }
    }
}
