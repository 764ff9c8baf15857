import Net

/// Of the rules of a device: from the first to the last address that each may be bound for. What
/// lies outside is passed without a look at the rule.
struct DestinationHulls: Sendable {
    private var chains: [String: [ClosedRange<IPAddress>?]] = [:]

    init(_ device: Device) {
        for (name, chain) in device.chains where chain.rules.count > Self.few {
            chains[name] = chain.rules.map { rule in
                guard let first = rule.match.destinations?.first,
                    let last = rule.match.destinations?.last
                else { return nil }
                return first...last
            }
        }
    }

    /// Fewer rules are tried as fast.
    private static let few = 16

    /// Beside a chain's rules, nil for one that may be for any address, or none; nil for a chain of
    /// few.
    func of(_ chain: String) -> [ClosedRange<IPAddress>?]? { chains[chain] }
}
