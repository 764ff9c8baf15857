import Analyzer
import Capture
import FTP
import Foundation
import Net
import Streams

/// Captures read to session records, and what could not be read of them.
struct CaptureReading {
    var captures: [String] = []
    private var sources: [CaptureSet.Source] = []
    /// Beside `captures`: of a distilled capture, what it says of its original.
    private var origins: [DistilledOrigin?] = []
    /// Sessions that the filter did not keep.
    var leftOut = 0
    var attempts: [ControlAttempt] = []
    var coverage: [Coverage] = []
    var limits: [String: Int] = [:]
    var problems: [CaptureProblem] = []
    /// What a distilled capture says of its originals: sentences on what was not read of them.
    var problemsBefore: [String] = []
    private let digests: FileDigests?

    /// Whether not one frame could be had.
    var isUseless: Bool { coverage.allSatisfy(\.isUseless) && !problems.isEmpty }

    /// Reads all captures as one, merged by time.
    ///
    /// - Parameters:
    ///   - arguments: Files, folders, or `-`.
    ///   - limits: Bounds of what is kept.
    ///   - filter: Which sessions are wanted.
    ///   - controlPorts: Where servers listen, beside the usual ports.
    ///   - hasDigests: Whether SHA-256 of the files is wanted.
    ///   - isQuiet: Whether no progress is to be shown.
    ///   - state: What becomes of the sessions.
    ///   - take: Takes each session that is wanted, when it has ended.
    init<State: Sendable>(
        _ arguments: [String], limits: Limits = Limits(), filter: SessionFilter = SessionFilter(),
        controlPorts: [UInt16] = [], hasDigests: Bool = false, isQuiet: Bool = true,
        into state: inout State,
        _ take: @escaping @Sendable (inout State, SessionRecord) -> Void
    ) {
        let set = CaptureSet(arguments)
        var leftOut = 0
        let queue = RecordQueue(state, take)
        let extractor = SessionExtractor(
            limits: limits,
            controlPorts: SessionExtractor.usualControlPorts.union(controlPorts)
        ) { record in
            if filter.keeps(record) {
                queue.append(record)
            } else {
                leftOut += 1
            }
        }
        digests = hasDigests ? FileDigests(set.paths) : nil
        var progress = ReadingProgress(set.paths, isWanted: !isQuiet)
        let summary = PacketAhead(
            set, limits: limits.fragments, remark: SessionExtractor.remark
        ).forEach { batch in
            extractor.consume(batch)
            progress.advance(batch.size)
        }
        progress.finish()
        let origins = summary.captures.map { $0.origin.flatMap(DistilledOrigin.init(comment:)) }
        let coverage = zip(summary.coverage, origins).map { $1?.coverage ?? $0 }
        // The last frames may be none of TCP, or such that a distilled capture leaves out.
        extractor.finish(at: coverage.compactMap(\.last).max())
        state = queue.finish()
        self.leftOut = leftOut
        attempts = extractor.controlAttempts.filter(filter.keeps)
        sources = summary.captures
        self.origins = origins
        self.coverage = coverage
        captures = zip(sources, origins).map { $1?.name ?? $0.path }
        var hits = extractor.limitHits
        hits.count("fragments", summary.fragmentsDropped)
        var before = LimitHits()
        for (name, times) in origins.compactMap({ $0?.limits }).joined() {
            before.count(name, times)
        }
        // What a session reached once it reaches again when it is read from a distilled capture.
        self.limits = hits.counts.merging(before.counts, uniquingKeysWith: max)
        problems = summary.problems
        for (source, coverage) in zip(sources, summary.coverage) {
            problems += coverage.problems(of: source.path)
        }
        for sentence in origins.compactMap({ $0?.sentences }).joined()
        where !problemsBefore.contains(sentence) { problemsBefore.append(sentence) }
    }

    /// First and last packet time over all captures.
    var span: ClosedRange<Timestamp>? {
        guard let first = coverage.compactMap(\.first).min(),
            let last = coverage.compactMap(\.last).max()
        else { return nil }
        return first...max(first, last)
    }

    /// What a report states of the captures, but for their sessions.
    var summary: AuditReport.Coverage {
        var summary = AuditReport.Coverage()
        summary.frames = coverage.reduce(0) { $0 + $1.frames }
        summary.bytes = coverage.reduce(0) { $0 + UInt64(max(0, $1.bytes)) }
        summary.span = span
        summary.truncatedFrames = coverage.reduce(0) { $0 + $1.truncated }
        summary.cutAt = coverage.filter { $0.truncated > 0 }.map(\.cutAt).max()
        summary.lostFrames = coverage.reduce(0) { sum, capture in
            let (more, overflow) = sum.addingReportingOverflow(capture.lost)
            return overflow ? .max : more
        }
        summary.undecodedFrames = coverage.reduce(0) { $0 + $1.undecodable }
        summary.limits = limits
        for bound in Limits.bounds where limits[bound.name] != nil {
            summary.losses[bound.name] = bound.loss
        }
        return summary
    }

    /// The captures as inputs of a report; waits for their digests, where these are wanted.
    func inputs() -> [AuditReport.Input] {
        let digests = digests?.wait() ?? [:]
        var inputs: [AuditReport.Input] = []
        for (index, source) in sources.enumerated() {
            let frames = coverage.indices.contains(index) ? coverage[index].frames : 0
            let problem = problems.first { $0.path == source.path }.map { "\($0)" }
            if let origin = origins[index] {
                if !inputs.contains(where: { $0.isDistilled && $0.file == source.path }) {
                    var own = input(source.path, problem, frames, digests)
                    own.isDistilled = true
                    inputs.append(own)
                }
                inputs.append(Self.original(origin, statedBy: source.path))
            } else {
                inputs.append(input(source.path, problem, frames, digests))
            }
        }
        for problem in problems where !sources.contains(where: { $0.path == problem.path }) {
            var input = AuditReport.Input(file: problem.path, kind: .capture, state: .unreadable)
            input.problem = "\(problem)"
            inputs.append(input)
        }
        for (source, origin) in zip(sources, origins) {
            for unread in origin?.unread ?? [] {
                var input = AuditReport.Input(
                    file: unread.name, kind: .capture, state: .unreadable)
                input.problem = unread.problem
                input.statedBy = source.path
                inputs.append(input)
            }
        }
        return inputs
    }

    /// A file that was read.
    private func input(
        _ path: String, _ problem: String?, _ frames: Int, _ digests: [String: String]
    ) -> AuditReport.Input {
        var input = AuditReport.Input(file: path, kind: .capture)
        if let problem {
            input.state = frames > 0 ? .partly : .unreadable
            input.problem = problem
        }
        if path != "-", let size = Self.size(path) {
            input.bytes = size
            input.sha256 = digests[path]
        }
        return input
    }

    /// A capture that was not read, as the distilled one made from it tells.
    private static func original(
        _ origin: DistilledOrigin, statedBy path: String
    ) -> AuditReport.Input {
        var input = AuditReport.Input(
            file: origin.name, kind: .capture,
            state: origin.problem == nil ? .read : origin.frames > 0 ? .partly : .unreadable)
        input.problem = origin.problem
        input.bytes = origin.size
        input.sha256 = origin.sha256
        input.statedBy = path
        return input
    }

    static func size(_ path: String) -> UInt64? {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.uint64Value
    }
}

/// Which sessions a command is about.
struct SessionFilter {
    var since: Timestamp?
    var until: Timestamp?
    var server: Server?
    var client: Prefix?

    /// As the option names it, and its addresses.
    struct Server {
        var name: String
        var addresses: [IPAddress]
    }

    /// What a report says of it; nil where every session is wanted.
    func selection(leftOut: Int) -> AuditReport.Selection? {
        guard since != nil || until != nil || server != nil || client != nil else { return nil }
        return AuditReport.Selection(
            since: since, until: until, server: server?.name, client: client, leftOut: leftOut)
    }

    func keeps(_ session: SessionRecord) -> Bool {
        keeps(session.client, session.server, from: session.first.time, to: session.last.time)
    }

    func keeps(_ attempt: ControlAttempt) -> Bool {
        keeps(attempt.client, attempt.server, from: attempt.first.time, to: attempt.last.time)
    }

    private func keeps(
        _ client: Endpoint, _ server: Endpoint, from first: Timestamp, to last: Timestamp
    ) -> Bool {
        if let since, last < since { return false }
        if let until, first > until { return false }
        if let wanted = self.server, !wanted.addresses.contains(server.address) { return false }
        if let wanted = self.client, !wanted.contains(client.address) { return false }
        return true
    }
}
