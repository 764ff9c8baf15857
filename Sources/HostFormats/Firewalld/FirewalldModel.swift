import Net
import Policy
import PolicyText

/// A zone or a policy of firewalld, as its file or its listing says.
struct FirewalldSet: Hashable {
    enum Kind: Hashable { case zone, policy }

    enum Target: Hashable { case standard, accept, reject, drop, proceed }

    /// What an entry or a rich rule is for.
    enum Element: Hashable {
        /// Any packet.
        case all
        case service(String)
        case ports(PortSet)
        case sourcePorts(PortSet)
        /// TCP, whatever the port.
        case tcp
        /// A translation of these ports.
        case forward(PortSet, to: Translation)
        /// Nothing of TCP.
        case other
    }

    struct Entry: Hashable {
        var element: Element
        var action: Action = .permit
        var priority = 0
        var sources: AddressSet?
        var destinations: AddressSet?
        var families: AddressSet?
        var doubts: [String] = []
        var source: SourceLine
        /// A rich rule; the others stand among those that accept.
        var rich = false
        /// It accepts up to a rate.
        var limited = false
    }

    struct Binding: Hashable {
        /// An interface, or addresses.
        var interface: String?
        var sources: AddressSet?
        var doubt: String?
        var source: SourceLine
    }

    var kind: Kind
    var name: String
    var target: Setting<Target>
    var bindings: [Binding] = []
    var entries: [Entry] = []
    /// Packets may pass between the interfaces of the zone.
    var forwards: SourceLine?
    /// Why nothing of it is sure.
    var broken: (why: String, source: SourceLine)? {
        get { fault.map { ($0.value, $0.source) } }
        set { fault = newValue.map { Setting($0.why, $0.source) } }
    }
    private var fault: Setting<String>?

    // Of policies only.
    var priority = -1
    var ingress: [String] = []
    var egress: [String] = []
    var disabled = false
    /// Whether the listing calls it the default zone.
    var isDefault = false
    /// Of zones: the lower, the earlier packets are held against its bindings.
    var ingressPriority = 0

    init(_ kind: Kind, name: String, target: Setting<Target>) {
        self.kind = kind
        self.name = name
        self.target = target
    }
}

/// What several readers of firewalld's words share.
enum FirewalldWords {
    static func target(_ text: String) -> FirewalldSet.Target? {
        switch text {
        case "default": .standard
        case "ACCEPT": .accept
        case "DROP": .drop
        case "REJECT", "%%REJECT%%": .reject
        case "CONTINUE": .proceed
        default: nil
        }
    }

    /// `21`, `5001-5201`, `ftp`.
    static func ports(_ text: String) -> PortSet? {
        if let range = CloudValues.ports(text) { return PortSet(range) }
        return IPTablesValues.services[text.lowercased()].map { PortSet($0...$0) }
    }

    /// Ports of a protocol: nothing of TCP, or what the ports are; nil where they can't be read.
    static func element(
        _ ports: String?, _ transport: String?, source: Bool = false
    ) -> FirewalldSet.Element? {
        guard let transport else { return nil }
        guard transport.lowercased() == "tcp" else {
            return ["udp", "sctp", "dccp"].contains(transport.lowercased()) ? .other : nil
        }
        guard let set = ports.flatMap(Self.ports) else { return nil }
        return source ? .sourcePorts(set) : .ports(set)
    }

    static func transport(_ name: String?) -> FirewalldSet.Element? {
        guard let name = name?.lowercased(), !name.isEmpty else { return nil }
        return name == "tcp" || name == "6" ? .tcp : .other
    }

    /// A translation of the ports; the device itself takes them where no address is given.
    static func forward(
        _ ports: String?, _ transport: String?, toPort: String?, toAddress: String?
    ) -> FirewalldSet.Element? {
        guard let element = element(ports, transport) else { return nil }
        guard case .ports(let set) = element else { return .other }
        var range: ClosedRange<UInt16>?
        if let toPort, !toPort.isEmpty {
            guard let wanted = Self.ports(toPort)?.ranges.first else { return nil }
            range = wanted
        }
        guard let toAddress, !toAddress.isEmpty else {
            guard range != nil else { return nil }
            return .forward(
                set, to: Translation(address: .device, ports: range, keepsPortsWithin: true))
        }
        guard let address = IPAddress(toAddress.stripping("[]")) else { return nil }
        return .forward(
            set,
            to: Translation(address: .addresses([address]), ports: range, keepsPortsWithin: true))
    }

    /// An address, prefix, or address with a dotted mask; host bits may be set.
    static func addresses(_ text: String) -> AddressSet? {
        if let set = CloudValues.addresses(text) { return set }
        do throws(IPTablesValues.Problem) { return try IPTablesValues.addresses(text) } catch {
            return nil
        }
    }
}
