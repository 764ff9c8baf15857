import FTP
import Net
import Policy

/// PH301: the server announces a passive port that its configured range does not hold.
enum PortOutsideRange: Rule {
    static let id = "PH301"
    static let title = "Passive port outside the configured range"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.neededPorts, .configuration]
    static let explanation = Explanation(
        checks: "Every port of a 227, 228 or 229 is held against the server's configured range.",
        why: """
            Firewalls are opened for the configured range. A port beyond it is blocked there, or \
            shows that the range is not in force.
            """,
        remedy: """
            Put the range in force (most servers need a restart), and look for the cause that \
            fits: a value that the server rejects, a full range, another server at the address. \
            Do not open the stray port.
            """,
        refutation: "A configuration with this port in its range, in force at the time.",
        references: ["RFC 959 section 4.1.2", "RFC 2428 section 3"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        let off = server.passiveOff
        guard let range = server.range ?? off.map({ _ in PortSet() }),
            server.settings?.passiveFrom != .invalid
        else {
            return .notApplicable("no passive range is known to be in force")
        }
        let offers = server.ownOffers
        guard !offers.isEmpty else {
            return .cannotTell("no passive port was announced in clear text")
        }
        if let off { return .failed([undue(offers, off, server)]) }
        let outside = server.outside(range)
        guard !outside.isEmpty else {
            return .passed("\(offers.count) announced ports lie in \(range.brief)")
        }
        let ports = PortSet(ports: outside.compactMap(\.port))
        let failed = outside.count(where: \.failedOnTheWire)
        var message =
            "The server announced \(ports.named), outside its configured range \(range.brief)."
        if failed > 0 { message += " \(failed) of \(outside.count) such offers failed." }
        let wasFull =
            server.settings?.behaviour.leavesRangeWhenFull == true
            && server.madeWhileFull(outside, range).count == outside.count
        if wasFull {
            message += " The range was full at that moment, and this server then leaves it (PH303)."
        } else if let cause = cause(ports, outside, server) {
            message += " " + cause
        }
        return .failed([
            Fault(
                key: "outside", message: message, expected: "\(range.named)",
                observed: ports.brief, count: outside.count,
                packets: outside.lazy.flatMap {
                    $0.failedOnTheWire ? $0.failureEvidence : [$0.announcement]
                },
                config: server.configuredSources, offers: Set(outside.map(\.id)),
                sessions: outside.lazy.map(\.session),
                changes: wasFull ? server.widening : [ProposedChange(.server, .restart)],
                ports: ports)
        ])
    }

    /// The fault of offers by a server whose configuration has it make none.
    private static func undue(_ offers: Offers, _ off: SourceLine, _ server: ServerView) -> Fault {
        let ports = PortSet(ports: offers.compactMap(\.port))
        return Fault(
            key: "off",
            message: """
                The server announced \(ports.named), though its configuration switches passive mode \
                off: another configuration is in force, or another server answers at this address.
                """,
            expected: "no passive port", observed: ports.brief, count: offers.count,
            packets: offers.lazy.map(\.announcement), config: [off],
            offers: Set(offers.map(\.id)), sessions: offers.lazy.map(\.session),
            changes: [ProposedChange(.server, .restart)], ports: ports)
    }

    /// The cause that fits best, as far as ports and times tell.
    private static func cause(
        _ ports: PortSet, _ outside: [Offer], _ server: ServerView
    ) -> String? {
        let advised = Set(outside.compactMap { $0.channel.advertised?.address })
        if !advised.isSubset(of: Set(server.addresses + (server.site?.inside ?? []))) {
            return "It names another address too: another server may have answered."
        }
        if let fallback = server.settings?.behaviour.fallbackRange,
            ports.isSubset(of: PortSet(fallback))
        {
            let dated =
                server.site?.changed.map { changed in
                    outside.contains { $0.channel.frame.time >= changed }
                } ?? false
            return """
                \(ports.count == 1 ? "It fits" : "They fit") the default \(PortSet(fallback)): the \
                range is not in force, \(dated ? "the service was not restarted since the change" : "probably for want of a restart").
                """
        }
        return nil
    }
}
