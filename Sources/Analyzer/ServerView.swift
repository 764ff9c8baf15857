public import FTP
public import Net
public import Policy

/// All that is known of one server: what was meant, what stands before it, what the wire showed.
public struct ServerView: Sendable {
    /// The name in the site, else the endpoint of its control port.
    public let name: String
    /// Nil for a server that the site doesn't name.
    public let site: SiteServer?
    /// Addresses at which clients reach it.
    public let addresses: [IPAddress]
    public let control: [UInt16]
    public let settings: ServerSettings?
    /// Outermost first; empty where no device is known.
    public let path: [Hop]
    /// Sessions with it, in the order of their first frames.
    public let sessions: ServerSessions
    /// Attempts to reach its control ports that never came to a dialogue.
    public let attempts: [ControlAttempt]
    /// Announcements in those sessions, in order.
    public let offers: Offers
    /// Those of passive ports that could be read.
    let passiveOffers: Offers
    /// Those of them that are about the server's own ports: they name one of its addresses, or one
    /// at which the client then looked for it there all the same.
    let ownOffers: Offers
    /// The most passive data connections that were open at one time, or offered and not yet taken.
    let mostOpenAtOnce: Int

    /// The ports that it was meant to offer, and what says so; nil where nobody says.
    public let configured: PortSet?
    public let configuredSources: [SourceLine]
    /// Who reaches which of its ports, an answer an address; empty where the path is.
    public let reach: [Reach]
    /// The same for sessions at its further control ports, where a device tells them apart; `reach`
    /// is of the first.
    let reachOfOthers: [UInt16: [Reach]]
    /// The same for a session whose control connection is encrypted.
    public let reachEncrypted: [Reach]

    /// Ports that every client who must get in may open at every address, by a line of their own.
    public let permitted: PortSet
    /// Ports that are open only while a device reads them in a cleartext control connection.
    public let inspected: PortSet
    /// Ports that are open to some of these clients, or at some of its addresses, alone.
    public let openToSome: PortSet
    /// Ports whose fate isn't known.
    public let undecided: PortSet
    /// Ports that are delivered to the server's own address; all where nothing translates.
    public let translated: PortSet
    /// Ports that passive announcements named.
    public let offered: PortSet

    /// The answers for sessions at whichever control port.
    var everyReach: [Reach] { reach + control.flatMap { reachOfOthers[$0] ?? [] } }

    /// The segments of the answers that hold the port.
    public func segments(for port: UInt16) -> [Reach.Segment] {
        reach.flatMap(\.segments).filter { $0.ports.contains(port) }
    }
}
