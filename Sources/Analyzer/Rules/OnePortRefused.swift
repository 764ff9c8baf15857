import Net
import Policy

/// PH226: a range of one port, on a server that wants two at least.
enum OnePortRefused: Rule {
    static let id = "PH226"
    static let title = "Single-port range not valid on this server"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.configuration]
    static let explanation = Explanation(
        checks: "Whether a range of one port is set, or stated, for a product that refuses one.",
        why: """
            IIS takes a single number as its range. ProFTPD and others want the first port below \
            the last one: they don't start, or offer other ports than everybody believes.
            """,
        remedy: "Set a range of two ports at least, better of as many as transfers run at once.",
        refutation: "The product's log of its last start, with this range accepted.",
        references: [
            "ProFTPD: PassivePorts", "Microsoft: IIS 6.0 metabase property PassivePortRange",
        ]
    )

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        let product = settings.behaviour.product
        if let refused = settings.onePortRefused {
            return fault(
                "\(product) refuses the range \(refused.value)-\(refused.value): the first port must be below the last.",
                refused.value, [refused.source], server)
        }
        if let stated = server.site?.statedPassive, stated.value.count == 1,
            let port = stated.value.first
        {
            guard settings.behaviour.onePortAccepted else {
                return fault(
                    "The site states the one port \(port), which \(product) takes for no range.",
                    port, [stated.source], server)
            }
            return .passed("\(product) takes a range of one port")
        }
        switch settings.passive {
        case .ports(let range) where range.count == 1:
            return .passed("\(product) takes a range of one port")
        case .ports, .osDynamic: return .notApplicable("the range has more than one port")
        case nil:
            return settings.passiveFrom == .invalid
                ? .notApplicable("the range is refused for another reason")
                : .cannotTell("the configuration leaves the range open")
        }
    }

    private static func fault(
        _ message: String, _ port: UInt16, _ lines: [SourceLine], _ server: ServerView
    ) -> Judgement {
        let high = Int(port) + server.portsNeeded - 1
        let accepted = server.settings?.behaviour.acceptedPorts
        let fits = accepted.map { $0.contains(port) && high <= Int($0.upperBound) } ?? false
        return .failed([
            Fault(
                key: "one port", message: message, expected: "two ports or more",
                observed: "\(port)", config: lines,
                changes: fits ? server.moving(to: port...UInt16(clamping: high)) : [],
                ports: PortSet(port...port))
        ])
    }
}
