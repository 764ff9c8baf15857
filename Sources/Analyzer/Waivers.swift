import Net
import Policy

/// Findings that somebody answers for stay in the report and don't count, while the waiver holds.
enum Waivers {
    private static let day: Int64 = 86_400_000_000_000

    static func apply(_ waivers: [Waiver], to finding: Finding, now: Timestamp) -> Finding {
        guard finding.status == .failed,
            let waiver = waivers.first(where: {
                $0.rule == finding.rule && ($0.server == nil || $0.server == finding.server)
            })
        else { return finding }
        var finding = finding
        finding.waiver = waiver
        // It holds to the end of its last day; an expired one stays beside the finding, to be seen.
        if isOver(waiver, now: now) { return finding }
        finding.status = .accepted
        return finding
    }

    /// Whether the last day of the waiver is past.
    static func isOver(_ waiver: Waiver, now: Timestamp) -> Bool {
        waiver.until.map { now.since($0) >= day } ?? false
    }
}
