import Net

/// What became of some pairs of client and port, in one possible world.
struct Outcome: Hashable, Sendable {
    enum Verdict: Hashable, Sendable { case permitted, denied, unknown }

    var verdict: Verdict
    var decidedBy: [Reach.Decision]
    /// Where it arrives; nil where it is denied.
    var packet: Packet?
    var doubts: [String]

    /// Whether two worlds come to the same: an auditor need not know which is the real one.
    func agrees(with other: Outcome) -> Bool {
        guard verdict == other.verdict else { return false }
        guard verdict == .permitted else { return verdict == .denied }
        return packet?.destination == other.packet?.destination
            && packet?.ports == other.packet?.ports
    }

    /// Both of which one is real.
    func joined(with other: Outcome) -> Outcome {
        var doubts = doubts
        for doubt in other.doubts where !doubts.contains(doubt) { doubts.append(doubt) }
        doubts = Array(doubts.prefix(Flow.maximumDoubts))
        // The later one is that of the flow that met fewer doubtful lines on its last stretch.
        if agrees(with: other) {
            var result = other.doubts.count <= self.doubts.count ? other : self
            result.doubts = doubts
            return result
        }
        var lines = decidedBy
        for line in other.decidedBy where !lines.contains(line) { lines.append(line) }
        return Outcome(
            verdict: .unknown, decidedBy: Array(lines.prefix(16)), packet: nil, doubts: doubts)
    }
}

/// Outcomes over a partition of the pairs; overlapping worlds are joined.
struct Outcomes: Sendable {
    private(set) var cells: [(region: Region, outcome: Outcome)] = []
    private var doubtful: [Outcome: Region] = [:]
    private var order: [Outcome] = []

    /// Adds one world's outcome for the region.
    mutating func add(_ outcome: Outcome, _ region: Region) {
        guard !region.isEmpty else { return }
        guard !outcome.doubts.isEmpty else {
            cells.append((region, outcome))
            return
        }
        if order.count > ReachLimit.worlds {
            var limited = outcome
            limited.verdict = .unknown
            limited.packet = nil
            limited.decidedBy = []
            limited.doubts = ["limit of \(ReachLimit.worlds) compared regions reached"]
            overlay(limited, region)
            return
        }
        overlay(outcome, region)
    }

    private mutating func overlay(_ outcome: Outcome, _ region: Region) {
        var fresh = region
        var joined: [(Outcome, Region)] = []
        for known in order {
            guard !fresh.isEmpty else { break }
            guard let common = doubtful[known]?.remove(fresh), !common.isEmpty else { continue }
            fresh.subtract(common)
            joined.append((known.joined(with: outcome), common))
        }
        joined.append((outcome, fresh))
        for (outcome, region) in joined where !region.isEmpty {
            if doubtful[outcome] == nil { order.append(outcome) }
            doubtful[outcome, default: Region()].add(region)
        }
        if order.count > 64 {
            order.removeAll { doubtful[$0]?.isEmpty ?? true }
            doubtful = doubtful.filter { !$0.value.isEmpty }
        }
    }

    /// Every cell, the doubtful ones joined.
    var all: [(region: Region, outcome: Outcome)] {
        cells + order.compactMap { outcome in doubtful[outcome].map { ($0, outcome) } }
    }
}
