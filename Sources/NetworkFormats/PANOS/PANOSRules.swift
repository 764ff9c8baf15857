import Net
import Policy
import PolicyText

/// Translations and rules.
extension PANOSReader {
    mutating func translations() {
        for rule in nodes("rulebase", "nat", "rules").flatMap({ tree.children($0) }) {
            guard tree.values("disabled", in: rule).first != "yes" else {
                mark(rule, .irrelevant, "the rule is disabled")
                continue
            }
            mark(rule, .used)
            var forward = ZonedFirewall.Forward(
                lines: tree.lines(rule), name: "nat \(tree.name(rule))",
                from: tree.values("from", in: rule), leaving: tree.values("to", in: rule))
            forward.sources = joined(tree.values("source", in: rule))
            forward.destinations = joined(tree.values("destination", in: rule))
            let names = tree.values("service", in: rule)
            let all = names.flatMap { services($0) }
            let doubts = all.flatMap(\.notModelled)
            if all.contains(where: { $0.sourcePorts != nil }) {
                forward.doubts.append("source-port")
            }
            if !all.isEmpty, all.allSatisfy({ $0.never != nil }) { forward.never = "not TCP" }
            let open = all.filter { $0.never == nil }
            if !open.contains(where: { $0.destinationPorts == nil }), !open.isEmpty {
                forward.ports = open.reduce(PortSet()) {
                    $0.union($1.destinationPorts ?? PortSet())
                }
            }
            forward.doubts += doubts + tree.strays(rule, PANOSGrammar.translation, values: 0)
            if tree.values("nat-type", in: rule).contains(where: { $0 != "ipv4" }) {
                forward.doubts.append("nat-type")
            }
            let outgoing = tree.values("to-interface", in: rule).filter { $0 != "any" }
            if !outgoing.isEmpty { forward.leaving = outgoing }
            let back = backward(rule, forward)
            if let node = tree.find("destination-translation", in: rule)
                ?? tree.find("dynamic-destination-translation", in: rule)
            {
                var to = joined(tree.values("translated-address", in: node))
                if to.set.isEmpty, to.unknown.isEmpty { to.unknown = ["no address to go to"] }
                if tree.name(node).hasPrefix("dynamic") { to.unknown = ["a dynamic translation"] }
                if let port = tree.values("translated-port", in: node).first.flatMap({ UInt16($0) })
                {
                    forward.toPorts = port...port
                }
                forward.isOneToOne = true
                forward.to = to
            }
            if let why = forward.doubts.first ?? forward.to?.unknown.first {
                mark(rule, .notModelled, why)
            }
            firewall.forwards.append(forward)
            if let back { firewall.forwards.append(back) }
        }
    }

    /// `bi-directional yes`: the outer address stands for the inner one.
    func backward(
        _ rule: Int, _ forward: ZonedFirewall.Forward
    ) -> ZonedFirewall.Forward? {
        guard let node = tree.find("source-translation", "static-ip", in: rule),
            tree.values("bi-directional", in: node).first == "yes"
        else { return nil }
        var back = ZonedFirewall.Forward(
            lines: forward.lines, name: forward.name + " back", from: forward.leaving)
        back.destinations = joined(tree.values("translated-address", in: node))
        back.to = forward.sources
        back.isOneToOne = true
        back.doubts = forward.doubts
        if forward.ports != nil { back.doubts.append("a service of a rule for both ways") }
        return back
    }

    // MARK: rules

    mutating func policies() {
        let rules = nodes("rulebase", "security", "rules").flatMap { tree.children($0) }
        guard !nodes("rulebase", "security").isEmpty else { return }
        firewall.hasPolicies = true
        firewall.ending = Setting(.deny(answered: false), text.absence("interzone-default"))
        for rule in rules { policy(rule) }
        let zones = Set(firewall.interfaces.compactMap(\.zone)).sorted()
        for zone in zones {
            firewall.policies.append(
                ZonedFirewall.Policy(
                    lines: [], from: [zone], to: [zone], action: .permit,
                    absence: "intrazone-default"))
        }
        for root in nodes("rulebase", "default-security-rules") where !keepsDefaults(root) {
            let why = "changed default rules"
            mark(root, .notModelled, why)
            firewall.unknown.append((tree.line(root), why))
        }
        firewall.inspections = [
            Inspection(
                controlPorts: PortSet(21...21), opensFilter: true,
                rewritesAddress: !firewall.forwards.isEmpty,
                source: text.absence("application ftp (the default)"))
        ]
    }

    /// Whether the two predefined rules do what they do by default: rules that were overridden to
    /// log are written out with their action (PAN-OS Administrator's Guide, "Security Policy Rules").
    private func keepsDefaults(_ root: Int) -> Bool {
        let actions: [String: Set<String>] = [
            "intrazone-default": ["allow"],
            "interzone-default": ["deny", "drop", "reset-client", "reset-server", "reset-both"],
        ]
        let harmless: Set<String> = [
            "action", "log-start", "log-end", "log-setting", "profile-setting", "tag", "group-tag",
            "description", "icmp-unreachable",
        ]
        return tree.children(root).allSatisfy { tree.name($0) == "rules" }
            && tree.children(tree.find("rules", in: root)).allSatisfy { rule in
                guard let allowed = actions[tree.name(rule)] else { return false }
                return allowed.isSuperset(of: tree.values("action", in: rule))
                    && tree.children(rule).allSatisfy {
                        harmless.contains(tree.name($0))
                            && tree.any(named: "action", below: $0) == nil
                    }
            }
    }

    mutating func policy(_ rule: Int) {
        guard tree.values("disabled", in: rule) != ["yes"] else {
            mark(rule, .irrelevant, "the rule is disabled")
            return
        }
        let word = tree.values("action", in: rule).joined(separator: ", ")
        let actions: [String: Action] = [
            "allow": .permit, "deny": .deny(answered: nil), "drop": .deny(answered: false),
            "reset-client": .deny(answered: true), "reset-both": .deny(answered: true),
            "reset-server": .deny(answered: false),
        ]
        var policy = ZonedFirewall.Policy(
            lines: tree.lines(rule), from: tree.values("from", in: rule),
            to: tree.values("to", in: rule),
            action: actions[word] ?? .unknown("\(word) is no action known here"))
        policy.seesOriginal = true
        policy.sources = joined(tree.values("source", in: rule))
        policy.destinations = joined(tree.values("destination", in: rule))
        for (key, idle) in PANOSGrammar.conditions {
            let values = tree.values(key, in: rule)
            if !values.isEmpty, values != [idle] { policy.doubts.append(key) }
        }
        negate("source", in: rule, &policy, \.sources)
        negate("destination", in: rule, &policy, \.destinations)
        if tree.values("disabled", in: rule).count > 1 { policy.doubts.append("disabled") }
        policy.doubts += tree.strays(rule, PANOSGrammar.rule, values: 0)
            .map { "\($0) isn't known here" }
        for key in ["from", "to", "source", "destination"]
        where tree.values(key, in: rule).isEmpty {
            policy.doubts.append("no \(key)")
            if key == "source" { policy.sources = .any }
            if key == "destination" { policy.destinations = .any }
        }
        if policy.doubts.contains("negate-source") { policy.sources = .any }
        if policy.doubts.contains("negate-destination") { policy.destinations = .any }
        applications(rule, &policy)
        let pairs = pairs(rule, &policy)
        var why =
            policy.doubts + policy.sources.unknown + policy.destinations.unknown
            + policy.services.flatMap(\.notModelled)
        if case .unknown(let reason) = policy.action { why.append(reason) }
        if why.isEmpty {
            mark(rule, .used)
        } else {
            mark(rule, .notModelled, why.joined(separator: ", "))
        }
        for pair in pairs {
            (policy.from, policy.to) = pair
            firewall.policies.append(policy)
        }
    }

    /// `intrazone` holds within each of its zones, `interzone` between different ones alone.
    private func pairs(
        _ rule: Int, _ policy: inout ZonedFirewall.Policy
    ) -> [(from: [String], to: [String])] {
        let type = tree.values("rule-type", in: rule)
        let all = Set(firewall.interfaces.compactMap(\.zone)).sorted()
        guard type == ["intrazone"] || type == ["interzone"], !all.isEmpty else {
            return [(policy.from, policy.to)]
        }
        let to = policy.to.contains("any") ? all : policy.to
        let from = policy.from.contains("any") ? all : policy.from
        policy.doubts.removeAll {
            $0 == "rule-type" || type == ["intrazone"] && $0 == "no to"
        }
        if type == ["intrazone"] { return from.map { ([$0], [$0]) } }
        return from.map { zone in ([zone], to.filter { $0 != zone }) }.filter { !$0.1.isEmpty }
    }

    /// All but the addresses named; of `any`, none would be left, and no device takes that.
    private func negate(
        _ side: String, in rule: Int, _ policy: inout ZonedFirewall.Policy,
        _ hosts: WritableKeyPath<ZonedFirewall.Policy, ZonedFirewall.Hosts>
    ) {
        guard tree.values("negate-\(side)", in: rule) == ["yes"],
            policy[keyPath: hosts].set != .all
        else { return }
        policy.doubts.removeAll { $0 == "negate-\(side)" }
        policy[keyPath: hosts].exclude()
    }

    /// The first packet shows no application: a rule for some is sure only at their own ports.
    func applications(_ rule: Int, _ policy: inout ZonedFirewall.Policy) {
        let names = tree.values("application", in: rule)
        let services = tree.values("service", in: rule)
        let anyApplication = names.isEmpty || names == ["any"]
        guard services != ["application-default"] else {
            var known = Match()
            known.destinationPorts = PortSet(21...21)
            var unsure = Match()
            unsure.notModelled = ["which application it is shows only later"]
            policy.services = names == ["ftp"] ? [known] : [unsure]
            if names == ["ftp"], policy.action != .permit { policy.services = [unsure] }
            return
        }
        policy.services = services.flatMap { self.services($0) }
        if policy.services.isEmpty { policy.services = [Match()] }
        guard !anyApplication else { return }
        if names == ["ftp"], policy.action == .permit {
            // What begins at port 21 is let in until it turns out to be something else.
            for index in policy.services.indices
            where policy.services[index].destinationPorts != PortSet(21...21) {
                policy.services[index].notModelled.append(
                    "which application it is shows only later")
            }
        } else {
            policy.doubts.append("which application it is shows only later")
        }
    }
}
