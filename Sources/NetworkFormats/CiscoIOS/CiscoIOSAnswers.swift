import Net
import Policy
import PolicyText

/// Lists that judge the answers of servers: they remember no connection.
extension IOSDeviceBuilder {
    /// What leaves by the interface of the clients or enters by that of the server is judged packet
    /// by packet, unless the router inspects connections.
    mutating func addAnswers() {
        let open = config.interfaces.filter { !$0.isShut }
        let isStateful = open.contains {
            $0.zone != nil || $0.inspectIn != nil || $0.inspectOut != nil
        }
        guard !isStateful else { return }
        let outside = open.filter { $0.name == device.usualEntering }
        for interface in outside.isEmpty ? open.filter({ $0.filterIn != nil }) : outside {
            addAnswers(to: interface, open.filter { $0.name != interface.name })
        }
    }

    private mutating func addAnswers(to outside: IOSInterface, _ others: [IOSInterface]) {
        let entering = device.stages.filter { $0.work == .filter && $0.direction != .leaving }
        guard let key = entering.first(where: { $0.interface == outside.name })?.chain else {
            return
        }
        let usual = others.first { $0.name == device.usualLeaving }
        let inside = usual ?? (others.count == 1 ? others.first : nil)
        if inside == nil, others.contains(where: { $0.filterIn != nil }) {
            return notKnown("it isn't known by which interface answers enter", key)
        }
        var lists = [inside?.filterIn?.list, outside.filterOut?.list].compactMap(\.self)
        // A list that is missing or empty lets all pass.
        lists.removeAll { name in
            config.lists[name].map { $0.entries.isEmpty && $0.strange == nil } ?? true
        }
        guard let first = lists.first else { return }
        guard entering.count(where: { $0.chain == key }) == 1 else {
            return notKnown("answers to several interfaces can't be told apart", key)
        }
        if let line = reader.notes.first(where: { $0.text.contains("evaluate ") }) {
            return notKnown("line \(line.line) passes what answers another flow", key)
        }
        for (index, name) in lists.enumerated() {
            let next = lists.indices.contains(index + 1) ? Self.answers(lists[index + 1]) : nil
            // Two ways may pass one list, and not the same after it.
            let chain = Self.answers(name) + (next.map { ", \($0)" } ?? "")
            device.chains[chain] = Chain(name: chain, rules: mirrored(name, next))
            if index == 0 {
                device.answers[key] = [
                    Stage(.filter, chain: chain, ending: ending(first), families: [.v4])
                ]
            }
        }
    }

    private static func answers(_ list: String) -> String { "answers through \(list)" }

    private mutating func notKnown(_ why: String, _ key: String) {
        device.answers[key] = [
            Stage(
                .filter, chain: "", ending: Setting(.unknown(why), reader.text.absence(why)),
                families: [.v4])
        ]
    }

    /// The list's rules seen from the client: what it calls source is the server.
    private mutating func mirrored(_ name: String, _ next: String?) -> [FilterRule] {
        guard let list = config.lists[name] else { return [] }
        return rules(list, []).map { rule in
            var rule = rule
            let match = rule.match
            (rule.match.sources, rule.match.destinations) = (match.destinations, match.sources)
            (rule.match.sourceMask, rule.match.destinationMask) = (
                match.destinationMask, match.sourceMask
            )
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
