public import Analyzer
public import Capture
import FTP
public import Net
public import Policy
import Reporter
public import Streams

/// Live frames to events: each finding once, as soon as it is certain.
///
/// Frames are read, followed and judged on a thread each.
public final class Monitor {
    /// Takes an event, a line without its break; from a thread of its own, one at a time.
    public typealias Emit = @Sendable (String) -> Void

    /// What traffic is held against.
    public struct Meant {
        public var site: Site
        /// Turns a change into commands.
        public var fixer: Audit.Fixer
        /// What of the site could not be taken: sentences.
        public var problems: [String]

        public init(site: Site, problems: [String] = [], fixer: @escaping Audit.Fixer) {
            self.site = site
            self.problems = problems
            self.fixer = fixer
        }
    }

    /// Why what was meant can't be loaded: a sentence.
    public struct LoadFailure: Error {
        let reason: String
        public init(_ reason: String) { self.reason = reason }
    }

    /// Loads what is meant anew.
    public typealias Load = @Sendable () -> sending Result<Meant, LoadFailure>

    /// Sessions whose records are held for judging; with as many waiting for it, packets wait too.
    public static let keptSessions = 2000
    /// Nanoseconds of packet time between two judgements.
    private static let pace: Int64 = 1_000_000_000
    /// Judging takes one part of so many of the time.
    private static let share: Int64 = 5

    private let captures: Int
    private let limits: Limits
    private let judge: Judge
    private var fresh: [SessionRecord] = []
    private var lastJudgement = Timestamp.distantPast
    private var interval = pace
    private var seen = EventJSON.Summary()
    private var losses = Losses()
    /// Frames that were lost and not told: that is done once a judgement.
    private var untold: UInt64 = 0
    /// When that was last noticed, by the clock.
    private var noticed = Timestamp.distantPast
    /// Frames that were lost since were lost after this moment.
    private var looked = Timestamp.distantPast

    /// The most severe finding that was told.
    public var worst: Severity? { judge.told.worst }
    /// How many findings were told, but for those that another has replaced.
    public var findings: Int { judge.told.count }

    /// - Parameters:
    ///   - names: of the interfaces, by the index that frame headers use.
    ///   - meant: what traffic is held against at first.
    ///   - limits: bounds of what is kept.
    ///   - emit: takes each event.
    public init(
        names: [String], meant: sending Meant, limits: Limits = Limits(), emit: @escaping Emit
    ) {
        captures = max(1, names.count)
        self.limits = limits
        judge = Judge(meant, EventJSON(captures: names), emit: emit)
    }

    /// Reads until the source ends or `stops` says so; then judges what is left and sums up.
    ///
    /// - Parameters:
    ///   - source: where frames come from; a batch without any lets time pass.
    ///   - now: the time, for moments without packets.
    ///   - stops: asked before every batch of frames.
    ///   - isReloadDue: asked after every batch.
    ///   - load: loads what is meant anew.
    /// - Returns: what kept the source from being read on.
    public func run(
        _ source: sending any PacketSource, now: () -> Timestamp,
        until stops: @escaping @Sendable () -> Bool,
        reloading isReloadDue: () -> Bool, by load: @escaping Load
    ) -> [CaptureProblem] {
        let extractor = SessionExtractor(
            captures: captures, limits: limits, controlPorts: controlPorts
        ) { [unowned self] record in fresh.append(record) }
        let summary = PacketAhead(
            source, captures: captures, limits: limits.fragments, remark: SessionExtractor.remark,
            until: stops
        ).forEach { batch in
            extractor.consume(batch)
            if batch.frameCount == 0 { extractor.tick(now()) }
            seen.frames += batch.frameCount
            let time = batch.last ?? now()
            noteDropped(batch.dropped, now)
            looked = batch.last ?? time.after(-Self.pace)
            if isDue(at: time) || fresh.count >= Self.keptSessions {
                beginJudgement(extractor, at: time)
            }
            if isReloadDue() { judge.reload(load, at: now()) }
        }
        extractor.finish()
        let time = now()
        beginJudgement(extractor, at: time)
        judge.wait()
        var hits = extractor.limitHits
        hits.count("fragments", summary.fragmentsDropped)
        seen.limits = hits.counts
        seen.findings = findings
        judge.tell { [seen] in $0.summary(seen, at: time) }
        judge.wait()
        return summary.problems
    }

    private var controlPorts: Set<UInt16> { judge.controlPorts.union([21, 990]) }

    /// A clock that was set back is another reason to judge.
    private func isDue(at time: Timestamp) -> Bool {
        time.since(lastJudgement).magnitude >= UInt64(interval)
    }

    private func beginJudgement(_ extractor: SessionExtractor, at time: Timestamp) {
        interval = max(Self.pace, judge.wait() * (Self.share - 1))
        lastJudgement = time
        extractor.controlPorts = controlPorts
        seen.sessions += fresh.count
        tellDropped()
        judge.begin(
            Judge.Seen(
                ended: fresh.map(losses.doubted),
                open: extractor.snapshot().map { losses.doubted(Self.certain($0)) },
                attempts: extractor.takeControlAttempts().filter { !losses.doubts($0) }),
            at: time)
        fresh.removeAll()
    }

    /// A record without what may still change: an attempt that waits for its answer isn't yet one
    /// that came to nothing.
    private static func certain(_ record: SessionRecord) -> SessionRecord {
        var record = record
        for index in record.channels.indices
        where record.channels[index].isPending && record.channels[index].outcome != .established {
            record.channels[index].outcome = .unseen
        }
        return record
    }

    private func noteDropped(_ all: UInt64, _ now: () -> Timestamp) {
        guard all > seen.dropped else { return }
        let (more, time) = (all - seen.dropped, now())
        seen.dropped = all
        untold += more
        noticed = time
        losses.note(min(looked, time)...time)
    }

    private func tellDropped() {
        guard untold > 0 else { return }
        judge.tell { [untold, noticed] in $0.drop(untold, at: noticed) }
        untold = 0
    }
}
