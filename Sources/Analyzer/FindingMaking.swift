import FTP
import Net
import Policy

/// A finding on its way into the report, with the offers that it is about.
struct DraftFinding {
    var finding: Finding
    var offers: Set<Offer.ID>
    /// Those of them whose outcome may be its doing: a wrong address hurts no client that went
    /// to another one.
    var blamed: Set<Offer.ID>
    /// Those of these that were seen to fail.
    var failing: Set<Offer.ID>

    init(_ finding: Finding, offers: Set<Offer.ID> = [], of server: ServerView) {
        self.finding = finding
        self.offers = offers
        blamed =
            Symptoms.addressRules.contains(finding.rule)
            ? offers.filter { !server.offers[$0].wasSoughtElsewhere } : offers
        failing = blamed.filter { server.offers[$0].failedOnTheWire }
        self.finding.hurt += failing.count
    }
}

extension Finding {
    /// How many packets and sessions a finding quotes.
    static let quoted = 3

    static func make(
        _ rule: any Rule.Type, _ judgement: Judgement, _ server: ServerView, _ fixer: Audit.Fixer
    ) -> [DraftFinding] {
        switch judgement {
        case .failed(let faults):
            faults.map { fault in
                DraftFinding(failed(rule, fault, server, fixer), offers: fault.offers, of: server)
            }
        case .passed(let what): [DraftFinding(plain(rule, .passed, what, server), of: server)]
        case .notApplicable(let why):
            [DraftFinding(plain(rule, .notApplicable, why, server), of: server)]
        case .cannotTell(let why): [DraftFinding(plain(rule, .cannotTell, why, server), of: server)]
        }
    }

    private static func failed(
        _ rule: any Rule.Type, _ fault: Fault, _ server: ServerView, _ fixer: Audit.Fixer
    ) -> Finding {
        var finding = plain(rule, .failed, fault.message, server)
        finding.id += ":" + slug(fault.key)
        finding.severity = fault.severity ?? rule.severity
        finding.confidence = fault.confidence
        finding.expected = fault.expected
        finding.observed = fault.observed
        finding.count = fault.count
        finding.hurt = fault.attemptsHurt
        finding.packets = fault.packets
        finding.packetTotal = fault.packetTotal
        finding.config = unique(fault.config)
        finding.sessions = fault.sessions.map { "\($0.client) → \($0.server)" }
        finding.refutedBy = fault.refutedBy ?? rule.explanation.refutation
        finding.changes = fault.changes
        finding.fixes = fixes(fault.changes, server, fixer)
        let opens = fault.changes.contains {
            if case .permit = $0.change { true } else { false }
        }
        if opens, !finding.fixes.isEmpty, let partners = SourceOpenToAll.partners(of: server) {
            finding.message +=
                " The commands let anybody in: where they say so, name \(partners), who alone must get in."
        }
        finding.ports = fault.ports
        finding.firstSeen = fault.seen?.lowerBound
        finding.lastSeen = fault.seen?.upperBound
        return finding
    }

    /// A restart is of use alone where nothing else was to be changed.
    private static func fixes(
        _ changes: [ProposedChange], _ server: ServerView, _ fixer: Audit.Fixer
    ) -> [Fix] {
        let main = changes.filter { $0.change != .restart }
        let mending = main.flatMap { fixer($0, server) }
        if !main.isEmpty, mending.isEmpty { return [] }
        let restarts = changes.filter { $0.change == .restart }.flatMap { fixer($0, server) }
            .filter { bare in !mending.contains { $0.restarts(like: bare) } }
        return unique(mending + restarts)
    }

    private static func plain(
        _ rule: any Rule.Type, _ status: Status, _ message: String, _ server: ServerView
    ) -> Finding {
        Finding(
            id: "\(rule.id):\(slug(server.name))", rule: rule.id, title: rule.title,
            severity: rule.severity, confidence: .confirmed, status: status, server: server.name,
            message: message, expected: "", observed: "", count: 0, packets: [], packetTotal: 0,
            config: [], sessions: [], refutedBy: rule.explanation.refutation, changes: [],
            fixes: [], controls: [], firstSeen: nil,
            lastSeen: nil, symptoms: [], waiver: nil, ports: PortSet())
    }

    /// Letters, digits and a few marks; the rest becomes `-`, so that an id is safe wherever it stands.
    /// A sum tells apart what is cut, or in another script.
    static func slug(_ text: String) -> String {
        var slug = ""
        for scalar in text.unicodeScalars.prefix(longest) {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", ",", "_", "[", "]":
                slug.unicodeScalars.append(scalar)
            default: slug += "-"
            }
        }
        let isTold =
            text.unicodeScalars.count <= longest && text.unicodeScalars.allSatisfy(\.isASCII)
        return isTold ? slug : "\(slug)-\(String(sum(text), radix: 16))"
    }

    /// Of a key or a name in an id.
    private static let longest = 120

    /// FNV-1a of 32 bits (RFC 9923): the same in every run.
    private static func sum(_ text: String) -> UInt32 {
        text.utf8.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }

    private static func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }

    static func reportOrder(_ a: Finding, _ b: Finding) -> Bool {
        let order: [Status] = [.failed, .accepted, .cannotTell, .passed, .notApplicable]
        let left = order.firstIndex(of: a.status) ?? 0
        let right = order.firstIndex(of: b.status) ?? 0
        if left != right { return left < right }
        if a.status == .failed || a.status == .accepted {
            if a.severity != b.severity { return a.severity > b.severity }
            if a.hurt != b.hurt { return a.hurt > b.hurt }
            if a.count != b.count { return a.count > b.count }
        }
        return (a.server, a.rule, a.id) < (b.server, b.rule, b.id)
    }
}

extension Fix {
    /// Whether it ends with the restart that another consists of.
    fileprivate func restarts(like bare: Fix) -> Bool {
        bare.commands.isEmpty && bare.platform == platform && bare.device == device
            && bare.restart.allSatisfy(restart.contains)
    }
}
