import Analyzer

/// Which findings were told: each is told once.
///
/// A finding that is no longer there as it was told, since more ports or hosts came to it or its
/// sessions are too long ago, is replaced by the next of its rule and server. The last ones are
/// remembered, at least `kept`: a network in which every server is new fills no memory.
struct ToldFindings: Sendable {
    /// Findings that are remembered.
    static let kept = 32_768

    private var told: Set<String> = []
    /// Those before them.
    private var former: Set<String> = []
    /// Ids of findings that were told and not replaced.
    private var standing: [Subject: Set<String>] = [:]
    /// The most severe finding that was told.
    private(set) var worst: Severity?
    /// How many ids are held, and so at most how many servers.
    var remembered: Int { max(told.count + former.count, standing.count) }
    /// How many findings were told, but for those that another has replaced.
    private(set) var count = 0

    private struct Subject: Hashable {
        let rule: String
        let server: String

        init(_ finding: Finding) {
            rule = finding.rule
            server = finding.server
        }
    }

    /// Takes all that stands now.
    ///
    /// - Returns: What is to be told, with the ids of the findings that it replaces.
    mutating func take(_ failed: [Finding]) -> [(Finding, replacing: [String])] {
        let current = Set(failed.map(\.id))
        var new: [(Finding, replacing: [String])] = []
        for finding in failed where remember(finding.id) {
            worst = max(worst ?? finding.severity, finding.severity)
            let subject = Subject(finding)
            let replaced = standing[subject, default: []].subtracting(current)
            standing[subject, default: []].subtract(replaced)
            standing[subject, default: []].insert(finding.id)
            count += 1 - replaced.count
            new.append((finding, replaced.sorted()))
        }
        return new
    }

    /// True where a finding was not told, as far as is remembered.
    private mutating func remember(_ id: String) -> Bool {
        guard told.insert(id).inserted else { return false }
        let isNew = former.remove(id) == nil
        if told.count >= Self.kept { forget() }
        return isNew
    }

    private mutating func forget() {
        former = told
        told = []
        standing = standing.compactMapValues { ids in
            let known = ids.intersection(former)
            return known.isEmpty ? nil : known
        }
    }
}
