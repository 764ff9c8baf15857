import Capture
import Net
import Streams

/// Connections that began just now, oldest first: an announcement may be captured after them.
///
/// They are found by the endpoint that they lead to. One leaves when it is too old to be asked for,
/// or when the bound is reached.
struct RecentConnections {
    struct Entry {
        let handle: FlowTable.Handle
        let time: Timestamp
        /// The hash of the endpoint that it leads to.
        fileprivate let hash: UInt32
        /// The place of the next one in its list, plus one; 0 for the last.
        fileprivate var next: UInt32 = 0
    }

    /// Those whose hashes end alike: places of the first and the last, plus one; 0 for none.
    private struct List {
        var first: UInt32 = 0
        var last: UInt32 = 0
    }

    /// A ring: from `oldest` on, `count` of them.
    private var entries: [Entry] = []
    private var oldest = 0
    private var count = 0
    /// Those that had to leave while they might still have been asked for.
    private(set) var evicted = 0
    private var lists = [List](repeating: List(), count: 1 << 12)
    private let seed = WordHash.seed
    private let limit: Int
    private let age: Int64
    /// Entries that one announcement looks at.
    static let mostLookedAt = 512

    /// - Parameters:
    ///   - limit: Connections at one time.
    ///   - age: Nanoseconds after which one is not asked for any more.
    init(limit: Int, age: Int64) {
        self.limit = max(limit, 1)
        self.age = age
    }

    mutating func add(_ handle: FlowTable.Handle, to listener: Endpoint, at time: Timestamp) {
        // For one that comes two leave at most: a wrong time does not empty all.
        for _ in 0..<2 where count > 0 && time.since(entries[oldest].time) > age { removeOldest() }
        if count == limit {
            removeOldest()
            evicted += 1
        }
        let entry = Entry(handle: handle, time: time, hash: hash(listener))
        if count == entries.count { grow(entry) }
        let place = (oldest + count) % entries.count
        entries[place] = entry
        count += 1
        link(place)
    }

    /// Those to one of the endpoints, oldest first, and whether that are all.
    func connections(
        to endpoints: [Endpoint], in table: borrowing FlowTable
    ) -> (found: [Entry], isAll: Bool) {
        var places: [Int] = []
        var looked = 0
        for endpoint in endpoints {
            let wanted = hash(endpoint)
            var next = lists[list(wanted)].first
            while next > 0 {
                guard looked < Self.mostLookedAt else { return (found(places), false) }
                looked += 1
                let place = Int(next) - 1
                next = entries[place].next
                guard entries[place].hash == wanted, let index = table.index(entries[place].handle),
                    let opener = table[index].opener,
                    table[index].other(than: opener) == endpoint
                else { continue }
                places.append(place)
            }
        }
        return (found(places), true)
    }

    private func found(_ places: [Int]) -> [Entry] {
        let since = places.map { $0 >= oldest ? $0 - oldest : $0 + entries.count - oldest }
        return since.sorted().map { entries[(oldest + $0) % entries.count] }
    }

    // MARK: the ring and its lists

    private mutating func removeOldest() {
        let list = list(entries[oldest].hash)
        lists[list].first = entries[oldest].next
        if lists[list].first == 0 { lists[list].last = 0 }
        oldest = (oldest + 1) % entries.count
        count -= 1
    }

    private mutating func link(_ place: Int) {
        let list = list(entries[place].hash)
        let last = lists[list].last
        lists[list].last = UInt32(place) + 1
        if last == 0 {
            lists[list].first = UInt32(place) + 1
        } else {
            entries[Int(last) - 1].next = UInt32(place) + 1
        }
    }

    /// Makes room for as many again, which `filler` fills until they are in use.
    private mutating func grow(_ filler: Entry) {
        var all = Array(entries[oldest...] + entries[..<oldest])
        all += Array(repeating: filler, count: min(max(count, 256), limit - count))
        entries = all
        oldest = 0
        for place in lists.indices { lists[place] = List() }
        for place in 0..<count {
            entries[place].next = 0
            link(place)
        }
    }

    private func list(_ hash: UInt32) -> Int { Int(hash) & (lists.count - 1) }

    private func hash(_ endpoint: Endpoint) -> UInt32 {
        let bits = endpoint.address.bits
        var value = WordHash.mix(seed ^ UInt64(truncatingIfNeeded: bits))
        if endpoint.address.family == .v6 {
            value = WordHash.mix(value ^ UInt64(truncatingIfNeeded: bits >> 64))
        }
        return UInt32(truncatingIfNeeded: WordHash.mix(value ^ UInt64(endpoint.port)) >> 32)
    }
}
