import Net
import Policy
import PolicyText

/// Policies, filters and translations.
extension JunosReader {
    mutating func policies() {
        guard let root = tree.find(["security", "policies"]) else {
            if tree.find(["security", "zones", "security-zone"]) != nil {
                firewall.hasPolicies = true
                firewall.ending = Setting(
                    .deny(answered: false), firewall.text.absence("implicit deny"))
            }
            return
        }
        mark(root, .used)
        firewall.hasPolicies = true
        firewall.ending = Setting(.deny(answered: false), firewall.text.absence("implicit deny"))
        if let permit = tree.find("default-policy", "permit-all", in: root) {
            firewall.ending = Setting(.permit, firewall.text.source(tree.line(permit)))
        }
        for from in tree.children(tree.find("from-zone", in: root)) {
            for to in tree.children(tree.find("to-zone", in: from)) {
                let zones = (tree.name(from), tree.name(to))
                for node in tree.children(tree.find("policy", in: to)) {
                    add(node, from: [zones.0], to: [zones.1])
                }
            }
        }
        for node in tree.children(tree.find("global", "policy", in: root)) {
            add(
                node, from: tree.values("match", "from-zone", in: node),
                to: tree.values("match", "to-zone", in: node))
        }
    }

    private mutating func add(_ node: Int, from: [String], to: [String]) {
        let words = tree.values("then", in: node)
        let actions = words.filter { ["permit", "deny", "reject"].contains($0) }
        let action: Action =
            switch actions.first {
            case _ where actions.count > 1: .unknown("several actions")
            case "permit": .permit
            case "deny": .deny(answered: false)
            case "reject": .deny(answered: true)
            default: .unknown("the policy says nothing to do")
            }
        var policy = ZonedFirewall.Policy(
            lines: tree.lines(node), from: from, to: to, action: action)
        for part in tree.children(tree.find("match", in: node)) {
            let values = tree.children(part).map { tree.name($0) }
            switch tree.name(part) {
            case "source-address":
                policy.sources = joined(values, from)
            case "destination-address":
                policy.destinations = joined(values, to)
            case "application": policy.services = values.flatMap { services($0) }
            case "from-zone", "to-zone": continue
            case "dynamic-application", "source-identity", "url-category",
                "source-end-user-profile":
                if values != ["any"], values != ["none"] { policy.doubts.append(tree.name(part)) }
            default: continue
            }
        }
        if tree.find("match", "source-address-excluded", in: node) != nil {
            policy.sources.exclude()
        }
        if tree.find("match", "destination-address-excluded", in: node) != nil {
            policy.destinations.exclude()
        }
        if tree.find("scheduler-name", in: node) != nil { policy.doubts.append("scheduler-name") }
        policy.doubts += tree.strays(node, JunosGrammar.policy, values: 0)
            .map { "\($0) isn't known here" }
        var doubts =
            policy.doubts + policy.sources.unknown + policy.destinations.unknown
            + policy.services.flatMap(\.notModelled)
        if case .unknown(let why) = action { doubts.append(why) }
        if !doubts.isEmpty { mark(node, .notModelled, doubts.joined(separator: ", ")) }
        firewall.policies.append(policy)
    }

    private func joined(_ names: [String], _ zones: [String]) -> ZonedFirewall.Hosts {
        ZonedFirewall.Hosts(joining: names.map { hosts($0, zones) })
    }

    mutating func algs() {
        guard firewall.hasPolicies else { return }
        if let off = tree.find(["security", "alg", "ftp", "disable"]) {
            mark(off, .used)
            return
        }
        firewall.inspections = [
            Inspection(
                controlPorts: ftpPorts, opensFilter: true,
                rewritesAddress: !firewall.forwards.isEmpty,
                source: firewall.text.absence("security alg ftp (the default)"))
        ]
    }

    // MARK: translations

    mutating func translations() {
        for kind in ["static", "destination"] {
            guard let nat = tree.find("security", "nat", kind, in: 0) else { continue }
            mark(nat, .used)
            for set in tree.children(tree.find("rule-set", in: nat)) {
                let from =
                    tree.values("from", "zone", in: set) + tree.values("from", "interface", in: set)
                for rule in tree.children(tree.find("rule", in: set)) {
                    forward(rule, kind, nat, from)
                }
            }
        }
        if let source = tree.find(["security", "nat", "source"]) {
            mark(source, .irrelevant, "it translates the sender")
        }
    }

    private mutating func forward(_ rule: Int, _ kind: String, _ nat: Int, _ from: [String]) {
        var forward = ZonedFirewall.Forward(
            lines: tree.lines(rule), name: "nat \(tree.name(rule))", from: from)
        if from.isEmpty { forward.doubts.append("where it comes from isn't modelled") }
        forward.doubts += tree.strays(rule, JunosGrammar.rule, values: 0)
            .map { "\($0) isn't modelled" }
        for part in tree.children(tree.find("match", in: rule)) {
            let values = tree.children(part)
            let prefixes = values.compactMap { Prefix(tree.name($0)).map { $0.address...$0.last } }
            var hosts = ZonedFirewall.Hosts()
            hosts.set = AddressSet(prefixes)
            if prefixes.count != values.count { hosts.unknown = ["an address that isn't known"] }
            switch tree.name(part) {
            case "destination-address": forward.destinations = hosts
            case "source-address": forward.sources = hosts
            case "destination-port":
                var set = PortSet()
                for value in values {
                    let last = tree.values("to", in: value).first ?? tree.name(value)
                    if let range = JunosPorts.range("\(tree.name(value))-\(last)") {
                        set = set.union(range)
                    } else if let range = JunosPorts.range(tree.name(value)) {
                        set = set.union(range)
                    } else {
                        forward.doubts.append("port \(tree.name(value)) isn't known here")
                    }
                }
                forward.ports = set
            case "protocol":
                let names = values.map { tree.name($0) }
                if !names.contains("tcp"), !names.contains("6") { forward.never = "not TCP" }
            default: continue
            }
        }
        var to = ZonedFirewall.Hosts()
        if kind == "static" {
            forward.isOneToOne = true
            let prefix = tree.find("then", "static-nat", "prefix", in: rule)
            let value = tree.children(prefix).first
            if let value, let prefix = Prefix(tree.name(value)) {
                to.set = AddressSet(prefix)
                forward.toPorts = mapped(tree.find("mapped-port", in: value))
            } else {
                to.unknown = ["a kind of static translation that isn't modelled"]
            }
            if let prefix, let port = tree.find("mapped-port", in: prefix) {
                forward.toPorts = mapped(port)
            }
        } else if tree.find("then", "destination-nat", "off", in: rule) != nil {
            firewall.forwards.append(forward)
            return
        } else {
            let name = tree.values("then", "destination-nat", "pool", in: rule).first ?? ""
            if let pool = tree.find("pool", name, in: nat) {
                for value in tree.children(tree.find("address", in: pool)) {
                    if let prefix = Prefix(tree.name(value)) {
                        to.set = to.set.union(AddressSet(prefix))
                    }
                    if let port = tree.values("port", in: value).first.flatMap({ UInt16($0) }) {
                        forward.toPorts = port...port
                    }
                }
                if let port = tree.values("address", "port", in: pool).first.flatMap({ UInt16($0) })
                    ?? tree.values("port", in: pool).first.flatMap({ UInt16($0) })
                {
                    forward.toPorts = port...port
                }
            }
            let pool = tree.find("pool", name, in: nat)
            let odd = pool.map { tree.strays($0, JunosGrammar.pool, values: 0) } ?? []
            to.unknown = odd.map { "\($0) of pool \(name) isn't modelled" }
            if to.set.isEmpty { to.unknown = ["pool \(name) isn't defined"] }
        }
        if let why = to.unknown.first ?? forward.doubts.first { mark(rule, .notModelled, why) }
        forward.to = to
        firewall.forwards.append(forward)
    }

    private func mapped(_ node: Int?) -> ClosedRange<UInt16>? {
        guard let value = tree.children(node).first, let first = UInt16(tree.name(value)) else {
            return nil
        }
        let last = tree.values("to", in: value).first.flatMap { UInt16($0) } ?? first
        return first...max(first, last)
    }

    // MARK: filters

    mutating func filters() {
        for (root, family) in [
            (["firewall"], IPAddress.Family.v4), (["firewall", "family", "inet"], .v4),
            (["firewall", "family", "inet6"], .v6),
        ] {
            guard let base = tree.find(root) else { continue }
            for node in tree.children(tree.find("filter", in: base)) {
                mark(node, .used)
                let name = Self.list(tree.name(node), family)
                firewall.lists[name] = tree.children(tree.find("term", in: node))
                    .flatMap { term($0) }
            }
        }
        for list in lists {
            guard list.parts.allSatisfy({ firewall.lists[$0] != nil }) else { continue }
            firewall.lists[list.name] = list.parts.flatMap { firewall.lists[$0] ?? [] }
        }
        let bound = Set(firewall.bound.map(\.list)).union(lists.flatMap(\.parts))
        for root in [["firewall"], ["firewall", "family", "inet"]] {
            for node in tree.children(tree.find(root + ["filter"]))
            where !bound.contains(Self.list(tree.name(node), .v4)) {
                mark(node, .irrelevant, "no interface uses the filter")
            }
        }
    }

    private mutating func term(_ node: Int) -> [FilterRule] {
        let then = tree.children(tree.find("then", in: node)).map { tree.name($0) }
        let actions = then.filter { ["accept", "discard", "reject", "next"].contains($0) }
        let action: Action =
            switch actions.first {
            case _ where actions.count > 1: .unknown("several actions")
            case "discard": .deny(answered: false)
            case "reject": .deny(answered: true)
            case "next": .next
            default: .permit
            }
        if let mode = tree.find("then", "packet-mode", in: node) {
            firewall.unknown.append((tree.line(mode), "a term that passes by the policies"))
        }
        var match = Match()
        let from = tree.find("from", in: node) ?? node
        for part in tree.children(tree.find("from", in: node)) {
            condition(part, of: from, &match)
        }
        if case .unknown(let why) = action { match.notModelled.append(why) }
        match.notModelled += tree.strays(node, JunosGrammar.term, values: 0)
            .map { "\($0) isn't known here" }
        if !match.notModelled.isEmpty, match.never == nil {
            mark(node, .notModelled, match.notModelled.joined(separator: ", "))
        }
        let lines = tree.lines(node).sorted()
        return [
            FilterRule(
                match, action, firewall.text.source(lines.first ?? 1),
                support: lines.dropFirst().prefix(8).map { firewall.text.source($0) })
        ]
    }

    private func condition(_ part: Int, of from: Int, _ match: inout Match) {
        let name = tree.name(part)
        let values = tree.children(part).map { tree.name($0) }
        switch name {
        case "source-address", "destination-address", "source-prefix-list",
            "destination-prefix-list":
            // Lists and addresses of one side are alternatives: read together, once.
            let side = name.hasPrefix("source") ? "source" : "destination"
            let parts = ["\(side)-address", "\(side)-prefix-list"].compactMap { key in
                tree.find(key, in: from)
            }
            guard parts.first == part else { break }
            let hosts = ZonedFirewall.Hosts(
                joining: parts.map {
                    tree.name($0).hasSuffix("list") ? listed($0) : addresses($0)
                })
            // What isn't known may be any address.
            match.notModelled += hosts.unknown
            let set = hosts.unknown.isEmpty ? hosts.set : nil
            if side == "source" { match.sources = set } else { match.destinations = set }
        case "protocol", "next-header", "payload-protocol":
            if !values.contains("tcp"), !values.contains("6") { match.never = "not TCP" }
        case "protocol-except":
            if values.contains("tcp") || values.contains("6") { match.never = "not TCP" }
        case "destination-port", "source-port", "destination-port-except":
            var set = PortSet()
            for word in values {
                if let range = JunosPorts.range(word) {
                    set = set.union(range)
                } else {
                    match.notModelled.append("port \(word) isn't known here")
                }
            }
            if match.notModelled.contains(where: { $0.hasPrefix("port ") }) { return }
            if name == "source-port" {
                match.sourcePorts = set
            } else {
                match.destinationPorts = name == "destination-port" ? set : set.complement
            }
        case "tcp-established": match.never = "only packets with ACK or RST"
        case "tcp-initial": break
        case "is-fragment", "icmp-type", "icmp-code", "first-fragment":
            match.never = name == "first-fragment" ? match.never : "not a new TCP connection"
            if name == "first-fragment" { match.notModelled.append(name) }
        default: break
        }
    }

    /// Prefixes, those with `except` taken out where they are the longer ones.
    private func addresses(_ part: Int) -> ZonedFirewall.Hosts {
        var entries: [(prefix: Prefix, except: Bool)] = []
        var hosts = ZonedFirewall.Hosts()
        for value in tree.children(part) {
            guard let prefix = Prefix(tree.name(value)) else {
                hosts.unknown.append("\(tree.name(value)) is no address known here")
                continue
            }
            entries.append((prefix, tree.find("except", in: value) != nil))
        }
        if entries.allSatisfy(\.except) { hosts.unknown.append("nothing but exceptions") }
        for entry in entries.sorted(by: { $0.prefix.length < $1.prefix.length }) {
            if entry.except {
                hosts.set.subtract(AddressSet(entry.prefix))
            } else {
                hosts.set = hosts.set.union(AddressSet(entry.prefix))
            }
        }
        return hosts
    }

    private func listed(_ part: Int) -> ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        for value in tree.children(part) {
            if tree.find("except", in: value) != nil {
                hosts.unknown.append("an exception of a prefix list")
            }
            for word in tree.values("policy-options", "prefix-list", tree.name(value), in: 0) {
                if let prefix = Prefix(word) {
                    hosts.set = hosts.set.union(AddressSet(prefix))
                } else {
                    hosts.unknown.append("\(word) in a prefix list")
                }
            }
        }
        if hosts.set.isEmpty { hosts.unknown.append("a prefix list that isn't defined") }
        return hosts
    }
}
