import FTP
import Net

/// PH108: a passive port was offered, and the client never came.
enum OfferNeverTaken: Rule {
    static let id = "PH108"
    static let title = "Passive port offered, client never connected"
    static let severity = Severity.low
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            Announced passive ports to which no SYN was seen before the next offer or the session's \
            end, in captures that would have shown it.
            """,
        why: """
            The client can't use what it was told (an address that it refuses, a local firewall), \
            or it gave up. The server waits with an open port meanwhile.
            """,
        remedy:
            "Look at the client: its own firewall, and whether it accepts the announced address.",
        refutation: "A SYN of the client that took another way than past the capture.",
        references: ["RFC 959 section 3.2"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        let offers = server.passiveOffers
        guard !offers.isEmpty else {
            return .cannotTell("no passive port was announced in clear text")
        }
        let hit = offers.filter { $0.channel.outcome == .unused && !$0.session.isOneSided }
        guard !hit.isEmpty else {
            return offers.allSatisfy { $0.channel.outcome == .unseen }
                ? .cannotTell("the capture could not have shown the data connections")
                : .passed(
                    "clients tried each of \(offers.count) announced ports that could be seen")
        }
        let ports = PortSet(ports: hit.compactMap(\.port))
        let given = hit.count(where: \.failedOnTheWire)
        let told =
            given == 0
            ? "" : " To \(given) of them the server answered 425: no connection reached it either."
        return .failed([
            Fault(
                key: "unused",
                message:
                    "\(hit.count) of \(offers.count) passive offers were never taken: \(ports.named).\(told)",
                expected: "a SYN of the client", observed: "none", count: hit.count,
                confidence: .probable,
                packets: hit.lazy.flatMap {
                    $0.failedOnTheWire ? $0.failureEvidence : [$0.announcement]
                },
                offers: Set(hit.map(\.id)),
                sessions: hit.lazy.map(\.session), ports: ports)
        ])
    }
}
