import Net
import Policy
import PolicyText

/// A port, or a range of ports, of a container that its host hands on.
struct PublishedPort {
    /// Ports of the host; nil: any free one, chosen when the container starts.
    var host: ClosedRange<UInt16>?
    var container: ClosedRange<UInt16>
    /// The address of the host; nil: all.
    var address: IPAddress?
    var isTCP = true

    enum Fault: Error, Hashable {
        /// The product refuses it.
        case refused(String)
        /// It depends on what the file doesn't tell.
        case open(String)
    }

    init(
        host: ClosedRange<UInt16>?, container: ClosedRange<UInt16>, address: IPAddress? = nil,
        isTCP: Bool = true
    ) {
        self.host = host
        self.container = container
        self.address = address
        self.isTCP = isTCP
    }

    /// `[[address:][host]:]container[/protocol]`, as `docker run -p` and compose's short form have
    /// it. An address of IPv6 stands in brackets.
    init(_ text: some StringProtocol) throws(Fault) {
        let text = String(text).bare
        guard !text.contains("$") else { throw .open("a variable sets the port") }
        let sides = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var rest = sides.first.map(String.init) ?? ""
        isTCP = sides.count < 2 || sides[1].lowercased() == "tcp"
        if sides.count > 1, !["tcp", "udp", "sctp"].contains(sides[1].lowercased()) {
            throw .refused("no protocol that can be published")
        }
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            address = try Self.address(rest[rest.index(after: rest.startIndex)..<end])
            rest = String(rest[rest.index(after: end)...].drop { $0 == ":" })
        }
        var parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        container = try Self.ports(parts.popLast() ?? "")
        // Port 0 of the host is any free one.
        if let ports = parts.popLast(), !ports.isEmpty, ports != "0" {
            host = try Self.ports(ports)
        }
        if !parts.isEmpty { address = try Self.address(parts.joined(separator: ":")) }
        try check()
    }

    /// That both sides have the same number of ports. One port may be given one of several.
    func check() throws(Fault) {
        guard let host, host.count != container.count, container.count != 1 else { return }
        throw .refused("\(host.count) ports of the host, and \(container.count) of the container")
    }

    /// Whether the host's port is settled before the container starts.
    var isSettled: Bool { host?.count == container.count }

    static func ports(_ text: some StringProtocol) throws(Fault) -> ClosedRange<UInt16> {
        if text.contains("$") { throw .open("a variable sets the port") }
        if ["0x", "0X", "0o", "0O", "0b", "0B"].contains(where: { text.hasPrefix($0) }) {
            throw .open("a number that isn't decimal")
        }
        guard let range = CloudValues.ports(String(text)), range.lowerBound > 0 else {
            throw .refused("'\(String(text).excerpt)' is no port and no range of ports")
        }
        return range
    }

    /// Nil for all addresses.
    static func address(_ text: some StringProtocol) throws(Fault) -> IPAddress? {
        let text = String(text)
        if text.contains("$") { throw .open("a variable sets the address") }
        if text.isEmpty || text == "*" { return nil }
        guard let address = IPAddress(text) else {
            throw .refused("'\(text.excerpt)' is no address of the host")
        }
        return address
    }

    /// The host's addresses at which it is reached; nil: at all. `0.0.0.0` is all of IPv4.
    var addresses: AddressSet? {
        guard let address else { return nil }
        if address == IPAddress(v4: 0) { return .allV4 }
        if address == IPAddress(v6: 0) { return .allV6 }
        return AddressSet(address)
    }
}

/// A container, and how its host hands ports on to it.
struct PublishingContainer {
    enum Network: Hashable {
        /// It has its own network behind the host's.
        case own
        /// Its ports are the host's: nothing is published.
        case host
        /// It uses another container's.
        case shared(String)
        case none
        /// A network of which nothing is known.
        case other(String)
    }

    var name: String
    var isFTP = false
    var network = Setting(
        Network.own, SourceLine(file: "", line: nil, text: "the usual network"))
    var ports: [(port: PublishedPort, source: SourceLine)] = []
    /// Ports of which the host's is unknown, and why.
    var open: [(why: String, source: SourceLine)] = []
    /// Why it may not run.
    var doubt: Setting<String>?
    /// Its own address, where the file tells.
    var address: IPAddress?
    /// A network of its own in which other hosts may reach it at that address.
    var mayBeAskedDirectly: SourceLine?
}
