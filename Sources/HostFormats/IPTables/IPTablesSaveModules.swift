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

    /// Options that only these modules bring; iptables knows them behind `-m` alone.
    private static let owners: [String: Set<String>] = {
        var owners: [String: Set<String>] = [:]
        for (module, options) in needed {
            for option in options { owners[option, default: []].insert(module) }
        }
        let more = [
            "addrtype": ["--limit-iface-in", "--limit-iface-out"],
            "limit": ["--limit", "--limit-burst"], "policy": ["--pol"],
            "recent": [
                "--seconds", "--reap", "--hitcount", "--rttl", "--name", "--rsource", "--rdest",
            ],
            "set": ["--return-nomatch", "--update-counters", "--update-subcounters"],
        ]
        for (module, options) in more {
            for option in options { owners[option, default: []].insert(module) }
        }
        return owners
    }()

    /// Modules loaded so far that have the option; empty where it is any module's.
    func owners(of option: String) -> [String] {
        guard let owners = Self.owners[option] else { return [] }
        return modules.filter(owners.contains)
    }

    /// An option whose module wasn't loaded before it is refused (`unknown option "--ctstate"`);
    /// modules that aren't known here may have one of that name.
    func checkOwner(_ option: String) throws(Problem) {
        guard Self.owners[option] != nil, owners(of: option).isEmpty else { return }
        let known = modules.allSatisfy {
            Self.needed[$0] != nil || Self.ofProtocol.contains($0) || $0 == "limit"
        }
        if known { throw .invalid("\(option) without -m of a module that has it") }
    }

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
