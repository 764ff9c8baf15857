public import Net

/// What an FTP server's own configuration says, free of any vendor's words.
public struct ServerSettings: Hashable, Sendable {
    public enum Passive: Hashable, Sendable {
        /// The server takes its passive ports from here.
        case ports(ClosedRange<UInt16>)
        /// The host's dynamic range decides; the usual one where the product names it.
        case osDynamic(usual: ClosedRange<UInt16>?)
    }

    public enum Origin: String, Hashable, Sendable {
        case set, `default`, invalid
        /// The text leaves it open: a template's placeholder stands for it.
        case unknown
    }

    public enum TLS: String, Hashable, Sendable { case none, optional, required, implicit }

    /// The ports that the server will really use by its own rules; nil where the value is invalid.
    public var passive: Passive?
    public var passiveFrom: Origin
    /// The lines that set the range, or the default's name.
    public var passiveSources: [SourceLine]
    /// What is wrong with an invalid range, as a clause: `4000 is below 5001`.
    public var passiveProblem: String?
    /// The address that a 227 will carry where one is configured.
    public var advertisedAddress: Setting<IPAddress>?
    /// A host name configured in its place.
    public var advertisedName: Setting<String>?
    /// Control ports; one is the rule. Never empty.
    public var control: [Setting<UInt16>]
    public var tls: Setting<TLS>
    /// Why `tls` may be another, as a clause: `line 4 includes files that weren't given`; nil where
    /// it is known.
    public var tlsProblem: String?
    /// What lets data go in clear text although TLS begins with the connection; nil: nothing, or
    /// `tls` is another.
    public var clearData: SourceLine?
    /// Whether PORT and EPRT are served.
    public var active: Setting<Bool>
    /// Passive mode as a whole is switched off.
    public var passiveDisabled: Setting<Bool>?
    /// Whether a data connection from another host than the client is taken; nil: not known.
    public var foreignPassivePeers: Setting<Bool>?
    /// Whether PORT and EPRT may name another host than the client; nil: not known.
    public var foreignActivePeers: Setting<Bool>?
    /// A range of this one port is set, and the product refuses it for being one port alone.
    public var onePortRefused: Setting<UInt16>?
    /// The most users at once that the configuration names; nil: not stated, or none.
    public var maxUsers: Setting<Int>?
    /// The ports that the host hands out to every program; nil where no file tells.
    public var dynamicPorts: Setting<ClosedRange<UInt16>>?
    /// Whether the host's access control lets the server listen on passive ports (SELinux's
    /// `ftpd_use_passive_mode`); nil where no file tells.
    public var hostPassive: Setting<Bool>?
    /// The name by which the host loads the kernel's FTP helper; nil where no file tells.
    public var helperModule: Setting<String>?
    public var behaviour: ServerBehaviour

    public init(
        passive: Passive?, passiveFrom: Origin, passiveSources: [SourceLine],
        control: [Setting<UInt16>], tls: Setting<TLS>, active: Setting<Bool>,
        behaviour: ServerBehaviour
    ) {
        self.passive = passive
        self.passiveFrom = passiveFrom
        self.passiveSources = passiveSources
        self.control = control
        self.tls = tls
        self.active = active
        self.behaviour = behaviour
    }
}

/// How a server product behaves, as facts that rules need. Nil is "not known".
public struct ServerBehaviour: Hashable, Sendable {
    /// The product as people call it: `IIS 6`, `vsftpd`.
    public var product: String
    /// Ports that the product accepts as a passive range.
    public var acceptedPorts: ClosedRange<UInt16>
    /// Whether a range of one port is accepted.
    public var onePortAccepted: Bool
    /// Whether it offers a port outside its range when the range is full.
    public var leavesRangeWhenFull: Bool?
    /// Whether a changed range waits for a restart.
    public var restartNeeded: Bool?
    /// The range that it falls back to while its own is not in force.
    public var fallbackRange: ClosedRange<UInt16>?
    /// Ports of a configured range for each user whom it lets in, one user at least; nil where the
    /// range limits transfers alone.
    public var portsPerUser: Int?

    public init(
        product: String, acceptedPorts: ClosedRange<UInt16>, onePortAccepted: Bool,
        leavesRangeWhenFull: Bool? = nil, restartNeeded: Bool? = nil,
        fallbackRange: ClosedRange<UInt16>? = nil, portsPerUser: Int? = nil
    ) {
        self.product = product
        self.acceptedPorts = acceptedPorts
        self.onePortAccepted = onePortAccepted
        self.leavesRangeWhenFull = leavesRangeWhenFull
        self.restartNeeded = restartNeeded
        self.fallbackRange = fallbackRange
        self.portsPerUser = portsPerUser
    }
}
