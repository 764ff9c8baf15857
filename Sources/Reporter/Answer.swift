public import Analyzer
public import Net
public import Policy

/// The head of every report: which servers fail, of what, and which line mends it.
public struct Answer: Sendable {
    /// Servers that fail: by the severity of the worst, then by the share of offers hurt.
    public var servers: [Server]
    /// How many servers no finding of weight was raised on.
    public var sound: Int

    /// One failing server and its main fault.
    public struct Server: Sendable {
        public var summary: AuditReport.ServerSummary
        /// What stands at its head.
        public var main: Finding
        /// All that failed on it, the main one first.
        public var failed: [Finding]
        /// Offers that came to nothing: refused, unanswered or prohibited.
        public var hurt: Int
        /// Offers whose fate was seen.
        public var tried: Int
        /// All offers.
        public var offers: Int
        /// The line to change, where the main finding names one.
        public var line: SourceLine?
        /// Ports that are meant to be offered and not open.
        public var closed: PortSet
        /// Offered ports that lie outside the configured range.
        public var outside: PortSet
        /// Offered ports that the path blocks.
        public var blocked: PortSet
        /// Lines that decided so.
        public var blockedBy: [SourceLine]
        /// The commands that mend the main fault first, then those of the others; what makes clear-text
        /// clients be turned away stands last.
        public var remedies: [Remedy]
    }

    /// Commands for one device, and the findings that ask for exactly these.
    public struct Remedy: Sendable {
        public var findings: [Finding]
        public var fix: Fix
        /// Whether the server demands TLS once they are carried out.
        public var demandsTLS: Bool
    }

    public init(_ report: AuditReport) {
        let failed = Dictionary(
            grouping: report.findings.filter { $0.status == .failed && $0.severity >= .low },
            by: \.server)
        servers = report.servers.compactMap { summary in
            guard let findings = failed[summary.name] else { return nil }
            return Server(summary, findings)
        }
        .sorted {
            ($0.main.severity, $0.share, max($0.hurt, $0.main.hurt), $1.summary.name)
                > ($1.main.severity, $1.share, max($1.hurt, $1.main.hurt), $0.summary.name)
        }
        sound = report.servers.count - servers.count
    }

    /// Rules by how well they name the cause; the rest follow by number.
    static let causes = [
        "PH204", "PH304", "PH202", "PH208", "PH209", "PH301", "PH303", "PH104", "PH122", "PH215",
        "PH211",
        "PH210", "PH105", "PH106", "PH305", "PH123", "PH103", "PH101", "PH102",
        "PH114",
    ]

    /// A range that isn't in force makes all else that is said of ports beside the point.
    private static let roots: Set = ["PH204", "PH226"]

    static func isBefore(_ a: Finding, _ b: Finding) -> Bool {
        if a.severity != b.severity { return a.severity > b.severity }
        let isRoot = roots.contains(a.rule)
        if isRoot != roots.contains(b.rule) { return isRoot }
        if a.hurt != b.hurt { return a.hurt > b.hurt }
        let left = causes.firstIndex(of: a.rule) ?? causes.count
        let right = causes.firstIndex(of: b.rule) ?? causes.count
        if left != right { return left < right }
        if a.count != b.count { return a.count > b.count }
        return (a.rule, a.id) < (b.rule, b.id)
    }
}

extension Answer.Server {
    /// Offers hurt, of those whose fate was seen.
    var share: Double { tried > 0 ? Double(hurt) / Double(tried) : 0 }

    init?(_ summary: AuditReport.ServerSummary, _ findings: [Finding]) {
        let failed = findings.sorted(by: Answer.isBefore)
        guard let main = failed.first else { return nil }
        self.summary = summary
        self.main = main
        self.failed = failed
        let totals = summary.observed.reduce(into: [String: Int]()) { totals, port in
            totals.merge(port.outcomes, uniquingKeysWith: +)
        }
        let lost = ["refused", "unanswered", "prohibited"].compactMap { totals[$0] }.reduce(0, +)
        offers = totals.values.reduce(0, +)
        hurt = lost
        tried = lost + (totals["established"] ?? 0)
        let closedByRules = failed.filter { $0.rule == "PH202" }
            .reduce(PortSet()) { $0.union($1.ports) }
        if let configured = summary.configured, let permitted = summary.permitted {
            closed = configured.subtracting(permitted).subtracting(summary.inspected)
                .subtracting(summary.undecided).union(closedByRules)
        } else {
            closed = closedByRules
        }
        let observed = PortSet(ports: summary.observed.map(\.port))
        outside = summary.configured.map { observed.subtracting($0) } ?? PortSet()
        let blocking = failed.filter { ["PH304", "PH305"].contains($0.rule) }
        blocked = blocking.reduce(PortSet()) { $0.union($1.ports) }.intersection(observed)
        var lines: [SourceLine] = []
        for line in blocking.flatMap(\.config)
        where !lines.contains(line) && !summary.configuredSources.contains(line) {
            lines.append(line)
        }
        blockedBy = lines
        let sources = Set(summary.configuredSources)
        // A line that permits what it should is proof, and not to be changed.
        let changeable = main.rule == "PH306" ? [] : main.config.filter { !$0.isArgument }
        line =
            main.rule == "PH301" || main.rule == "PH204"
            ? changeable.first : changeable.last { !sources.contains($0) } ?? changeable.first
        remedies = Self.remedies(failed.filter { $0.id == main.id || $0.severity >= .medium })
    }

    /// ` to some clients`, where others open some of the ports that are not open to all.
    var closedTo: String {
        closed.isDisjoint(with: summary.openToSome) ? "" : " to some clients"
    }

    /// What to do at `line`: `Change`; `Insert before`, where it denies what belongs above it;
    /// `Add to`, where a file lacks what is needed; `Put in force`, where it says the right thing.
    var lead: String {
        guard let line else { return "" }
        guard line.line != nil else { return "Add to" }
        if main.rule == "PH301", main.changes.allSatisfy({ $0.change == .restart }) {
            return "Put in force"
        }
        return ["PH202", "PH304", "PH305"].contains(main.rule) ? "Insert before" : "Change"
    }

    /// The commands that mend the main fault.
    var mainRemedies: [Answer.Remedy] {
        remedies.filter { $0.findings.contains { $0.id == main.id } }
    }

    /// The commands for other faults on the ports that the first commands open, without which some
    /// of these stay shut.
    var neededToo: [Answer.Remedy] {
        let ports = mainRemedies.flatMap(\.findings).reduce(PortSet()) { $0.union($1.ports) }
        return remedies.filter { remedy in
            !remedy.demandsTLS && !remedy.findings.contains { $0.id == main.id }
                && remedy.findings.contains {
                    Answer.causes.contains($0.rule) && !$0.ports.isDisjoint(with: ports)
                }
        }
    }

    /// The findings whose commands have nothing to do with the main fault.
    var mendedApart: [Finding] {
        let shown = Set((mainRemedies + neededToo).flatMap(\.findings).map(\.id))
        var seen: Set<String> = []
        return remedies.flatMap(\.findings).filter {
            !shown.contains($0.id) && seen.insert($0.id).inserted
        }
    }

    private static func remedies(_ findings: [Finding]) -> [Answer.Remedy] {
        var remedies: [Answer.Remedy] = []
        for finding in findings {
            for fix in joined(finding.fixes) {
                if let index = remedies.firstIndex(where: { $0.fix == fix }) {
                    remedies[index].findings.append(finding)
                } else {
                    remedies.append(
                        Answer.Remedy(
                            findings: [finding], fix: fix, demandsTLS: finding.demandsTLS))
                }
            }
        }
        return remedies.filter { !$0.demandsTLS } + remedies.filter(\.demandsTLS)
    }

    /// What mends one device as one list of commands, its restart once and last.
    private static func joined(_ fixes: [Fix]) -> [Fix] {
        var joined: [Fix] = []
        var taken: Set<Fix> = []
        for fix in fixes where taken.insert(fix).inserted {
            guard
                let index = joined.firstIndex(where: {
                    $0.platform == fix.platform && $0.device == fix.device
                })
            else {
                joined.append(fix)
                continue
            }
            joined[index].commands += fix.commands
            joined[index].undo = fix.undo + joined[index].undo
            joined[index].restart += fix.restart.filter { !joined[index].restart.contains($0) }
        }
        return joined
    }

    /// `4,821 of 9,812 tried transfers hung or were refused (49 %)`; empty where nobody was hurt.
    var figures: String {
        guard hurt > 0 else { return "" }
        return "\(Figures.count(hurt)) of \(Figures.count(tried)) data connections failed "
            + "(\(Figures.share(hurt, of: tried)))"
    }
}

extension SourceLine {
    /// `edge.cfg:44`, or the file alone where the proof is an absence.
    var place: String {
        guard let line else { return Visible.line(file) }
        return "\(Visible.line(file)):\(line)"
    }
}

extension SourceLine {
    /// The line's text without the blanks at its ends.
    var trimmed: String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let tail = text.drop(while: blank).reversed().drop(while: blank)
        return String(tail.reversed())
    }
}

extension Answer.Remedy {
    /// What to do before the commands, and whom they turn away, where they demand TLS.
    static let caution = """
        First: a certificate. Without one the server does not start, or turns every log-in away, once \
        it demands TLS. Clients that speak clear text only will be shut out.
        """

    /// `PH304, PH202`.
    var rules: String {
        var rules: [String] = []
        for finding in findings where !rules.contains(finding.rule) { rules.append(finding.rule) }
        return rules.joined(separator: ", ")
    }

    /// What the first of the findings is called.
    var title: String { findings.first?.title ?? "" }

    /// `iptables on edge`.
    var place: String {
        fix.platform + (fix.device.map { " on \($0)" } ?? "")
    }
}

extension Finding {
    /// Whether what mends it makes the server demand TLS.
    var demandsTLS: Bool {
        !fixes.isEmpty && changes.contains { $0.change == .requireTLS }
    }

    /// The finding's id made an anchor: letters, digits and `-._:`, unique where ids are.
    var anchor: String {
        String(
            id.unicodeScalars.map { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", ":": Character(scalar)
                default: "_"
                }
            })
    }
}

extension AuditReport.Input {
    /// What could not be read, the file's name first and once.
    var trouble: String {
        guard let problem else { return file }
        return problem.hasPrefix(file + ":") ? problem : "\(file): \(problem)"
    }
}
