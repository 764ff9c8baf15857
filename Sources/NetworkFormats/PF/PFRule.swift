import Net
import Policy

/// Addresses as a rule names them.
struct PFHosts {
    /// What is known to be meant.
    var set = AddressSet()
    /// The host's own addresses are meant too, of these interfaces or all.
    var own: [String] = []
    /// What may be meant beside that, and isn't in the file.
    var unknown: [String] = []

    static let any: PFHosts = {
        var hosts = PFHosts()
        hosts.set = .all
        return hosts
    }()

    var isAny: Bool { self.set == AddressSet.all }
}

/// A rule of pf, macros put in and lists made sets.
struct PFRule {
    enum Kind: Equatable {
        case pass
        /// Whether the sender is told; nil: as `set block-policy` says.
        case block(answers: Bool?)
        case match
        case rdr, nat, binat
        /// An anchor whose rules aren't in the file.
        case anchor(String)
        /// It isn't understood.
        case puzzle(String)
    }

    enum Direction { case entering, leaving }

    var kind: Kind
    var first: Int
    var last: Int
    var direction: Direction?
    var quick = false
    /// `rdr pass`, `no rdr`.
    var passes = false
    var isNegated = false
    var interfaces: [String] = []
    var notOn = false
    var family: IPAddress.Family?
    var never: String?
    var sources = PFHosts.any
    var sourcePorts: PortSet?
    var destinations = PFHosts.any
    var destinationPorts: PortSet?
    var doubts: [String] = []
    var tag: String?
    var tagged: [(name: String, negated: Bool)] = []
    var receivedOn: [String] = []
    /// Where the destination is rewritten to; binat: of what comes from outside.
    var target: PFTarget?
    /// The source is rewritten on the way out.
    var hidesSource = false
    /// Rules of an anchor that end the search where one of them matches.
    var inner: [PFRule]?
}

struct PFTarget {
    var hosts: PFHosts
    /// Nil: kept. `2000:*` goes on as far as the range asked for.
    var firstPort: UInt16?
    var lastPort: UInt16?
    var goesOn = false
    /// The host itself takes it (`divert-to`).
    var isLocal = false
    var unknown: String?
}
