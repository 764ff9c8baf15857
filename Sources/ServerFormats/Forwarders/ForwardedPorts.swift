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

    /// Rules that one range of ports with other numbers may become.
    static let maximumRules = 8192

    private static let chain = "taken"
    private static let targets = "handed on"

    var forwards: [Forward] = []
    /// What becomes of all else.
    var ending: Setting<Action>
    /// Sentences about assumptions that hold for every answer.
    var assumptions: [String] = []

    /// Whether what stands behind sees its address in place of the client's.
    var hidesClients = false

    func device(_ place: Device.Place) -> Device {
        var taken = Chain(name: Self.chain)
        var handed = Chain(name: Self.targets)
        for forward in forwards {
            var match = Match(
                sources: forward.clients, destinations: forward.addresses,
                destinationPorts: PortSet(forward.ports))
            match.notModelled = forward.doubts
            let action: Action
            if case .unknown(let why) = forward.target {
                action = .unknown(why)
            } else {
                action = .permit
            }
            taken.rules.append(FilterRule(match, action, forward.source))
            match.notModelled = []
            handed.rules += translations(forward, match)
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

    private func translations(_ forward: Forward, _ match: Match) -> [FilterRule] {
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
            guard count <= Self.maximumRules else {
                return [rule(match, first...UInt16(last))]
            }
            return zip(forward.ports, first...UInt16(last)).map { asked, given in
                var match = match
                match.destinationPorts = PortSet(asked...asked)
                return rule(match, given...given)
            }
        }
    }
}
