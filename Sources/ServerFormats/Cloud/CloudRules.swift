import Net
import Policy
import PolicyText

/// Parts of a policy that a reader of a cloud's rules builds rule by rule.
struct CloudRules {
    private(set) var chains: [String: Chain] = [:]

    mutating func add(_ rule: FilterRule, to chain: String) {
        chains[chain, default: Chain(name: chain)].rules.append(rule)
    }

    mutating func open(_ chain: String) {
        if chains[chain] == nil { chains[chain] = Chain(name: chain) }
    }
}

extension Match {
    /// What is meant, at `addresses` seen behind a translation that the cloud makes on the way in:
    /// a public address that is asked for may be any of the private ones that rules name.
    ///
    /// - Returns: the match, and where it applies the same in doubt.
    static func behindTranslation(_ match: Match, _ addresses: AddressSet) -> [Match] {
        var exact = match
        exact.destinations = addresses
        var doubtful = match
        let hidden = CloudValues.privateV4.union(CloudValues.privateV6)
        doubtful.destinations = AddressSet.all.subtracting(addresses).subtracting(hidden)
        doubtful.notModelled.append(
            "it names the address behind the cloud's own translation, which the file doesn't tell")
        return [exact, doubtful]
    }
}
