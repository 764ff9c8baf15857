import FTP
import Net
import Policy

/// PH122: under TLS, connections to the server's high ports go unanswered: no inspection can help.
enum EncryptedDataDropped: Rule {
    static let id = "PH122"
    static let title = "FTPS: data dropped, and no inspection can help"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.neededPorts, .availability]
    static let explanation = Explanation(
        checks: """
            In sessions whose control connection is encrypted: connections of the same client to \
            high ports of the server that were unanswered, refused or prohibited. That they are \
            data connections is inferred: their announcement can't be read.
            """,
        why: """
            Helpers and inspections open a data port when they read its announcement. They can't \
            read it under TLS: what works in clear text hangs.
            """,
        remedy: "Permit the passive range by a line of its own on every device on the path.",
        refutation: "Another program of the same client that connects to these ports.",
        references: ["RFC 4217 section 16", "RFC 3093"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        let encrypted = server.sessions.filter { $0.isEncrypted }
        guard !encrypted.isEmpty else { return .notApplicable("no session was encrypted") }
        let pairs = encrypted.flatMap { session in session.hiddenData.map { (session, $0) } }
        guard !pairs.isEmpty else {
            return .cannotTell("no connection to a high port of the server was seen meanwhile")
        }
        let hit = pairs.filter { [.unanswered, .refused, .prohibited].contains($0.1.outcome) }
        guard let first = hit.first else {
            let established = pairs.count { $0.1.outcome == .established }
            return established == 0
                ? .cannotTell("the capture could not have shown the data connections")
                : .passed("\(established) connections under TLS were established")
        }
        let ports = PortSet(ports: hit.map(\.1.server.port))
        let command = first.0.encryption?.command ?? "TLS"
        let frame = first.0.encryption?.from.number ?? 0
        return .failed([
            Fault(
                key: "hidden",
                message: """
                    The control connection is encrypted (\(command), frame \(frame)), and \
                    \(hit.count) \(hit.count == 1 ? "connection" : "connections") to \
                    \(ports.named) came to nothing: no device can read which port to open.
                    """,
                expected: "a SYN-ACK",
                observed: Set(hit.map(\.1.outcome.rawValue)).sorted().joined(separator: ", "),
                count: hit.count, confidence: .probable,
                packets: hit.lazy.flatMap { session, hidden in
                    [
                        session.encryption.map {
                            PacketEvidence($0.from, "encrypted from here (\($0.command))")
                        }
                    ]
                    .compactMap(\.self) + [
                        PacketEvidence(
                            hidden.first,
                            "SYN \(hidden.client) → \(hidden.server): \(hidden.attempts) in all, \(hidden.outcome.rawValue)"
                        )
                    ]
                },
                config: server.blockades(of: ports, encrypted: true).map(\.line),
                sessions: hit.lazy.map(\.0), changes: openings(ports, server), ports: ports)
        ])
    }

    private static func openings(_ ports: PortSet, _ server: ServerView) -> [ProposedChange] {
        let wanted = server.range ?? ports
        return server.blockades(of: wanted, encrypted: true).flatMap {
            server.openings($0, $0.ports)
        }
    }
}
