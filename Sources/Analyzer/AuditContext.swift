public import Net
public import Policy

/// What an audit is given, besides the server that is judged.
public struct AuditContext: Sendable {
    public var site: Site
    /// Whether there is traffic at all; without, only configuration is held against configuration.
    public var hasTraffic: Bool
    /// Whether a site was given, so that a server which it doesn't name is a stranger.
    public var isInventory: Bool
    /// First and last packet time over all captures.
    public var span: ClosedRange<Timestamp>?
    public var servers: [ServerView]

    public init(
        site: Site, hasTraffic: Bool, isInventory: Bool, span: ClosedRange<Timestamp>?,
        servers: [ServerView]
    ) {
        self.site = site
        self.hasTraffic = hasTraffic
        self.isInventory = isInventory
        self.span = span
        self.servers = servers
    }
}
