import FTP
import Net

/// PH103: an ICMP message says that the data connection is not wanted.
enum DataConnectionProhibited: Rule {
    static let id = "PH103"
    static let title = "Data connection administratively prohibited"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.neededPorts]
    static let explanation = Explanation(
        checks:
            "For each announced passive port: an ICMP destination unreachable that quotes the SYN.",
        why: """
            A device says that it doesn't let the connection through. Its address is that of the \
            device to mend; only a message from the server itself is the server's word.
            """,
        remedy: "Permit the server's passive range on the device that sent the message.",
        refutation: "An ICMP message with a forged sender.",
        references: ["RFC 792", "RFC 1812 section 5.2.7.1", "RFC 4443 section 3.1"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        OfferJudging(server, audit, .prohibited).judge { hit, ports in
            let senders = Set(hit.compactMap(\.channel.prohibitedBy)).sorted()
            let codes = Set(hit.compactMap { $0.channel.icmp.map { "\($0.type)/\($0.code)" } })
            let names = senders.listed
            let between = senders.contains { !server.addresses.contains($0) }
            return Fault(
                key: "prohibited",
                message: """
                    The announced \(ports.named) \(ports.count == 1 ? "was" : "were") answered with ICMP \
                    \(codes.sorted().joined(separator: ", ")) by \(names)\
                    \(between ? ", a device between client and server" : "").\(server.elsewhere(hit))
                    """,
                expected: "a SYN-ACK", observed: "ICMP unreachable", count: hit.count,
                packets: hit.lazy.flatMap(\.failureEvidence), offers: Set(hit.map(\.id)),
                sessions: hit.lazy.map(\.session), ports: ports)
        }
    }
}
