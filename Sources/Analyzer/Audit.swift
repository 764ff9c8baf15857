public import FTP
public import Net
public import Policy

/// Judges sessions and configuration by every rule.
public struct Audit: Sendable {
    public let context: AuditContext
    /// Attempts to reach control ports of servers that the site doesn't name, or of whose path it
    /// says nothing.
    private let strayAttempts: [ControlAttempt]
    /// Turns a change into commands of the platform at hand; empty where none can carry it out.
    public typealias Fixer = (ProposedChange, ServerView) -> [Fix]

    /// Joins the site with the sessions, a view a server.
    ///
    /// - Parameters:
    ///   - site: what was meant.
    ///   - traffic: the sessions; nil where no captures were given.
    ///   - attempts: to open control connections, that came to nothing.
    ///   - span: first and last packet time over all captures.
    ///   - inventory: all servers that are meant to be there, where they aren't those of `site`.
    public init(
        site: Site, traffic: consuming Traffic?, attempts: [ControlAttempt] = [],
        span: ClosedRange<Timestamp>? = nil, inventory: [SiteServer]? = nil
    ) {
        let hasTraffic = traffic != nil
        let all = traffic ?? Traffic()
        var owners: [Endpoint: Int] = [:]
        for (index, server) in site.servers.enumerated() {
            for address in Set(server.addresses + server.inside) {
                for port in server.control where owners[Endpoint(address, port)] == nil {
                    owners[Endpoint(address, port)] = index
                }
            }
        }
        var own = [[UInt32]](repeating: [], count: site.servers.count)
        var strangers: [Endpoint: [UInt32]] = [:]
        for (server, rows) in all.rowsByServer {
            if let owner = owners[server] {
                own[owner] += rows
            } else {
                strangers[server] = rows
            }
        }
        let rowsOf = own
        let attemptsOf = Dictionary(grouping: attempts) { [owners] in owners[$0.server] }
        strayAttempts = attempts.filter { attempt in
            owners[attempt.server].map { site.path(to: site.servers[$0]).isEmpty } ?? true
        }
        var views = Array(site.servers.indices).mapSideBySide { index in
            let server = site.servers[index]
            return ServerView(
                server, path: site.path(to: server),
                sessions: ServerSessions(all, rows: rowsOf[index]),
                attempts: attemptsOf[index] ?? [])
        }
        for (endpoint, rows) in strangers.sorted(by: { $0.key < $1.key }) {
            views.append(
                ServerView(nil, seenAt: endpoint, sessions: ServerSessions(all, rows: rows)))
        }
        context = AuditContext(
            site: site, hasTraffic: hasTraffic, inventory: inventory ?? site.servers,
            span: span,
            servers: views)
    }

    /// The findings of all rules on all servers, in the order of the report.
    ///
    /// - Parameters:
    ///   - rules: usually `Rules.all`.
    ///   - now: for waivers that end.
    ///   - fixer: turns a change into commands.
    /// - Returns: a finding for each fault, and for each rule and server without one what was said.
    public func findings(
        by rules: [any Rule.Type] = Rules.all, now: Timestamp, fixer: Fixer
    ) -> [Finding] {
        let judgements = context.servers.mapSideBySide { server in
            rules.map { $0.judge(server, in: context) }
        }
        var all: [Finding] = []
        for (server, judgements) in zip(context.servers, judgements) {
            let isBrief = isBrief(on: server)
            let told = zip(rules, judgements).filter { !isBrief || $1.isFailed }
            all += Symptoms.fold(told.flatMap { Finding.make($0, $1, server, fixer) })
        }
        Self.tellApart(&all)
        let standards = context.site.standards
        let controls = rules.map { rule in
            (rule.id, ControlMapping.references(to: rule.controls, standards: standards))
        }
        let byRule = Dictionary(controls) { first, _ in first }
        for index in all.indices { all[index].controls = byRule[all[index].rule] ?? [] }
        return all.map { Waivers.apply(context.site.waivers, to: $0, now: now) }
            .sorted(by: Finding.reportOrder)
    }

    /// Numbers findings whose keys don't tell them apart: an id names one. Their order may change from
    /// one run to the next, so a rule that makes several findings gives each a key of its own.
    private static func tellApart(_ findings: inout [Finding]) {
        var met: [String: Int] = [:]
        for index in findings.indices {
            let number = met[findings[index].id, default: 0] + 1
            met[findings[index].id] = number
            if number > 1 { findings[index].id += ":\(number)" }
        }
    }

    /// Servers that the site doesn't name, of which more than faults is told.
    static let mostStrangers = 64

    /// Of so many servers what is right fills no report: a sweep over a network may meet thousands.
    private func isBrief(on server: ServerView) -> Bool {
        server.site == nil && strangers > Self.mostStrangers
    }

    private var strangers: Int { context.servers.count - context.site.servers.count }

    /// Sentences on what the findings leave out, on ranges of which two are told, and on waivers
    /// that no longer hold or that nothing needs.
    ///
    /// - Parameters:
    ///   - findings: those of all rules.
    ///   - now: for waivers that end.
    ///   - captures: names of the captures, which frames refer to.
    /// - Returns: a sentence each.
    public func notes(
        on findings: [Finding], now: Timestamp, captures: [String] = []
    ) -> [String] {
        let brief =
            strangers > Self.mostStrangers
            ? ["Of \(strangers) servers that the site does not name faults alone are listed."] : []
        return brief + context.site.servers.compactMap(\.dissent)
            + strayAttempts.sentences(captures)
            + context.site.waivers.compactMap { waiver in
                let of = "\(waiver.rule)" + (waiver.server.map { " of \($0)" } ?? "")
                let place = "\(waiver.source.file):\(waiver.source.line ?? 0)"
                let isJudged =
                    waiver.server.map { name in context.site.servers.contains { $0.name == name } }
                    ?? true
                let isNeeded = findings.contains { $0.waiver == waiver }
                if isJudged, Waivers.isOver(waiver, now: now) {
                    return "The waiver of \(of) has expired (\(place))"
                        + (isNeeded ? ": the finding counts again." : ".")
                }
                // Without traffic a rule about it finds nothing, whatever there is.
                let couldFind = findings.contains {
                    $0.rule == waiver.rule && $0.status != .notApplicable
                        && $0.status != .cannotTell
                }
                guard isJudged, couldFind, !isNeeded else { return nil }
                return "The waiver of \(of) (\(place)) has nothing to accept."
            }
    }
}
