/// A SYN of a client to a port.
struct Probe: Hashable, CustomStringConvertible {
    var client: String
    var destination: String
    var port: UInt16

    var description: String { "\(client):\(destination):\(port)" }
}
