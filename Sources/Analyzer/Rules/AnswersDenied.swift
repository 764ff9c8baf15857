import Net
import Policy

/// PH213: a filter lets connections to the server in, and not what follows on their first packet.
enum AnswersDenied: Rule {
    static let id = "PH213"
    static let title = "Return traffic not permitted"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            Where a device on the path judges each packet by itself, the answers from the server's \
            ports to every client who must get in are asked of its lists for the other direction; \
            where one remembers connections, its rules are asked for what belongs to them.
            """,
        why: """
            The SYN passes, and the SYN-ACK or what comes after it is dropped: the client waits as \
            if the port were shut, or sees a connection on which nothing comes.
            """,
        remedy: """
            Permit what comes from the server's ports to the clients' ports, 1024-65535, in the \
            other direction; where the product can, only packets with ACK set (`established`). On \
            Linux: accept `ct state established,related` in every chain that drops.
            """,
        refutation: "A device that remembers connections, or a newer list for the other direction.",
        references: [
            "RFC 2979 section 3.1", "AWS: Network ACLs, ephemeral ports",
            "NIST SP 800-41 Revision 1, section 2.1.1",
        ])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard server.site != nil, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let stateless = server.path.filter { $0.configuration.device?.answers.isEmpty == false }
        guard !stateless.isEmpty else {
            return .notApplicable("no device on the path judges answers by lists of their own")
        }
        let wanted = server.wantedPorts
        let open = server.reach.flatMap(\.segments).filter { segment in
            (segment.verdict == .permitted || segment.verdict == .permittedByInspection)
                && !segment.ports.isDisjoint(with: wanted)
        }
        guard !open.isEmpty else {
            return .cannotTell("no port of the server is known to be let in: nothing to answer")
        }
        // Filters drop what goes to groups and broadcasts: nobody who connects is meant.
        let asked = open.filter { !$0.from.isSubset(of: Prefix.noHosts) }
        let lost = asked.filter { $0.back == .denied }
        guard lost.isEmpty else { return .failed([fault(lost, stateless, server)]) }
        let doubtful = asked.filter { $0.back == .unknown }
        guard doubtful.isEmpty else {
            let ports = ports(of: doubtful).intersection(wanted)
            let why = Set(doubtful.flatMap(\.notes)).filter { $0.hasPrefix("way back: ") }
                .sorted().prefix(3).map { $0.dropFirst("way back: ".count) }
            return .cannotTell(
                "whether answers from \(ports.named) pass isn't known: "
                    + why.joined(separator: "; "))
        }
        return .passed("answers from \(ports(of: open).intersection(wanted).brief) pass")
    }

    private static func fault(
        _ lost: [Reach.Segment], _ stateless: [Hop], _ server: ServerView
    ) -> Fault {
        let ports = ports(of: lost).intersection(server.wantedPorts)
        var seen: Set<SourceLine> = []
        let lines = lost.flatMap(\.backDeniedBy).filter { seen.insert($0).inserted }
        let names = stateless.map { "\"\($0.name)\"" }.joined(separator: ", ")
        let by = lines.map { line in
            line.line.map { "\(line.file):\($0) \(line.text)" } ?? "\(line.file): \(line.text)"
        }
        let who = stateless.count == 1 ? "\(names) lets" : "\(names) let"
        let remembers = stateless.contains { $0.configuration.device?.remembers ?? false }
        let what = remembers ? "what follows on the first packet" : "the answers out"
        return Fault(
            key: "\(ports)",
            message: """
                \(who) connections to \(ports.named) in, and not \(what): \
                \(by.prefix(3).joined(separator: "; ")).
                """,
            expected: "answers from \(ports.brief) permitted to the clients' ports",
            observed: "denied", count: ports.count,
            config: lost.flatMap(\.decidedBy).map(\.source).prefix(4) + lines, ports: ports)
    }

    private static func ports(of segments: [Reach.Segment]) -> PortSet {
        PortSet(segments.flatMap(\.ports.ranges))
    }
}
