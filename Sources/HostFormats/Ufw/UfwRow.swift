import Net
import Policy
import PolicyText

/// A row of ufw's table: where to, what becomes of it, where from.
struct UfwRow: Hashable {
    /// One end of a rule.
    struct End: Hashable {
        /// Nil: anywhere.
        var addresses: AddressSet?
        var family: IPAddress.Family?
        /// Nil: all.
        var ports: PortSet?
        /// Lower case; nil: any.
        var transport: String?
        /// A profile's name.
        var application: String?
        var interface: String?
    }

    var to: End
    /// `ALLOW`, `DENY`, `REJECT` or `LIMIT`.
    var action: String
    /// `IN`, `OUT` or `FWD`.
    var direction: String
    var from: End

    private static let actions: Set<Substring> = ["ALLOW", "DENY", "REJECT", "LIMIT"]
    private static let ways: Set<Substring> = ["IN", "OUT", "FWD"]

    /// Nil where it is no row.
    init?(_ line: String) {
        var words = line.split { $0 == " " || $0 == "\t" }[...]
        // `[ 1] 22/tcp`
        if let first = words.first, first.hasPrefix("[") {
            guard let end = words.firstIndex(where: { $0.hasSuffix("]") }) else { return nil }
            words = words[(end + 1)...]
        }
        if let comment = words.firstIndex(of: "#") { words = words[..<comment] }
        guard let verb = words.firstIndex(where: Self.actions.contains), verb > words.startIndex
        else { return nil }
        action = String(words[verb])
        var rest = words[(verb + 1)...]
        direction = "IN"
        if let way = rest.first, Self.ways.contains(way) {
            direction = String(way)
            rest = rest.dropFirst()
        }
        // `(log, out)` behind the row.
        if let open = rest.lastIndex(where: {
            ["(log", "(log)", "(log-all", "(log-all)", "(out)", "(log,", "(log-all,"].contains($0)
        }) {
            if rest[open...].contains("out)") || rest[open...].contains("(out)") {
                direction = "OUT"
            }
            rest = rest[..<open]
        }
        guard let to = End(Array(words[..<verb])), let from = End(Array(rest)) else { return nil }
        self.to = to
        self.from = from
    }

    /// The SYNs that it is for; nil where none of TCP is.
    func match(_ profiles: [String: PortSet]) -> Match? {
        var match = Match()
        for end in [to, from] {
            if let word = end.transport, word != "tcp" { return nil }
        }
        let family = to.family ?? from.family ?? .v4
        let everyone: AddressSet = family == .v4 ? .allV4 : .allV6
        match.sources = from.addresses ?? everyone
        match.destinations = to.addresses
        match.destinationPorts = to.ports
        match.sourcePorts = from.ports
        if direction == "FWD" {
            match.entering = from.interface.map { .init([$0]) }
            match.leaving = to.interface.map { .init([$0]) }
        } else {
            match.entering = to.interface.map { .init([$0]) }
        }
        for (end, keeps) in [(to, true), (from, false)] {
            guard let name = end.application else { continue }
            guard let set = profiles[name] else {
                match.notModelled.append(
                    "the ports of profile \(name.excerpt) aren't in the output")
                continue
            }
            if set.isEmpty { return nil }
            if keeps { match.destinationPorts = set } else { match.sourcePorts = set }
        }
        return match
    }
}

extension UfwRow.End {
    /// `Anywhere`, `22/tcp`, `10.0.0.0/8 5001:5201/tcp`, `80,443/tcp (Apache Full (v6))`,
    /// `Apache Full`, each with `(v6)` or `on eth0` behind it; nil where it is none of these.
    init?(_ words: [Substring]) {
        var words = words
        guard !words.isEmpty else { return nil }
        if words.count >= 2, words[words.count - 2] == "on" {
            interface = String(words[words.count - 1])
            words.removeLast(2)
        }
        if words.contains(where: { $0 == "(v6)" || $0 == "(v6))" }) { family = .v6 }
        if let open = words.firstIndex(where: { $0.hasPrefix("(") }) {
            words = Array(words[..<open])
        }
        guard let first = words.first else {
            // Only an interface.
            guard interface != nil else { return nil }
            return
        }
        let (bare, word) = Self.transport(first)
        if bare == "Anywhere" {
            transport = word
            words.removeFirst()
        } else if let set = CloudValues.addresses(String(bare)) {
            addresses = set
            family = set.first?.family
            transport = word
            words.removeFirst()
        }
        guard let next = words.first else { return }
        let (list, kind) = Self.transport(next)
        if words.count == 1, let set = PortSet.ufw(list) {
            ports = set
            transport = kind ?? transport
        } else if words.count == 1, kind != nil {
            return nil
        } else {
            application = words.joined(separator: " ")
        }
    }

    private static let transports: Set<String> = [
        "tcp", "udp", "ah", "esp", "gre", "igmp", "ipv6", "vrrp",
    ]

    /// Cuts a protocol off.
    private static func transport(_ word: Substring) -> (Substring, String?) {
        guard let slash = word.lastIndex(of: "/") else { return (word, nil) }
        let name = word[word.index(after: slash)...].lowercased()
        return transports.contains(name) ? (word[..<slash], name) : (word, nil)
    }
}
