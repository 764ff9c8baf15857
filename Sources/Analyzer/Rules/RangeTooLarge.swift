import Net
import Policy

/// PH207: the range has far more ports than sessions that are meant to run at once.
enum RangeTooLarge: Rule {
    static let id = "PH207"
    static let title = "Passive range too large"
    static let severity = Severity.low
    static let controls: [ControlSet] = [.neededPorts]
    static let explanation = Explanation(
        checks: "The number of configured ports is held against the sessions that the site states.",
        why:
            "Every port of the range has to be open; those that no transfer needs serve only others.",
        remedy:
            "Narrow the range to a quarter more than the sessions meant, and the openings with it.",
        refutation: "A number of sessions at once that needs the range.",
        references: ["NIST SP 800-41 Revision 1, section 4.1"])

    /// Ports for each session beyond which a range counts as too large.
    private static let generous = 20

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let range = server.range else {
            return .notApplicable("no passive range is known")
        }
        guard let stated = server.site?.sessions else {
            return .cannotTell("nobody states how many sessions the server is meant to carry")
        }
        let need = max(stated, server.mostOpenAtOnce)
        guard range.count > 100, range.count / generous > need else {
            return .passed("\(range.count) ports for \(need) at once")
        }
        return .failed([
            Fault(
                key: "large",
                message:
                    "The passive range \(range) has \(range.count) ports for \(need) sessions.",
                expected: "\(Int((Double(need) * 1.25).rounded(.up))) ports or some more",
                observed: "\(range.count)", config: server.configuredSources, ports: range)
        ])
    }
}
