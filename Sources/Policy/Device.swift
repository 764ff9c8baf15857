public import Net

/// A device that filters and translates, free of any vendor's words: chains of rules, and the
/// stages at which a packet passes through them.
///
/// A new TCP connection's SYN goes through the stages in order. A filter stage that permits lets
/// the next stage judge; a denial is final; a translation changes what later stages see.
public struct Device: Hashable, Sendable {
    /// Where a device stands relative to the destination.
    public enum Place: String, Hashable, Sendable {
        /// On the destination itself.
        case host
        /// Between client and destination.
        case through
    }

    /// Where it stands when nobody says.
    public var usualPlace: Place
    public var chains: [String: Chain]
    public var stages: [Stage]
    /// Dynamic openings for data connections, and what they watch.
    public var inspections: [Inspection]
    /// Filter lists of the file where it holds several and does not say which is in force.
    public var selectable: [String]
    /// The one of them that is in force when nobody selects; nil: nobody can tell.
    public var usualSelection: String?
    /// What judges the packets that follow on a SYN that a filter let pass, by the name of the chain
    /// at which that filter starts: the answers, and the client's own where it may stop these. The
    /// rules are written from the client's side: `sources` and `sourcePorts` are the client's,
    /// `destinations` and `destinationPorts` the server's.
    public var answers: [String: [Stage]] = [:]
    /// Whether it remembers connections, so that rules may tell what follows from what is new.
    public var remembers = false
    /// Sentences about assumptions that hold for every answer (`firewall taken as on`).
    public var assumptions: [String]
    /// The interfaces that the file describes; empty where names match only as they are written.
    public var interfaces: [DeviceInterface] = []
    /// Where a packet from outside enters when nobody says; nil: the file doesn't tell.
    public var usualEntering: String?
    /// Where a packet from outside leaves when nobody says and no connected network tells.
    public var usualLeaving: String?
    /// Where it leaves whatever the networks tell, as a site says.
    public var statedLeaving: String?
    /// Address families of which its files speak; of another, rules may stand elsewhere.
    public var families: Set<IPAddress.Family> = [.v4, .v6]
    /// Seconds after which it forgets a TCP connection on which nothing was sent; 0: never. Nil: the
    /// file doesn't say.
    public var idleTimeout: Setting<Int>?
    /// Whether it follows FTP by itself and so cuts control connections under TLS, as Windows's
    /// StatefulFTP does. Nil: it is no such device; a value of nil: the file doesn't say.
    public var followsFTP: Setting<Bool?>?

    /// Whether a rule that denies counts before those that permit, wherever in the file it stands.
    public var denialsFirst = false

    /// Whether it ends connections and makes its own to the servers, so that devices behind it see
    /// its address in place of the client's.
    public var hidesClients = false

    public init(
        usualPlace: Place, chains: [String: Chain] = [:], stages: [Stage] = [],
        inspections: [Inspection] = [], selectable: [String] = [], assumptions: [String] = []
    ) {
        self.usualPlace = usualPlace
        self.chains = chains
        self.stages = stages
        self.inspections = inspections
        self.selectable = selectable
        self.assumptions = assumptions
    }
}

/// One passage of a packet through a chain.
public struct Stage: Hashable, Sendable {
    public enum Work: Hashable, Sendable { case filter, translate }

    public enum Direction: Hashable, Sendable { case entering, leaving }

    public var work: Work
    /// The name of the chain at which it starts.
    public var chain: String
    /// What holds where the chain ends without a decision; for a translate stage, no translation.
    public var ending: Setting<Action>
    /// The places for which a packet passes here.
    public var places: Set<Device.Place>
    /// Only packets that enter or leave by this interface pass here; nil: all do.
    public var interface: String?
    public var direction: Direction?
    /// Only for a packet to one of these addresses as the stage sees it; nil: all.
    public var families: Set<IPAddress.Family>

    public init(
        _ work: Work, chain: String, ending: Setting<Action>,
        places: Set<Device.Place> = [.host, .through], interface: String? = nil,
        direction: Direction? = nil, families: Set<IPAddress.Family> = [.v4, .v6]
    ) {
        self.work = work
        self.chain = chain
        self.ending = ending
        self.places = places
        self.interface = interface
        self.direction = direction
        self.families = families
    }
}

/// Rules in order; the first whose match holds and whose action decides, decides.
public struct Chain: Hashable, Sendable {
    public var name: String
    public var rules: [FilterRule]

    public init(name: String, rules: [FilterRule] = []) {
        self.name = name
        self.rules = rules
    }
}

public struct FilterRule: Hashable, Sendable {
    public var match: Match
    public var action: Action
    /// The line that says so; further lines that shape it (a pool, a group) in `support`.
    public var source: SourceLine
    public var support: [SourceLine]
    /// What it leaves on the packet for later rules, before its action is taken.
    public var effects: [Effect]

    public init(
        _ match: Match, _ action: Action, _ source: SourceLine, support: [SourceLine] = [],
        effects: [Effect] = []
    ) {
        self.match = match
        self.action = action
        self.source = source
        self.support = support
        self.effects = effects
    }
}

public enum Action: Hashable, Sendable {
    /// Ends this stage; later stages still judge.
    case permit
    /// Final; `answered` where the device tells the sender (RST or ICMP), false where it is silent,
    /// nil where that isn't known.
    case deny(answered: Bool?)
    case jump(String)
    /// Goes to a chain and doesn't come back to this one.
    case go(String)
    case `return`
    /// Logs, counts, marks: the next rule judges.
    case next
    case translate(Translation)
    /// Ends a translate stage without a translation.
    case keep
    /// It decides in a way that the model doesn't know.
    case unknown(String)
}

/// A rewriting of a packet's destination.
public struct Translation: Hashable, Sendable {
    public enum Target: Hashable, Sendable {
        case unchanged
        /// The device itself takes the packet.
        case device
        /// One of these addresses, by turns where there are several.
        case addresses([IPAddress])
        case unknown(String)
    }

    public var address: Target
    /// Nil: the port is kept. Several: any of them.
    public var ports: ClosedRange<UInt16>?
    /// Whether a port that already lies within `ports` stays as it is.
    public var keepsPortsWithin: Bool

    public init(
        address: Target, ports: ClosedRange<UInt16>? = nil, keepsPortsWithin: Bool = false
    ) {
        self.address = address
        self.ports = ports
        self.keepsPortsWithin = keepsPortsWithin
    }
}

/// Which SYNs a rule matches. A field that is nil doesn't restrict.
public struct Match: Hashable, Sendable {
    public var sources: AddressSet?
    public var destinations: AddressSet?
    /// Of `sources` and `destinations`, which hold more then, only these.
    public var sourceMask: AddressMask?
    public var destinationMask: AddressMask?
    public var sourcePorts: PortSet?
    public var destinationPorts: PortSet?
    /// Interfaces by name; a trailing `*` stands for any rest.
    public var entering: Names?
    public var leaving: Names?
    /// Destination before any translation.
    public var originalDestinations: AddressSet?
    public var originalPorts: PortSet?
    /// Only data connections that an inspection or helper expects.
    public var expectedOnly: Bool
    /// Never a new connection's SYN (`established`, other protocol, flags), and why.
    public var never: String?
    /// Predicates beyond the model: where all the rest matches, the outcome is unknown.
    public var notModelled: [String]
    /// What must hold of the packet as earlier rules left it; all of them.
    public var tests: [PacketTest]

    public struct Names: Hashable, Sendable {
        public var names: [String]
        public var negated: Bool

        public init(_ names: [String], negated: Bool = false) {
            self.names = names
            self.negated = negated
        }
    }

    public init(
        sources: AddressSet? = nil, destinations: AddressSet? = nil, sourcePorts: PortSet? = nil,
        destinationPorts: PortSet? = nil, entering: Names? = nil, leaving: Names? = nil,
        expectedOnly: Bool = false, never: String? = nil, notModelled: [String] = []
    ) {
        self.sources = sources
        self.destinations = destinations
        self.sourcePorts = sourcePorts
        self.destinationPorts = destinationPorts
        self.entering = entering
        self.leaving = leaving
        self.expectedOnly = expectedOnly
        self.never = never
        self.notModelled = notModelled
        tests = []
    }
}

/// A device's own reading of cleartext FTP control, to open data connections or rewrite addresses.
public struct Inspection: Hashable, Sendable {
    /// Control ports that it watches.
    public var controlPorts: PortSet
    /// Whether a filter need not permit the data port by a line of its own.
    public var opensFilter: Bool
    /// Whether it rewrites the address of a 227.
    public var rewritesAddress: Bool
    public var source: SourceLine
    /// Only for sessions that enter or leave by this interface; nil: for all.
    public var interface: String?
    public var direction: Stage.Direction?
    /// Only for servers of these (own, untranslated) addresses; nil: for all.
    public var servers: AddressSet?
    /// Only for control connections on whose first packet a rule left this tag; nil: for all.
    public var assignedBy: String?
    /// What must be there beside it for expected data connections to go where the control
    /// connection was translated to (`the module nf_nat_ftp`); without, nothing is expected of a
    /// control connection with another address. Nil: it needs nothing, or it isn't modelled.
    public var followsBy: String?

    /// What Linux's FTP helper needs to follow a translation.
    public static let linuxTranslation = "the kernel module nf_nat_ftp"

    public init(
        controlPorts: PortSet, opensFilter: Bool, rewritesAddress: Bool, source: SourceLine
    ) {
        self.controlPorts = controlPorts
        self.opensFilter = opensFilter
        self.rewritesAddress = rewritesAddress
        self.source = source
    }
}
