import Analyzer
import FTP
import Net
import Policy

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
        let fixers = Fixers(path)
        let findings = audit.findings(now: now) { fixers.fixes($0, $1) }
        return AuditReport(
            title: site.title ?? "FTP audit", generatedAt: now, toolVersion: Self.version,
            rulePack: Self.rulePack, inputs: inputs, coverage: coverage,
            servers: audit.context.servers.mapSideBySide(\.summary), findings: findings,
            notes: notes + audit.notes(on: findings, now: now, captures: captures),
            captures: captures)
    }
}
