import Net
import Policy
import PolicyText

/// A table: its entries, of which the most specific counts.
struct PFTable {
    var line: Int
    var entries: [(prefix: ClosedRange<IPAddress>, negated: Bool)] = []
    var unknown: [String] = []
    var isPersistent = false

    /// What it comes to; made once, when all of it is read.
    private(set) var hosts = PFHosts()

    mutating func settle() {
        hosts = PFHosts()
        var ranges: [ClosedRange<IPAddress>] = []
        let ordered = entries.enumerated().sorted { a, b in
            let sizes = [a, b].map {
                $0.element.prefix.upperBound.bits &- $0.element.prefix.lowerBound.bits
            }
            return sizes[0] == sizes[1] ? a.offset < b.offset : sizes[0] > sizes[1]
        }
        for (_, entry) in ordered {
            guard entry.negated else {
                ranges.append(entry.prefix)
                continue
            }
            hosts.set = AddressSet(hosts.set.ranges + ranges)
            ranges = []
            hosts.set.subtract(AddressSet(entry.prefix))
        }
        hosts.set = AddressSet(hosts.set.ranges + ranges)
        hosts.unknown = unknown
    }
}

/// Addresses and ports.
extension PFReader {
    /// `any`, `!host`, `{ … }`.
    func hosts(_ rest: inout PFWords) throws(PFFault) -> PFHosts {
        var all = PFHosts()
        var inside = rest
        try inside.list { (words) throws(PFFault) in
            let one = try self.host(&words)
            all.set = all.set.union(one.set)
            all.own += one.own
            all.names += one.names
            all.unknown += one.unknown
        }
        rest = inside
        return all
    }

    private func host(_ rest: inout PFWords) throws(PFFault) -> PFHosts {
        if rest.take(sign: "!") {
            var hosts = try host(&rest)
            hosts.set = hosts.set.complement
            if !hosts.own.isEmpty || !hosts.names.isEmpty {
                let names = (hosts.own + hosts.names).joined(separator: ", ")
                hosts.unknown.append("the addresses of \(names) aren't in the file")
                (hosts.own, hosts.names) = ([], [])
            }
            if !hosts.unknown.isEmpty { hosts.set = AddressSet() }
            return hosts
        }
        if rest.take(sign: "<") {
            let name = try rest.next("a table's name")
            guard rest.take(sign: ">") else { throw PFFault("a table's name isn't closed") }
            return table(name)
        }
        if rest.take(sign: "(") {
            let name = try rest.next("an interface")
            guard rest.take(sign: ")") else { throw PFFault("a parenthesis isn't closed") }
            _ = try length(&rest)
            return own(name)
        }
        let quoted = rest.peek?.kind == .string
        let word = try rest.next("an address")
        switch word {
        case "any" where !quoted: return .any
        case "no-route", "urpf-failed": return PFHosts()
        case "self": return own("self")
        case "route":
            var hosts = PFHosts()
            hosts.unknown = ["route label \(try rest.next("a label"))"]
            return hosts
        default: break
        }
        if let range = try addresses(word, &rest) {
            var hosts = PFHosts()
            hosts.set = AddressSet(range)
            return hosts
        }
        return own(word, isBare: !word.contains(":"))
    }

    /// `pfctl -vsr` tells how many entries a table has, or `*` where none was made of that name
    /// (print_addr of pfctl_parser.c).
    private func table(_ name: String) -> PFHosts {
        let parts = name.split(separator: ":", maxSplits: 1)
        if let known = parts.first.flatMap({ tables[String($0)] }) { return known.hosts }
        var hosts = PFHosts()
        if parts.count < 2 || parts[1] != "0" && parts[1] != "*" {
            hosts.unknown = ["what table \(parts.first ?? "") holds isn't in the file"]
        }
        return hosts
    }

    /// A network or range; nil where the word is none.
    func addresses(
        _ word: String, _ rest: inout PFWords
    ) throws(PFFault) -> ClosedRange<IPAddress>? {
        let bare = word.split(separator: "%").first.map(String.init) ?? word
        if rest.sign == "/" {
            let octets = bare.split(separator: ".")
            let padded =
                octets.count < 4 && bare.allSatisfy { $0.isNumber || $0 == "." }
                ? (octets.map(String.init) + Array(repeating: "0", count: 4 - octets.count))
                    .joined(separator: ".") : bare
            guard let address = IPAddress(padded) else { return nil }
            guard let length = try length(&rest), let prefix = Prefix(address, length: length)
            else { throw PFFault("no prefix of \(word)") }
            return prefix.address...prefix.last
        }
        guard let address = IPAddress(bare) else { return nil }
        if rest.peek?.isWord("-") == true {
            rest.skip()
            let last = try rest.next("an address")
            guard let end = IPAddress(last), end.family == address.family, address <= end else {
                throw PFFault("no range of addresses")
            }
            return address...end
        }
        return address...address
    }

    private func length(_ rest: inout PFWords) throws(PFFault) -> Int? {
        guard rest.take(sign: "/") else { return nil }
        guard let length = Int(try rest.next("a prefix length")), (0...128).contains(length) else {
            throw PFFault("no prefix length")
        }
        return length
    }

    /// What an interface's name, perhaps with `:network`, stands for.
    private func own(_ name: String, isBare: Bool = false) -> PFHosts {
        var hosts = PFHosts()
        let parts = name.split(separator: ":").map(String.init)
        let interface = parts.first ?? name
        if interface == "lo" || interface == "lo0" || interface == "localhost" {
            hosts.set = AddressSet(
                [Prefix("127.0.0.0/8"), Prefix("::1/128")].compactMap {
                    $0.map { $0.address...$0.last }
                })
            return hosts
        }
        if interface.contains(".") {
            hosts.unknown = ["\(name) is a name, not an address"]
        } else if parts.contains("network") || parts.contains("broadcast") || parts.contains("peer")
        {
            hosts.unknown = ["the networks of \(interface) aren't in the file"]
        } else if isBare {
            hosts.names = [interface]
        } else {
            hosts.own = [interface]
        }
        return hosts
    }

    // MARK: ports

    func ports(_ rest: inout PFWords) throws(PFFault) -> (PortSet?, [String]) {
        var set = PortSet()
        var doubts: [String] = []
        try rest.list { (words) throws(PFFault) in
            let one = try Self.ports(&words)
            if let known = one.0 { set = set.union(known) }
            doubts += one.1
        }
        return (doubts.isEmpty ? set : nil, doubts)
    }

    private static func ports(_ rest: inout PFWords) throws(PFFault) -> (PortSet?, [String]) {
        let sign = rest.sign
        if ["=", "!=", "<", "<=", ">", ">="].contains(sign) {
            rest.skip()
            let word = try rest.next("a port")
            guard let port = port(word) else { return (nil, ["port \(word) isn't known here"]) }
            switch sign {
            case "=": return (PortSet(port...port), [])
            case "!=": return (PortSet(port...port).complement, [])
            case "<": return (port.previous.map { PortSet(0...$0) } ?? PortSet(), [])
            case "<=": return (PortSet(0...port), [])
            case ">": return (port.next.map { PortSet($0...65535) } ?? PortSet(), [])
            default: return (PortSet(port...65535), [])
            }
        }
        let word = try rest.next("a port")
        if word.contains(":") {
            let ends = word.split(separator: ":", omittingEmptySubsequences: false)
            guard ends.count == 2 else { throw PFFault("no range of ports") }
            guard let low = ends[0].isEmpty ? 0 : port(String(ends[0])),
                let high = ends[1].isEmpty ? 65535 : port(String(ends[1]))
            else { return (nil, ["ports \(word) aren't known here"]) }
            // Backwards, it holds nothing: pf takes it so.
            return (low <= high ? PortSet(low...high) : PortSet(), [])
        }
        guard let low = port(word) else { return (nil, ["port \(word) isn't known here"]) }
        guard rest.sign == "><" || rest.sign == "<>" else { return (PortSet(low...low), []) }
        let outside = rest.sign == "<>"
        rest.skip()
        let end = try rest.next("a port")
        guard let high = port(end) else { return (nil, ["port \(end) isn't known here"]) }
        if outside {
            return (low <= high ? PortSet(low...high).complement : .all, [])
        }
        guard let after = low.next, let before = high.previous, after <= before else {
            return (PortSet(), [])
        }
        return (PortSet(after...before), [])
    }

    static func port(_ word: String) -> UInt16? {
        UInt16(word) ?? IPTablesValues.services[word.lowercased()]
    }
}
