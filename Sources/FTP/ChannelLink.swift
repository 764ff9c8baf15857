import Net
import Streams

/// A connection that belongs to a session: still in the table, or as it was when it left.
enum LinkedFlow {
    case live(FlowTable.Handle)
    indirect case gone(Flow)
}

/// Connections of one announcement: almost always one, which needs no memory of its own.
struct LinkedFlows: RandomAccessCollection, MutableCollection {
    private var first: LinkedFlow?
    private var more: [LinkedFlow] = []

    var startIndex: Int { 0 }
    var endIndex: Int { first == nil ? 0 : more.count + 1 }

    subscript(place: Int) -> LinkedFlow {
        get {
            guard place == 0, let first else { return more[place - 1] }
            return first
        }
        set {
            if place == 0 { first = newValue } else { more[place - 1] = newValue }
        }
    }

    mutating func append(_ flow: LinkedFlow) {
        if first == nil { first = flow } else { more.append(flow) }
    }
}

/// What the extractor knows of an announcement beside the record.
struct ChannelLink {
    /// Connections to the announced endpoint, in their order.
    var flows = LinkedFlows()
    /// The server said that the transfer goes on.
    var isUnderWay = false
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
