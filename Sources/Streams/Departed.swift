import Capture

/// Control connections that left the flow table a short while ago: what is sent again of them
/// begins none.
///
/// Two generations of bounded size; who leaves is known until the next but one begins.
struct Departed {
    private var young = Generation()
    private var old = Generation()
    private var begin: Int64 = .min

    private static let age: Int64 = 125
    private static let most = 1 << 16

    /// Keeps a flow that leaves.
    mutating func insert(_ flow: borrowing Flow) {
        let last = flow.last.nanoseconds
        if begin == .min || last &- begin > Self.age * 1_000_000_000 || young.count == Self.most {
            swap(&old, &young)
            young.removeAll()
            begin = last
        }
        young.insert(Entry(hash: flow.hash, initial: flow.initial, last: Self.seconds(last)))
    }

    /// Whether a flow is what is sent again of one that left: it began with no SYN, or with the
    /// same one.
    func isEcho(_ flow: borrowing Flow) -> Bool {
        let (hash, first) = (flow.hash, Self.seconds(flow.first.nanoseconds))
        guard let entry = young.entry(hash) ?? old.entry(hash),
            (0...Self.age).contains(Int64(first &- entry.last))
        else { return false }
        if flow.state.isDisjoint(with: [.syn, .synAck]) { return true }
        return flow.initial == entry.initial
    }

    /// Never `.min`.
    private static func seconds(_ nanoseconds: Int64) -> Int32 {
        max(Int32(truncatingIfNeeded: nanoseconds / 1_000_000_000), .min + 1)
    }
}

extension Departed {
    private struct Entry {
        var hash: UInt32 = 0
        /// The opener's first sequence number.
        var initial: UInt32 = 0
        /// When it was last seen, in seconds; `.min` where there is none.
        var last: Int32 = .min
    }

    /// Entries by their hash, open-addressed: asked for once for each control connection, when
    /// nothing of it is near any more, so that each is one place in memory.
    private struct Generation {
        private var slots = [Entry](repeating: Entry(), count: 256)
        private(set) var count = 0

        mutating func removeAll() {
            slots = [Entry](repeating: Entry(), count: slots.count)
            count = 0
        }

        func entry(_ hash: UInt32) -> Entry? {
            let entry = slots[place(hash)]
            return entry.last == .min ? nil : entry
        }

        /// Puts an entry in, in the place of one with the same hash.
        mutating func insert(_ entry: Entry) {
            let place = place(entry.hash)
            if slots[place].last == .min { count += 1 }
            slots[place] = entry
            if count * 2 > slots.count { grow() }
        }

        private mutating func grow() {
            let entries = slots
            slots = [Entry](repeating: Entry(), count: entries.count * 2)
            for entry in entries where entry.last != .min { slots[place(entry.hash)] = entry }
        }

        /// Where an entry stands, else where it would.
        private func place(_ hash: UInt32) -> Int {
            var place = Int(hash) & (slots.count - 1)
            while slots[place].last != .min, slots[place].hash != hash {
                place = (place + 1) & (slots.count - 1)
            }
            return place
        }
    }
}
