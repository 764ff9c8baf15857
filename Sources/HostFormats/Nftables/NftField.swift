import Net
import PolicyText

/// What a field of a packet is, for the SYN of a TCP connection.
enum NftField: Hashable {
    case source(IPAddress.Family)
    case destination(IPAddress.Family)
    case originalDestination(IPAddress.Family?)
    case originalSource(IPAddress.Family?)
    case sourcePort, destinationPort, originalPort, originalSourcePort
    /// By name, or (`true`) by index, where `*` stands for itself.
    case entering, leaving
    case mark, connectionMark
    case state, status, flags
    /// The protocol above IP; in a header of that family.
    case transport(IPAddress.Family?)
    /// `meta nfproto`, `meta protocol`, `ip version`: names or numbers of the families.
    case family(v4: [String], v6: [String])
    /// One of these always.
    case constant([String])
    /// The kind of the destination's, or the source's, address.
    case destinationType, sourceType
    /// The interface towards the source.
    case reversePath
    case helper
    /// `ip frag-off`: flags and offset of a fragment, of which a SYN may have `don't fragment`.
    case fragment
    /// A packet of a TCP connection doesn't have it, and why.
    case absent(String)
    case unknown

    static func named(_ name: String) -> NftField {
        if let known = table[name] { return known }
        let words = name.split(separator: " ")
        if name.hasPrefix("fib ") {
            if name.hasSuffix(" type") {
                return words.contains("saddr") ? .sourceType : .destinationType
            }
            return words.contains("saddr") ? .reversePath : .unknown
        }
        if let first = words.first, let protocolName = others[String(first)] {
            return .absent(protocolName)
        }
        return .unknown
    }

    /// What a field of an answer is, seen from the client's side.
    var turned: NftField {
        switch self {
        case .source(let family): .destination(family)
        case .destination(let family): .source(family)
        case .sourcePort: .destinationPort
        case .destinationPort: .sourcePort
        case .entering: .leaving
        case .leaving: .entering
        case .constant(["original", "0"]): .constant(["reply", "1"])
        case .absent("only for packets that the machine sends"): .unknown
        default: self
        }
    }

    /// Headers that no SYN of TCP has.
    private static let others: [String: String] = [
        "udp": "another protocol", "udplite": "another protocol", "sctp": "another protocol",
        "dccp": "another protocol", "icmp": "another protocol", "icmpv6": "another protocol",
        "igmp": "another protocol", "esp": "another protocol", "ah": "another protocol",
        "comp": "another protocol", "gre": "another protocol", "gretap": "another protocol",
        "vxlan": "another protocol", "geneve": "another protocol", "arp": "another protocol",
        "frag": "only for packets with extension headers",
        "hbh": "only for packets with extension headers",
        "dst": "only for packets with extension headers",
        "mh": "only for packets with extension headers",
        "srh": "only for packets with extension headers",
        "exthdr": "only for packets with extension headers",
    ]

    private static let table: [String: NftField] = [
        "ip saddr": .source(.v4), "ip6 saddr": .source(.v6), "ip daddr": .destination(.v4),
        "ip6 daddr": .destination(.v6), "tcp sport": .sourcePort, "th sport": .sourcePort,
        "tcp dport": .destinationPort, "th dport": .destinationPort,
        "@th,0,16": .sourcePort, "@th,16,16": .destinationPort, "tcp flags": .flags,
        "ip frag-off": .fragment, "ip protocol": .transport(.v4), "ip6 nexthdr": .transport(.v6),
        "meta l4proto": .transport(nil),
        "meta nfproto": .family(v4: ["ipv4", "2"], v6: ["ipv6", "10"]),
        "meta protocol": .family(v4: ["ip", "0x0800", "2048"], v6: ["ip6", "0x86dd", "34525"]),
        "ether type": .family(v4: ["ip", "0x0800", "2048"], v6: ["ip6", "0x86dd", "34525"]),
        "ip version": .family(v4: ["4"], v6: []), "ip6 version": .family(v4: [], v6: ["6"]),
        "meta iifname": .entering, "meta iif": .entering, "meta oifname": .leaving,
        "meta oif": .leaving, "meta mark": .mark, "ct mark": .connectionMark, "ct state": .state,
        "ct status": .status, "ct direction": .constant(["original", "0"]),
        "meta pkttype": .constant(["host", "unicast", "0"]),
        "ct original saddr": .originalSource(nil), "ct original daddr": .originalDestination(nil),
        "ct original ip saddr": .originalSource(.v4),
        "ct original ip daddr": .originalDestination(.v4),
        "ct original ip6 saddr": .originalSource(.v6),
        "ct original ip6 daddr": .originalDestination(.v6),
        "ct original proto-src": .originalSourcePort, "ct original proto-dst": .originalPort,
        "ct original protocol": .transport(nil), "ct protocol": .transport(nil),
        "ct original l3proto": .family(v4: ["ipv4", "2"], v6: ["ipv6", "10"]),
        "ct l3proto": .family(v4: ["ipv4", "2"], v6: ["ipv6", "10"]), "ct helper": .helper,
        "rt type": .absent("only for packets with extension headers"),
        "rt seg-left": .absent("only for packets with extension headers"),
        "rt nexthdr": .absent("only for packets with extension headers"),
        "meta secpath": .constant(["missing", "0"]), "meta ipsec": .constant(["missing", "0"]),
        "rt ipsec": .constant(["missing", "0"]),
        "meta skuid": .absent("only for packets that the machine sends"),
        "meta skgid": .absent("only for packets that the machine sends"),
    ]
}
