import Net
import Policy

/// PH202: ports that the server may offer, or its control port, do not pass a device on the path.
enum RangeNotPermitted: Rule {
    static let id = "PH202"
    static let title = "Server's ports not fully permitted"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.neededPorts, .availability]
    static let explanation = Explanation(
        checks: """
            The control port and every port of the configured passive range are asked of each \
            device on the path, for every client that must get in.
            """,
        why: """
            Each port that a device denies makes the transfers hang that are offered it, while \
            log-in and other transfers work: a fault that comes and goes.
            """,
        remedy: "Permit exactly the missing ports on the named device, above the line that denies.",
        refutation: """
            A newer export of the named device in which these ports are permitted, or a device \
            that reads the control connection and opens them.
            """,
        references: ["RFC 1579", "RFC 2979 section 3.1"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard server.site != nil, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let wanted = (server.range ?? PortSet()).union(server.controlPorts)
        let blockades = server.blockades(of: wanted)
        guard !blockades.isEmpty else {
            let doubtful = wanted.intersection(server.undecided)
            if !doubtful.isEmpty {
                let why = server.doubts(about: doubtful).prefix(3).joined(separator: "; ")
                return .cannotTell("whether \(doubtful.named) pass isn't known: \(why)")
            }
            guard server.range != nil || server.passiveOff != nil else {
                return .cannotTell("the control port is permitted; no passive range is known")
            }
            return .passed("\(wanted.brief) are permitted by every device on the path")
        }
        let behind = server.blockadesBehind(blockades, of: wanted)
        return .failed(
            blockades.map { fault($0, server, server.openings(for: [$0])) }
                + behind.map { fault($0, server, server.openings($0, $0.ports)) })
    }

    private static func fault(
        _ blockade: Blockade, _ server: ServerView, _ changes: [ProposedChange]
    ) -> Fault {
        let control = blockade.ports.intersection(server.controlPorts)
        let passive = blockade.ports.subtracting(control)
        var message = ""
        if let range = server.range, !passive.isEmpty {
            message =
                "\(passive.count) of the \(range.count) ports that the server may offer are not open\(server.place(of: blockade)): \(passive.brief)."
        }
        if !control.isEmpty {
            message += message.isEmpty ? "" : " "
            message +=
                "The control \(control.named) is shut\(server.place(of: blockade)): no session can begin."
        }
        message += " " + capitalized(blockade.sentence) + "."
        if let limits = server.limits(of: blockade) { message += " " + limits }
        return Fault(
            key: "\(blockade.hop ?? "") \(blockade.ports)" + server.scope(of: blockade),
            message: message,
            expected: "\(blockade.ports.brief) permitted", observed: "denied",
            count: blockade.ports.count, config: server.configuredSources + [blockade.line],
            changes: changes,
            ports: blockade.ports)
    }

    private static func capitalized(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }
}
