import Net
import Policy
import PolicyText

/// Virtual addresses, policies and the session helper.
extension FortiOSReader {
    static func tag(_ name: String) -> String { "vip \(name)" }

    mutating func forwards() {
        for node in edits("firewall vip") {
            mark(node, .used)
            guard value("status", node) != "disable" else { continue }
            let name = tree.name(node)
            var forward = ZonedFirewall.Forward(lines: tree.lines(node), name: Self.tag(name))
            if let interface = value("extintf", node), interface != "any" {
                forward.from = [interface]
            }
            forward.destinations = Self.range(tree.values("extip", in: node))
            var to = Self.range(tree.values("mappedip", in: node))
            forward.isOneToOne = true
            let kind = value("type", node) ?? "static-nat"
            if kind != "static-nat" { to.unknown = ["a virtual address of kind \(kind)"] }
            if let proto = value("protocol", node), proto != "tcp" {
                forward.never = "\(proto), not TCP"
            }
            if value("portforward", node) == "enable" {
                forward.ports = value("extport", node).flatMap { JunosPorts.range($0) }
                let inner = value("mappedport", node).flatMap { JunosPorts.range($0) }
                forward.toPorts = (inner ?? forward.ports)?.ranges.first
                if forward.ports == nil { to.unknown = ["its ports aren't understood"] }
            }
            forward.doubts += translationConditions(node)
            if let why = to.unknown.first ?? forward.doubts.first { mark(node, .notModelled, why) }
            forward.to = to
            firewall.forwards.append(forward)
        }
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
        for section in ["firewall policy6", "firewall security-policy", "firewall DoS-policy"] {
            if let node = tree.find([section]) {
                mark(node, .notModelled, "\(section)s aren't modelled")
            }
        }
        for section in ["firewall central-snat-map"] {
            if let node = tree.find([section]) {
                mark(node, .irrelevant, "it translates the sender")
            }
        }
        for section in [
            "firewall address", "firewall addrgrp", "firewall service custom",
            "firewall service group", "firewall vipgrp",
        ] {
            if let node = tree.find([section]) { mark(node, .used) }
        }
        guard tree.find(["firewall policy"]) != nil else { return }
        firewall.hasPolicies = true
        firewall.ending = Setting(.deny(answered: false), text.absence("implicit deny (policy 0)"))
        for node in edits("firewall policy") { policy(node) }
    }

    mutating func policy(_ node: Int) {
        guard value("status", node) != "disable" else {
            mark(node, .irrelevant, "the policy is disabled")
            return
        }
        let word = value("action", node) ?? "deny"
        let action: Action =
            word == "accept"
            ? .permit : word == "deny" ? .deny(answered: false) : .unknown("action \(word)")
        var policy = ZonedFirewall.Policy(
            lines: tree.lines(node), from: tree.values("srcintf", in: node),
            to: tree.values("dstintf", in: node), action: action)
        policy.sources = ZonedFirewall.Hosts()
        for name in tree.values("srcaddr", in: node) { policy.sources.join(hosts(name)) }
        policy.services = tree.values("service", in: node).flatMap { services($0) }
        policy.doubts = conditions(node)
        if ["internet-service", "service-negate"].contains(where: policy.doubts.contains) {
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
        if policy.doubts.contains("srcaddr-negate")
            || policy.doubts.contains("internet-service-src")
        {
            policy.sources = .any
        }
        destinations(node, policy)
    }

    mutating func destinations(_ node: Int, _ policy: ZonedFirewall.Policy) {
        var policy = policy
        var (plain, carried) = (ZonedFirewall.Hosts(), [String]())
        for name in tree.values("dstaddr", in: node) {
            if tree.find(["firewall vip", name]) != nil {
                carried.append(Self.tag(name))
            } else if let group = tree.find(["firewall vipgrp", name]) {
                carried += tree.values("member", in: group).map(Self.tag)
            } else {
                plain.join(hosts(name))
            }
        }
        let open = ["dstaddr-negate", "internet-service"].contains { policy.doubts.contains($0) }
        if open { (plain, carried) = (.any, []) }
        let why =
            policy.doubts + policy.sources.unknown + plain.unknown
            + policy.services.flatMap(\.notModelled)
        if why.isEmpty {
            mark(node, .used)
        } else {
            mark(node, .notModelled, why.joined(separator: ", "))
        }
        if !carried.isEmpty {
            policy.carriedBy = carried
            firewall.policies.append(policy)
        }
        guard !plain.set.isEmpty || !plain.unknown.isEmpty else { return }
        policy.carriedBy = nil
        policy.destinations = plain
        let matchesCarried = value("match-vip", node) == "enable"
        policy.ignoresCarried = !matchesCarried && !firewall.forwards.isEmpty
        firewall.policies.append(policy)
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
