import Dispatch
import Synchronization

/// Reads and decodes captures on a thread of its own, a few batches ahead of whoever takes the
/// packets: the copy out of the page cache, the wait for a slow disk or pipe and the decoding go
/// on beside the rest of the work.
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

    /// Batches in the air: one that is filled, one that waits, one that is looked at.
    private static let depth = 3

    private enum Filled {
        case batch(PacketBatch)
        case end(Summary)
    }

    private struct State {
        var free: [PacketBatch]
        var filled: [Filled] = []
        var isStopped = false
    }

    private let state: Mutex<State>
    private let isFree = DispatchSemaphore(value: 0)
    private let isFilled = DispatchSemaphore(value: 0)

    /// Begins to read.
    public init(_ captures: CaptureSet, limits: DecoderLimits = DecoderLimits()) {
        state = Mutex(State(free: (0..<Self.depth).map { _ in PacketBatch() }))
        for _ in 0..<Self.depth { isFree.signal() }
        DispatchQueue(label: "pinhole.packets", qos: .userInitiated).async {
            self.run(captures, limits)
        }
    }

    /// Lends the packets of all captures, batch by batch, in the order of their time.
    public func forEach(_ body: (borrowing PacketBatch) -> Void) -> Summary {
        while true {
            isFilled.wait()
            switch state.withLock({ $0.filled.removeFirst() }) {
            case .end(let summary): return summary
            case .batch(let batch):
                var taken: PacketBatch? = consume batch
                if let batch = taken.take() { taken = Self.lend(batch, to: body) }
                // Nobody else may hold it when it is written again: else its memory is copied.
                state.withLock { state in
                    if let batch = taken.take() { state.free.append(batch) }
                }
                isFree.signal()
            }
        }
    }

    private static func lend(
        _ batch: consuming PacketBatch, to body: (borrowing PacketBatch) -> Void
    ) -> PacketBatch {
        body(batch)
        return batch
    }

    private func run(_ captures: CaptureSet, _ limits: DecoderLimits) {
        var set = captures
        let source = set.open()
        var reader = PacketReader(captures: set.captures.count, limits: limits)
        while true {
            isFree.wait()
            guard var batch = state.withLock({ $0.isStopped ? nil : $0.free.popLast() }),
                reader.read(source, into: &batch)
            else { break }
            state.withLock { $0.filled.append(.batch(batch)) }
            isFilled.signal()
        }
        let summary = Summary(
            coverage: reader.coverage, fragmentsDropped: reader.fragmentsDropped,
            problems: set.problems + source.problems, captures: set.captures)
        state.withLock { $0.filled.append(.end(summary)) }
        isFilled.signal()
    }
}
