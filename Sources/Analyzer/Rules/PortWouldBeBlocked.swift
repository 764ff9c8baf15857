import FTP
import Net
import Policy

/// PH305: ports that the server may announce are denied, and no client has hit them yet.
enum PortWouldBeBlocked: Rule {
    static let id = "PH305"
    static let title = "Passive ports would be blocked, not yet seen"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.neededPorts, .availability]
    static let explanation = Explanation(
        checks: """
            Ports of the configured range, and ports announced without an attempt, that a device \
            on the path denies and at which no attempt was seen to fail.
            """,
        why: """
            The server will hand them out. The share of the range that is shut is the share of \
            transfers that will hang.
            """,
        remedy: "Permit the missing ports before a client is offered one.",
        refutation:
            "A data connection on one of these ports that is established through the device.",
        references: ["RFC 1579"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        guard !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        // Of those that were tried other rules tell: PH304, or PH307 where they worked all the same.
        let tried = server.ownOffers.only {
            $0.failedOnTheWire || $0.channel.outcome == .established
        }.ports
        let offered = server.ownOffers.ports
        let candidates = (server.range ?? PortSet()).union(offered)
        let ahead = server.denied(of: candidates).subtracting(tried)
        guard !ahead.isEmpty else {
            let doubtful = candidates.intersection(server.undecided)
            if candidates.isEmpty { return .cannotTell("no passive port is known") }
            return doubtful.isEmpty
                ? .passed("no other port that the server may announce is denied")
                : .cannotTell("whether \(doubtful.named) pass isn't known")
        }
        return .failed([fault(ahead, server)])
    }

    private static func fault(_ ahead: PortSet, _ server: ServerView) -> Fault {
        var message = "\(ahead.named) would be blocked; no attempt there was seen yet."
        if let range = server.range {
            let shut = server.denied(of: range)
            let share = Double(shut.count) / Double(range.count)
            let isPartly = !shut.isDisjoint(with: server.openToSome)
            message += " \(shut.count) of \(range.count) ports of the range are shut"
            message += isPartly ? " to some clients" : ""
            message += " (\(Int((share * 100).rounded())) %): so many of "
            message += "\(isPartly ? "their" : "the") transfers will fail."
        }
        let blockades = server.blockades(of: ahead)
        return Fault(
            key: "\(ahead)", message: message, expected: "\(ahead.brief) permitted",
            observed: "denied by configuration", count: ahead.count,
            config: server.configuredSources + blockades.map(\.line),
            changes: server.openings(for: blockades), ports: ahead)
    }
}
