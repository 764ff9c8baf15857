import Streams

/// One value for each direction of a control connection, by `Direction.rawValue`.
struct BothWays<Value> {
    private var toServer: Value
    private var toClient: Value

    init(_ toServer: Value, _ toClient: Value) {
        self.toServer = toServer
        self.toClient = toClient
    }

    init(_ value: Value) { self.init(value, value) }

    subscript(way: Int) -> Value {
        @inline(__always) _read {
            if way == 0 { yield toServer } else { yield toClient }
        }
        @inline(__always) _modify {
            if way == 0 { yield &toServer } else { yield &toClient }
        }
    }
}
