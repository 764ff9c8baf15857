import FTP
import Policy

/// PH116: a password crossed the network in clear text.
enum CleartextLogin: Rule {
    static let id = "PH116"
    static let title = "Cleartext login"
    static let severity = Severity.high
    static let grades: Grades? = Grades(
        Severity.low...Severity.high,
        "Low where every log-in was anonymous, else high.")
    static let controls: [ControlSet] = [.encryption]
    static let explanation = Explanation(
        checks: "PASS before any accepted AUTH. The password itself is never kept.",
        why: """
            Whoever sees the packets has the password, and what it opens elsewhere. An anonymous \
            log-in gives away no secret, and counts for less.
            """,
        remedy: "Demand TLS for log-in and data, or move to SFTP or HTTPS; change the passwords.",
        refutation: "A tunnel (IPsec, VPN) around the capture's network.",
        references: ["RFC 2228 section 1", "RFC 4217 section 5", "RFC 2577 section 6"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        guard !server.sessions.isEmpty else { return .cannotTell("no session was seen") }
        let hit = server.sessions.filter { $0.clearPassword != nil }
        guard !hit.isEmpty else {
            let blind = server.sessions.count { $0.isMidstream || $0.isOneSided }
            return blind == server.sessions.count
                ? .cannotTell("no session was seen from its beginning and in both directions")
                : .passed("no PASS was seen in clear text in \(server.sessions.count) sessions")
        }
        let named = hit.filter { !isAnonymous($0) }
        let accounts = Set(named.compactMap(\.user)).count
        var message =
            "\(hit.count) of \(server.sessions.count) sessions sent a password in clear text"
        message +=
            named.isEmpty
            ? ", all of them anonymous."
            : "; \(accounts) \(accounts == 1 ? "account is" : "accounts are") concerned."
        message += server.cautionOfTLS
        return .failed([
            Fault(
                key: named.isEmpty ? "anonymous" : "accounts", message: message,
                expected: "AUTH TLS before PASS", observed: "PASS in clear text", count: hit.count,
                severity: named.isEmpty ? .low : nil,
                packets: (named.isEmpty ? hit : named).lazy.compactMap { session in
                    session.clearPassword.map {
                        PacketEvidence($0, "PASS (withheld) of \(session.user ?? "an unseen user")")
                    }
                }, sessions: named.isEmpty ? hit : named,
                changes: [ProposedChange(.server, .requireTLS), ProposedChange(.server, .restart)])
        ])
    }

    private static func isAnonymous(_ session: SeenSession) -> Bool {
        guard let user = session.user else { return false }
        let (count, names) = (user.utf8.count, ["anonymous", "ftp"])
        return names.contains { $0.utf8.count == count && $0 == user.lowercased() }
    }
}
