import Net

/// Announced endpoints that wait for their data connection.
struct Expectations {
    struct Entry {
        var session: Int
        var channel: Int
        var frame: FrameReference
    }

    /// Announcements of one endpoint: almost always one.
    private struct Waiting {
        var first: Entry
        var more: [Entry] = []

        var all: [Entry] { [first] + more }
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

    /// Those that a connection which began at `time` may belong to, in the order in which they
    /// were announced.
    func candidates(at endpoint: Endpoint, _ time: Timestamp) -> [Entry] {
        guard let found = waiting[endpoint] else { return [] }
        if found.more.isEmpty { return isCandidate(found.first, time) ? [found.first] : [] }
        return found.all.filter { isCandidate($0, time) }
    }

    private func isCandidate(_ entry: Entry, _ time: Timestamp) -> Bool {
        let since = time.since(entry.frame.time)
        return since <= age && since >= -early
    }
}
