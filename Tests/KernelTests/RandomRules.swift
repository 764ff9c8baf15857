import Dice

/// Random rule sets of iptables over eight clients and sixteen ports.
struct RandomRules {
    static let clients = (1...8).map { "198.51.100.\($0)" }
    static let server = "203.0.113.5"
    static let ports: ClosedRange<UInt16> = 5000...5015

    private var dice: Dice

    init(seed: UInt64) { dice = Dice(seed: seed) }

    private mutating func random(_ bound: Int) -> Int { Int(dice.next() % UInt64(bound)) }

    private mutating func pick(_ choices: [String]) -> String { choices[random(choices.count)] }

    mutating func text() -> String {
        var lines: [String] = []
        if random(3) == 0 {
            lines += ["*raw", ":PREROUTING ACCEPT [0:0]"]
            for _ in 0...random(2) {
                lines.append(
                    "-A PREROUTING\(match(tests: false)) -j \(pick(["NOTRACK", "CT --notrack", "ACCEPT"]))"
                )
            }
            lines.append("COMMIT")
        }
        if random(2) == 0 {
            lines += table(
                "mangle", "PREROUTING",
                [
                    "MARK --set-mark 1", "MARK --set-xmark 0x2/0x3", "CONNMARK --set-mark 2",
                    "CONNMARK --save-mark", "CONNMARK --restore-mark",
                ])
        }
        if random(2) == 0 {
            lines += ["*nat", ":PREROUTING ACCEPT [0:0]"]
            for _ in 0...random(3) {
                let low = 5000 + random(14)
                let targets = [
                    "REDIRECT --to-ports \(low)", "REDIRECT --to-ports \(low)-\(low + 1)", "ACCEPT",
                    "DNAT --to-destination \(Self.server):\(low)",
                ]
                lines.append(
                    "-A PREROUTING -p tcp\(match(tests: true, named: true)) -j \(pick(targets))")
            }
            lines.append("COMMIT")
        }
        return (lines + table("filter", "INPUT", [])).joined(separator: "\n") + "\n"
    }

    private mutating func table(_ name: String, _ base: String, _ extra: [String]) -> [String] {
        let own = ["a", "b", "c"]
        var lines = ["*\(name)", ":\(base) \(pick(["ACCEPT", "DROP"])) [0:0]"]
        lines += own.map { ":\($0) - [0:0]" }
        for (index, chain) in ([base] + own).enumerated() {
            for _ in 0..<random(6) {
                var targets = ["-j ACCEPT", "-j ACCEPT", "-j DROP", "-j RETURN"]
                targets += extra.map { "-j " + $0 }
                for later in own.dropFirst(index) { targets += ["-j \(later)", "-g \(later)"] }
                if name == "filter" { targets.append("") }
                lines.append("-A \(chain)\(match(tests: true)) \(pick(targets))")
            }
        }
        return lines + ["COMMIT"]
    }

    private mutating func not() -> String { random(4) == 0 ? " !" : "" }

    private mutating func match(tests: Bool, named: Bool = false) -> String {
        var text = ""
        if random(2) == 0 {
            text += "\(not()) -s 198.51.100.\(random(9))/\(pick(["30", "31", "32"]))"
        }
        if random(3) > 0 {
            let low = 5000 + random(14)
            if !named { text += " -p tcp" }
            switch random(3) {
            case 0: text += "\(not()) --dport \(low)"
            case 1: text += "\(not()) --dport \(low):\(min(low + random(8), 5015))"
            default:
                text +=
                    " -m multiport\(not()) --dports \(low),\(5000 + random(16)),\(low):\(low + 1)"
            }
        }
        guard tests else { return text }
        switch random(8) {
        case 0:
            text +=
                " -m conntrack\(not()) --ctstate \(pick(["NEW", "RELATED,ESTABLISHED", "UNTRACKED", "NEW,UNTRACKED", "DNAT", "INVALID"]))"
        case 1: text += " -m mark\(not()) --mark \(random(3))\(pick(["", "/1", "/3"]))"
        case 2:
            text +=
                " -m iprange\(not()) --src-range 198.51.100.\(1 + random(4))-198.51.100.\(5 + random(4))"
        case 3: text += "\(not()) -i \(pick(["pin0", "pin+", "eth0", "lo"]))"
        case 4: text += " -m conntrack\(not()) --ctorigdstport \(5000 + random(16))"
        case 5 where named || text.contains("-p tcp"):
            text += "\(not()) --tcp-flags \(pick(["SYN,ACK SYN", "ACK ACK", "ALL SYN"]))"
        default: break
        }
        return text
    }
}
