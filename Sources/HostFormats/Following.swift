import Policy

/// Packets that follow on the SYN of a connection that a filter remembers, ESTABLISHED to it
/// (nf_conntrack(4), iptables-extensions(8) `conntrack`): the client's own, and the answers to it.
enum Following: String {
    case request = "follows"
    case answer = "answers"
}

extension Device {
    /// Whether chains surely pass all that comes to them: before any line that may deny stands one
    /// that permits whatever it is.
    func passesAll(_ stage: Stage) -> Bool {
        var known: [String: Bool?] = [:]
        return passesAll(stage.chain, &known, depth: 0) ?? (stage.ending.value == .permit)
    }

    /// Nil: what comes to its end goes on behind it. Chains that many jumps lead to are read once.
    private func passesAll(_ chain: String, _ known: inout [String: Bool?], depth: Int) -> Bool? {
        if let told = known[chain] { return told }
        guard depth < ReachLimit.jumpDepth else { return false }
        // In a circle nothing passes for certain.
        known[chain] = .some(false)
        let passes = passes(chains[chain]?.rules ?? [], &known, depth: depth + 1)
        known[chain] = .some(passes)
        return passes
    }

    private func passes(
        _ rules: [FilterRule], _ known: inout [String: Bool?], depth: Int
    ) -> Bool? {
        for rule in rules where rule.match.never == nil {
            let isForAll = rule.match == Match()
            switch rule.action {
            case .permit, .keep: if isForAll { return true }
            case .next, .translate: continue
            case .deny, .unknown: return false
            case .return: if isForAll { return nil }
            case .jump(let name):
                let passes = passesAll(name, &known, depth: depth)
                if passes == false || passes == true && isForAll { return passes }
            case .go(let name):
                let passes = passesAll(name, &known, depth: depth)
                if passes == false || isForAll { return passes }
            }
        }
        return nil
    }
}
