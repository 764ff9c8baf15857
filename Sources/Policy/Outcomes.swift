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
            && packet?.isSentToDevice == other.packet?.isSentToDevice
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
    /// Where more than one world may be real; each outcome once, in the order in which they came.
    private var doubtful: [(region: Region, outcome: Outcome)] = []
    /// Where an outcome stands in `doubtful`.
    private var places: [Outcome: Int] = [:]
    /// Work left: regions that are compared with one another.
    private var comparisons: Int

    init(comparisons: Int = ReachLimit.comparisons) { self.comparisons = comparisons }

    /// Adds one world's outcome for the region.
    mutating func add(_ outcome: Outcome, _ region: Region) {
        guard !region.isEmpty else { return }
        guard !outcome.doubts.isEmpty else {
            cells.append((region, outcome))
            return
        }
        guard comparisons > 0 else {
            let limit = "limit of \(ReachLimit.comparisons) compared regions reached"
            overlay(
                Outcome(verdict: .unknown, decidedBy: [], packet: nil, doubts: [limit]), region,
                joins: false)
            return
        }
        overlay(outcome, region)
    }

    /// Lays a world over those that are known; where they are not `joined`, it takes their place.
    private mutating func overlay(_ outcome: Outcome, _ region: Region, joins: Bool = true) {
        var fresh = region
        var joined: [(Outcome, Region)] = []
        for place in doubtful.indices where !doubtful[place].region.isEmpty {
            guard !fresh.isEmpty else { break }
            comparisons -= 1
            let common = doubtful[place].region.remove(fresh)
            guard !common.isEmpty else { continue }
            guard joins else { continue }
            fresh.subtract(common)
            joined.append((doubtful[place].outcome.joined(with: outcome), common))
        }
        joined.append((outcome, fresh))
        for (outcome, region) in joined where !region.isEmpty { append(outcome, region) }
    }

    private mutating func append(_ outcome: Outcome, _ region: Region) {
        if let place = places[outcome] {
            doubtful[place].region.add(region)
            return
        }
        places[outcome] = doubtful.count
        doubtful.append((region, outcome))
    }

    /// Every cell, the doubtful ones joined.
    var all: [(region: Region, outcome: Outcome)] {
        cells + doubtful.filter { !$0.region.isEmpty }
    }
}
