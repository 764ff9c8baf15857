public import Net
public import Policy

/// What an audit is given, besides the server that is judged.
public struct AuditContext: Sendable {
    public var site: Site
    /// Whether there is traffic at all; without, only configuration is held against configuration.
    public var hasTraffic: Bool
    /// Whether a site, a range or a firewall was given at all.
    public var hasPolicy: Bool
    /// First and last packet time over all captures.
    public var span: ClosedRange<Timestamp>?
    public var servers: [ServerView]

    public init(
        site: Site, hasTraffic: Bool, hasPolicy: Bool, span: ClosedRange<Timestamp>?,
        servers: [ServerView]
    ) {
        self.site = site
        self.hasTraffic = hasTraffic
        self.hasPolicy = hasPolicy
        self.span = span
        self.servers = servers
    }
}
