import Net
import PolicyText

/// Reads what a rule wants to see as sets of addresses, ports and numbers.
enum NftValues {
    enum Problem: Error, Hashable {
        /// nft refuses it; the file doesn't load.
        case invalid(String)
        /// It can't be told from the file.
        case unresolved(String)
    }

    /// IANA protocol numbers, by their names in /etc/protocols.
    static let protocols: [String: Int] = [
        "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "dccp": 33, "gre": 47, "esp": 50, "ah": 51,
        "ipv6-icmp": 58, "icmpv6": 58, "ipcomp": 108, "comp": 108, "sctp": 132, "udplite": 136,
        "ospf": 89, "pim": 103, "vrrp": 112, "ipv6": 41, "ip": 0, "ipencap": 4, "egp": 8,
        "l2tp": 115, "eigrp": 88, "rsvp": 46, "mobility-header": 135,
    ]

    static func number(_ text: String) -> UInt32? { IPTablesValues.number(text) }

    static func port(_ expression: NftExpression) throws(Problem) -> UInt16 {
        guard let name = expression.name else {
            throw .unresolved("port \(expression.text)")
        }
        // What is no number to nft (`08`) is a decimal one to the library's getaddrinfo(3).
        if let number = number(name) ?? UInt32(name) {
            guard let port = UInt16(exactly: number) else {
                throw .invalid("\(name) is no port")
            }
            return port
        }
        do { return try IPTablesValues.port(name) } catch {
            guard name.first?.isNumber != true else { throw .invalid("'\(name)' is no port") }
            throw .unresolved("service name \(name)")
        }
    }

    static func address(_ expression: NftExpression) throws(Problem) -> IPAddress {
        guard let name = expression.name else {
            throw .unresolved("address \(expression.text)")
        }
        if let address = IPTablesValues.address(name) { return address }
        let numeric = name.allSatisfy { $0.isNumber || $0 == "." || $0 == ":" }
        throw numeric ? .invalid("'\(name)' is no address") : .unresolved("host name \(name)")
    }

    static func ports(_ expression: NftExpression) throws(Problem) -> PortSet {
        switch expression {
        case .wildcard: return .all
        case .range(let low, let high):
            let (first, last) = (try port(low), try port(high))
            guard first <= last else { throw .invalid("range \(expression.text) is reversed") }
            return PortSet(first...last)
        case .prefix, .list, .operation, .concatenation, .field, .map, .other, .named, .set,
            .verdict:
            throw .unresolved("port \(expression.text)")
        case .word, .quoted:
            let one = try port(expression)
            return PortSet(one...one)
        }
    }

    static func addresses(
        _ expression: NftExpression, _ family: IPAddress.Family
    ) throws(Problem) -> AddressSet {
        let set = try anyAddresses(expression)
        guard let first = set.first, first.family != family, expression != .wildcard else {
            return set.intersection(family == .v4 ? .allV4 : .allV6)
        }
        throw .invalid("'\(expression.text)' is of the other family")
    }

    private static func anyAddresses(_ expression: NftExpression) throws(Problem) -> AddressSet {
        switch expression {
        case .wildcard: return .all
        case .range(let low, let high):
            // `192.0.2.0/25-192.0.2.128/26`: from the first of one to the last of the other.
            let first = try anyAddresses(low).first
            let last = try anyAddresses(high).last
            guard let first, let last, first.family == last.family, first <= last else {
                throw .invalid("range \(expression.text) is reversed")
            }
            return AddressSet(first...last)
        case .prefix(let base, let length):
            guard let prefix = Prefix(try address(base), length: length) else {
                throw .invalid("'\(expression.text)' is no prefix")
            }
            return AddressSet(prefix)
        case .word, .quoted: return AddressSet(try address(expression))
        default: throw .unresolved("address \(expression.text)")
        }
    }

    /// A number, a range or a prefix of numbers.
    ///
    /// nft lists `mark & 0 == 3` as `mark 3/0`, so that a prefix of no bits tells nothing.
    static func numbers(_ expression: NftExpression) throws(Problem) -> ClosedRange<UInt32> {
        switch expression {
        case .range(let low, let high):
            let (first, last) = (try constant(low), try constant(high))
            guard first <= last else { throw .invalid("range \(expression.text) is reversed") }
            return first...last
        case .prefix(let base, let length):
            guard (1...32).contains(length) else { throw .unresolved("value \(expression.text)") }
            let rest = length == 32 ? 0 : UInt32.max >> UInt32(length)
            let first = try constant(base) & ~rest
            return first...(first | rest)
        default:
            let one = try constant(expression)
            return one...one
        }
    }

    /// Numbers of which each is in one block: those that are `value` under `mask`.
    static func blocks(_ range: ClosedRange<UInt32>?) -> [(value: UInt32, mask: UInt32)] {
        guard let range else { return [] }
        var blocks: [(value: UInt32, mask: UInt32)] = []
        var low = UInt64(range.lowerBound)
        let end = UInt64(range.upperBound) + 1
        while low < end {
            var size = low == 0 ? UInt64(1) << 32 : low & ~(low - 1)
            while low + size > end { size /= 2 }
            blocks.append(
                (UInt32(truncatingIfNeeded: low), ~UInt32(truncatingIfNeeded: size - 1)))
            low += size
        }
        return blocks
    }

    /// A mark, a flag or the like: a number.
    static func constant(_ expression: NftExpression) throws(Problem) -> UInt32 {
        switch expression {
        case .word(let text), .quoted(let text):
            guard let value = number(text) else { throw .unresolved("value \(text)") }
            return value
        case .operation(let sign, let left, let right):
            return try combined(try constant(left), sign, try constant(right))
        default: throw .unresolved("value \(expression.text)")
        }
    }

    /// What an operator makes of two numbers of 32 bits.
    static func combined(_ a: UInt32, _ sign: String, _ b: UInt32) throws(Problem) -> UInt32 {
        switch sign {
        case "&": return a & b
        case "|": return a | b
        case "^": return a ^ b
        case "<<": return b < 32 ? a << b : 0
        case ">>": return b < 32 ? a >> b : 0
        default: throw .unresolved("'\(sign)'")
        }
    }

    /// A protocol by name or number.
    static func protocolNumber(_ expression: NftExpression) throws(Problem) -> Int {
        guard let name = expression.name else {
            throw .unresolved("protocol \(expression.text)")
        }
        if let known = protocols[name.lowercased()] { return known }
        if let number = number(name), number < 256 { return Int(number) }
        throw .unresolved("protocol \(name)")
    }

    /// Bits of TCP flags (RFC 9293 section 3.1).
    static let flags: [String: UInt32] = [
        "fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "ece": 64,
        "cwr": 128,
    ]

    /// Bits by name, of one or more.
    static func bits(
        _ expression: NftExpression, _ names: [String: UInt32]
    ) throws(Problem) -> UInt32 {
        switch expression {
        case .word(let text), .quoted(let text):
            if let known = names[text.lowercased()] { return known }
            guard let value = number(text) else { throw .unresolved("value \(text)") }
            return value
        case .list(let parts):
            var value: UInt32 = 0
            for part in parts { value |= try bits(part, names) }
            return value
        case .operation("|", let left, let right):
            return try bits(left, names) | bits(right, names)
        case .operation("&", let left, let right):
            return try bits(left, names) & bits(right, names)
        default: throw .unresolved("value \(expression.text)")
        }
    }

    /// States of a connection (nf_conntrack_common.h).
    static let states: [String: UInt32] = [
        "invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64,
    ]

    /// Status bits of a connection (enum ip_conntrack_status).
    static let status: [String: UInt32] = [
        "expected": 1, "seen-reply": 2, "assured": 4, "confirmed": 8, "snat": 16, "dnat": 32,
        "seq-adjust": 64, "snat-done": 128, "dnat-done": 256, "dying": 512, "helper": 8192,
    ]
}
