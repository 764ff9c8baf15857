import Net
import Policy
import PolicyText

/// What drops packets and isn't modelled: where it stands, nothing is known to pass.
struct IOSBarriers {
    /// Lines on an interface, and whether they are about what leaves by it.
    var onInterfaces: [(interface: Int, line: Int, leaving: Bool, policy: String?)] = []
    /// Lines that hold for the whole device.
    var everywhere: [(line: Int, what: String)] = []
    /// Policies of quality of service in which a class drops whatever it matches.
    var dropping: Set<String> = []
    /// Policies within policies.
    var nested: [String: Set<String>] = [:]

    /// Whether the policy or one within it drops a class.
    func drops(_ policy: String) -> Bool {
        var (seen, open): (Set<String>, [String]) = ([policy], [policy])
        while let name = open.popLast() {
            if dropping.contains(name) { return true }
            open += nested[name, default: []].filter { seen.insert($0).inserted }
        }
        return false
    }
}

extension IOSReader {
    /// VLAN maps drop what is bridged or routed (Catalyst 3560, "Configuring Network Security with
    /// ACLs"), TrustSec by the groups of both ends.
    mutating func readBarrier(_ line: IOSLine) -> Reading? {
        switch (line.keyword(0), line.keyword(1)) {
        case ("vlan", "access-map"):
            context = .other(.notModelled, "VLAN maps aren't modelled")
            return (.notModelled, "VLAN maps aren't modelled")
        case ("vlan", "filter") where !line.negated:
            return everywhere(line, "a VLAN map may drop it")
        case ("cts", "role-based") where line.keyword(2) == "enforcement" && !line.negated:
            return everywhere(line, "TrustSec may drop it")
        case ("policy-map", let name) where name != "type" && line.words.count == 2:
            context = .ratePolicy(line.words[1])
            return (.irrelevant, "no influence on who reaches which port")
        default: return nil
        }
    }

    private mutating func everywhere(_ line: IOSLine, _ what: String) -> Reading {
        context = .none
        config.barriers.everywhere.append((line.number, what))
        return (.notModelled, what)
    }

    /// A command below an interface that puts a filter there that isn't modelled, some of them of
    /// other systems; nil where it is none.
    mutating func readBarrier(_ line: IOSLine, below index: Int) -> Reading? {
        guard !line.negated else { return nil }
        var policy: String?
        switch (line.keyword(0), line.keyword(1)) {
        case ("ip", "port") where line.keyword(2) == "access-group",
            ("ipv4", "access-group"), ("ip", "filter"), ("packet-filter", _), ("traffic-filter", _),
            ("traffic-policy", _), ("service-acl", _), ("apply", "access-list"):
            break
        case ("access-group", let mode) where mode != "mode": break
        case ("rate-limit", _) where line.conformsToDrop: break
        case ("service-policy", "input"), ("service-policy", "output"):
            policy = line.words.last
        default: return nil
        }
        let leaving = ["out", "output", "outbound", "egress"].contains {
            line.keyword(1) == $0 || line.keyword(line.words.count - 1) == $0
        }
        config.barriers.onInterfaces.append((index, line.number, leaving, policy))
        return policy == nil
            ? (.notModelled, "it may drop packets")
            : (.irrelevant, "no influence on who reaches which port")
    }

    /// A line below a `policy-map` of quality of service: its `drop` is a filter.
    mutating func readRatePolicy(_ line: IOSLine, _ name: String) -> Reading? {
        switch line.keyword(0) {
        case "drop" where !line.negated: config.barriers.dropping.insert(name)
        case "police" where line.conformsToDrop, "conform-action" where line.conformsToDrop:
            config.barriers.dropping.insert(name)
        case "service-policy":
            config.barriers.nested[name, default: []].insert(line.words.last ?? "")
        case "class", "police", "conform-action", "exceed-action": break
        default: guard line.indent > 0 else { return nil }
        }
        return (.irrelevant, "no influence on who reaches which port")
    }
}

extension IOSKeywords {
    /// Whether a line is one of IOS XR, of Comware or VRP, of AOS-CX or a small switch: their
    /// interfaces, like those of IOS, hold other filters.
    static func isForeign(_ first: String, _ second: String) -> Bool {
        switch (first, second) {
        case ("ipv4", "access-list"), ("ipv4", "access-group"), ("ipv4", "address"),
            ("!!", "ios"), ("sysname", _), ("undo", _), ("acl", "number"), ("acl", "name"),
            ("acl", "advanced"), ("acl", "basic"), ("packet-filter", _), ("traffic-filter", _),
            ("ip", "route-static"), ("service-acl", _), ("apply", "access-list"):
            true
        default: false
        }
    }
}

extension IOSLine {
    /// `police 8000 conform-action drop exceed-action drop`: what keeps to the rate is dropped too.
    fileprivate var conformsToDrop: Bool {
        words.indices.contains {
            keyword($0) == "conform-action" && keyword($0 + 1) == "drop"
        }
    }
}

extension IOSDeviceBuilder {
    mutating func addBarriers() {
        for (line, what) in config.barriers.everywhere {
            unknown(what, line, nil, [.v4, .v6])
        }
        for barrier in config.barriers.onInterfaces {
            if let policy = barrier.policy {
                guard config.barriers.drops(policy) else { continue }
                reader.mark(barrier.line, .notModelled, "it may drop packets")
            }
            let name = config.interfaces[barrier.interface].name
            unknown(
                "a filter that isn't modelled", barrier.line, name, [.v4, .v6],
                barrier.leaving ? .leaving : .entering)
        }
    }
}
