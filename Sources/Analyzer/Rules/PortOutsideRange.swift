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
            fits: a value that the server rejects, a full range, another server at the address.
            """,
        refutation: "A configuration with this port in its range, in force at the time.",
        references: ["RFC 959 section 4.1.2", "RFC 2428 section 3"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let configured = server.configured else {
            return .notApplicable("no passive range is known for this server")
        }
        let offers = server.offers.filter { $0.isPassive && $0.port != nil }
        guard !offers.isEmpty else {
            return audit.hasTraffic
                ? .cannotTell("no passive port was announced in clear text")
                : .notApplicable("no traffic was given")
        }
        let outside = offers.filter { offer in offer.port.map { !configured.contains($0) } ?? false
        }
        guard !outside.isEmpty else {
            return .passed("\(offers.count) announced ports lie in \(configured)")
        }
        let ports = PortSet(ports: outside.compactMap(\.port))
        return .failed([
            Fault(
                key: "outside", message: message(ports, configured),
                expected: "ports in \(configured)", observed: "\(ports)", count: outside.count,
                packets: outside.map {
                    PacketEvidence(
                        $0.channel.frame,
                        "\($0.channel.announcedBy.rawValue) announces port \($0.port ?? 0)")
                },
                config: server.configuredSources, offers: Set(outside.map(\.id)),
                sessions: outside.map(\.session),
                changes: [ProposedChange(.server, .restart)], ports: ports)
        ])
    }

    private static func message(_ ports: PortSet, _ configured: PortSet) -> String {
        "The server announces \(ports), outside its configured range \(configured)."
    }
}
