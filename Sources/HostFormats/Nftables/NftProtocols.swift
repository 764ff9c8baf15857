import PolicyText

/// Which headers a rule's conditions imply so far; nft refuses those that exclude each other.
struct NftProtocols {
    private var network: String?
    private var transport: String?
    /// Whether a protocol with ports was asked for.
    private var hasTransport = false
    private let family: String

    init(family: String) {
        self.family = family
        network = family == "ip" || family == "ip6" ? family : nil
    }

    private static let transports: [String: String] = [
        "tcp": "tcp", "udp": "udp", "udplite": "udplite", "sctp": "sctp", "dccp": "dccp",
        "icmp": "icmp", "icmpv6": "icmpv6", "esp": "esp", "ah": "ah", "comp": "comp",
        "ipv6-icmp": "icmpv6", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6",
    ]

    /// Why nft refuses the statement behind those before it.
    mutating func conflict(_ statement: NftStatement) -> String? {
        switch statement {
        case .match(let left, let comparison, let right):
            for part in left.parts {
                if let why = field(part) { return why }
            }
            guard comparison == .implicit || comparison == .equal, let value = right.name,
                let name = NftContext.fieldName(left)
            else { return nil }
            imply(name, value)
            return nil
        case .verdictMap(let key, _):
            return fields(key)
        case .assign(_, .map(let key, _)): return fields(key)
        case .translate(_, _, let address, let port, _):
            if case .map(let key, _)? = address { return fields(key) }
            if case .map(let key, _)? = port { return fields(key) }
            return hasTransport || port == nil ? nil : "a port is translated without a protocol"
        default: return nil
        }
    }

    private mutating func fields(_ key: NftExpression) -> String? {
        for part in key.parts {
            if let why = field(part) { return why }
        }
        return nil
    }

    private mutating func field(_ expression: NftExpression) -> String? {
        guard let name = NftContext.fieldName(expression),
            let header = name.split(separator: " ").first.map(String.init)
        else { return nil }
        if name == "meta nfproto", family == "ip" || family == "ip6" {
            return "meta nfproto in a table of family \(family)"
        }
        if ["meta l4proto", "ip protocol", "ip6 nexthdr"].contains(name) || header == "th"
            || Self.transports[header] != nil
        {
            hasTransport = true
        }
        if header == "ip" || header == "ip6" { return Self.set(&network, header) }
        // An option or a field of another header may stand inside of a tunnel.
        if let known = Self.transports[header], name.split(separator: " ").count == 2 {
            return Self.set(&transport, known)
        }
        return nil
    }

    /// `meta l4proto tcp`, `meta nfproto ipv4`: they conflict with nothing themselves.
    private mutating func imply(_ name: String, _ value: String) {
        switch name {
        case "meta l4proto", "ip protocol", "ip6 nexthdr":
            transport = transport ?? Self.transports[value]
        case "meta nfproto":
            network = network ?? (value == "ipv4" ? "ip" : value == "ipv6" ? "ip6" : nil)
        default: break
        }
    }

    private static func set(_ layer: inout String?, _ name: String) -> String? {
        if let known = layer, known != name {
            return "a rule for \(known) and \(name)"
        }
        layer = name
        return nil
    }
}
