/// One configuration file as it was understood.
public struct Configuration: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable { case server, firewall, nat }

    public var file: String
    /// The format's stable name: `iis6-metabase`.
    public var format: String
    public var kinds: [Kind]
    public var server: ServerSettings?
    public var device: Device?
    /// One for every line of the file, ascending.
    public var notes: [LineNote]
    /// Servers of the same program that answer otherwise at addresses of their own.
    public var virtualServers: [VirtualServer] = []
    /// The line of the virtual server that `server` is of; nil: the main one.
    public var virtualSource: SourceLine?
    /// Files given with this one of which nothing was read: no line names them.
    public var unused: [String] = []
    /// Why nothing of the file could be had, where that is so: `edge.cfg: no such file`.
    public var problem: String?

    public init(
        file: String, format: String, kinds: [Kind], server: ServerSettings? = nil,
        device: Device? = nil, notes: [LineNote]
    ) {
        self.file = file
        self.format = format
        self.kinds = kinds
        self.server = server
        self.device = device
        self.notes = notes
    }
}
