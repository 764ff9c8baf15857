import Net

/// Announced endpoints that wait for their data connection.
struct Expectations {
    struct Entry {
        var session: Int
        var channel: Int
        var frame: FrameReference
    }

    private var entries: [Endpoint: [Entry]] = [:]
    private let age: Int64
    private let early: Int64
    /// Announcements of one endpoint that wait at one time.
    static let mostPerEndpoint = 64

    init(age: Int64, early: Int64) {
        self.age = age
        self.early = early
    }

    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ entry: Entry, at endpoint: Endpoint) {
        var list = entries[endpoint] ?? []
        list.removeAll { entry.frame.time.since($0.frame.time) > age }
        if list.count >= Self.mostPerEndpoint { list.removeFirst() }
        list.append(entry)
        entries[endpoint] = list
    }

    mutating func remove(session: Int, channel: Int, at endpoint: Endpoint) {
        guard var list = entries[endpoint] else { return }
        list.removeAll { $0.session == session && $0.channel == channel }
        entries[endpoint] = list.isEmpty ? nil : list
    }

    /// Those that a connection which began at `time` may belong to.
    func candidates(at endpoint: Endpoint, _ time: Timestamp) -> [Entry] {
        guard let list = entries[endpoint] else { return [] }
        return list.filter {
            let since = time.since($0.frame.time)
            return since <= age && since >= -early
        }
    }
}
