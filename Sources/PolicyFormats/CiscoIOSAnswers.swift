import Net
import Policy

/// Lists that judge the answers of servers: they remember no connection.
extension IOSDeviceBuilder {
    /// What leaves by the outside interface or enters by the inside one is judged packet by packet,
    /// unless the router inspects connections.
    mutating func addAnswers() {
        let open = config.interfaces.filter { !$0.isShut }
        guard let outside = open.first(where: { $0.name == device.usualEntering }),
            !open.contains(where: {
                $0.zone != nil || $0.inspectIn != nil || $0.inspectOut != nil
            }),
            let key = device.stages.first(where: {
                $0.work == .filter && ($0.interface == nil || $0.interface == outside.name)
            })?.chain
        else { return }
        let others = open.filter { $0.name != outside.name }
        let inside = others.filter { $0.name == device.usualLeaving }
        var lists = inside.compactMap { $0.filterIn?.list }
        if inside.isEmpty, others.contains(where: { $0.filterIn != nil }) {
            return notKnown("it isn't known by which interface answers enter", key)
        }
        if let last = outside.filterOut?.list { lists.append(last) }
        // A list that is missing or empty lets all pass.
        lists.removeAll { name in
            config.lists[name].map { $0.entries.isEmpty && $0.strange == nil } ?? true
        }
        guard let first = lists.first else { return }
        if let line = reader.notes.first(where: { $0.text.contains("evaluate ") }) {
            return notKnown("line \(line.line) passes what answers another flow", key)
        }
        for (index, name) in lists.enumerated() {
            let next = lists.indices.contains(index + 1) ? Self.answers(lists[index + 1]) : nil
            let chain = Self.answers(name)
            device.chains[chain] = Chain(name: chain, rules: mirrored(name, next))
        }
        device.answers[key] = Stage(
            .filter, chain: Self.answers(first), ending: ending(first), families: [.v4])
    }

    private static func answers(_ list: String) -> String { "answers through \(list)" }

    private mutating func notKnown(_ why: String, _ key: String) {
        device.answers[key] = Stage(
            .filter, chain: "", ending: Setting(.unknown(why), reader.text.absence(why)),
            families: [.v4])
    }

    /// The list's rules seen from the client: what it calls source is the server.
    private mutating func mirrored(_ name: String, _ next: String?) -> [FilterRule] {
        guard let list = config.lists[name] else { return [] }
        return rules(list, []).map { rule in
            var rule = rule
            let match = rule.match
            (rule.match.sources, rule.match.destinations) = (match.destinations, match.sources)
            (rule.match.sourcePorts, rule.match.destinationPorts) = (
                match.destinationPorts, match.sourcePorts
            )
            // Every answer has ACK set.
            if let never = match.never {
                let words = never.lowercased().split(separator: " ")
                if never.hasPrefix("only packets with") {
                    rule.match.never = words.contains("ack") ? nil : never
                } else if never.hasPrefix("flags ") {
                    rule.match.never = nil
                    rule.match.notModelled.append("flags")
                }
            }
            if rule.action == .permit, let next { rule.action = .go(next) }
            return rule
        }
    }
}
