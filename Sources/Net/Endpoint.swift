/// One end of a TCP connection: an address and a port.
public struct Endpoint: Hashable, Comparable, Sendable {
    public let address: IPAddress
    public let port: UInt16

    public init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }

    @inlinable
    public func hash(into hasher: inout Hasher) {
        // One word is all that IPv4 needs. No two endpoints of a family give the same words: who
        // chooses addresses and ports must not choose the hash.
        if address.family == .v4 {
            hasher.combine(address.low | UInt64(port) << 32)
        } else {
            hasher.combine(address)
            hasher.combine(port)
        }
    }

    public static func < (a: Endpoint, b: Endpoint) -> Bool {
        a.address == b.address ? a.port < b.port : a.address < b.address
    }
}

extension Endpoint: CustomStringConvertible, LosslessStringConvertible {
    /// `203.0.113.10:21` or `[2001:db8::1]:21`.
    public var description: String {
        address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        let host = text[..<colon]
        if host.first == "[" {
            guard host.last == "]", let address = IPAddress(String(host.dropFirst().dropLast())),
                address.family == .v6
            else { return nil }
            self.init(address, port)
        } else {
            guard let address = IPAddress(String(host)), address.family == .v4 else { return nil }
            self.init(address, port)
        }
    }
}
