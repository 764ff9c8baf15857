import Policy
import PolicyText

/// Where the kernel takes a target: the tables and the hooks that its module names.
enum IPTablesPlaces {
    private static let tables: [String: Set<String>] = [
        "SNAT": ["nat"], "MASQUERADE": ["nat"], "DNAT": ["nat"], "REDIRECT": ["nat"],
        "NETMAP": ["nat"], "TTL": ["mangle"], "HL": ["mangle"], "TOS": ["mangle"],
        "DSCP": ["mangle"], "ECN": ["mangle"], "TCPOPTSTRIP": ["mangle"], "CHECKSUM": ["mangle"],
        "TPROXY": ["mangle"], "CT": ["raw"], "NOTRACK": ["raw"],
        "SECMARK": ["mangle", "security"], "CONNSECMARK": ["mangle", "security"],
        "REJECT": ["filter"],
    ]

    private static let hooks: [String: Set<String>] = [
        "SNAT": ["INPUT", "POSTROUTING"], "MASQUERADE": ["POSTROUTING"],
        "DNAT": ["PREROUTING", "OUTPUT"], "REDIRECT": ["PREROUTING", "OUTPUT"],
        "TPROXY": ["PREROUTING"], "CLASSIFY": ["FORWARD", "OUTPUT", "POSTROUTING"],
    ]

    /// Why the kernel refuses a target; `hook` is the chain where it is one of the kernel's own.
    static func refusal(_ target: String, in table: String, hook: String?) -> String? {
        if table == "nat", target == "DROP" { return "the nat table refuses to filter" }
        if let known = tables[target], !known.contains(table) {
            switch target {
            case "REJECT" where table == "nat": return "the nat table refuses to filter"
            case _ where known == ["nat"]: return "translation outside of the nat table"
            default:
                let names = known.sorted().joined(separator: " or ")
                return "\(target) works in the \(names) table only"
            }
        }
        if let hook, let known = hooks[target], !known.contains(hook) {
            return "\(target) doesn't work in \(hook)"
        }
        return nil
    }
}
