import Capture

/// Control connections that left the flow table a short while ago: what is sent again of them
/// begins none.
///
/// Two generations of bounded size; who leaves is known until the next but one begins.
struct Departed {
    /// By the flow's hash.
    private var young: [UInt32: Entry] = [:]
    private var old: [UInt32: Entry] = [:]
    private var begin: Int64 = .min

    private struct Entry {
        /// The opener's first sequence number.
        var initial: UInt32
        /// When it was last seen, in seconds.
        var last: Int32
    }

    private static let age: Int64 = 125
    private static let most = 1 << 16

    /// Keeps a flow that leaves.
    mutating func insert(_ flow: borrowing Flow) {
        let last = flow.last.nanoseconds
        if begin == .min || last &- begin > Self.age * 1_000_000_000 || young.count == Self.most {
            old = young
            young.removeAll(keepingCapacity: true)
            begin = last
        }
        young[flow.hash] = Entry(initial: flow.initial, last: Self.seconds(last))
    }

    /// Whether a flow is what is sent again of one that left: it began with no SYN, or with the
    /// same one.
    func isEcho(_ flow: borrowing Flow) -> Bool {
        let (hash, first) = (flow.hash, Self.seconds(flow.first.nanoseconds))
        guard let entry = young[hash] ?? old[hash],
            (0...Self.age).contains(Int64(first &- entry.last))
        else { return false }
        if flow.state.isDisjoint(with: [.syn, .synAck]) { return true }
        return flow.initial == entry.initial
    }

    private static func seconds(_ nanoseconds: Int64) -> Int32 {
        Int32(truncatingIfNeeded: nanoseconds / 1_000_000_000)
    }
}
