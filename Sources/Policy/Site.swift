public import Net

/// What the site's owner says stands where: servers, and the devices between clients and them.
public struct Site: Hashable, Sendable {
    public var title: String?
    public var servers: [SiteServer]
    /// Outermost first.
    public var hops: [Hop]
    public var tap: Tap
    public var waivers: [Waiver]
    /// Control standards to map findings to, by name; empty: all that are known.
    public var standards: [String]
    /// Bounds of what is kept while packets are read, by name, where they are stated.
    public var limits: [String: Int] = [:]

    public init(
        title: String? = nil, servers: [SiteServer] = [], hops: [Hop] = [], tap: Tap = .unknown,
        waivers: [Waiver] = [], standards: [String] = []
    ) {
        self.title = title
        self.servers = servers
        self.hops = hops
        self.tap = tap
        self.waivers = waivers
        self.standards = standards
    }

    /// Where the capture was taken.
    public enum Tap: String, Hashable, Sendable, CaseIterable {
        case outside, between, inside, server, unknown
    }

    /// The hops in front of a server, outermost first.
    public func path(to server: SiteServer) -> [Hop] {
        hops.filter { $0.on.isEmpty || $0.on.contains(server.name) }
    }
}

/// A server of the site.
public struct SiteServer: Hashable, Sendable {
    public var name: String
    /// Where clients reach it. Empty only for the server made of command line options.
    public var addresses: [IPAddress]
    /// Its own addresses; where no NAT stands between, the same.
    public var inside: [IPAddress]
    /// Control ports: as stated, else as its configuration says, else 21.
    public var control: [UInt16]
    public var configuration: Configuration?
    /// Stated by hand.
    public var statedPassive: Setting<PortSet>?
    public var changed: Timestamp?
    /// Who must get in.
    public var clients: AddressSet
    /// Concurrent sessions that it is meant to carry.
    public var sessions: Int?
    /// Its line in the site file.
    public var source: SourceLine

    public init(
        name: String, addresses: [IPAddress], inside: [IPAddress]? = nil, control: [UInt16] = [21],
        configuration: Configuration? = nil, clients: AddressSet = .all, source: SourceLine
    ) {
        self.name = name
        self.addresses = addresses
        self.inside = inside ?? addresses
        self.control = control
        self.configuration = configuration
        self.clients = clients
        self.source = source
    }

    /// Where connections to it are to arrive: inside, and as they came where it has no inside
    /// address of a family.
    public var ends: [IPAddress] {
        inside + addresses.filter { own in !inside.contains { $0.family == own.family } }
    }
}

/// A device on the path, at its place.
public struct Hop: Hashable, Sendable {
    public var name: String
    public var configuration: Configuration
    public var place: Device.Place
    public var outside: String?
    public var inside: String?
    /// The list that is in force, where the file holds several.
    public var select: String?
    /// Names of the servers that it stands before; empty: all.
    public var on: [String]
    public var source: SourceLine

    public init(
        name: String, configuration: Configuration, place: Device.Place, outside: String? = nil,
        inside: String? = nil, select: String? = nil, on: [String] = [], source: SourceLine
    ) {
        self.name = name
        self.configuration = configuration
        self.place = place
        self.outside = outside
        self.inside = inside
        self.select = select
        self.on = on
        self.source = source
    }
}

/// A finding that somebody answers for: it stays in the report and does not count.
public struct Waiver: Hashable, Sendable {
    public var rule: String
    /// A server's name; nil: all.
    public var server: String?
    public var reason: String
    public var owner: String?
    /// The last day on which it holds.
    public var until: Timestamp?
    public var source: SourceLine

    public init(rule: String, server: String?, reason: String, source: SourceLine) {
        self.rule = rule
        self.server = server
        self.reason = reason
        self.source = source
    }
}
