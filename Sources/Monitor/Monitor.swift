public import Analyzer
public import Capture
import FTP
public import Net
public import Policy
import Reporter
public import Streams

/// Live frames to events: each finding once, as soon as it is certain.
///
/// The records of the last sessions are kept, at most `keptSessions`, and judged anew whenever one
/// of them has ended or its data connections have settled.
public final class Monitor {
    /// Sessions whose records are held for judging.
    public static let keptSessions = 2000
    /// Nanoseconds of packet time between two judgements.
    private static let pace: Int64 = 1_000_000_000

    private let source: any PacketSource
    private let site: Site
    private let limits: Limits
    private let fixer: Audit.Fixer
    private let emit: (String) -> Void
    private let events: EventJSON
    private var ended: [SessionRecord] = []
    private var fresh: [SessionRecord] = []
    private var attempts: [ControlAttempt] = []
    private var told: Set<String> = []
    /// Ids of findings that were told and not replaced.
    private var standing: [Subject: Set<String>] = [:]
    private var nextJudgement = Timestamp.distantPast
    private var extractor: SessionExtractor?
    private var sessionCount = 0
    private var frames = 0
    /// The most severe finding that was told.
    public private(set) var worst: Severity?
    /// How many findings were told, but for those that another has replaced.
    public private(set) var findings = 0

    private struct Subject: Hashable {
        let rule: String
        let server: String
    }

    /// - Parameters:
    ///   - source: where frames come from.
    ///   - names: of the interfaces, by the index that frame headers use.
    ///   - site: what was meant.
    ///   - limits: bounds of what is kept.
    ///   - fixer: turns a change into commands.
    ///   - emit: takes each event, a line without its break.
    public init(
        _ source: any PacketSource, names: [String], site: Site, limits: Limits = Limits(),
        fixer: @escaping Audit.Fixer, emit: @escaping (String) -> Void
    ) {
        self.source = source
        self.site = site
        self.limits = limits
        self.fixer = fixer
        self.emit = emit
        events = EventJSON(captures: names)
    }

    /// Reads until the source ends or `stops` says so; then judges what is left and sums up.
    ///
    /// - Parameters:
    ///   - now: the time, for moments without packets.
    ///   - dropped: frames lost so far by the kernel or the interfaces.
    ///   - stops: asked after every frame and every idle moment.
    public func run(
        now: () -> Timestamp, dropped: () -> UInt64, until stops: () -> Bool
    ) {
        let ports = Set(site.servers.flatMap(\.control))
        let extractor = SessionExtractor(
            captures: max(1, events.captures.count), limits: limits,
            controlPorts: ports.union([21, 990])
        ) { [unowned self] record in fresh.append(record) }
        self.extractor = extractor
        var lost: UInt64 = 0
        reading: while !stops() {
            switch source.advance() {
            case .frame(let header):
                frames += 1
                source.withBytes { extractor.consume(header, $0) }
                judge(at: header.time)
            case .idle:
                let time = now()
                extractor.tick(time)
                judge(at: time)
                let all = dropped()
                if all > lost {
                    emit(events.drop(all - lost, at: time))
                    lost = all
                }
            case .end: break reading
            }
        }
        extractor.finish()
        let time = now()
        nextJudgement = Timestamp.distantPast
        judge(at: time)
        emit(
            events.summary(
                frames: frames, sessions: sessionCount, findings: findings, dropped: dropped(),
                at: time))
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

    private func judge(at time: Timestamp) {
        guard time >= nextJudgement, let extractor else { return }
        nextJudgement = Timestamp(nanoseconds: time.nanoseconds &+ Self.pace)
        for record in fresh { emit(events.session(record, at: time)) }
        sessionCount += fresh.count
        ended += fresh
        fresh.removeAll()
        if ended.count > Self.keptSessions { ended.removeFirst(ended.count - Self.keptSessions) }
        attempts += extractor.takeControlAttempts()
        if attempts.count > Self.keptSessions {
            attempts.removeFirst(attempts.count - Self.keptSessions)
        }
        let traffic = Traffic(ended + extractor.snapshot().map(Self.certain))
        let audit = Audit(site: site, traffic: traffic, attempts: attempts)
        tell(audit.findings(now: time, fixer: fixer).filter { $0.status == .failed }, at: time)
    }

    /// Tells what is new. A finding that is no longer there as it was told, since more ports or
    /// hosts came to it or its sessions are too long ago, is replaced by the next of its rule and
    /// server.
    private func tell(_ failed: [Finding], at time: Timestamp) {
        let current = Set(failed.map(\.id))
        for finding in failed where told.insert(finding.id).inserted {
            worst = max(worst ?? finding.severity, finding.severity)
            let subject = Subject(rule: finding.rule, server: finding.server)
            let former = standing[subject, default: []].subtracting(current)
            standing[subject, default: []].subtract(former)
            standing[subject, default: []].insert(finding.id)
            findings += 1 - former.count
            emit(events.finding(finding, replacing: former.sorted(), at: time))
        }
    }
}
