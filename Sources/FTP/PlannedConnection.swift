import Capture
import Net
import Streams

/// A connection whose packets an audit needs, its frames by their place in the order of reading.
struct PlannedConnection {
    /// Its two ends, the smaller first.
    var ends: Ends
    var first: Int
    var last: Int
    /// The FTP client's end, where it is a control connection.
    var client: Endpoint?

    struct Ends: Hashable {
        var low: Endpoint
        var high: Endpoint

        init(_ a: Endpoint, _ b: Endpoint) {
            let isLow = a.address == b.address ? a.port <= b.port : a.address < b.address
            (low, high) = isLow ? (a, b) : (b, a)
        }
    }

    init(_ flow: Flow, client: Endpoint?) {
        ends = Ends(flow.low, flow.high)
        first = flow.first.number
        last = flow.last.number
        self.client = client
    }

    init(_ attempt: ControlAttempt) {
        ends = Ends(attempt.client, attempt.server)
        first = attempt.first.number
        last = attempt.last.number
    }
}
