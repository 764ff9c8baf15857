import Net
import Policy
import PolicyText

/// What modules mean that a rule loads by `-m`, beside their options.
extension IPTablesRuleReader {
    /// Options of which a module takes one at least, or iptables refuses it (iptables 1.8.9).
    private static let needed: [String: Set<String>] = [
        "addrtype": ["--src-type", "--dst-type"], "comment": ["--comment"],
        "connlimit": ["--connlimit-above", "--connlimit-upto"], "connmark": ["--mark"],
        "conntrack": [
            "--ctstate", "--ctproto", "--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst",
            "--ctorigsrcport", "--ctorigdstport", "--ctreplsrcport", "--ctrepldstport",
            "--ctstatus", "--ctexpire", "--ctdir",
        ],
        "hashlimit": ["--hashlimit", "--hashlimit-upto", "--hashlimit-above"],
        "helper": ["--helper"], "iprange": ["--src-range", "--dst-range"], "mark": ["--mark"],
        "multiport": [
            "--dports", "--destination-ports", "--sports", "--source-ports", "--ports",
        ],
        "pkttype": ["--pkt-type"], "policy": ["--dir"], "quota": ["--quota"],
        "recent": ["--set", "--rcheck", "--update", "--remove"], "set": ["--match-set", "--set"],
        "state": ["--state"],
    ]

    /// Modules that the kernel takes with their protocol only.
    private static let ofProtocol: Set<String> = [
        "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmp6", "icmpv6", "ah", "esp", "ipcomp",
        "mh",
    ]

    /// A module that says nothing by its options still may restrict the rule, or be refused.
    mutating func checkModules() throws(Problem) {
        for module in Set(modules).sorted() {
            if let options = Self.needed[module] {
                let same = modules.count { Self.needed[$0] == options }
                if options.isDisjoint(with: named.keys)
                    || same > options.reduce(0, { $0 + named[$1, default: 0] })
                {
                    throw .invalid("-m \(module) without an option that it needs")
                }
                if module == "policy", named["--pol"] == nil { rule.never("only for IPsec") }
            } else if Self.ofProtocol.contains(module), family == .v4 || module != "ah" {
                if rule.tcp, module != "tcp" || !rule.namesTCP {
                    throw .invalid("-m \(module) without -p of its protocol")
                }
            } else if module == "limit" {
                // Without options it is `--limit 3/hour`.
                rule.assumptions.insert(IPTablesRule.firstPacket)
            } else if !rule.notModelled.contains(where: { $0.hasPrefix("-m \(module) ") }) {
                rule.doubt("-m \(module) isn't modelled")
            }
        }
    }

    /// Whether `--dport` is short for the option of multiport, as iptables takes it where no other
    /// module has one of that name.
    var meansMultiport: Bool { modules.last == "multiport" && !modules.contains("tcp") }
}
