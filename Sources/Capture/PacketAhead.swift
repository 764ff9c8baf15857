import Dispatch
import Synchronization

/// Reads captures or interfaces on a thread of its own, a few batches ahead of whoever takes the
/// packets: the copy out of the page cache and the wait for a slow disk or pipe go on beside the
/// rest of the work.
///
/// Decoding is done by who has nothing better to do: by the reader where the batches lie ready, by
/// the taker where it would wait.
public final class PacketAhead: Sendable {
    /// What was read, once all of it was.
    public struct Summary: Sendable {
        /// By the capture's index.
        public var coverage: [Coverage] = []
        /// Fragment trains given up because a bound was reached.
        public var fragmentsDropped = 0
        public var problems: [CaptureProblem]
        fileprivate var lost: [Int: UInt64] = [:]
        /// What the indexes name, where they name files.
        public var captures: [CaptureSet.Source] = []
    }

    /// Batches in the air: some are read and decoded while others are taken.
    private static let depth = 8
    /// To wake the other thread costs as much as a tenth of a batch: the reader sleeps until it is
    /// worth while.
    private static let enough = 6

    private struct State {
        var free = (0..<depth).map { _ in PacketBatch() }
        /// With frames that nobody has decoded, in their order.
        var read: [PacketBatch] = []
        var decoded: [PacketBatch] = []
        /// Who has taken it decodes: one at a time, so that the order stands.
        var reader: PacketReader?
        /// Of all that was read, once nothing more is; what the reader knows is still to be added.
        var summary: Summary?
        var readerSleeps = false
        var takerSleeps = false

        /// Everything was read and taken.
        var isDone: Bool {
            read.isEmpty && decoded.isEmpty && summary != nil && reader != nil
        }
    }

    private struct Work {
        var reader: PacketReader
        var batch: PacketBatch

        mutating func decode() { reader.decode(&batch) }
    }

    private let state = Mutex(State())
    private let wakesReader = DispatchSemaphore(value: 0)
    private let wakesTaker = DispatchSemaphore(value: 0)

    /// Begins to read captures.
    public convenience init(
        _ captures: CaptureSet, limits: DecoderLimits = DecoderLimits(),
        remark: PacketReader.Remark? = nil
    ) {
        self.init { ahead in
            var set = captures
            let source = set.open()
            let count = set.captures.count
            ahead.read(source, PacketReader(captures: count, limits: limits, remark: remark)) {
                false
            }
            return Summary(
                problems: set.problems + source.problems, lost: source.lost,
                captures: set.captures)
        }
    }

    /// Begins to read a source of so many captures, until `stops` says so: it is asked before each
    /// batch.
    public convenience init(
        _ source: sending any PacketSource, captures: Int,
        limits: DecoderLimits = DecoderLimits(), remark: PacketReader.Remark? = nil,
        until stops: @escaping @Sendable () -> Bool
    ) {
        let lent = Mutex<(any PacketSource)?>(source)
        self.init { ahead in
            guard let source = lent.withLock({ $0.take() }) else { return Summary(problems: []) }
            ahead.read(
                source, PacketReader(captures: captures, limits: limits, remark: remark), stops)
            return Summary(problems: source.problems)
        }
    }

    private init(_ work: @escaping @Sendable (PacketAhead) -> Summary) {
        DispatchQueue(label: "pinhole.packets", qos: .userInitiated).async {
            let summary = work(self)
            self.wakeTaker { $0.summary = summary }
        }
    }

    // MARK: the taker

    /// Lends the packets of all captures, batch by batch, in the order of their time.
    public func forEach(_ body: (borrowing PacketBatch) -> Void) -> Summary {
        while true {
            let next = state.withLock { $0.decoded.isEmpty ? nil : $0.decoded.removeFirst() }
            if let next {
                var batch: PacketBatch? = consume next
                if let taken = batch.take() { batch = Self.lend(taken, to: body) }
                // Nobody else may hold it when it is written again: else its memory is copied.
                let wakes = state.withLock { state in
                    if let batch = batch.take() { state.free.append(batch) }
                    guard state.readerSleeps, state.free.count >= Self.enough else { return false }
                    state.readerSleeps = false
                    return true
                }
                if wakes { wakesReader.signal() }
            } else if !decodeNext() {
                if let summary = end() { return summary }
                waitForBatch()
            }
        }
    }

    private static func lend(
        _ batch: consuming PacketBatch, to body: (borrowing PacketBatch) -> Void
    ) -> PacketBatch {
        body(batch)
        return batch
    }

    /// Sleeps until there is something to decode or to take, or the end is reached.
    private func waitForBatch() {
        let sleeps = state.withLock { state in
            let isDecodable = !state.read.isEmpty && state.reader != nil
            state.takerSleeps = state.decoded.isEmpty && !isDecodable && !state.isDone
            return state.takerSleeps
        }
        if sleeps { wakesTaker.wait() }
    }

    /// After a change that the taker may wait for.
    private func wakeTaker(after change: (inout State) -> Void) {
        let wakes = state.withLock { state in
            change(&state)
            defer { state.takerSleeps = false }
            return state.takerSleeps
        }
        if wakes { wakesTaker.signal() }
    }

    // MARK: both

    /// Decodes the next batch that was read; false where there is none, or somebody decodes.
    private func decodeNext() -> Bool {
        var work = state.withLock { state -> Work? in
            guard !state.read.isEmpty, let reader = state.reader.take() else { return nil }
            return Work(reader: reader, batch: state.read.removeFirst())
        }
        guard work != nil else { return false }
        work?.decode()
        wakeTaker { state in
            guard let work = work.take() else { return }
            state.reader = work.reader
            state.decoded.append(work.batch)
        }
        return true
    }

    /// What there is to say, where everything was read and taken.
    private func end() -> Summary? {
        state.withLock { state in
            guard state.isDone, var summary = state.summary, let reader = state.reader else {
                return nil
            }
            summary.coverage = reader.coverage
            Coverage.note(summary.lost, in: &summary.coverage)
            summary.fragmentsDropped = reader.fragmentsDropped
            return summary
        }
    }

    private func read(
        _ source: any PacketSource, _ reader: PacketReader, _ stops: () -> Bool
    ) {
        state.withLock { $0.reader = reader }
        while !stops() {
            var batch = nextToFill()
            guard batch?.fill(from: source) == true else { break }
            wakeTaker { state in
                if let batch = batch.take() { state.read.append(batch) }
            }
        }
    }

    /// A batch that is free; where none is, what was read is decoded until there are enough.
    private func nextToFill() -> PacketBatch? {
        while true {
            if let batch = state.withLock({ $0.free.popLast() }) { return batch }
            if decodeNext() { continue }
            let sleeps = state.withLock { state in
                state.readerSleeps = state.free.isEmpty
                return state.readerSleeps
            }
            if sleeps { wakesReader.wait() }
        }
    }
}
