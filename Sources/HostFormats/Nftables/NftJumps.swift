/// Where rules lead, and what nft refuses of it.
enum NftJumps {
    /// Chains to which a rule may lead.
    static func targets(_ rule: NftRuleset.Rule, _ table: NftRuleset.Table) -> [String] {
        var targets: [String] = []
        for statement in rule.statements {
            switch statement {
            case .verdict(let verdict): if let target = verdict.target { targets.append(target) }
            case .verdictMap(_, let map):
                let elements: [NftElement] =
                    switch map {
                    case .set(let elements): elements
                    case .named(let name): table.sets[name]?.elements ?? []
                    default: []
                    }
                for element in elements {
                    guard case .verdict(let verdict)? = element.data, let target = verdict.target,
                        !targets.contains(target)
                    else { continue }
                    targets.append(target)
                }
            default: break
            }
        }
        return targets
    }

    /// Jumps from base chains may form no loop, lead to no base chain, and nest 16 deep at most.
    static func faults(_ ruleset: NftRuleset) -> [(place: NftPlace, why: String)] {
        var faults: [(place: NftPlace, why: String)] = []
        for table in ruleset.tables {
            var depths: [String: Int] = [:]
            let chains = Dictionary(table.chains.map { ($0.name, $0) }) { first, _ in first }
            for chain in table.chains where chain.base != nil {
                var path: Set<String> = []
                if let fault = depth(chain, chains, table, &depths, &path).fault {
                    faults.append(fault)
                } else if depths[chain.name] ?? 0 > 16 {
                    faults.append((chain.place, "more than 16 jumps within each other"))
                }
            }
        }
        return faults
    }

    private static func depth(
        _ chain: NftRuleset.Chain, _ chains: [String: NftRuleset.Chain],
        _ table: NftRuleset.Table, _ depths: inout [String: Int], _ path: inout Set<String>
    ) -> (depth: Int, fault: (place: NftPlace, why: String)?) {
        if let known = depths[chain.name] { return (known, nil) }
        guard path.count <= 64 else { return (65, (chain.place, "jumps nest too deep")) }
        path.insert(chain.name)
        defer { path.remove(chain.name) }
        var deepest = 0
        for rule in chain.rules {
            for target in targets(rule, table) {
                if path.contains(target) {
                    return (0, (rule.place, "a jump to \(target) is a loop"))
                }
                guard let next = chains[target] else { continue }
                if next.base != nil {
                    return (0, (rule.place, "a jump into base chain \(target)"))
                }
                let (depth, fault) = depth(next, chains, table, &depths, &path)
                if let fault { return (0, fault) }
                deepest = max(deepest, depth + 1)
            }
        }
        depths[chain.name] = deepest
        return (deepest, nil)
    }
}
