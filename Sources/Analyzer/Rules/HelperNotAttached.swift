import Net
import Policy

/// PH217: rules let in what a connection-tracking helper expects, and no helper is attached.
enum HelperNotAttached: Rule {
    static let id = "PH217"
    static let title = "RELATED accepted, but no FTP helper attached"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            Where a device's rules accept related connections, whether a rule attaches the FTP \
            helper to the control connection; and if none does, whether any port of the range is open \
            by a line of its own.
            """,
        why: """
            A data connection is RELATED only where the helper read its announcement. Since Linux \
            4.7 no helper is attached unless a rule says so, whatever modules are loaded: the rule \
            that accepts RELATED never matches, and every transfer hangs.
            """,
        remedy: """
            Attach the helper to the control port, or open the passive range by a line of its own, \
            which serves sessions under TLS too.
            """,
        refutation: """
            A kernel before 6.0 with net.netfilter.nf_conntrack_helper set to 1, or a rule set in \
            another file that attaches the helper.
            """,
        references: [
            "Linux: nf_conntrack-sysctl, nf_conntrack_helper",
            "netfilter.org: Secure use of iptables and connection tracking helpers",
        ])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard server.site != nil, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let related = server.path.compactMap { hop -> (hop: Hop, line: SourceLine)? in
            acceptance(hop).map { (hop, $0) }
        }
        guard !related.isEmpty else {
            return .notApplicable("no rule on the path accepts related connections")
        }
        guard !server.demandsTLS else {
            return .notApplicable("the server demands TLS: no helper could read the session")
        }
        let bare = related.filter { server.readings(at: $0.hop).isEmpty }
        guard !bare.isEmpty else {
            return .passed("a helper reads the control connection where RELATED is accepted")
        }
        guard let range = server.range else {
            return .cannotTell("no passive range is known that could be open without a helper")
        }
        guard !server.hasLines(for: range) else {
            // What of it is shut was forgotten there: PH202's.
            return .passed("no helper is attached, and none needed: the range has lines of its own")
        }
        let faults = bare.compactMap { fault($0.hop, $0.line, range, server) }
        guard faults.isEmpty else { return .failed(faults) }
        if let doubt = server.doubt(about: range) { return .cannotTell(doubt) }
        return .passed("no port of \(range.brief) is shut where RELATED is accepted")
    }

    /// The first line that accepts what is expected.
    private static func acceptance(_ hop: Hop) -> SourceLine? {
        var first: SourceLine?
        for chain in (hop.configuration.device?.chains ?? [:]).values {
            for rule in chain.rules
            where rule.match.expectedOnly && rule.match.never == nil && rule.action == .permit {
                guard let known = first else {
                    first = rule.source
                    continue
                }
                let isEarlier =
                    (rule.source.file, rule.source.line ?? 0) < (known.file, known.line ?? 0)
                if isEarlier { first = rule.source }
            }
        }
        return first
    }

    private static func fault(
        _ hop: Hop, _ line: SourceLine, _ range: PortSet, _ server: ServerView
    ) -> Fault? {
        let shut = server.blockades(of: range).filter { server.hop(of: $0)?.name == hop.name }
        guard !shut.isEmpty else { return nil }
        let ports = shut.reduce(PortSet()) { $0.union($1.ports) }
        let place = line.line.map { "\(line.file):\($0)" } ?? line.file
        let own = server.site?.inside.first ?? server.addresses.first
        return Fault(
            key: "\(hop.name)",
            message: """
                \(place) accepts related connections, but no rule of "\(hop.name)" attaches the FTP \
                helper to \(server.controlPorts.named): \(ports.named) stay shut.
                """,
            expected: "a helper on \(server.controlPorts.named), or \(range.brief) open by a line",
            observed: "neither", count: ports.count, confidence: .probable,
            config: [line] + shut.map(\.line),
            changes: own.map { address in
                [
                    ProposedChange(
                        .hop(hop.name),
                        .set(.readControl(server.controlPorts, server: address)))
                ]
            } ?? [], ports: ports)
    }
}
