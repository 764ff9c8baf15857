import Net
import Policy

/// PH212: a list permits the server's ports at the address that packets don't have where it stands.
enum WrongSideOfTranslation: Rule {
    static let id = "PH212"
    static let title = "ACL written for the wrong side of NAT"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.configuration, .availability]
    static let explanation = Explanation(
        checks: """
            For each of the server's ports that a list denies, the list is searched for a line that \
            would permit it at the server's other address: the inside one in a list that is asked \
            before translation, the outside one in a list that is asked after it.
            """,
        why: """
            A list sees a packet as it is at that point of its way. IOS asks the inbound list of the \
            outside interface before it translates, ASA from 8.3 on asks for the real address. A \
            line with the other address matches nothing, and the packet meets the deny below it.
            """,
        remedy: "Name the address that the list sees; the line with the other one can go.",
        refutation: "A release of the device that translates and filters in the other order.",
        references: [
            "Cisco: NAT order of operation (document 6209)",
            "Cisco: ASA 8.3 migration guide, real IP addresses in access lists",
        ])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let site = server.site, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        guard server.isTranslated else {
            return .notApplicable("clients use the server's own address: NAT has one side")
        }
        let both = AddressSet((site.addresses + site.inside).map { $0...$0 })
        let faults = server.reach.flatMap { answer in
            ServerView.blockades(of: server.wantedPorts, in: [answer]).compactMap {
                fault($0, answer.to, both, server)
            }
        }
        guard faults.isEmpty else { return .failed(faults) }
        if let doubt = server.doubt(about: server.wantedPorts) { return .cannotTell(doubt) }
        return .passed("no list that denies \(server.wantedPorts.brief) names the other address")
    }

    private static func fault(
        _ blockade: Blockade, _ asked: IPAddress, _ both: AddressSet, _ server: ServerView
    ) -> Fault? {
        guard let hop = server.hop(of: blockade), let device = hop.configuration.device,
            let place = device.stages.firstIndex(where: { stage in
                stage.work == .filter && holds(blockade.line, stage, device)
            })
        else { return nil }
        let seen = addresses(asked, at: place, of: hop, blockade.ports, server)
        let other = both.subtracting(seen)
        guard !seen.isEmpty, !other.isEmpty else { return nil }
        // Not translated behind a translation, ports lack one: PH208's.
        if seen.contains(asked), translates(before: place, of: hop, server) { return nil }
        let lines = device.rules(from: device.stages[place].chain).filter { rule in
            guard rule.action == .permit, rule.match.never == nil, !rule.match.expectedOnly,
                rule.match.destinationMask == nil, let meant = rule.match.destinations
            else { return false }
            return meant.isDisjoint(with: seen) && !meant.isDisjoint(with: other)
                && !(rule.match.destinationPorts ?? .all).isDisjoint(with: blockade.ports)
        }
        guard let first = lines.first else { return nil }
        let ports = lines.reduce(PortSet()) { $0.union($1.match.destinationPorts ?? .all) }
            .intersection(blockade.ports)
        let wrong = both.intersection(first.match.destinations ?? other).subtracting(seen)
        let order = seen.contains(asked) ? "before" : "after"
        let which = server.addresses.count > 1 ? " of \(asked)" : ""
        return Fault(
            key: "\(ports)\(which)" + server.scope(of: blockade),
            message: """
                \(first.source.file):\(first.source.line ?? 0) permits \(ports.named) of \
                \(names(wrong)), but that list is asked \(order) translation, where packets go to \
                \(names(seen)): \(blockade.sentence).
                """,
            expected: "\(ports.brief) permitted to \(names(seen))",
            observed: "permitted to \(names(wrong)), an address that the list never sees",
            count: ports.count, config: lines.map(\.source).prefix(8) + [blockade.line],
            changes: server.openings(for: [blockade]), ports: ports)
    }

    /// Whether the stage can end with that line.
    private static func holds(_ line: SourceLine, _ stage: Stage, _ device: Device) -> Bool {
        stage.ending.source == line
            || device.hasRule(from: [stage.chain]) { $0.source == line }
    }

    /// Whether a translation is asked before that stage of the hop.
    private static func translates(
        before place: Int, of hop: Hop, _ server: ServerView
    ) -> Bool {
        let outer = server.path.prefix { $0 != hop }
            .flatMap { $0.configuration.device?.stages ?? [] }
        let own = hop.configuration.device?.stages[..<place] ?? []
        return (outer + own).contains { $0.work == .translate }
    }

    /// Where packets for the ports are bound when they come to that stage of the hop.
    private static func addresses(
        _ asked: IPAddress, at place: Int, of hop: Hop, _ ports: PortSet, _ server: ServerView
    ) -> AddressSet {
        guard let index = server.path.firstIndex(of: hop) else { return AddressSet() }
        var own = hop
        own.configuration.device?.stages.removeSubrange(place...)
        let before = (server.path[..<index] + [own]).map(ServerView.withoutFilters)
        let answer = PathEvaluator(before).reach(
            ReachQuestion(from: .all, to: asked, ports: ports))
        let found = answer.segments.flatMap { segment in
            segment.alternatives.isEmpty ? [segment.translatedTo ?? asked] : segment.alternatives
        }
        return AddressSet(found.map { $0...$0 })
    }

    private static func names(_ set: AddressSet) -> String {
        set.ranges.map { range in
            range.lowerBound == range.upperBound
                ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        }.joined(separator: ", ")
    }
}
