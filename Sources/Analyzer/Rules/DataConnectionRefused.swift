import FTP
import Net

/// PH102: the client's SYN to an announced port was answered by RST.
enum DataConnectionRefused: Rule {
    static let id = "PH102"
    static let title = "Data connection refused"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            For each announced passive port: a SYN that is answered by RST. The RST's TTL is held \
            against that of the control connection's packets.
            """,
        why: """
            Nobody listens there: the server closed the port before the client came, the packet \
            reached another host, or a firewall answers in the server's name.
            """,
        remedy: """
            Where the TTL is the server's own: look at its accept timeout, and at whether the \
            address leads to another host. Where it differs: permit the range on the firewall.
            """,
        refutation: "A listening socket of the server on the port at that moment.",
        references: ["RFC 9293 section 3.5.2"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        OfferJudging(server, audit, .refused).judge { hit, ports in
            Fault(
                key: "refused",
                message:
                    "The announced \(ports.named) answered with RST. \(origin(hit))\(server.elsewhere(hit))",
                expected: "a SYN-ACK", observed: "RST", count: hit.count,
                packets: hit.lazy.flatMap(\.failureEvidence), offers: Set(hit.map(\.id)),
                sessions: hit.lazy.map(\.session), ports: ports)
        }
    }

    private static func origin(_ hit: [Offer]) -> String {
        let pairs = hit.compactMap { offer in
            offer.channel.answerTTL.flatMap { answer in
                offer.channel.controlTTL.map { (answer, $0) }
            }
        }
        guard let first = pairs.first else { return "Who sent it can't be told." }
        if pairs.allSatisfy({ $0.0 == $0.1 }) {
            return "It has the server's own TTL (\(first.0)): the server had the port closed."
        }
        return """
            Its TTL is \(first.0), the server's packets have \(first.1): a device on the path \
            answers in its place.
            """
    }
}
