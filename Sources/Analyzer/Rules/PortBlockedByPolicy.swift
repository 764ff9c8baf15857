import FTP
import Net
import Policy

/// PH304: a port that the server announced is denied by a known line, and the attempt failed.
enum PortBlockedByPolicy: Rule {
    static let id = "PH304"
    static let title = "Announced port blocked by policy, confirmed on the wire"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.neededPorts, .availability]
    static let explanation = Explanation(
        checks: """
            Each announced passive port is asked of the path. Where a device denies it and the \
            client's attempt was not answered, refused or prohibited, line and packets agree.
            """,
        why: "This is the transfer that hangs, and the line that makes it hang.",
        remedy: """
            Permit the server's range on the named device, above the named line. A port outside \
            the range is not to be opened: there the server is to be mended.
            """,
        refutation: "A SYN for this port behind the named device, in a capture of the same time.",
        references: ["RFC 959 section 3.2", "RFC 1579"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        guard !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        var faults: [Fault] = []
        // What lies outside the range is the server's fault, and not to be opened: PH301's.
        let failed = server.ownOffers.filter { offer in
            offer.failedOnTheWire
                && (server.range == nil || server.settings?.passiveFrom == .invalid
                    || offer.port.map { server.range?.contains($0) ?? true } ?? false)
        }
        for blocked in server.blocked(failed, \.asked) {
            faults.append(offers(blocked.tries, blocked.blockade, server))
        }
        for blocked in server.blocked(server.attempts, { $0.asked }) {
            faults.append(control(blocked.tries, blocked.blockade, server))
        }
        if !faults.isEmpty { return .failed(faults) }
        let unknown =
            server.undecided(failed, \.asked) + server.undecided(server.attempts) { $0.asked }
        if !unknown.isEmpty {
            let ports = PortSet(ports: unknown.map(\.port))
            let why = server.doubts(about: ports).prefix(3).joined(separator: "; ")
            return .cannotTell(
                "\(ports.named) failed, and what the path does isn't known"
                    + (why.isEmpty ? " for these clients and addresses" : ": \(why)"))
        }
        guard !server.passiveOffers.isEmpty else {
            return .cannotTell("no passive port was announced in clear text")
        }
        let isWhole = failed.count == server.ownOffers.count(where: \.failedOnTheWire)
        return .passed(
            isWhole
                ? "no announced port that failed is denied by a known line"
                : "no announced port of the range that failed is denied by a known line")
    }

    private static func offers(
        _ hit: [Offer], _ blockade: Blockade, _ server: ServerView
    ) -> Fault {
        let ports = blockade.ports
        let attempts = hit.reduce(0) { $0 + $1.channel.attempts }
        let how = Set(
            hit.map { offer in
                let outcome = offer.channel.outcome
                return [.unused, .unseen].contains(outcome)
                    ? "answered 425" : outcome.rawValue
            }
        ).sorted().joined(separator: ", ")
        let tries =
            attempts == 0
            ? "no attempt was captured"
            : attempts == 1 ? "1 attempt of a client" : "\(attempts) attempts of clients"
        let message = """
            The server announced \(ports.named), and \(blockade.sentence); \
            \(tries): \(how).
            """
        return Fault(
            key: "\(blockade.hop ?? "") \(ports)" + server.scope(of: blockade), message: message,
            expected: "\(ports.brief) permitted", observed: how, count: hit.count,
            packets: hit.lazy.flatMap(\.failureEvidence),
            config: [blockade.line] + server.configuredSources, offers: Set(hit.map(\.id)),
            sessions: hit.lazy.map(\.session),
            changes: server.openings(for: [blockade]),
            ports: ports)
    }

    private static func control(
        _ hit: [ControlAttempt], _ blockade: Blockade, _ server: ServerView
    ) -> Fault {
        let tries = hit.reduce(0) { $0 + $1.attempts }
        let clients = Set(hit.map(\.client.address)).count
        var fault = Fault(
            key: "control \(blockade.ports)" + server.scope(of: blockade),
            message: """
                The control \(blockade.ports.named) is shut: \(blockade.sentence). \
                \(clients) \(clients == 1 ? "client" : "clients") tried with \(tries) \
                \(tries == 1 ? "SYN" : "SYNs") in vain.
                """,
            expected: "\(blockade.ports.brief) permitted",
            observed: Set(hit.map(\.outcome.rawValue)).sorted().joined(separator: ", "),
            count: hit.count,
            packets: hit.lazy.map {
                PacketEvidence(
                    $0.first,
                    "SYN \($0.client) → \($0.server), \($0.attempts) in all, \($0.outcome.rawValue)"
                )
            },
            config: [blockade.line],
            changes: server.openings(for: [blockade]),
            ports: blockade.ports)
        fault.attemptsHurt = hit.count
        return fault
    }
}
