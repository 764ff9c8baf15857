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
    var flows = ShortList<LinkedFlow>()
    /// The server said that the transfer goes on.
    var isUnderWay = false
    /// Bytes of the control connection are missing, and a transfer that went on may be its own.
    var mayBeUsed = false
    /// Where it is expected; nil where it is not yet, or not any more.
    var places: ExpectedPlaces?
}

/// The endpoints at which a data connection is expected.
struct ExpectedPlaces {
    /// As announced.
    let advertised: Endpoint
    /// The control connection's own end with the announced port, where that is another: where an
    /// address was rewritten on the way, the connection comes there.
    let own: Endpoint?

    init(_ advertised: Endpoint, own address: IPAddress) {
        self.advertised = advertised
        own = address == advertised.address ? nil : Endpoint(address, advertised.port)
    }
}
