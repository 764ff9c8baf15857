import Net
import Policy

/// PH204: the configured range is one that the server does not accept.
enum RangeInvalid: Rule {
    static let id = "PH204"
    static let title = "Passive range invalid"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.configuration]
    static let explanation = Explanation(
        checks: "The configured range is held against the server product's own limits.",
        why: """
            A range that the product does not accept is not in force: the server offers other \
            ports than everybody believes, or does not start.
            """,
        remedy: "Set a range that the product accepts, restart it, and open that range.",
        refutation: "The product's log of its last start, with this range accepted.",
        references: ["Microsoft: IIS 6.0 metabase property PassivePortRange", "vsftpd.conf(5)"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        guard settings.passiveFrom == .invalid else {
            return .passed("the product accepts the configured range")
        }
        guard settings.onePortRefused == nil else {
            return .notApplicable("the range is one port, which PH226 judges")
        }
        let behaviour = settings.behaviour
        let accepted = PortSet(behaviour.acceptedPorts)
        let problem = settings.passiveProblem ?? "the value is not accepted"
        var message = "The passive range is not in force: \(problem)."
        if let fallback = behaviour.fallbackRange {
            message += " \(behaviour.product) goes on with \(PortSet(fallback))."
        }
        let low: UInt16 = accepted.contains(50000) ? 50000 : behaviour.acceptedPorts.lowerBound
        return .failed([
            Fault(
                key: "invalid", message: message,
                expected: "a range within \(accepted)",
                observed: settings.passiveSources.map(\.text).joined(separator: " "),
                config: settings.passiveSources,
                changes: server.moving(to: low...UInt16(clamping: Int(low) + 99)))
        ])
    }
}
