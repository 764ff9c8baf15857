import Net
import Policy
import PolicyText

/// Rules of firewall policies, as `get-effective-firewalls` gives them beside those of the network.
///
/// Which of them comes first is for the order of policies, which isn't modelled: what one may decide
/// is unknown. Source: Compute Engine API, `networks.getEffectiveFirewalls`, `firewallPolicies`.
extension GCPFirewallReader {
    mutating func readPolicies(_ document: JSONWithLines) {
        _ = notes.take(
            document, shaping: [],
            idle: [GCPFirewall.policies, "firewalls", "kind", "organizationFirewalls"])
        for policy in document[GCPFirewall.policies]?.array ?? [] {
            for rule in policy["rules"]?.array ?? [] { readPolicyRule(rule) }
        }
        if let others = document["organizationFirewalls"]?.array, !others.isEmpty {
            notes.set(others[0], .notModelled, Self.notRead)
            let source = text.source(others[0].line)
            ofPolicies.append(FilterRule(Match(), .unknown(Self.notRead), source))
        }
    }

    private static let notRead = "rules of firewall policies aren't modelled"

    private mutating func readPolicyRule(_ rule: JSONWithLines) {
        func word(_ key: String) -> String { rule[key]?.text?.lowercased() ?? "" }
        if word("direction") == "egress" { return notes.set(rule, .irrelevant, "for what leaves") }
        if rule["disabled"]?.value == .bool(true) {
            return notes.set(rule, .irrelevant, "it is disabled")
        }
        if word("action") == "goto_next" {
            return notes.set(rule, .irrelevant, "it leaves it to what comes next")
        }
        let matches = matches(rule["match"])
        guard !matches.isEmpty else { return notes.set(rule, .irrelevant, "not for TCP") }
        notes.set(rule, .notModelled, Self.notRead)
        let source = text.source((rule["action"] ?? rule).line)
        ofPolicies += matches.map { FilterRule($0, .unknown(Self.notRead), source) }
    }

    /// What it may be for, at the widest.
    private func matches(_ conditions: JSONWithLines?) -> [Match] {
        guard let conditions, case .object(let members) = conditions.value else { return [Match()] }
        var match = Match()
        let ofSource = members.filter { $0.key.hasPrefix("src") }
        if ofSource.map(\.key) == ["srcIpRanges"], let ranges = ofSource[0].value.array {
            let sets = ranges.map { $0.text.flatMap(CloudValues.addresses) }
            if !sets.contains(nil), !sets.isEmpty {
                match.sources = sets.compactMap(\.self).reduce(AddressSet()) { $0.union($1) }
            }
        }
        guard let configs = conditions["layer4Configs"]?.array, !configs.isEmpty else {
            return [match]
        }
        return configs.compactMap { config in
            var match = match
            switch CloudValues.transport(config["ipProtocol"]?.text ?? "", all: ["all"]) {
            case .other: return nil
            case .all, .unknown: return match
            case .tcp: break
            }
            let ranges = (config["ports"]?.array ?? []).map { $0.text.flatMap(CloudValues.ports) }
            if !ranges.contains(nil), !ranges.isEmpty {
                match.destinationPorts = PortSet(ranges.compactMap(\.self))
            }
            return match
        }
    }
}
