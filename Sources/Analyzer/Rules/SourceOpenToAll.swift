import Net
import Policy

/// PH221: the site lists who must get in, and the path lets everybody in.
enum SourceOpenToAll: Rule {
    static let id = "PH221"
    static let title = "Source open to all though partners are listed"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.neededPorts]
    static let explanation = Explanation(
        checks: """
            Where the site lists the clients who must get in, the server's ports are asked of the \
            path for all other addresses. It fails where most of the world is let in, not where a \
            line is a little wider than the list.
            """,
        why: """
            A server for a few partners that anybody reaches is found by whoever looks for FTP, and \
            its passwords are tried; and a passive port takes whoever connects first.
            """,
        remedy: "Permit the listed clients alone, in the line that now says any.",
        refutation: "A filter that was not given: on the server itself, or at the provider.",
        references: ["RFC 2577 sections 5 and 8", "NIST SP 800-41 Revision 1, section 4.1"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let site = server.site, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let strangers = site.addresses.map { world($0.family).subtracting(site.clients) }
        guard !strangers.contains(where: \.isEmpty), !partners(site).isEmpty else {
            return .notApplicable("the site lists no clients: anybody may get in")
        }
        let evaluator = PathEvaluator(server.path)
        let answers = zip(site.addresses, strangers).map { address, strangers in
            let answer = evaluator.reach(
                ReachQuestion(from: strangers, to: address, ports: server.wantedPorts))
            return (answer: answer, open: openToMost(answer, of: size(strangers)))
        }
        let open = answers.reduce(PortSet()) { $0.union($1.open) }
        guard open.isEmpty else {
            return .failed([fault(open, answers.map(\.answer), site)])
        }
        let doubtful = answers.flatMap(\.answer.segments).filter { $0.verdict == .unknown }
        guard doubtful.isEmpty else {
            let ports = PortSet(doubtful.flatMap(\.ports.ranges))
            let why = Set(doubtful.flatMap(\.notes)).sorted().prefix(3).joined(separator: "; ")
            return .cannotTell("who else reaches \(ports.named) isn't known: \(why)")
        }
        return .passed(
            "\(server.wantedPorts.brief) are not open to all; \(names(site)) must get in")
    }

    private static func fault(
        _ ports: PortSet, _ answers: [Reach], _ site: SiteServer
    ) -> Fault {
        var seen: Set<SourceLine> = []
        let lines = answers.flatMap(\.segments)
            .filter { $0.verdict == .permitted && !$0.ports.isDisjoint(with: ports) }
            .flatMap(\.decidedBy).map(\.source).filter { seen.insert($0).inserted }
        return Fault(
            key: "\(ports)",
            message: """
                \(ports.named) \(ports.count == 1 ? "is" : "are") open to anybody, and only \
                \(names(site)) must get in.
                """,
            expected: "\(ports.brief) open to \(names(site))", observed: "open to all",
            count: ports.count, config: [site.source] + lines.prefix(8), ports: ports)
    }

    // MARK: sizes

    /// Addresses that a stranger may come from.
    private static func world(_ family: IPAddress.Family) -> AddressSet {
        guard family == .v6, let unicast = Prefix("2000::/3") else { return .allV4 }
        return AddressSet(unicast)
    }

    private static func size(_ set: AddressSet) -> Double {
        set.ranges.reduce(0) { $0 + Double($1.upperBound.bits - $1.lowerBound.bits) + 1 }
    }

    /// Ports that more than half of the addresses may open, by however many lines.
    private static func openToMost(_ answer: Reach, of whole: Double) -> PortSet {
        var change = [Double](repeating: 0, count: 65537)
        for segment in answer.segments where segment.verdict == .permitted {
            let weight = size(segment.from)
            for range in segment.ports.ranges {
                change[Int(range.lowerBound)] += weight
                change[Int(range.upperBound) + 1] -= weight
            }
        }
        var sum = 0.0
        var open: [UInt16] = []
        for port in UInt16.min ... .max {
            sum += change[Int(port)]
            if sum * 2 > whole { open.append(port) }
        }
        return PortSet(ports: open)
    }

    // MARK: clients

    private static func partners(_ site: SiteServer) -> AddressSet {
        site.addresses.reduce(AddressSet()) {
            $0.union(ServerView.clients(of: site, as: $1.family))
        }
    }

    /// Who alone must get in; nil where anybody may.
    static func partners(of server: ServerView) -> String? {
        guard let site = server.site, !partners(site).isEmpty,
            site.addresses.allSatisfy({ !world($0.family).isSubset(of: site.clients) })
        else { return nil }
        return names(site)
    }

    private static func names(_ site: SiteServer) -> String {
        let ranges = partners(site).ranges.map { range in
            Prefix(exactly: range).map { "\($0)" } ?? "\(range.lowerBound)-\(range.upperBound)"
        }
        let rest = ranges.count > 4 ? " and \(ranges.count - 4) more" : ""
        return ranges.prefix(4).joined(separator: ", ") + rest
    }
}
