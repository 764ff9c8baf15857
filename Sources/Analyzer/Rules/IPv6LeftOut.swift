import Net
import Policy

/// PH218: the server's ports are ruled over IPv4, and over IPv6 they are shut, or wide open.
enum IPv6LeftOut: Rule {
    static let id = "PH218"
    static let title = "IPv6 left out of the rules"
    static let severity = Severity.medium
    static let grades: Grades? = Grades(
        Severity.medium...Severity.high,
        "High where more than 60,000 ports are open over IPv6 alone, else medium.")
    static let controls: [ControlSet] = [.neededPorts]
    static let explanation = Explanation(
        checks: """
            What the path permits over IPv4 is held against what it permits over IPv6: of a server \
            that the site gives addresses of both families, its ports and all others; of one \
            without an IPv6 address, whether the firewall on its host lets everything in over IPv6.
            """,
        why: """
            Rules of one family say nothing of the other. Ports that were forgotten make clients \
            with IPv6 hang until they fall back; a list that nobody wrote leaves every service of \
            the host open to whoever finds its address.
            """,
        remedy: "Write the same rules for both families, or for no address of the family at all.",
        refutation: """
            Rules for IPv6 in a file that was not given, or a host on which IPv6 is switched off.
            """,
        references: ["RFC 6092", "RFC 9099", "NIST SP 800-119"])

    /// As many ports open are no list for services, but the want of one.
    private static let wide = 60_000

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let site = server.site, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let four = server.reach.filter { $0.to.family == .v4 }
        let six = server.reach.filter { $0.to.family == .v6 }
        guard !six.isEmpty else { return judgeHost(server, site) }
        guard !four.isEmpty else { return .notApplicable("clients use IPv6 alone") }
        guard !ServerView.clients(of: site, as: .v6).isEmpty else {
            return .notApplicable("no client who must get in has an IPv6 address")
        }
        if let file = silent(server.path) {
            return .cannotTell("\(file) holds rules for IPv4 alone, and none for IPv6 was given")
        }
        let wanted = server.wantedPorts
        let open = ports(of: four, wanted, .permitted)
        let shut = ports(of: six, wanted, .denied).intersection(open)
        let everywhere = ports(of: four, .all, .permitted)
        let extra = surely(six).subtracting(everywhere).subtracting(wanted)
        var faults: [Fault] = []
        if !shut.isEmpty { faults.append(closed(shut, six, server)) }
        if !extra.isEmpty { faults.append(opened(extra, six, server)) }
        guard faults.isEmpty else { return .failed(faults) }
        let doubtful = ports(of: six, wanted, .unknown)
        guard doubtful.isEmpty else {
            let why = six.flatMap(\.segments).filter { $0.verdict == .unknown }.flatMap(\.notes)
            return .cannotTell(
                "whether \(doubtful.named) pass over IPv6 isn't known: "
                    + Set(why).sorted().prefix(3).joined(separator: "; "))
        }
        return .passed("IPv6 opens \(wanted.brief) as IPv4 does, and nothing more")
    }

    // MARK: a server without an IPv6 address

    private static func judgeHost(_ server: ServerView, _ site: SiteServer) -> Judgement {
        let hosts = server.path.filter { $0.place == .host && $0.configuration.device != nil }
        // Any address will do where rules for none are asked after.
        guard !hosts.isEmpty, silent(hosts) == nil, let any = IPAddress("2001:db8::1"),
            let own = site.inside.first(where: { $0.family == .v4 })
        else { return .notApplicable("the site gives the server no IPv6 address") }
        let evaluator = PathEvaluator(hosts)
        func open(to address: IPAddress) -> (answer: Reach, ports: PortSet) {
            let answer = evaluator.reach(
                ReachQuestion(from: .all, to: address, ports: PortSet(1...65535)))
            return (answer, surely([answer]))
        }
        let six = open(to: any)
        guard six.ports.count > wide, open(to: own).ports.count <= wide else {
            return .notApplicable("the site gives the server no IPv6 address")
        }
        let names = hosts.map { "\"\($0.name)\"" }.joined(separator: ", ")
        return .failed([
            Fault(
                key: "host",
                message: """
                    \(names) filters IPv4, and lets \(six.ports.count) ports in over IPv6, should \
                    the host have an address of it.
                    """,
                expected: "the same rules for both families", observed: "IPv6 wide open",
                count: six.ports.count, confidence: .probable,
                config: lines([six.answer], six.ports),
                ports: six.ports)
        ])
    }

    /// A file that speaks of IPv4 alone, where none beside it speaks of IPv6 alone.
    private static func silent(_ path: [Hop]) -> String? {
        let four = path.filter { $0.configuration.device?.families == [.v4] }
        let six = path.filter { $0.configuration.device?.families == [.v6] }
        return four.count > six.count ? four.first?.configuration.file : nil
    }

    // MARK: faults

    private static func closed(_ shut: PortSet, _ six: [Reach], _ server: ServerView) -> Fault {
        let blockades = ServerView.blockades(of: shut, in: six)
        let sentences = blockades.prefix(3).map(\.sentence).joined(separator: "; ")
        return Fault(
            key: "closed \(shut)",
            message: "\(shut.named) are open over IPv4 and shut over IPv6: \(sentences).",
            expected: "\(shut.brief) permitted over IPv6 too", observed: "denied",
            count: shut.count, config: server.configuredSources + blockades.map(\.line),
            changes: server.openings(for: blockades), ports: shut)
    }

    private static func opened(_ extra: PortSet, _ six: [Reach], _ server: ServerView) -> Fault {
        let change = server.path.last.flatMap { hop in
            six.first.map { ProposedChange(.hop(hop.name), .forbid(extra, to: $0.to)) }
        }
        return Fault(
            key: "open \(extra)",
            message:
                "\(extra.count) ports are open over IPv6 that IPv4 keeps shut: \(extra.brief).",
            expected: "the same ports over both families",
            observed: "\(extra.brief) open over IPv6",
            count: extra.count, severity: extra.count > wide ? .high : nil,
            config: lines(six, extra), changes: change.map { [$0] } ?? [], ports: extra)
    }

    // MARK: answers

    /// Ports of the given ones of which some region of every answer has the verdict.
    private static func ports(
        of answers: [Reach], _ wanted: PortSet, _ verdict: Reach.Verdict
    ) -> PortSet {
        answers.reduce(wanted) { left, answer in
            left.intersection(ServerView.ports(of: answer) { $0.verdict == verdict })
        }
    }

    /// Ports that every client may open at every address.
    private static func surely(_ answers: [Reach]) -> PortSet {
        answers.reduce(PortSet(1...65535)) { left, answer in
            left.subtracting(ServerView.ports(of: answer) { $0.verdict != .permitted })
        }
    }

    private static func lines(_ answers: [Reach], _ ports: PortSet) -> [SourceLine] {
        var seen: Set<SourceLine> = []
        let all = answers.flatMap(\.segments)
            .filter { $0.verdict == .permitted && !$0.ports.isDisjoint(with: ports) }
            .flatMap(\.decidedBy).map(\.source).filter { seen.insert($0).inserted }
        return Array(all.prefix(8))
    }
}
