import Net
import Streams

/// A connection that belongs to a session: still in the table, or as it was when it left.
enum LinkedFlow {
    case live(FlowTable.Handle)
    indirect case gone(Flow)
}

/// What the extractor knows of an announcement beside the record.
struct ChannelLink {
    /// Connections to the announced endpoint, in their order.
    var flows: [LinkedFlow] = []
    /// The server said that the transfer goes on.
    var isUnderWay = false
    /// Endpoints under which it is expected.
    var keys: [Endpoint] = []
}
