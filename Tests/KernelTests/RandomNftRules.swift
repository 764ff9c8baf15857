import Dice

/// Random rule sets of nftables over eight clients and sixteen ports, of the machine with the rules
/// and of one behind it.
///
/// Answers to a SYN are let pass by each base chain on the line of its head: only what becomes of
/// the SYN is asked.
struct RandomNftRules {
    static let inner = "192.0.2.1"
    private static let second = "192.0.2.2"
    static let machines = [inner, second]

    private var dice: Dice
    /// The table that is being written.
    private var isInet = false
    private var named: Set<String> = []

    /// Where the rules of a chain are judged.
    private enum Place { case raw, prerouting, nat, input, forward, postrouting, any }

    init(seed: UInt64) { dice = Dice(seed: seed) }

    mutating func text() -> String {
        (0...random(3)).map { table($0) }.joined(separator: "\n") + "\n"
    }

    // MARK: tables and chains

    private mutating func table(_ number: Int) -> String {
        isInet = chance(2)
        named = []
        var lines: [String] = []
        if chance(2) { lines.append(set("p", "inet_service", portSet())) }
        if chance(2) { lines.append(set("a", "ipv4_addr", clientSet())) }
        if chance(2) { lines.append(set("c", "ipv4_addr . inet_service", pairSet())) }
        let own = ["u0", "u1", "u2"]
        if chance(3) {
            let verdicts = ["accept", "drop", "return", "continue", "jump u2", "goto u2"]
            let elements = intervals().map { "\($0) : \(pick(verdicts))" }
            lines.append(set("v", "inet_service : verdict", elements, kind: "map"))
        }
        if chance(3) {
            let elements = intervals().map { "\($0) : \(Self.inner)" }
            lines.append(set("n", "inet_service : ipv4_addr", elements, kind: "map"))
        }
        // The last chain has no verdict map, which may lead to it.
        for (index, name) in own.enumerated().reversed() {
            let verdicts = named
            if index == own.count - 1 { named.remove("v") }
            lines += chain(name, nil, .any, Array(own.dropFirst(index + 1)), 4)
            named = verdicts
        }
        for index in 0...random(4) { lines += base("b\(index)", own) }
        return (["table \(isInet ? "inet" : "ip") t\(number) {"] + lines + ["}"])
            .joined(separator: "\n")
    }

    private mutating func base(_ name: String, _ own: [String]) -> [String] {
        let hooks: [(Place, String, [String])] = [
            (.raw, "filter hook prerouting", ["-300", "raw", "-250"]),
            (.prerouting, "filter hook prerouting", ["mangle", "-50", "0", "10"]),
            (.nat, "nat hook prerouting", ["dstnat", "-90", "0"]),
            (.nat, "nat hook prerouting", ["dstnat"]),
            (.input, "filter hook input", ["filter", "0", "-10", "security"]),
            (.input, "filter hook input", ["filter", "5"]),
            (.forward, "filter hook forward", ["filter", "0", "-10", "mangle"]),
            (.forward, "filter hook forward", ["filter", "5"]),
            (.postrouting, "filter hook postrouting", ["0", "mangle"]),
        ]
        let (place, head, priorities) = hooks[random(hooks.count)]
        let policy = place == .nat ? "accept" : pick(["accept", "accept", "drop"])
        let line =
            "type \(head) priority \(pick(priorities)); policy \(policy);"
            + " tcp flags & (syn | ack) != syn accept"
        return chain(name, line, place, own, 6)
    }

    private mutating func chain(
        _ name: String, _ head: String?, _ place: Place, _ targets: [String], _ most: Int
    ) -> [String] {
        var lines = ["chain \(name) {"]
        if let head { lines.append(head) }
        for _ in 0..<random(most + 1) { lines.append(rule(place, targets)) }
        return lines + ["}"]
    }

    private mutating func set(
        _ name: String, _ type: String, _ elements: [String], kind: String = "set"
    ) -> String {
        named.insert(name)
        return "\(kind) \(name) { type \(type); flags interval; "
            + "elements = { \(elements.joined(separator: ", ")) }; }"
    }

    // MARK: rules

    private mutating func rule(_ place: Place, _ targets: [String]) -> String {
        if chance(20) {
            let never = ["udp dport 5000-5015", "icmp type echo-request", "meta l4proto udp"]
            return pick(never + (isInet ? ["ip6 saddr ::1", "meta nfproto ipv6"] : []))
                + pick([" drop", " accept"])
        }
        var parts: [String] = []
        for _ in 0..<[0, 1, 1, 1, 2, 2, 3][random(7)] { parts.append(condition(place)) }
        if chance(4) { parts.insert(effect(place), at: random(parts.count + 1)) }
        switch random(20) {
        case 0: parts.append("counter")
        case 1...4: parts.append(verdictMap(targets))
        case 5..<14 where place == .nat: parts.append(translation())
        default:
            var verdicts = ["accept", "accept", "drop", "drop", "return", "continue"]
            if place != .nat && place != .any && place != .postrouting {
                let type = pick(["admin-prohibited", "host-prohibited", "net-unreachable"])
                verdicts.append("reject with icmp type \(type)")
            }
            verdicts += targets.flatMap { ["jump \($0)", "jump \($0)", "goto \($0)"] }
            parts.append(pick(verdicts))
        }
        return parts.joined(separator: " ")
    }

    private mutating func verdictMap(_ targets: [String]) -> String {
        let verdicts =
            ["accept", "drop", "return", "continue"] + targets.map { "jump \($0)" }
            + targets.map { "goto \($0)" }
        let keys: (String, [String])
        switch random(7) {
        case 0 where named.contains("v"): return "tcp dport vmap @v"
        case 1: keys = ("ip saddr . tcp dport", pairSet())
        case 2: keys = ("ip saddr", clientSet())
        case 3: keys = ("ct state", ["new", "established", "untracked", "invalid"])
        case 4: keys = ("iifname", ["\"pin0\"", "\"lo\""])
        case 5: keys = ("meta mark", ["0", "1-2", "3"])
        default: keys = ("tcp dport", intervals())
        }
        let elements = keys.1.map { "\($0) : \(pick(verdicts))" }
        return "\(keys.0) vmap { \(elements.joined(separator: ", ")) }"
    }

    private mutating func translation() -> String {
        let dnat = isInet ? "dnat ip to" : "dnat to"
        // A rule set doesn't tell the machine's addresses: what is bound elsewhere isn't sent to it.
        let own = "ip daddr \(RandomRules.server) \(dnat)"
        let low = port()
        var choices = [
            "\(dnat) \(Self.inner)", "\(dnat) \(Self.inner):\(low)",
            "\(own) \(RandomRules.server):\(low)", "\(own) \(RandomRules.server)",
            "\(dnat) \(Self.inner):\(low)-\(low + 2)", "\(dnat) \(Self.inner)-\(Self.second)",
            "redirect", "redirect to :\(low)", "redirect to :\(low)-\(low + 1)",
            "redirect to :tcp dport map { \(intervals().map { "\($0) : \(port())" }.joined(separator: ", ")) }",
            "\(dnat) ip saddr map { \(client()) : \(Self.inner) }",
            "\(dnat) tcp dport map { \(intervals().map { "\($0) : \(Self.inner) . \(port())" }.joined(separator: ", ")) }",
            "\(dnat) ip saddr . tcp dport map { \(pairSet().map { "\($0) : \(Self.inner) . \(port())" }.joined(separator: ", ")) }",
        ]
        if named.contains("n") { choices.append("\(dnat) tcp dport map @n") }
        return "meta l4proto tcp " + pick(choices)
    }

    private mutating func effect(_ place: Place) -> String {
        var effects = [
            "counter", "meta mark set \(mark())", "meta mark set \(mark())",
            "meta mark set meta mark \(pick(["|", "&", "^"])) \(mark())",
            "ct mark set \(mark())", "ct mark set meta mark", "meta mark set ct mark",
            "ct mark set ct mark | \(mark())", "meta mark set ct mark & \(mark())",
            "ct mark set tcp dport map { \(intervals().map { "\($0) : \(mark())" }.joined(separator: ", ")) }",
            "meta mark set ip saddr map { \(clientSet().map { "\($0) : \(mark())" }.joined(separator: ", ")) }",
            "meta mark set tcp dport map { \(intervals().map { "\($0) : \(mark())" }.joined(separator: ", ")) }",
        ]
        if place == .raw { effects += ["notrack", "notrack", "notrack"] }
        return pick(effects)
    }

    // MARK: conditions

    private mutating func condition(_ place: Place) -> String {
        let not = chance(4) ? "!= " : ""
        let ports = portSet().joined(separator: ", ")
        switch random(27) {
        case 0...3: return "tcp dport \(not)\(intervals()[0])"
        case 4: return "tcp dport \(not){ \(ports) }"
        case 5: return "tcp dport \(pick(["<", ">", "<=", ">="])) \(port())"
        case 6: return "tcp dport & \(pick(["1", "3", "6"])) == \(random(3))"
        case 7: return "meta l4proto tcp th dport \(not)\(port())"
        case 8, 9: return "ip saddr \(not)\(clientSet()[0])"
        case 10: return "ip saddr \(not){ \(clientSet().joined(separator: ", ")) }"
        case 11:
            // Never bits beside the mask: nft lists `& 255.255.255.252 == 198.51.100.3`, which
            // nothing meets, as 198.51.100.3/30.
            let (mask, base) = [(252, 4), (252, 0), (254, 6), (254, 2), (248, 0)][random(5)]
            return "ip saddr & 255.255.255.\(mask) \(pick(["==", "!="])) 198.51.100.\(base)"
        case 12:
            let addresses = [RandomRules.server, Self.inner, "192.0.2.0/24"]
            return "ip daddr \(not)\(pick(addresses))"
        case 13: return "ip saddr . tcp dport \(not){ \(pairSet().joined(separator: ", ")) }"
        case 14 where named.contains("p"): return "tcp dport \(not)@p"
        case 15 where named.contains("a"): return "ip saddr \(not)@a"
        case 16 where named.contains("c"): return "ip saddr . tcp dport \(not)@c"
        case 17, 18:
            let states = [
                "new", "established,related", "new,established", "untracked", "{ new, related }",
                "!= new", "!= established,related", "{ established, invalid }", "! new",
                "!= { new, untracked }", "! invalid", "new,untracked",
            ]
            return "ct state \(pick(states))"
        case 19:
            let asks = [
                "ct status dnat", "ct status & dnat == 0", "ct status ! dnat",
                "ct direction original", "meta l4proto tcp ct original proto-dst \(not)\(port())",
                "ct original ip daddr \(not)\(Self.inner)", "ct mark \(not)\(mark())",
            ]
            return pick(asks)
        case 20: return "meta mark \(not)\(mark())"
        case 21:
            let asks = [
                "& \(pick(["1", "2", "3"])) \(pick(["==", "!="])) \(mark())", "\(not)1-2",
                "\(not){ 0-1, 3 }", "\(pick(["<", ">", "<=", ">="])) \(mark())",
            ]
            return "meta mark " + pick(asks)
        case 22:
            let names = ["pin0", "lo", "\"pin*\"", "\"eth*\"", "{ pin0, lo }", "!= { lo, pin1 }"]
            return "iifname \(pick(names))"
        case 23 where place == .forward || place == .postrouting:
            return "oifname " + pick(["pin1", "!= pin1", "\"pin*\"", "{ pin0, lo }"])
        case 24:
            let flags = ["syn", "!= syn", "& (syn | ack) == syn", "ack", "! ack", "{ syn, ack }"]
            return "tcp flags \(pick(flags))"
        case 25: return "fib daddr type \(pick(["local", "unicast", "!= local"]))"
        default:
            let kinds = [
                "meta l4proto tcp", "ip protocol tcp", "meta pkttype host", "ip version 4",
            ]
            return pick(kinds)
        }
    }

    // MARK: words

    private mutating func random(_ bound: Int) -> Int { Int(dice.next() % UInt64(bound)) }
    private mutating func chance(_ one: Int) -> Bool { random(one) == 0 }
    private mutating func pick(_ choices: [String]) -> String { choices[random(choices.count)] }
    private mutating func port() -> Int { 5000 + random(16) }
    private mutating func client() -> String { RandomRules.clients[random(8)] }
    private mutating func mark() -> String { pick(["0", "1", "2", "3"]) }

    /// Disjoint ranges of ports, in order.
    private mutating func intervals() -> [String] {
        var ranges: [String] = []
        var low = port() - random(8)
        for _ in 0...random(3) {
            let high = low + random(5)
            ranges.append(low == high ? "\(low)" : "\(low)-\(high)")
            low = high + 2 + random(4)
        }
        return ranges
    }

    private mutating func portSet() -> [String] { intervals() }

    /// Disjoint addresses, ranges and prefixes, in no order.
    private mutating func clientSet() -> [String] {
        let choices = [
            ["198.51.100.0/30", "198.51.100.5"], ["198.51.100.2-198.51.100.6"],
            ["198.51.100.4/30", "198.51.100.1"], ["198.51.100.8", "198.51.100.3"],
            ["198.51.100.6/31", "10.0.0.0/8", "198.51.100.2/31"], ["198.51.100.0/24"],
        ]
        return chance(3) ? [client()] : choices[random(choices.count)]
    }

    private mutating func pairSet() -> [String] {
        clientSet().flatMap { address in intervals().map { "\(address) . \($0)" } }
    }
}
