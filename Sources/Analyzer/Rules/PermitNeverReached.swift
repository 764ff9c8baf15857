import Net
import Policy

/// PH211: a line permits ports of the server, and an earlier line of the same list denies them.
enum PermitNeverReached: Rule {
    static let id = "PH211"
    static let title = "Permit below a deny: never reached"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.neededPorts]
    static let explanation = Explanation(
        checks: """
            For each of the server's ports that a line denies, the lines below it in the same list \
            are searched for one that would permit the port.
            """,
        why: "In a list the first match decides. The permit stands there, and is not in force.",
        remedy: "Move the permit above the deny.",
        refutation: "A list in which another line than the named one matches first.",
        references: ["RFC 2979 section 3.1"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard server.site != nil, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let wanted = (server.range ?? PortSet()).union(server.controlPorts)
        let faults = server.blockades(of: wanted).compactMap { fault($0, server) }
        return faults.isEmpty
            ? .passed("no permit for \(wanted.brief) stands below a line that denies it")
            : .failed(faults)
    }

    private static func fault(_ blockade: Blockade, _ server: ServerView) -> Fault? {
        guard blockade.line.line != nil,
            let hop = server.path.first(where: { $0.name == blockade.hop }) ?? server.path.first,
            let device = hop.configuration.device, !device.denialsFirst,
            let address = server.addressSeen(by: hop.name)
        else { return nil }
        for chain in device.chains.values.sorted(by: { $0.name < $1.name }) {
            guard let deny = chain.rules.firstIndex(where: { $0.source == blockade.line }) else {
                continue
            }
            let late = chain.rules[(deny + 1)...].first { rule in
                permits(rule, blockade.ports, at: address)
                    && !(rule.match.sources ?? .all).isDisjoint(with: server.site?.clients ?? .all)
            }
            guard let late else { continue }
            let ports = blockade.ports.intersection(late.match.destinationPorts ?? .all)
            return Fault(
                key: "\(ports)" + server.scope(of: blockade),
                message: """
                    \(late.source.file):\(late.source.line ?? 0) permits \(ports.named), but \
                    line \(blockade.line.line ?? 0) denies first: \(blockade.line.text).
                    """,
                expected: "the permit above the deny", observed: "below it", count: ports.count,
                config: [late.source, blockade.line],
                changes: server.openings(blockade, ports), ports: ports)
        }
        return nil
    }

    private static func permits(
        _ rule: FilterRule, _ ports: PortSet, at address: IPAddress
    ) -> Bool {
        // What a platform brings along stands in no file.
        guard rule.source.line != nil, rule.action == .permit, rule.match.never == nil,
            !rule.match.expectedOnly
        else { return false }
        return rule.match.mayBe(for: address)
            && !(rule.match.destinationPorts ?? .all).isDisjoint(with: ports)
    }
}
