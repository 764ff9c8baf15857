import Dispatch
import Synchronization

/// Reads captures on a thread of its own, a few batches ahead of whoever takes the packets: the copy
/// out of the page cache and the wait for a slow disk or pipe go on beside the rest of the work.
///
/// Decoding is done by who has nothing better to do: by the reader where the batches lie ready, by
/// the taker where it would wait.
public final class PacketAhead: Sendable {
    /// What was read, once all of it was.
    public struct Summary: Sendable {
        /// By the capture's index.
        public var coverage: [Coverage]
        /// Fragment trains given up because a bound was reached.
        public var fragmentsDropped: Int
        public var problems: [CaptureProblem]
        /// What the indexes name.
        public var captures: [CaptureSet.Source]
    }

    /// Batches in the air.
    private static let depth = 4

    private struct State {
        var free = (0..<depth).map { _ in PacketBatch() }
        /// With frames that nobody has decoded, in their order.
        var read: [PacketBatch] = []
        var decoded: [PacketBatch] = []
        /// Who has taken it decodes: one at a time, so that the order stands.
        var reader: PacketReader?
        /// Of all that was read, once nothing more is; what the reader knows is still to be added.
        var summary: Summary?
    }

    private struct Work {
        var reader: PacketReader
        var batch: PacketBatch

        mutating func decode() { reader.decode(&batch) }
    }

    private let state = Mutex(State())
    private let isFree = DispatchSemaphore(value: 0)
    /// Something was read or decoded, or the end is reached.
    private let isReady = DispatchSemaphore(value: 0)

    /// Begins to read.
    public init(
        _ captures: CaptureSet, limits: DecoderLimits = DecoderLimits(),
        remark: PacketReader.Remark? = nil
    ) {
        for _ in 0..<Self.depth { isFree.signal() }
        DispatchQueue(label: "pinhole.packets", qos: .userInitiated).async {
            self.read(captures, limits, remark)
        }
    }

    /// Lends the packets of all captures, batch by batch, in the order of their time.
    public func forEach(_ body: (borrowing PacketBatch) -> Void) -> Summary {
        while true {
            let next = state.withLock { $0.decoded.isEmpty ? nil : $0.decoded.removeFirst() }
            if let next {
                var batch: PacketBatch? = consume next
                if let taken = batch.take() { batch = Self.lend(taken, to: body) }
                // Nobody else may hold it when it is written again: else its memory is copied.
                state.withLock { state in
                    if let batch = batch.take() { state.free.append(batch) }
                }
                isFree.signal()
            } else if !decodeNext() {
                if let summary = end() { return summary }
                isReady.wait()
            }
        }
    }

    private static func lend(
        _ batch: consuming PacketBatch, to body: (borrowing PacketBatch) -> Void
    ) -> PacketBatch {
        body(batch)
        return batch
    }

    /// Decodes the next batch that was read; false where there is none, or somebody decodes.
    private func decodeNext() -> Bool {
        var work = state.withLock { state -> Work? in
            guard !state.read.isEmpty, let reader = state.reader.take() else { return nil }
            return Work(reader: reader, batch: state.read.removeFirst())
        }
        guard work != nil else { return false }
        work?.decode()
        state.withLock { state in
            guard let work = work.take() else { return }
            state.reader = work.reader
            state.decoded.append(work.batch)
        }
        return true
    }

    /// What there is to say, where everything was read and taken.
    private func end() -> Summary? {
        state.withLock { state in
            guard state.read.isEmpty, state.decoded.isEmpty, var summary = state.summary,
                let reader = state.reader
            else { return nil }
            summary.coverage = reader.coverage
            summary.fragmentsDropped = reader.fragmentsDropped
            return summary
        }
    }

    private func read(
        _ captures: CaptureSet, _ limits: DecoderLimits, _ remark: PacketReader.Remark?
    ) {
        var set = captures
        let source = set.open()
        let count = set.captures.count
        let reader = PacketReader(captures: count, limits: limits, remark: remark)
        state.withLock { $0.reader = reader }
        while true {
            if isFree.wait(timeout: .now()) == .timedOut {
                if decodeNext() {
                    isReady.signal()
                    continue
                }
                isFree.wait()
            }
            var batch = state.withLock { $0.free.popLast() }
            guard batch?.fill(from: source) == true else { break }
            state.withLock { state in
                if let batch = batch.take() { state.read.append(batch) }
            }
            isReady.signal()
        }
        let summary = Summary(
            coverage: [], fragmentsDropped: 0, problems: set.problems + source.problems,
            captures: set.captures)
        state.withLock { $0.summary = summary }
        isReady.signal()
    }
}
