import FTP
import Net
import Policy

/// PH303: the range was full, and the server announced a port outside it.
enum RangeExhaustedFallback: Rule {
    static let id = "PH303"
    static let title = "Range full: the server fell back to a port outside it"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            For each announced port outside the range: whether every port of the range was open, \
            or offered and not yet taken, at that instant, as far as the capture shows.
            """,
        why: """
            Some servers take any port of the system when their range is full. Firewalls know \
            nothing of it: the transfer hangs just when the server is busiest.
            """,
        remedy:
            "Widen the range to a quarter more than the transfers that run at once, and open it.",
        refutation: "A port of the range that was free at that instant.",
        references: ["ProFTPD: mod_core, PassivePorts"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        guard let range = server.range else { return .notApplicable("no passive range is known") }
        guard server.settings?.behaviour.leavesRangeWhenFull != false else {
            return .notApplicable("this server never leaves its range")
        }
        let outside = server.outside(range)
        guard !outside.isEmpty else { return .passed("no port outside the range was announced") }
        let full = server.beyondFull(range)
        guard !full.isEmpty else {
            return .cannotTell(
                "when ports outside the range were announced, others of it seemed free")
        }
        let ports = PortSet(ports: full.compactMap(\.port))
        return .failed([
            Fault(
                key: "full",
                message: """
                    All \(range.count) ports of \(range.brief) were taken when the server announced \
                    \(ports.named) instead.
                    """,
                expected: "a port of \(range.brief)", observed: ports.brief, count: full.count,
                confidence: server.settings?.behaviour.leavesRangeWhenFull == true
                    ? .confirmed : .probable,
                packets: full.lazy.map(\.announcement), config: server.configuredSources,
                offers: Set(full.map(\.id)), sessions: full.lazy.map(\.session),
                changes: server.widening, ports: ports)
        ])
    }
}
