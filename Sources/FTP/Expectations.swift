import Net

/// Announced endpoints that wait for their data connection.
struct Expectations {
    struct Entry {
        var session: Int
        var channel: Int
        var frame: FrameReference
    }

    private var waiting: [Endpoint: ShortList<Entry>] = [:]
    private let age: Int64
    private let early: Int64
    /// Announcements of one endpoint that wait at one time.
    static let mostPerEndpoint = 64

    init(age: Int64, early: Int64) {
        self.age = age
        self.early = early
    }

    var isEmpty: Bool { waiting.isEmpty }

    mutating func add(_ entry: Entry, at endpoint: Endpoint) {
        guard let old = waiting.updateValue(ShortList(CollectionOfOne(entry)), forKey: endpoint)
        else { return }
        var list = old.filter { entry.frame.time.since($0.frame.time) <= age }
        if list.count >= Self.mostPerEndpoint { list.removeFirst() }
        waiting[endpoint] = ShortList(list + [entry])
    }

    mutating func remove(session: Int, channel: Int, at endpoint: Endpoint) {
        guard let old = waiting.removeValue(forKey: endpoint) else { return }
        let list = old.filter { $0.session != session || $0.channel != channel }
        if !list.isEmpty { waiting[endpoint] = ShortList(list) }
    }

    /// Announcements of an endpoint, in their order.
    func waiting(at endpoint: Endpoint) -> ShortList<Entry> { waiting[endpoint] ?? ShortList() }

    /// Whether a connection that began at `time` may belong to an announcement.
    func isCandidate(_ entry: Entry, _ time: Timestamp) -> Bool {
        let since = time.since(entry.frame.time)
        return since <= age && since >= -early
    }
}
