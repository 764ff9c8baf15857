import Net
import Policy

/// PH209: ports of the server are translated to another host than the server, or to several by turns.
enum TranslationToWrongHost: Rule {
    static let id = "PH209"
    static let title = "NAT leads to the wrong host"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            The address to which the path translates each of the server's ports is held against the \
            server's own.
            """,
        why: """
            Control and data of a session have to end at the same host. A pool of several hosts \
            sends each new connection to the next one, so that data lands where nobody offered it.
            """,
        remedy: "Translate the server's ports to its own address alone.",
        refutation: "A newer address of the server than the site states.",
        references: ["RFC 2391", "RFC 3022 section 2.2"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let site = server.site, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let own = Set(site.ends)
        let wanted = (server.range ?? PortSet()).union(server.controlPorts)
        let segments = server.reach.flatMap(\.segments).filter {
            $0.translatedTo != nil && !$0.ports.isDisjoint(with: wanted)
        }
        guard !segments.isEmpty, server.translator != nil else {
            return .notApplicable("nothing on the path translates the server's ports")
        }
        let wrong = segments.filter {
            !$0.isDelivered(to: own, asked: $0.translatedTo ?? site.addresses[0])
        }
        guard !wrong.isEmpty else {
            if let doubt = server.doubt(about: wanted) { return .cannotTell(doubt) }
            return .passed("translations of \(wanted.brief) end at the server")
        }
        let groups = Dictionary(grouping: wrong) { segment in
            (segment.alternatives.isEmpty
                ? [segment.translatedTo].compactMap(\.self) : segment.alternatives)
        }
        if let hosts = groups.keys.first, groups.count == 1, hosts.count == 1, !server.isTranslated
        {
            return .cannotTell(
                "all go to \(hosts[0]); whether that is the server's own address nobody says (`inside:`)"
            )
        }
        return .failed(
            groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { hosts, segments in
                fault(hosts, segments, wanted, site, server)
            })
    }

    private static func fault(
        _ hosts: [IPAddress], _ segments: [Reach.Segment], _ wanted: PortSet, _ site: SiteServer,
        _ server: ServerView
    ) -> Fault {
        let ports = PortSet(segments.flatMap(\.ports.ranges)).intersection(wanted)
        let names = hosts.map(\.description).joined(separator: ", ")
        let own = site.inside.map(\.description).joined(separator: ", ")
        let how =
            hosts.count > 1
            ? "go to \(names) by turns: control and data may end at different hosts"
            : "go to \(names), and the server is \(own)"
        return Fault(
            key: "\(names) \(ports)", message: "\(ports.named) \(how).",
            expected: "all to \(own)", observed: names, count: ports.count,
            config: segments.flatMap(\.decidedBy).map(\.source), ports: ports)
    }
}
