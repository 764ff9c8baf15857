import Net
import Policy
import PolicyText

/// Virtual addresses, policies and the session helper.
extension FortiOSReader {
    mutating func forwards() {
        for family in [FortiOSFamily.v4, .v6] {
            for node in edits(family.translations) { forward(node, family) }
        }
        untoldTranslations()
    }

    private mutating func forward(_ node: Int, _ family: FortiOSFamily) {
        mark(node, .used)
        guard value("status", node) != "disable" else { return }
        var forward = ZonedFirewall.Forward(
            lines: tree.lines(node), name: family.tag(tree.name(node)))
        if let interface = value("extintf", node), interface != "any" {
            forward.from = [interface]
        }
        forward.destinations = outer(node, family)
        var to = Self.range(tree.values("mappedip", in: node))
        if to.set.isEmpty, to.unknown.isEmpty { to.unknown = ["no address to go to"] }
        forward.isOneToOne = true
        let kind = value("type", node) ?? "static-nat"
        if let proto = value("protocol", node), proto != "tcp" {
            forward.never = "\(proto), not TCP"
        }
        if value("portforward", node) == "enable" {
            forward.ports = value("extport", node).flatMap { JunosPorts.range($0) }
            let inner = value("mappedport", node).flatMap { JunosPorts.range($0) }
            forward.toPorts = (inner ?? forward.ports)?.ranges.first
            if forward.ports == nil || forward.ports?.count != (inner ?? forward.ports)?.count {
                to.unknown = ["its ports aren't understood"]
                forward.toPorts = 1...65535
            }
        }
        if kind != "static-nat" {
            to.unknown = ["a virtual address of kind \(kind)"]
            forward.toPorts = 1...65535
        }
        forward.doubts += translationConditions(node)
        let why = to.unknown.first ?? forward.destinations.unknown.first ?? forward.doubts.first
        if let why { mark(node, .notModelled, why) }
        forward.to = to
        firewall.forwards.append(forward)
    }

    /// The addresses that a virtual one stands for; `0.0.0.0` is whatever its interface has
    /// (docs.fortinet.com, CLI reference, `config firewall vip`).
    private func outer(_ node: Int, _ family: FortiOSFamily) -> ZonedFirewall.Hosts {
        var hosts = Self.range(tree.values("extip", in: node))
        if tree.values("extip", in: node).allSatisfy({ ["0.0.0.0", "::"].contains($0) }) {
            hosts.set = AddressSet()
            hosts.unknown = ["it stands for whatever address its interface has"]
        }
        hosts.within = family.all
        return hosts
    }

    /// Translations between the families, by sections of their own before FortiOS 7.0.1: what they
    /// may carry is unknown.
    private mutating func untoldTranslations() {
        for (section, family) in [("firewall vip46", FortiOSFamily.v4), ("firewall vip64", .v6)] {
            for node in edits(section) {
                mark(node, .notModelled, "\(section)s aren't modelled")
                untold(tree.lines(node), outer(node, family), "\(section)s aren't modelled")
            }
        }
        // By a prefix that stands elsewhere, it may carry any address.
        if let node = edits("firewall policy64").first {
            var hosts = ZonedFirewall.Hosts()
            hosts.set = .allV6
            untold(tree.lines(node), hosts, "firewall policy64s aren't modelled")
        }
    }

    /// Leaves unknown what goes to the addresses, whatever the policies say.
    mutating func untold(_ lines: [Int], _ hosts: ZonedFirewall.Hosts, _ why: String) {
        var policy = ZonedFirewall.Policy(lines: lines, action: .unknown(why))
        policy.destinations = hosts
        policy.seesOriginal = true
        firewall.policies.append(policy)
    }

    static func range(_ words: [String]) -> ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        for word in words {
            let ends = word.split(separator: "-").map { IPAddress(String($0)) }
            if let first = ends.first.flatMap(\.self), let last = ends.last.flatMap(\.self),
                first.family == last.family, first <= last
            {
                hosts.set = hosts.set.union(AddressSet(first...last))
            } else {
                hosts.unknown.append("\(word) is no address known here")
            }
        }
        return hosts
    }

    // MARK: policies

    mutating func policies() {
        for section in ["firewall policy46", "firewall policy64", "firewall DoS-policy"] {
            if let node = tree.find([section]) {
                mark(node, .notModelled, "\(section)s aren't modelled")
            }
        }
        otherModes()
        for section in ["firewall central-snat-map"] {
            if let node = tree.find([section]) {
                mark(node, .irrelevant, "it translates the sender")
            }
        }
        let services = ["firewall service custom", "firewall service group"]
        for section in FortiOSFamily.objects + services {
            if let node = tree.find([section]) { mark(node, .used) }
        }
        let old = edits("firewall policy6")
        guard tree.find(["firewall policy"]) != nil || !old.isEmpty else { return }
        firewall.hasPolicies = true
        firewall.ending = Setting(.deny(answered: false), text.absence("implicit deny (policy 0)"))
        for node in edits("firewall policy") { policy(node, [.v4, .v6]) }
        for node in old { policy(node, [.v6Alone]) }
    }

    /// Policies by application, and those of 6.2 for both families in one list, judge instead of
    /// the usual ones, or after them; access lists before.
    private mutating func otherModes() {
        for section in [
            "firewall consolidated policy", "firewall security-policy", "firewall acl",
            "firewall acl6",
        ] {
            guard let node = tree.find([section]) else { continue }
            mark(node, .notModelled, "\(section)s aren't modelled")
            let isIdle = edits(section).allSatisfy { value("status", $0) == "disable" }
            if isIdle { continue }
            firewall.unknown.append((tree.line(node), "\(section)s aren't modelled"))
        }
        if let node = tree.find(["system settings", "ngfw-mode", "policy-based"]) {
            let why = "policies by application aren't modelled"
            mark(node, .notModelled, why)
            firewall.unknown.append((tree.line(node), why))
        }
    }

    /// One policy judges each family by addresses of its own (FortiOS 6.4 and later).
    mutating func policy(_ node: Int, _ families: [FortiOSFamily]) {
        guard value("status", node) != "disable" else {
            mark(node, .irrelevant, "the policy is disabled")
            return
        }
        var doubts: [String] = []
        for family in families {
            for doubt in policy(node, family) where !doubts.contains(doubt) {
                doubts.append(doubt)
            }
        }
        if doubts.isEmpty {
            mark(node, .used)
        } else {
            mark(node, .notModelled, doubts.joined(separator: ", "))
        }
    }

    /// The policy as one family meets it; what of it isn't modelled.
    private mutating func policy(_ node: Int, _ family: FortiOSFamily) -> [String] {
        let word = value("action", node) ?? "deny"
        let action: Action =
            switch word {
            case "accept": .permit
            case "deny": .deny(answered: value("send-deny-packet", node) == "enable")
            default: .unknown("action \(word)")
            }
        var policy = ZonedFirewall.Policy(
            lines: tree.lines(node), from: tree.values("srcintf", in: node),
            to: tree.values("dstintf", in: node), action: action)
        policy.sources = ZonedFirewall.Hosts(
            joining: tree.values(family.source, in: node).map { hosts($0, family) })
        policy.sources.within = family.all
        policy.services = tree.values("service", in: node).flatMap { services($0) }
        policy.doubts = conditions(node).filter { !family.isOfOther($0) }
        if [family.service, "service-negate"].contains(where: policy.doubts.contains) {
            policy.services = [Match()]
        } else if policy.services.isEmpty {
            policy.services = [Match()]
            policy.doubts.append("no service")
        }
        if let schedule = value("schedule", node), schedule != "always" {
            policy.doubts.append("schedule \(schedule)")
        }
        if policy.from.isEmpty || policy.to.isEmpty { policy.doubts.append("no interface") }
        // What is negated or named by a service of the Internet is left open.
        if policy.doubts.contains("\(family.source)-negate")
            || policy.doubts.contains("\(family.service)-src")
        {
            policy.sources.set = family.all
        }
        return destinations(node, family, policy)
    }

    private mutating func destinations(
        _ node: Int, _ family: FortiOSFamily, _ policy: ZonedFirewall.Policy
    ) -> [String] {
        var policy = policy
        var (names, carried) = ([String](), [String]())
        for name in tree.values(family.destination, in: node) {
            if tree.find([family.translations, name]) != nil {
                carried.append(family.tag(name))
            } else if let group = tree.find([family.translationGroups, name]) {
                carried += tree.values("member", in: group).map(family.tag)
            } else {
                names.append(name)
            }
        }
        var plain = ZonedFirewall.Hosts(joining: names.map { hosts($0, family) })
        plain.within = family.all
        if policy.doubts.contains("\(family.destination)-negate")
            || policy.doubts.contains(family.service)
        {
            (plain.set, carried) = (family.all, [])
        }
        guard !carried.isEmpty || !plain.set.isEmpty || !plain.unknown.isEmpty,
            !policy.sources.set.isEmpty || !policy.sources.unknown.isEmpty
        else { return [] }
        if !carried.isEmpty {
            policy.carriedBy = carried
            firewall.policies.append(policy)
        }
        if !plain.set.isEmpty || !plain.unknown.isEmpty {
            policy.carriedBy = nil
            policy.destinations = plain
            let matchesCarried = value("match-vip", node) == "enable"
            policy.ignoresCarried = !matchesCarried && !firewall.forwards.isEmpty
            firewall.policies.append(policy)
        }
        return policy.doubts + policy.sources.unknown + plain.unknown
            + policy.services.flatMap(\.notModelled)
    }

    mutating func helpers() {
        guard firewall.hasPolicies else { return }
        let rewrites = !firewall.forwards.isEmpty
        guard let section = tree.find(["system session-helper"]) else {
            firewall.inspections = [
                Inspection(
                    controlPorts: PortSet(21...21), opensFilter: true, rewritesAddress: rewrites,
                    source: text.absence("session helper ftp at port 21 (the default)"))
            ]
            return
        }
        mark(section, .used)
        for node in tree.children(section) where value("name", node) == "ftp" {
            guard let port = value("port", node).flatMap({ UInt16($0) }) else { continue }
            firewall.inspections.append(
                Inspection(
                    controlPorts: PortSet(port...port), opensFilter: true,
                    rewritesAddress: rewrites, source: text.source(tree.line(node))))
        }
    }
}
