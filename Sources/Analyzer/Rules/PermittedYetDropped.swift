import FTP
import Net
import Policy

/// PH306: the path permits the control port by its configuration, and clients did not get through.
enum PermittedYetDropped: Rule {
    static let id = "PH306"
    static let title = "Control port permitted by policy, and no connection on the wire"
    static let severity = Severity.medium
    static let grades: Grades? = Grades(
        Severity.low...Severity.medium, "Low where a single SYN went unanswered, else medium.")
    static let controls: [ControlSet] = [.configuration]
    static let explanation = Explanation(
        checks: """
            Attempts to open a control connection that were not answered, refused or prohibited \
            although every device on the path permits them by its configuration and leads them to \
            the server. Of data connections PH101 to PH103 tell.
            """,
        why: """
            No session begins. The server is down or listens elsewhere, a configuration is older \
            than the one in force, a device on the path is not in the site, or the capture stands \
            where answers don't pass.
            """,
        remedy: """
            Ask the server itself first. Then export the configurations anew, and name in the site \
            what else stands between; the sender of an ICMP message is such a device.
            """,
        refutation: "A SYN-ACK for one of these attempts, in a capture nearer to the client.",
        references: ["RFC 9293 section 3.5", "RFC 1122 section 3.2.2.1"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        guard !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        var lines: [SourceLine] = []
        let hit = server.attempts.filter { attempt in
            guard let own = server.opening(attempt.asked) else { return false }
            lines += own.filter { !lines.contains($0) }
            return true
        }
        guard !hit.isEmpty else {
            guard server.attempts.isEmpty else {
                return .notApplicable("what failed at the control port isn't surely permitted")
            }
            let untried = PortSet(
                ports: server.control.filter { port in
                    !server.sessions.contains { $0.server.port == port }
                })
            return untried.isEmpty
                ? .passed("no attempt to reach the control port was seen to fail")
                : .cannotTell(
                    "neither a session nor a failed attempt was seen at the control \(untried.named)"
                )
        }
        return .failed([fault(hit, lines)])
    }

    private static func fault(_ hit: [ControlAttempt], _ lines: [SourceLine]) -> Fault {
        let ports = PortSet(ports: hit.map(\.server.port))
        let tries = hit.reduce(0) { $0 + $1.attempts }
        let clients = Set(hit.map(\.client.address)).count
        let how = Set(hit.map(\.outcome.rawValue)).sorted().joined(separator: ", ")
        let isThin = tries == 1 && hit[0].outcome == .unanswered
        var fault = Fault(
            key: "control \(ports)",
            message: """
                \(clients) \(clients == 1 ? "client" : "clients") tried the control \(ports.named) \
                with \(tries) \(tries == 1 ? "SYN" : "SYNs") in vain (\(how)), and every device on \
                the path permits it by its configuration.
                """,
            expected: "a SYN-ACK", observed: how, count: hit.count,
            severity: isThin ? .low : nil, confidence: .probable,
            packets: hit.lazy.flatMap { attempt in
                [
                    PacketEvidence(
                        attempt.first,
                        "SYN \(attempt.client) → \(attempt.server), \(attempt.attempts) in all, \(attempt.outcome.rawValue)"
                    )
                ]
                    + [attempt.answer].compactMap(\.self).map {
                        PacketEvidence(
                            $0, attempt.prohibitedBy.map { "ICMP from \($0)" } ?? "the answer")
                    }
            },
            config: Array(lines.prefix(8)), ports: ports)
        fault.attemptsHurt = hit.count
        return fault
    }
}
