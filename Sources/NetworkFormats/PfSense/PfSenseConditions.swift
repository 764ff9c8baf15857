import PolicyText

/// What narrows a rule beyond what is read of it.
extension PfSenseReader {
    /// Elements of a rule that may change what it matches: all that aren't known to be without
    /// influence. An element that is empty or switched off is none.
    func foreign(_ node: XMLTree.Node) -> [String] {
        tree.children(node).compactMap { child in
            if Self.understood.contains(child.name) || Self.withoutInfluence.contains(child.name) {
                return nil
            }
            if child.text.isEmpty, child.children.isEmpty { return nil }
            if child.text == "0", !Self.countsAtZero.contains(child.name) { return nil }
            return child.name
        }
    }

    /// Elements of a rule's source or destination that aren't read.
    func foreignEnds(_ node: XMLTree.Node) -> [String] {
        let known = ["address", "any", "network", "not", "port"]
        return tree.children(node).filter { !known.contains($0.name) && !$0.text.isEmpty }
            .map(\.name)
    }

    /// Whether a rule that passes keeps no state, or in a way not known here: without any, no
    /// answer passes.
    func doubtsState(_ node: XMLTree.Node, _ rule: PFRule) -> Bool {
        guard case .pass = rule.kind else { return false }
        let kind = (tree.text("statetype", of: node) ?? "").split(separator: " ").first ?? "keep"
        return !["keep", "modulate", "sloppy", "synproxy"].contains(kind)
    }

    /// Priorities, of which 0 is one.
    private static let countsAtZero: Set = ["dscp", "prio", "tos", "vlanprio"]

    /// What the rules' readers look at themselves.
    private static let understood: Set = [
        "action", "associated-rule-id", "destination", "destination_net", "destination_not",
        "destination_port", "direction", "disabled", "enabled", "external", "external-address",
        "external-port", "floating", "interface", "interfacenot", "ipprotocol", "local-port",
        "nobinat", "nordr", "nottagged", "protocol", "quick", "sequence", "source", "source_net",
        "source_not", "source_port", "statetype", "tag", "tagged", "target", "tcpflags1",
        "tcpflags2", "tcpflags_any", "type",
    ]

    private static let withoutInfluence: Set = [
        // Names, logs and who changed it.
        "categories", "category", "created", "descr", "description", "id", "label", "log",
        "prio_group", "ridentifier", "sort_order", "tracker", "updated", "wizard",
        // ICMP alone.
        "icmp6-type", "icmp6type", "icmptype",
        // Limits, timeouts and the table of states.
        "adaptiveend", "adaptivestart", "allowopts", "frags", "max", "max-src-conn",
        "max-src-conn-rate", "max-src-conn-rates", "max-src-nodes", "max-src-states", "nopfsync",
        "nosync", "overload", "pflow", "state-policy", "statepolicy", "statetimeout", "udp-first",
        "udp-multiple", "udp-single",
        // Gateways, shaping and marks.
        "ackqueue", "defaultqueue", "disablereplyto", "dnpipe", "gateway", "pdnpipe", "reply-to",
        "replyto", "set-prio", "set-prio-low", "shaper1", "shaper2", "vlanprioset",
        // Of translations: reflection, and how one of several targets is chosen.
        "natreflection", "poolopts", "poolopts_sourcehashkey", "staticnatport",
    ]
}
