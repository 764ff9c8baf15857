import Analyzer
import Dispatch
import FTP
import Net
import Policy
import Reporter
import Synchronization

/// Judges what was seen and tells what is new, on a thread of its own, so that who takes packets
/// does not wait for it.
///
/// The records of the last sessions are kept, at most `Monitor.keptSessions`.
final class Judge: Sendable {
    private let events: EventJSON
    private let emit: Monitor.Emit
    private let queue = DispatchQueue(label: "pinhole.judge")
    private let state: Mutex<State>
    private let isReloadWaiting = Atomic(false)

    private struct State {
        var meant: Monitor.Meant
        var ended: [SessionRecord] = []
        var attempts: [ControlAttempt] = []
        var told = ToldFindings()
        /// The sessions that went on at the last judgement, and its day; nil where something else
        /// has changed since.
        var judged: Judged?
        /// How long the last judgement took.
        var took = Duration.zero
    }

    /// What decides a judgement beside what has ended since the one before.
    private struct Judged: Equatable {
        let open: [SessionRecord]
        /// Waivers end with a day.
        let day: Int64

        init(_ open: [SessionRecord], at time: Timestamp) {
            self.open = open
            day = time.nanoseconds / 86_400_000_000_000
        }
    }

    /// What was seen since the last judgement, and the sessions that go on.
    struct Seen: Sendable {
        var ended: [SessionRecord]
        var open: [SessionRecord]
        var attempts: [ControlAttempt]
    }

    init(
        _ meant: sending Monitor.Meant, _ events: EventJSON, emit: @escaping Monitor.Emit
    ) {
        self.events = events
        state = Mutex(State(meant: meant))
        self.emit = emit
    }

    /// Begins to judge what was seen; the judgement before must have ended.
    func begin(_ seen: Seen, at time: Timestamp) {
        queue.async {
            self.state.withLock { state in
                state.took = ContinuousClock().measure { self.judge(seen, &state, at: time) }
            }
        }
    }

    /// Tells an event behind those of the judgements that were begun.
    func tell(_ event: @escaping @Sendable (EventJSON) -> String) {
        queue.async { self.emit(event(self.events)) }
    }

    /// Holds what is judged from then on against what is loaded anew, and tells it; where that can't
    /// be, nothing changes. Asked again before it was begun, it is done once.
    func reload(_ load: @escaping Monitor.Load, at time: Timestamp) {
        guard !isReloadWaiting.exchange(true, ordering: .acquiringAndReleasing) else { return }
        queue.async {
            self.isReloadWaiting.store(false, ordering: .releasing)
            let (problems, isInForce) = self.state.withLock { state in
                switch load() {
                case .success(let meant):
                    state.meant = meant
                    state.judged = nil
                    return (meant.problems, true)
                case .failure(let failure): return ([failure.reason], false)
                }
            }
            self.emit(self.events.reload(problems, isInForce: isInForce, at: time))
        }
    }

    /// Where the site's servers listen.
    var controlPorts: Set<UInt16> {
        state.withLock { Set($0.meant.site.servers.flatMap(\.control)) }
    }

    /// Waits until all is judged and told.
    ///
    /// - Returns: Nanoseconds that the last judgement took.
    @discardableResult
    func wait() -> Int64 {
        queue.sync {
            state.withLock { Int64($0.took / .nanoseconds(1)) }
        }
    }

    var told: ToldFindings { state.withLock { $0.told } }

    private func judge(_ seen: Seen, _ state: inout State, at time: Timestamp) {
        let judged = Judged(seen.open, at: time)
        guard !seen.ended.isEmpty || !seen.attempts.isEmpty || state.judged != judged else {
            return
        }
        state.judged = judged
        for record in seen.ended { emit(events.session(record, at: time)) }
        Self.keep(seen.ended, in: &state.ended)
        Self.keep(seen.attempts, in: &state.attempts)
        let audit = Audit(
            site: state.meant.site, traffic: Traffic(state.ended + seen.open),
            attempts: state.attempts)
        let failed = audit.findings(now: time, fixer: state.meant.fixer).filter {
            $0.status == .failed
        }
        for (finding, former) in state.told.take(failed) {
            emit(events.finding(finding, replacing: former, at: time))
        }
    }

    /// The last ones stay.
    private static func keep<Element>(_ new: [Element], in all: inout [Element]) {
        all += new
        all.removeFirst(max(0, all.count - Monitor.keptSessions))
    }
}
