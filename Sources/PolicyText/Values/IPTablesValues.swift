package import Net

/// Port and address values, as iptables writes and reads them.
package enum IPTablesValues {
    /// What a value that can't be taken is.
    package enum Problem: Error, Hashable {
        /// The kernel's tools would refuse it.
        case invalid(String)
        /// It is a name that another file or a name server resolves.
        case unresolved(String)
    }

    /// `/etc/services` names that rules carry, of TCP.
    package static let services: [String: UInt16] = [
        "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "http": 80,
        "www": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111, "auth": 113, "ident": 113,
        "nntp": 119, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139,
        "imap": 143, "imap2": 143, "snmp": 161, "bgp": 179, "irc": 194, "ldap": 389, "https": 443,
        "microsoft-ds": 445, "submissions": 465, "smtps": 465, "submission": 587, "ldaps": 636,
        "rsync": 873, "ftps-data": 989, "ftps": 990, "telnets": 992, "imaps": 993, "pop3s": 995,
        "socks": 1080,
        "openvpn": 1194, "ms-sql-s": 1433, "mysql": 3306, "postgresql": 5432, "x11": 6000,
        "http-alt": 8080,
    ]

    package static func port(_ text: String) throws(Problem) -> UInt16 { try port(text[...]) }

    package static func port(_ text: Substring) throws(Problem) -> UInt16 {
        if let known = services[String(text)] { return known }
        guard let first = text.first, first.isASCII, first.isNumber else {
            throw text.isEmpty ? .invalid("a port is missing") : .unresolved("service name \(text)")
        }
        guard let number = number(text).flatMap({ UInt16(exactly: $0) }) else {
            throw .invalid("'\(text)' is no port")
        }
        return number
    }

    /// `21`, `5001:5201`, `:1023`, `1024:`.
    package static func range(_ text: String) throws(Problem) -> ClosedRange<UInt16> {
        try range(text[...])
    }

    package static func range(_ text: Substring) throws(Problem) -> ClosedRange<UInt16> {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            let one = try port(text)
            return one...one
        }
        let low = parts[0].isEmpty ? 0 : try port(parts[0])
        let high = parts[1].isEmpty ? 65535 : try port(parts[1])
        guard low <= high else { throw .invalid("range \(text) is reversed") }
        return low...high
    }

    /// `21,990,50000:50100`, as `-m multiport` takes it: at most 15, a range counting two.
    package static func list(_ text: String) throws(Problem) -> PortSet {
        var ranges: [ClosedRange<UInt16>] = []
        var count = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            ranges.append(try range(part))
            count += part.contains(":") ? 2 : 1
        }
        guard count <= 15 else { throw .invalid("more than 15 ports") }
        return PortSet(ranges)
    }

    /// `10.1.1.10`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, several separated by commas.
    package static func addresses(_ text: String) throws(Problem) -> AddressSet {
        guard text.utf8.contains(0x2c) else { return try block(text) }
        var ranges: [ClosedRange<IPAddress>] = []
        for part in text.split(separator: ",") { ranges += try block(String(part)).ranges }
        guard !ranges.isEmpty else { throw .invalid("an address is missing") }
        return AddressSet(ranges)
    }

    private static func block(_ text: String) throws(Problem) -> AddressSet {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let base = parts[0] == "0" ? "0.0.0.0" : String(parts[0])
        guard let address = address(base) else {
            let numeric = base.allSatisfy { $0.isNumber || $0 == "." || $0 == ":" }
            throw numeric ? .invalid("'\(text)' is no address") : .unresolved("host name \(base)")
        }
        guard parts.count == 2 else { return AddressSet(address) }
        if let length = number(parts[1]), let prefix = Prefix(address, length: Int(length)) {
            return AddressSet(prefix)
        }
        guard let mask = IPAddress(String(parts[1])), mask.family == address.family else {
            throw .invalid("'\(parts[1])' is no mask")
        }
        if address.family == .v6 {
            guard let prefix = Prefix(address, length: (~mask.bits).leadingZeroBitCount),
                mask.bits.nonzeroBitCount == prefix.length
            else { throw .unresolved("the mask of \(text), whose bits are scattered,") }
            return AddressSet(prefix)
        }
        let wildcard = ~UInt32(truncatingIfNeeded: mask.bits)
        guard let set = AddressSet(v4: UInt32(truncatingIfNeeded: address.bits), wildcard: wildcard)
        else { throw .unresolved("the mask of \(text), whose bits are scattered,") }
        return set
    }

    /// `10.0.0.1-10.0.0.9`.
    package static func addressRange(_ text: some StringProtocol) throws(Problem) -> ClosedRange<
        IPAddress
    > {
        let parts = text.split(separator: "-", maxSplits: 1)
        guard let first = parts.first, let last = parts.last, let low = address(String(first)),
            let high = address(String(last)), low.family == high.family, low <= high
        else { throw .invalid("'\(text)' is no range of addresses") }
        return low...high
    }

    /// `0x1/0xff`, `1`.
    package static func mark(_ text: String) throws(Problem) -> (value: UInt32, mask: UInt32) {
        let parts = text.split(separator: "/", maxSplits: 1).map { number($0) }
        guard let first = parts.first, let value = first else {
            throw .invalid("'\(text)' is no mark")
        }
        guard parts.count == 2 else { return (value, .max) }
        guard let mask = parts[1] else { throw .invalid("'\(text)' is no mark") }
        return (value, mask)
    }

    /// An address, the numbers of IPv4 of any base: `010.0.0.1` is 8.0.0.1.
    package static func address(_ text: String) -> IPAddress? {
        if let plain = IPAddress(text) { return plain }
        let isWhole = text.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 3
        return isWhole ? ServerText.aton(text) : nil
    }

    /// As iptables and nft read a number.
    package static func number(_ text: some StringProtocol) -> UInt32? { ServerText.strtoul(text) }
}
