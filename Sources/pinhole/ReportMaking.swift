import Analyzer
import FTP
import Net
import Policy
import PolicyFormats

/// Joins an audit with the commands of the platforms at hand, into a report.
struct ReportMaking {
    static let version = "0.1.0"
    static let rulePack = "2026.11"

    let site: Site
    let inputs: [AuditReport.Input]
    var notes: [String]
    let now: Timestamp

    func report(
        _ audit: Audit, captures: [String] = [], coverage: AuditReport.Coverage = .init()
    ) -> AuditReport {
        let path = site.hops
        let findings = audit.findings(now: now) { change, server in
            Self.fixes(change, server, path)
        }
        return AuditReport(
            title: site.title ?? "FTP audit", generatedAt: now, toolVersion: Self.version,
            rulePack: Self.rulePack, inputs: inputs, coverage: coverage,
            servers: audit.context.servers.map(\.summary), findings: findings,
            notes: notes + audit.notes(on: findings, now: now), captures: captures)
    }

    /// The commands for a change on the platform of the server or the hop that it is for.
    static func fixes(_ change: ProposedChange, _ server: ServerView, _ hops: [Hop]) -> [Fix] {
        switch change.target {
        case .server:
            guard let configuration = server.site?.configuration else { return [] }
            return named(Formats.fix(change.change, configuration), server.name)
        case .hop(let name):
            guard let hop = hops.first(where: { $0.name == name }) else { return [] }
            var configuration = hop.configuration
            configuration.device?.usualPlace = hop.place
            return named(Formats.fix(change.change, configuration), name)
        case .client: return []
        }
    }

    private static func named(_ fix: Fix?, _ device: String) -> [Fix] {
        guard var fix else { return [] }
        fix.device = device
        return [fix]
    }
}
