import Net
import Policy

/// PH203: the devices on the path open ports that the server does not use.
enum TooManyPortsOpen: Rule {
    static let id = "PH203"
    static let title = "More ports open than the server uses"
    static let severity = Severity.medium
    static let grades: Grades? = Grades(
        Severity.medium...Severity.high,
        "High where more than 10,000 ports are open beyond the range, else medium.")
    static let controls: [ControlSet] = [.neededPorts]
    static let explanation = Explanation(
        checks: """
            Ports from 1024 on that every device on the path permits, less the configured passive \
            range and the control ports.
            """,
        why: """
            Whatever else listens on such a port, now or after the next installation, is open to \
            whoever may use FTP.
            """,
        remedy: "Narrow the opening to the configured range, or say which service needs the rest.",
        refutation:
            "Another service of the same address that is meant to be reached at these ports.",
        references: ["RFC 1579", "NIST SP 800-41 Revision 1, section 4.1"])

    /// Ports below it are other services' own, and no FTP server offers them.
    private static let unprivileged = PortSet(1024...65535)

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard server.site != nil, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let off = server.passiveOff
        guard let range = server.range ?? off.map({ _ in PortSet() }) else {
            return .cannotTell("no passive range is known to hold the open ports against")
        }
        let neighbours = Self.neighbours(of: server, in: audit)
        let wanted = neighbours.reduce(range.union(server.controlPorts)) { $0.union($1.ports) }
        let extra = server.reach.reduce(PortSet()) { $0.union(open($1)) }.subtracting(wanted)
        guard !extra.isEmpty else {
            let doubtful = server.undecided.intersection(unprivileged).subtracting(range)
            let meant = off == nil ? "\(range.brief) and the control port" : "the control port"
            return doubtful.isEmpty
                ? .passed("no port beyond \(meant) is open")
                : .cannotTell("whether \(doubtful.named) are open isn't known")
        }
        if let unknown = neighbours.first(where: { !$0.isKnown }) {
            return .cannotTell(
                "which ports are meant for \(unknown.name), at the same address, isn't known")
        }
        let lines = openingLines(of: extra, server)
        let isWide = extra.count > 10_000
        let beyond =
            off == nil
            ? "beyond the configured \(range.brief)"
            : "beyond the control port, though passive mode is switched off,"
        let names = neighbours.map(\.name)
        let others = names.isEmpty ? "" : " and the ports of \(names.listed)"
        return .failed([
            Fault(
                key: "\(extra)",
                message: "\(extra.count) ports \(beyond)\(others) are open: \(extra.brief).",
                expected: off == nil ? "\(range.brief) and the control port" : "the control port",
                observed: "\(extra.brief) open too",
                count: extra.count, severity: isWide ? .high : nil,
                config: server.configuredSources + lines.prefix(8),
                changes: closing(wanted, server),
                ports: extra)
        ])
    }

    /// Another server at an address of this one, and the ports that it is meant to have.
    private struct Neighbour {
        var name: String
        var ports: PortSet
        var isKnown: Bool
    }

    private static func neighbours(of server: ServerView, in audit: AuditContext) -> [Neighbour] {
        audit.inventory.filter { other in
            other.name != server.name && !Set(other.addresses).isDisjoint(with: server.addresses)
        }.map { other in
            let range = ServerView.configured(other).0
            return Neighbour(
                name: other.name,
                ports: PortSet(ports: other.control).union(range ?? PortSet()),
                isKnown: range != nil || other.configuration?.server?.passiveDisabled?.value == true
            )
        }
    }

    private static func openingLines(of ports: PortSet, _ server: ServerView) -> [SourceLine] {
        var seen: Set<SourceLine> = []
        return server.reach.flatMap(\.segments)
            .filter { $0.verdict == .permitted && !$0.ports.isDisjoint(with: ports) }
            .flatMap(\.decidedBy).map(\.source).filter { seen.insert($0).inserted }
    }

    /// Ports of the one address that every client may open.
    private static func open(_ answer: Reach) -> PortSet {
        unprivileged.subtracting(ServerView.ports(of: answer) { $0.verdict != .permitted })
    }

    private static func closing(_ wanted: PortSet, _ server: ServerView) -> [ProposedChange] {
        guard let hop = server.path.last else { return [] }
        return server.reach.compactMap { answer in
            let ports = open(answer).subtracting(wanted)
            guard !ports.isEmpty, let to = server.addressSeen(by: hop.name, asked: answer.to) else {
                return nil
            }
            return ProposedChange(.hop(hop.name), .forbid(ports, to: to))
        }
    }
}
