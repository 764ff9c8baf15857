/// One value for each direction of a control connection, by `Direction.rawValue`.
///
/// No `InlineArray`: in a structure that is aligned to 16 bytes, as any with a 128-bit number in
/// it, Swift 6.3.1 copies one of references as if it were aligned alike, and releases crash on it.
struct Both<Value> {
    private var toServer: Value
    private var toClient: Value

    init(_ toServer: Value, _ toClient: Value) {
        self.toServer = toServer
        self.toClient = toClient
    }

    subscript(way: Int) -> Value {
        @inline(__always) _read {
            if way == 0 { yield toServer } else { yield toClient }
        }
        @inline(__always) _modify {
            if way == 0 { yield &toServer } else { yield &toClient }
        }
    }
}
