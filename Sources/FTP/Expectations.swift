import Net
import Streams

/// Announced endpoints that wait for their data connection.
struct Expectations {
    struct Entry {
        var session: Int
        var channel: Int
        var frame: FrameReference
    }

    private struct Place {
        let endpoint: Endpoint
        let hash: UInt32
        var entries: ShortList<Entry>
    }

    /// Those that are free hold stale values.
    private var places: [Place] = []
    private var free: [Int] = []
    private var index = HashIndex()
    private let hashes = EndpointHash()
    private let age: Int64
    private let early: Int64
    /// Announcements of one endpoint that wait at one time.
    static let mostPerEndpoint = 64

    init(age: Int64, early: Int64) {
        self.age = age
        self.early = early
    }

    var isEmpty: Bool { places.count == free.count }

    mutating func add(_ entry: Entry, at endpoint: Endpoint) {
        let hash = hashes.hash(endpoint)
        guard let place = place(endpoint, hash) else {
            let entries = ShortList(CollectionOfOne(entry))
            insert(Place(endpoint: endpoint, hash: hash, entries: entries))
            return
        }
        var list = places[place].entries.filter { entry.frame.time.since($0.frame.time) <= age }
        if list.count >= Self.mostPerEndpoint { list.removeFirst() }
        places[place].entries = ShortList(list + [entry])
    }

    mutating func remove(session: Int, channel: Int, at endpoint: Endpoint) {
        guard let place = place(endpoint, hashes.hash(endpoint)) else { return }
        let list = places[place].entries.filter { $0.session != session || $0.channel != channel }
        places[place].entries = ShortList(list)
        guard list.isEmpty else { return }
        index.remove(place, places[place].hash)
        free.append(place)
    }

    /// Announcements of an endpoint, in their order.
    func waiting(at endpoint: Endpoint) -> ShortList<Entry> {
        place(endpoint, hashes.hash(endpoint)).map { places[$0].entries } ?? ShortList()
    }

    private func place(_ endpoint: Endpoint, _ hash: UInt32) -> Int? {
        var probe = HashIndex.Probe(hash)
        while let place = index.next(&probe) {
            if places[place].endpoint == endpoint { return place }
        }
        return nil
    }

    private mutating func insert(_ new: Place) {
        if let place = free.popLast() {
            places[place] = new
            index.insert(place, new.hash)
        } else {
            index.insert(places.count, new.hash)
            places.append(new)
        }
    }

    /// Whether a connection that began at `time` may belong to an announcement.
    func isCandidate(_ entry: Entry, _ time: Timestamp) -> Bool {
        let since = time.since(entry.frame.time)
        return since <= age && since >= -early
    }
}
