import Capture
import Net
import Streams

/// Connections that began just now: an announcement may be captured after them.
struct RecentConnections {
    struct Entry {
        var handle: FlowTable.Handle
        var time: Timestamp
        var opener: Endpoint
        var listener: Endpoint
    }

    private var entries: [Entry] = []
    private var place = 0
    private let limit: Int
    /// How many of the entries lead to the endpoints that share a place: almost always none.
    private var listening = [UInt32](repeating: 0, count: 1 << 12)

    init(limit: Int) { self.limit = max(limit, 1) }

    mutating func add(_ entry: Entry) {
        listening[Self.share(entry.listener)] += 1
        guard entries.count == limit else {
            entries.append(entry)
            return
        }
        listening[Self.share(entries[place].listener)] -= 1
        entries[place] = entry
        place = place + 1 == limit ? 0 : place + 1
    }

    /// Those to one of the endpoints.
    func connections(to endpoints: [Endpoint]) -> [Entry] {
        guard endpoints.contains(where: { listening[Self.share($0)] > 0 }) else { return [] }
        return entries.filter { endpoints.contains($0.listener) }
    }

    private static func share(_ endpoint: Endpoint) -> Int {
        let bits = UInt64(truncatingIfNeeded: endpoint.address.bits) << 16 | UInt64(endpoint.port)
        return Int(truncatingIfNeeded: (bits &* 0x9e37_79b9_7f4a_7c15) >> 52)
    }
}
