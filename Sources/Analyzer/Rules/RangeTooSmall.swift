import FTP
import Net
import Policy

/// PH206: the range has fewer ports than transfers that are meant, or were seen, to run at once.
enum RangeTooSmall: Rule {
    static let id = "PH206"
    static let title = "Passive range too small"
    static let severity = Severity.medium
    static let grades: Grades? = Grades(
        Severity.info...Severity.medium,
        "Info where the range is one port and no more are known to be needed, else medium.")
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            The number of configured ports is held against the sessions that the site states, and \
            against the most data connections seen open at one time.
            """,
        why: """
            A transfer holds its port until it ends. When all are held, the next is refused, or the \
            server leaves its range. A range of one port serves one transfer at a time.
            """,
        remedy:
            "Widen the range to a quarter more than the transfers that run at once, and open it.",
        refutation: "A limit of the server on transfers at once that the range covers.",
        references: ["RFC 959 section 3.2"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let range = server.range else {
            return .notApplicable("no passive range is known")
        }
        let stated = server.site?.sessions
        let seen = server.mostOpenAtOnce
        let need = max(stated ?? 0, seen)
        guard range.count < need || range.count == 1 else {
            guard need > 0 else {
                return .cannotTell("nobody states how many sessions the server is meant to carry")
            }
            return .passed("\(range.count) ports for \(need) transfers at once")
        }
        var why =
            range.count >= need
            ? "one port serves one transfer at a time"
            : stated.map { "the site means \($0) sessions at once" } ?? "\(seen) were open at once"
        if let users = server.usersLetIn, let product = server.settings?.behaviour.product {
            why += "; \(product) lets in \(users) \(users == 1 ? "user" : "users") with it"
        }
        let ports = range.count == 1 ? "port" : "ports"
        return .failed([
            Fault(
                key: "small",
                message: "The passive range \(range) has \(range.count) \(ports): \(why).",
                expected: "\(server.portsNeeded) ports or more",
                observed: "\(range.count)", severity: range.count >= need ? .info : nil,
                config: server.configuredSources
                    + (stated == nil ? [] : [server.site?.source].compactMap(\.self)),
                changes: server.widening, ports: range)
        ])
    }
}
