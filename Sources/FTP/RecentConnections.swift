import Capture
import Net
import Streams

/// The connections that began last: an announcement may be captured, or read, after them.
///
/// They are found by the endpoint that they lead to. Each has a number; those of one list lead from
/// the newest to older ones, and one whose number lies too far back has left.
struct RecentConnections {
    struct Entry {
        let handle: FlowTable.Handle
        let time: Timestamp
        /// The hash of the endpoint that it leads to.
        fileprivate let hash: UInt32
        /// The number of the next older one in its list; 0 for none.
        fileprivate var older: UInt32 = 0
    }

    private struct List {
        /// The number of its newest; 0 for none.
        var newest: UInt32 = 0
        /// No time in it is later: most announcements need not look at its entries.
        var latest = Timestamp.distantPast
    }

    /// The entry of a number stands at its lower bits.
    private var entries: [Entry] = []
    /// By the lower bits of their hashes.
    private var lists: [List] = []
    /// The number of the next; it wraps and leaves 0 out.
    private var next: UInt32 = 1
    private var count = 0
    /// Those that left while they were still young enough to be asked for.
    private(set) var evicted = 0
    private let hashes = EndpointHash()
    private let limit: Int
    private let age: Int64
    /// Connections to one endpoint that an announcement looks at.
    static let mostLookedAt = 512

    /// - Parameters:
    ///   - limit: Connections at one time.
    ///   - age: Nanoseconds that one may be older than its announcement.
    init(limit: Int, age: Int64) {
        self.limit = min(max(limit, 1), 1 << 30)
        self.age = age
    }

    mutating func add(_ handle: FlowTable.Handle, to listener: Endpoint, at time: Timestamp) {
        let entry = Entry(handle: handle, time: time, hash: hashes.hash(listener))
        if count < limit {
            if count == entries.count { grow(entry) }
            count += 1
        } else if time.since(entries[place(next &- UInt32(limit))].time) <= age {
            evicted += 1
        }
        entries[place(next)] = entry
        link(next)
        next = next == .max ? 1 : next + 1
    }

    /// Those to one of two different endpoints that are young enough for an announcement at `time`,
    /// oldest first, and whether that are all.
    func connections(
        to first: Endpoint, or second: Endpoint?, at time: Timestamp,
        in table: borrowing FlowTable
    ) -> (found: [Entry], isAll: Bool) {
        var found: [UInt32] = []
        guard count > 0 else { return ([], true) }
        var isAll = look(for: first, at: time, in: table, &found)
        if let second {
            isAll = look(for: second, at: time, in: table, &found) && isAll
            found.sort { next &- $0 < next &- $1 }
        }
        return (found.reversed().map { entries[place($0)] }, isAll)
    }

    /// Adds the numbers of those to one endpoint, newest first; false where they are not all.
    private func look(
        for endpoint: Endpoint, at time: Timestamp, in table: borrowing FlowTable,
        _ found: inout [UInt32]
    ) -> Bool {
        let wanted = hashes.hash(endpoint)
        let list = lists[list(wanted)]
        guard list.newest != 0, time.since(list.latest) <= age else { return true }
        var number = list.newest
        var looked = 0
        while holds(number) {
            let (entry, current) = (entries[place(number)], number)
            number = entry.older
            guard entry.hash == wanted else { continue }
            let isYoung = time.since(entry.time) <= age
            guard looked < Self.mostLookedAt else { return !isYoung }
            looked += 1
            guard isYoung, let index = table.index(entry.handle),
                let opener = table[index].opener, table[index].other(than: opener) == endpoint
            else { continue }
            found.append(current)
        }
        return true
    }

    // MARK: numbers, places and lists

    private func holds(_ number: UInt32) -> Bool {
        number != 0 && (1...UInt32(count)).contains(next &- number)
    }

    private func place(_ number: UInt32) -> Int { Int(number) & (entries.count - 1) }
    private func list(_ hash: UInt32) -> Int { Int(hash) & (lists.count - 1) }

    private mutating func link(_ number: UInt32) {
        let (list, time) = (list(entries[place(number)].hash), entries[place(number)].time)
        entries[place(number)].older = lists[list].newest
        lists[list] = List(newest: number, latest: max(lists[list].latest, time))
    }

    /// Makes room for twice as many, a power of two; `filler` stands where none is yet.
    private mutating func grow(_ filler: Entry) {
        let old = entries
        entries = Array(repeating: filler, count: max(2 * old.count, 256))
        lists = [List](repeating: List(), count: entries.count)
        for back in stride(from: UInt32(count), to: 0, by: -1) {
            let number = next &- back
            guard number != 0 else { continue }
            entries[place(number)] = old[Int(number) & (old.count - 1)]
            link(number)
        }
    }
}
