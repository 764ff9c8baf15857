import FTP
import Net

/// PH309: an FTP server that the site does not name.
enum ServerNotInInventory: Rule {
    static let id = "PH309"
    static let title = "FTP server not in the inventory"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.neededPorts, .monitoring]
    static let explanation = Explanation(
        checks: "The server endpoint of every FTP dialogue is looked up in the site.",
        why: "A server that nobody lists is one that nobody patches, limits, or audits.",
        remedy: "Add it to the site with its configuration, or switch it off.",
        refutation: "An entry for this address and control port in the site.",
        references: ["CIS Controls 8.1, safeguard 4.8"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard !audit.inventory.isEmpty else { return .notApplicable("no site was given") }
        guard server.site == nil else { return .passed("the site names it") }
        guard let first = server.sessions.first else {
            return .notApplicable("no session was seen")
        }
        let clients = Set(server.sessions.map(\.client.address)).count
        let sessions = server.sessions.count
        return .failed([
            Fault(
                key: "stranger",
                message: """
                    \(server.name) speaks FTP, and the site does not name it: \(sessions) \
                    \(sessions == 1 ? "session" : "sessions") of \(clients) \
                    \(clients == 1 ? "client" : "clients").
                    """,
                expected: "an entry in the site", observed: "none", count: sessions,
                packets: server.sessions.lazy.map {
                    PacketEvidence($0.first, "first packet of \($0.client) → \($0.server)")
                }, sessions: [first])
        ])
    }
}
