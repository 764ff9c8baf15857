import Net
import Policy

/// PH215: the server speaks TLS, and its passive ports are open only to sessions that can be read.
enum TLSBehindInspection: Rule {
    static let id = "PH215"
    static let title = "TLS on, but the ports depend on inspection"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.neededPorts, .availability]
    static let explanation = Explanation(
        checks: """
            Where the server's configuration offers TLS, its passive range is asked of the path as \
            for a session that no device can read.
            """,
        why: """
            A helper or an inspection opens a data port when it reads the announcement. Under TLS \
            it reads nothing, and every transfer hangs.
            """,
        remedy: "Permit the passive range by a line of its own.",
        refutation: "A static permit for the range in a newer export of the named device.",
        references: ["RFC 4217 section 16", "RFC 3093"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        guard server.passiveOff == nil else {
            return .notApplicable("passive mode is switched off")
        }
        guard settings.tls.value != .none || settings.tlsProblem != nil else {
            return .notApplicable("the server does not offer TLS")
        }
        guard !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        guard let range = server.range else {
            return .cannotTell("no passive range is known")
        }
        let blind = server.denied(of: range.intersection(server.inspected), encrypted: true)
        guard !blind.isEmpty else {
            return .passed("no port of \(range.brief) depends on reading the control connection")
        }
        if settings.tls.value == .none, let problem = settings.tlsProblem {
            return .cannotTell("whether the server offers TLS isn't known: \(problem)")
        }
        return .failed(
            server.blockades(of: blind, encrypted: true).map { blockade in
                Fault(
                    key: "\(blockade.ports)" + server.scope(of: blockade, encrypted: true),
                    message: """
                        \(blockade.ports.named) open only for sessions that a device can read, and \
                        the server offers TLS: \(blockade.sentence).
                        """,
                    expected: "\(range.brief) permitted by a line of its own",
                    observed: "permitted by inspection alone", count: blockade.ports.count,
                    config: [settings.tls.source] + inspections(server) + [blockade.line],
                    changes: server.openings(blockade, blockade.ports),
                    ports: blockade.ports)
            })
    }

    private static func inspections(_ server: ServerView) -> [SourceLine] {
        server.path.flatMap { hop in
            (hop.configuration.device?.inspections ?? []).filter { inspection in
                inspection.opensFilter
                    && !inspection.controlPorts.isDisjoint(with: server.controlPorts)
            }.map(\.source)
        }
    }
}
