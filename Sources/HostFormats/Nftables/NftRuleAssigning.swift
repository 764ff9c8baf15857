import Net
import Policy
import PolicyText

/// What a rule leaves on a packet and its connection.
extension NftRuleLowering {
    mutating func assign(_ field: String, _ value: NftExpression) throws(Problem) {
        switch field {
        case "meta mark", "ct mark":
            try setMark(field, value)
        case "ct helper": try setHelper(value)
        case "ip saddr", "ip daddr", "ip6 saddr", "ip6 daddr", "tcp sport", "tcp dport",
            "th sport", "th dport", "ip protocol", "ip6 nexthdr":
            beyond(.notModelled, "'\(field) set' isn't modelled")
        default: break
        }
    }

    private mutating func setMark(_ field: String, _ value: NftExpression) throws(Problem) {
        // Without a connection, what is asked of it ends the rule, and what is left on it is
        // lost (nft_ct.c).
        if NftMarks.readsConnection(value) {
            for condition in context.ofConnection("ct mark") where !isDone { apply(condition) }
            if isDone { return }
        }
        guard field != "ct mark" || context.point.isTracked != nil else {
            return note(.notModelled, Self.atTracking)
        }
        let isLost = field == "ct mark" && context.point.isTracked == false
        if isLost, value.name != nil { return }
        if let effect = NftMarks.effect(field, value) {
            if !isLost { effects.append(effect) }
            return
        }
        guard case .map(let key, let map) = value else {
            return note(.notModelled, "the mark isn't modelled")
        }
        if !effects.isEmpty { split() }
        let tag = newTag()
        for item in try cases(key, map) {
            let effect = isLost ? nil : item.element.data.flatMap { NftMarks.effect(field, $0) }
            var before = product(ways, item.ways)
            for index in before.indices { before[index].tests.append(.tagged(tag, false)) }
            put(before, .next, (effect.map { [$0] } ?? []) + [.tag(tag)])
        }
        var match = Match()
        match.tests = [.tagged(tag, true)]
        ways = [match]
    }

    private mutating func setHelper(_ value: NftExpression) throws(Problem) {
        guard let name = value.name else {
            return note(.notModelled, "a helper out of a map isn't modelled")
        }
        guard let object = context.table.objects["ct helper \(name)"] else {
            throw .invalid("there is no ct helper \(name)")
        }
        // Before connection tracking there is nothing to help (nft_ct.c).
        guard object.helperType == "ftp", context.point.isTracked == true else { return }
        helperPorts += ways.map { $0.destinationPorts ?? .all }
        if !effects.isEmpty { split() }
        var tracked = Match()
        tracked.tests = [.tracked(true)]
        if let family = object.helperFamily {
            tracked.sources = family == .v4 ? .allV4 : .allV6
        }
        put(product(ways, [tracked]), .next, [.tag(Self.helperTag)])
    }

    static let helperTag = "ftp helper"
    /// Why what a rule leaves on a connection can't be told at the priority of connection tracking.
    static let atTracking = "it isn't known whether connections are known there"
}
