extension Device {
    /// Whether a rule of these chains, or of one that they lead to, satisfies the claim.
    public func hasRule(from first: [String], where holds: (FilterRule) -> Bool) -> Bool {
        var left = first
        var seen = Set(first)
        while let name = left.popLast() {
            for rule in chains[name]?.rules ?? [] {
                if holds(rule) { return true }
                switch rule.action {
                case .jump(let next), .go(let next):
                    if seen.insert(next).inserted { left.append(next) }
                default: break
                }
            }
        }
        return false
    }

    /// The rules of a chain and of those that it leads to, each once.
    public func rules(from chain: String) -> [FilterRule] {
        var rules: [FilterRule] = []
        _ = hasRule(from: [chain]) { rule in
            rules.append(rule)
            return false
        }
        return rules
    }
}
