public import Net
public import Policy

/// What an audit is given, besides the server that is judged.
public struct AuditContext: Sendable {
    public var site: Site
    /// Whether there is traffic at all; without, only configuration is held against configuration.
    public var hasTraffic: Bool
    /// All servers that the site names; none where no site was given.
    public var inventory: [SiteServer]
    /// First and last packet time over all captures.
    public var span: ClosedRange<Timestamp>?
    public var servers: [ServerView]

    public init(
        site: Site, hasTraffic: Bool, inventory: [SiteServer], span: ClosedRange<Timestamp>?,
        servers: [ServerView]
    ) {
        self.site = site
        self.hasTraffic = hasTraffic
        self.inventory = inventory
        self.span = span
        self.servers = servers
    }
}
