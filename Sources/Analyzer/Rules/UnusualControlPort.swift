import FTP
import Net
import Policy

/// PH127: the control connection is on a port that devices don't watch.
enum UnusualControlPort: Rule {
    static let id = "PH127"
    static let title = "Control on a non-standard port"
    static let severity = Severity.low
    static let grades: Grades? = Grades(
        Severity.info...Severity.low,
        "Info where a device on the path is told of the port, else low.")
    static let controls: [ControlSet] = [.neededPorts]
    static let explanation = Explanation(
        checks: "FTP dialogues with a server port other than 21 and 990.",
        why: """
            Helpers, inspections and NAT read control connections on port 21 unless they are told \
            otherwise: on another port they open and rewrite nothing.
            """,
        remedy: """
            Tell each device of the port, or better, permit and translate the passive range by \
            lines of its own, so that nobody has to read the dialogue.
            """,
        refutation: "A device on the path that is configured to watch this port.",
        references: ["RFC 959 section 8", "RFC 4217 section 3"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        guard !server.sessions.isEmpty else { return .cannotTell("no session was seen") }
        let hit = server.sessions.filter { ![21, 990].contains($0.server.port) }
        guard !hit.isEmpty else {
            return .passed("\(server.sessions.count) sessions were on port 21 or 990")
        }
        let ports = PortSet(ports: hit.map(\.server.port))
        let watched = server.path.flatMap { $0.configuration.device?.inspections ?? [] }
            .filter { ports.isSubset(of: $0.controlPorts) }
        let watchers = watched.isEmpty ? "" : " A device on the path is told of it."
        return .failed([
            Fault(
                key: "\(ports)",
                message:
                    "\(hit.count) FTP sessions on \(ports.named): devices that watch 21 see nothing of them.\(watchers)",
                expected: "21 or 990", observed: "\(ports)", count: hit.count,
                severity: watched.isEmpty ? nil : .info,
                packets: hit.lazy.map {
                    PacketEvidence($0.first, "first packet of \($0.client) → \($0.server)")
                },
                config: server.settings?.control.map(\.source) ?? [], sessions: hit, ports: ports)
        ])
    }
}
