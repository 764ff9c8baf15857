import FTP
import Net
import Policy

/// PH123: the server had no passive port left to offer.
enum RangeExhausted: Rule {
    static let id = "PH123"
    static let title = "Passive range exhausted"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks:
            "PASV, EPSV and LPSV that the server answers with 421, 425, or 500 for want of a port.",
        why: "Each transfer holds a port. With all of them held, the next client is turned away.",
        remedy:
            "Widen the range to a quarter more than the transfers that run at once, and open it.",
        refutation: "The server's log of that moment, with another reason for the reply.",
        references: ["RFC 959 section 4.2.1", "vsftpd 3.0.3: vsf_sysutil_bind"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        guard !server.sessions.isEmpty else { return .cannotTell("no session was seen") }
        let hit = server.turnedAway
        guard !hit.isEmpty else {
            let readable = server.sessions.contains { !$0.isEncrypted && !$0.isOneSided }
            return readable
                ? .passed("no PASV or EPSV was turned away")
                : .cannotTell("every session was encrypted, or seen in one direction only")
        }
        let most = server.mostOpenAtOnce
        let inUse = most == 1 ? "1 was" : "\(most) were"
        let range = server.range.map { ": \($0.count) configured (\($0.brief))" } ?? ""
        return .failed([
            Fault(
                key: "exhausted",
                message: """
                    \(hit.count == 1 ? "Once" : "\(hit.count) times") the server had no passive port \
                    left to offer\(range); \(inUse) seen in use at once.
                    """,
                expected: "227 or 229",
                observed: Set(hit.map { "\($0.1.code)" }).sorted().joined(separator: ", "),
                count: hit.count,
                packets: hit.lazy.map {
                    PacketEvidence($0.1.frame, "\($0.1.command ?? "PASV") answered: \($0.1.text)")
                },
                config: server.configuredSources, sessions: hit.lazy.map(\.0),
                changes: server.widening)
        ])
    }
}
