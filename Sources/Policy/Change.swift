public import Net

/// A change that mends a finding, free of any vendor's words; a format turns it into commands.
public enum Change: Hashable, Sendable {
    /// Set the server's passive range.
    case setPassiveRange(ClosedRange<UInt16>)
    /// Have the server announce this address.
    case advertise(IPAddress)
    /// Have the server demand TLS for login and data.
    case requireTLS
    /// Refuse PORT and data connections that name or come from another host than the client.
    case refuseForeignPeers
    /// Switch active mode off.
    case refuseActive
    /// Put a changed configuration in force.
    case restart
    /// Let new TCP connections to these ports of the address pass; above any line that denies them.
    case permit(PortSet, to: IPAddress)
    /// Take away what opens these ports of the address.
    case forbid(PortSet, to: IPAddress)
    /// Translate these ports of the outside address to the inside one, ports kept.
    case translate(PortSet, outside: IPAddress, inside: IPAddress)
    /// Set something of a device beside its lists.
    case set(DeviceSetting)
}

/// A setting of a device that is none of its lists.
public enum DeviceSetting: Hashable, Sendable {
    /// Read cleartext control connections at these ports of the server (its own address) too.
    case readControl(PortSet, server: IPAddress)
    /// Leave control connections alone.
    case ignoreControl
    /// Keep TCP connections on which nothing is sent for as many seconds.
    case keepIdle(Int)
}

/// Commands that carry out a change on one platform.
public struct Fix: Hashable, Sendable {
    /// The platform as people call it: `Windows Server 2003 (netsh firewall)`.
    public var platform: String
    /// The server or hop by its name in the site, where it has one.
    public var device: String?
    /// Whole runnable lines, or lines of the configuration's own language; comments in its syntax.
    public var commands: [String]
    /// What takes the commands back.
    public var undo: [String]
    /// What puts them in force, if more is needed.
    public var restart: [String]

    public init(
        platform: String, device: String? = nil, commands: [String], undo: [String] = [],
        restart: [String] = []
    ) {
        self.platform = platform
        self.device = device
        self.commands = commands
        self.undo = undo
        self.restart = restart
    }
}
