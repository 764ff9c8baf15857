import PolicyText

/// Writes a rule set as the commands that make it.
enum NftCommands {
    /// Commands of nft, without its name; in an order in which each finds what it needs.
    static func commands(_ ruleset: NftRuleset) -> [String] {
        var commands: [String] = []
        for table in ruleset.tables {
            let flags = table.dormant ? " { flags dormant; }" : ""
            commands.append("add table \(table.name.text)\(flags)")
            for (name, object) in table.objects.sorted(by: { $0.key < $1.key }) {
                commands.append(self.object(name, object, table))
            }
            for (name, set) in table.sets.sorted(by: { $0.key < $1.key }) {
                let body = set.declaration.map { "\($0); " }.joined()
                let kind = set.isMap ? "map" : "set"
                commands.append("add \(kind) \(table.name.text) \(name) { \(body)}")
            }
        }
        // Of chains with the same priority, the order in which they came to be counts.
        let chains = ruleset.tables.flatMap { table in table.chains.map { (table.name.text, $0) } }
        for (table, chain) in chains.sorted(by: { $0.1.created < $1.1.created }) {
            commands.append("add chain \(table) \(chain.name)\(base(chain.base))")
        }
        for table in ruleset.tables {
            for (name, set) in table.sets.sorted(by: { $0.key < $1.key })
            where !set.elements.isEmpty {
                let elements = NftExpression.set(set.elements).text
                commands.append("add element \(table.name.text) \(name) \(elements)")
            }
        }
        for (table, chain) in chains {
            for rule in chain.rules {
                let words = rule.statements.map(\.text).joined(separator: " ")
                commands.append("add rule \(table) \(chain.name) \(words)")
            }
        }
        return commands
    }

    private static func object(
        _ name: String, _ object: NftObject, _ table: NftRuleset.Table
    ) -> String {
        // The table's name stands between the kind of an object and its own name.
        let words = name.split(separator: " ")
        let kind = words.dropLast().joined(separator: " ")
        let body = object.body.filter { !$0.isEmpty }
        let block = body.isEmpty ? "" : " { \(body.map { "\($0); " }.joined())}"
        return "add \(kind) \(table.name.text) \(words.last ?? "")\(block)"
    }

    private static func base(_ base: NftRuleset.Base?) -> String {
        guard let base else { return "" }
        let devices = base.devices.map { "\"\($0)\"" }
        let device =
            devices.isEmpty
            ? ""
            : devices.count == 1
                ? " device \(devices[0])" : " devices = { \(devices.joined(separator: ", ")) }"
        let policy = base.policy.map { " policy \($0.text);" } ?? ""
        return
            " { type \(base.type) hook \(base.hook)\(device) priority \(base.priority ?? 0);\(policy) }"
    }
}
