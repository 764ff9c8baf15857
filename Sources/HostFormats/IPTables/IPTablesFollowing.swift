import Policy
import PolicyText

/// What becomes of the packets that follow on a SYN that passed: rules for new connections alone
/// stop them, and a rule set without any for connections that exist may.
extension IPTablesSaveReader {
    private typealias Hook = (table: String, chain: String)

    private static let ways: [(key: String, following: Following, hooks: [Hook])] = [
        (
            "filter/INPUT", .request,
            [
                ("mangle", "PREROUTING"), ("mangle", "INPUT"), ("filter", "INPUT"),
                ("security", "INPUT"),
            ]
        ),
        (
            "filter/INPUT", .answer,
            [
                ("mangle", "OUTPUT"), ("filter", "OUTPUT"), ("security", "OUTPUT"),
                ("mangle", "POSTROUTING"),
            ]
        ),
        ("filter/FORWARD", .request, forward), ("filter/FORWARD", .answer, forward),
    ]
    private static let forward: [Hook] = [
        ("mangle", "PREROUTING"), ("mangle", "FORWARD"), ("filter", "FORWARD"),
        ("security", "FORWARD"), ("mangle", "POSTROUTING"),
    ]

    /// Where packets are taken out of connection tracking nothing is told of them.
    mutating func judgeFollowing(_ tables: [String: Table], _ device: inout Device) {
        device.remembers = true
        let rules = device.chains.values.flatMap(\.rules)
        guard tables.values.allSatisfy({ $0.fault == nil }),
            !rules.contains(where: { $0.effects.contains(.untrack) })
        else { return }
        for way in Self.ways where device.stages.contains(where: { $0.chain == way.key }) {
            for hook in way.hooks {
                guard let table = tables[hook.table] else { continue }
                let name = read(hook.chain, of: table, way.following, into: &device)
                let absent = SourceLine(file: text.file, line: nil, text: "policy ACCEPT")
                let stage = Stage(
                    .filter, chain: name,
                    ending: table.policies[hook.chain] ?? Setting(.permit, absent),
                    families: [family])
                if device.passesAll(stage) { continue }
                device.answers[way.key, default: []].append(stage)
                if ["OUTPUT", "POSTROUTING"].contains(hook.chain) {
                    noteRules(of: table.chains[hook.chain] ?? [], way.following)
                }
            }
        }
    }

    /// Reads a chain again, and those to which it leads, and gives back its name in the device.
    private func read(
        _ chain: String, of table: Table, _ following: Following, into device: inout Device
    ) -> String {
        func name(_ chain: String) -> String { "\(following.rawValue) \(table.name)/\(chain)" }
        var work = [chain]
        while let chain = work.popLast() {
            guard device.chains[name(chain)] == nil else { continue }
            var made: [FilterRule] = []
            var last: Int?
            for line in (table.chains[chain] ?? []).compactMap(\.source.line) where line != last {
                last = line
                guard let rule = rule(line, following) else { continue }
                var action = rule.action
                if let target = rule.target {
                    work.append(target)
                    action = rule.goes ? .go(name(target)) : .jump(name(target))
                }
                for match in rule.matches where match.never == nil {
                    made.append(FilterRule(match, action, text.source(line)))
                }
                // What stands below it is never reached.
                if action == .permit, rule.matches.contains(Match()) { break }
            }
            device.chains[name(chain)] = Chain(name: name(chain), rules: made)
        }
        return name(chain)
    }

    /// Rules of a chain for what leaves, which decide on the way back.
    private mutating func noteRules(of chain: [FilterRule], _ following: Following) {
        for line in Set(chain.compactMap(\.source.line)) {
            if let rule = rule(line, following) { annotate(line, rule) }
        }
    }

    private func rule(_ line: Int, _ following: Following) -> IPTablesRule? {
        guard var words = IPTablesWords.split(text.lines[line - 1]) else { return nil }
        if let first = words.first, first.text.hasPrefix("[") { words.removeFirst() }
        let verb = words.first?.text
        words.removeFirst(min(2, words.count))
        if verb == "-I" || verb == "--insert", let first = words.first, Int(first.text) != nil {
            words.removeFirst()
        }
        var reader = IPTablesRuleReader(words, family: family, sets: sets, following: following)
        return try? reader.read()
    }
}
