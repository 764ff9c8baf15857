import Net
import Policy

/// Addresses as a rule names them.
struct PFHosts {
    /// What is known to be meant.
    var set = AddressSet()
    /// The host's own addresses are meant too, of these interfaces or all.
    var own: [String] = []
    /// Words that name an interface, or a host whose address isn't in the file.
    var names: [String] = []
    /// What may be meant beside that, and isn't in the file.
    var unknown: [String] = []

    /// What both stand for; nil where that isn't wholly in the file.
    func common(_ other: PFHosts) -> PFHosts? {
        if isAny { return other }
        if other.isAny { return self }
        guard [self, other].allSatisfy({ $0.own.isEmpty && $0.unknown.isEmpty }) else { return nil }
        var both = self
        both.set = set.intersection(other.set)
        return both
    }

    static let any: PFHosts = {
        var hosts = PFHosts()
        hosts.set = .all
        return hosts
    }()

    var isAny: Bool { self.set == AddressSet.all }

    /// pf.conf(5): a host name stands where an interface's name may.
    mutating func settle(_ interfaces: Set<String>) {
        for name in names {
            if interfaces.contains(name) {
                own.append(name)
            } else {
                unknown.append("\(name) may be the name of a host")
            }
        }
        names = []
    }
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
    /// Without state the answers need a rule of their own.
    var keepsState = true
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

    /// Interfaces that it says to be such.
    var namedInterfaces: [String] {
        interfaces + receivedOn + (inner ?? []).flatMap(\.namedInterfaces)
    }

    mutating func settle(_ interfaces: Set<String>) {
        sources.settle(interfaces)
        destinations.settle(interfaces)
        if var target, !target.hosts.names.isEmpty {
            target.hosts.settle(interfaces)
            target.unknown = target.unknown ?? target.hosts.unknown.first
            self.target = target
        }
        for place in (inner ?? []).indices { inner?[place].settle(interfaces) }
    }

    /// A rule of an anchor holds where both its own interfaces and the anchor's do.
    mutating func narrow(toInterfacesOf anchor: PFRule) {
        guard !anchor.interfaces.isEmpty else { return }
        if interfaces.isEmpty || (interfaces == anchor.interfaces && notOn == anchor.notOn) {
            (interfaces, notOn) = (anchor.interfaces, anchor.notOn)
            return
        }
        let names = interfaces + anchor.interfaces
        // A name without a number may be a group, of which the other may be a member.
        guard names.allSatisfy({ $0.last?.isNumber == true }) else {
            doubts.append("interfaces of its anchor")
            return
        }
        switch (notOn, anchor.notOn) {
        case (false, false): interfaces.removeAll { !anchor.interfaces.contains($0) }
        case (false, true): interfaces.removeAll { anchor.interfaces.contains($0) }
        case (true, false):
            interfaces = anchor.interfaces.filter { !interfaces.contains($0) }
            notOn = false
        case (true, true): interfaces = names
        }
        if interfaces.isEmpty { never = "its anchor is for other interfaces" }
    }
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
