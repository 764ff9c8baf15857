import FTP
import Net

/// PH101: the client's SYNs to an announced port were never answered.
enum DataConnectionDropped: Rule {
    static let id = "PH101"
    static let title = "Data connection silently dropped"
    static let severity = Severity.high
    static let grades: Grades? = Grades(
        Severity.medium...Severity.high,
        "Medium where each connection was tried with one SYN only, else high.")
    static let controls: [ControlSet] = [.neededPorts, .availability]
    static let explanation = Explanation(
        checks: """
            For each announced passive port: SYNs of the client that nothing answers, neither \
            SYN-ACK nor RST nor ICMP.
            """,
        why: """
            A device on the path drops the packets in silence. The client waits until it gives up: \
            log-in works, and the listing hangs.
            """,
        remedy: """
            Permit the server's passive range on the device that drops: capture on both sides of \
            each device to find the one that the SYN enters and doesn't leave.
            """,
        refutation: "A SYN-ACK for this connection in a capture nearer to the server.",
        references: ["RFC 9293 section 3.5", "RFC 1579"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        OfferJudging(server, audit, .unanswered).judge { hit, ports in
            let thin = hit.allSatisfy { $0.channel.attempts < 2 }
            let tries = hit.reduce(0) { $0 + $1.channel.attempts }
            return Fault(
                key: "dropped",
                message: """
                    \(tries) \(tries == 1 ? "SYN" : "SYNs") to the announced \(ports.named) went \
                    unanswered: the data \(hit.count == 1 ? "connection was" : "connections were") \
                    silently dropped.\(server.elsewhere(hit))
                    """,
                expected: "a SYN-ACK", observed: "no answer", count: hit.count,
                severity: thin ? .medium : nil, confidence: thin ? .probable : .confirmed,
                packets: hit.lazy.flatMap(\.failureEvidence), offers: Set(hit.map(\.id)),
                sessions: hit.lazy.map(\.session), ports: ports)
        }
    }
}
