import Net
package import Policy
package import PolicyText

/// The rule sets of a host for IPv4 and for IPv6, as two files: Debian's `rules.v4` and `rules.v6`;
/// with them the sets that they name.
package enum IPTablesFamilies: JointFormat {
    package static let name = IPTablesSave.name
    package static let platform = IPTablesSave.platform
    package static let joinsFiles = true

    package static func recognise(_ text: ConfigText) -> Recognition {
        IPTablesSave.recognise(text)
    }

    package static func read(_ text: ConfigText) -> Configuration { IPTablesSave.read(text) }

    package static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        IPTablesSave.fix(change, configuration)
    }

    /// One rule set for each family, and nothing beside but sets.
    package static func takes(_ texts: [ConfigText]) -> Bool {
        let rules = texts.filter { recognise($0) == .certain }
        return rules.count == 2
            && texts.allSatisfy {
                recognise($0) == .certain || IPSetSave.recognise($0) == .certain
            }
            && Set(rules.map(IPTablesSaveReader.family)).count == 2
    }

    package static func read(together texts: [ConfigText]) -> Configuration {
        let rules = texts.filter { recognise($0) == .certain }
            .sorted { IPTablesSaveReader.family($0) < IPTablesSaveReader.family($1) }
        let sets = texts.filter { IPSetSave.recognise($0) == .certain }
        let read = rules.map { IPTablesSave.read($0, with: sets) }
        guard var four = read.first, let six = read.last, var device = four.device,
            let other = six.device
        else { return IPTablesSave.read(texts[0], with: Array(texts.dropFirst())) }
        // The same names stand for other chains there.
        for (name, chain) in other.chains { device.chains[sixth(name)] = renamed(chain) }
        device.stages += other.stages.map { stage in
            var stage = stage
            if !stage.chain.isEmpty { stage.chain = sixth(stage.chain) }
            return stage
        }
        for (key, stages) in other.answers {
            device.answers[sixth(key)] = stages.map { stage in
                var stage = stage
                stage.chain = sixth(stage.chain)
                return stage
            }
        }
        device.inspections += other.inspections
        device.families.formUnion(other.families)
        device.assumptions += other.assumptions.filter { !device.assumptions.contains($0) }
        four.device = device
        four.kinds += six.kinds.filter { !four.kinds.contains($0) }
        return four
    }

    static func sixth(_ name: String) -> String { "ip6/\(name)" }

    private static func renamed(_ chain: Chain) -> Chain {
        var chain = chain
        chain.name = sixth(chain.name)
        for index in chain.rules.indices {
            switch chain.rules[index].action {
            case .jump(let name): chain.rules[index].action = .jump(sixth(name))
            case .go(let name): chain.rules[index].action = .go(sixth(name))
            default: break
            }
        }
        return chain
    }
}
