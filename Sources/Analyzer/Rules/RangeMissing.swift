import Net
import Policy

/// PH201: nothing limits the passive ports that the server may offer.
enum RangeMissing: Rule {
    static let id = "PH201"
    static let title = "No passive range configured"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.neededPorts, .configuration]
    static let explanation = Explanation(
        checks: "Whether the server's configuration sets its passive range, or its default holds.",
        why: """
            A default range is thousands of ports wide. A firewall then either opens them all, or \
            opens too few and transfers hang.
            """,
        remedy: "Set a range that covers the transfers meant to run at once, and open just that.",
        refutation:
            "A setting of the range in a file that was not given (an include, a command line).",
        references: ["RFC 1579"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        guard server.passiveOff == nil else {
            return .notApplicable("passive mode is switched off")
        }
        guard settings.passiveFrom == .default else {
            return settings.passiveFrom == .unknown
                ? .cannotTell("the configuration leaves the range open")
                : .passed("the configuration sets a passive range")
        }
        let usual = server.configured?.brief ?? "whatever the system hands out"
        return .failed([
            Fault(
                key: "unset",
                message:
                    "\(settings.behaviour.product) has no passive range set, and by default offers \(usual).",
                expected: "a passive range of its own", observed: "default: \(usual)",
                config: settings.passiveSources, changes: suggestion(server),
                ports: server.configured ?? PortSet())
        ])
    }

    /// The lowest hundred ports of a common choice that the product accepts.
    private static func suggestion(_ server: ServerView) -> [ProposedChange] {
        guard let accepted = server.settings?.behaviour.acceptedPorts else { return [] }
        let low: UInt16 = accepted.contains(50000) ? 50000 : accepted.lowerBound
        let high = UInt16(clamping: Int(low) + 99)
        return [
            ProposedChange(.server, .setPassiveRange(low...high)),
            ProposedChange(.server, .restart),
        ]
    }
}
