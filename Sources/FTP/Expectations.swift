import Net

/// Announced endpoints that wait for their data connection.
struct Expectations {
    struct Entry {
        var session: Int
        var channel: Int
        var frame: FrameReference
    }

    /// Announcements of one endpoint, in their order: almost always one.
    struct Waiting {
        fileprivate var first: Entry
        fileprivate var more: [Entry] = []

        fileprivate var all: [Entry] { [first] + more }
        var count: Int { more.count + 1 }
        subscript(place: Int) -> Entry { place == 0 ? first : more[place - 1] }
    }

    private var waiting: [Endpoint: Waiting] = [:]
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
        guard let old = waiting.updateValue(Waiting(first: entry), forKey: endpoint) else { return }
        var list = old.all
        list.removeAll { entry.frame.time.since($0.frame.time) > age }
        if list.count >= Self.mostPerEndpoint { list.removeFirst() }
        list.append(entry)
        keep(list, at: endpoint)
    }

    mutating func remove(session: Int, channel: Int, at endpoint: Endpoint) {
        guard let old = waiting.removeValue(forKey: endpoint) else { return }
        let isOnly = old.more.isEmpty && old.first.session == session
        guard !isOnly || old.first.channel != channel else { return }
        keep(
            old.all.filter { $0.session != session || $0.channel != channel }, at: endpoint)
    }

    private mutating func keep(_ list: [Entry], at endpoint: Endpoint) {
        waiting[endpoint] = list.first.map { Waiting(first: $0, more: Array(list.dropFirst())) }
    }

    func waiting(at endpoint: Endpoint) -> Waiting? { waiting[endpoint] }

    /// Whether a connection that began at `time` may belong to an announcement.
    func isCandidate(_ entry: Entry, _ time: Timestamp) -> Bool {
        let since = time.since(entry.frame.time)
        return since <= age && since >= -early
    }
}
