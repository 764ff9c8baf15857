import Dispatch
import Synchronization

/// Takes records in their order on a thread of its own, some hundreds at a time, so that who reads
/// packets does not wait for what is made of them.
public final class RecordQueue<State: Sendable>: Sendable {
    private let state: Mutex<Taken>
    private let waiting = Mutex<[SessionRecord]>([])
    private let queue = DispatchQueue(label: "pinhole.records")
    private let take: @Sendable (inout State, SessionRecord) -> Void

    private struct Taken {
        var state: State
        /// Memory of records that were taken, for the next ones.
        var records: [SessionRecord] = []
    }

    /// Records that are handed to the thread at one time.
    private static var batch: Int { 256 }
    /// Records that wait for the thread; with more, who brings them waits.
    private static var most: Int { 4096 }

    public init(_ state: State, _ take: @escaping @Sendable (inout State, SessionRecord) -> Void) {
        self.state = Mutex(Taken(state: state))
        self.take = take
    }

    public func append(_ record: consuming SessionRecord) {
        var record: SessionRecord? = record
        let count = waiting.withLock { waiting in
            if let record = record.take() { waiting.append(record) }
            return waiting.count
        }
        // Once for each batch: whoever comes takes all that wait.
        if count == Self.batch { queue.async { self.takeWaiting() } }
        if count >= Self.most { queue.sync { self.takeWaiting() } }
    }

    /// The state after all records.
    public func finish() -> State {
        queue.sync { self.takeWaiting() }
        return state.withLock { $0.state }
    }

    private func takeWaiting() {
        state.withLock { taken in
            waiting.withLock { swap(&$0, &taken.records) }
            for record in taken.records { take(&taken.state, record) }
            taken.records.removeAll(keepingCapacity: true)
        }
    }
}
