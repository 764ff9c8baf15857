/// A host that takes commands of ufw, on its `user.rules` or on what `ufw status` printed.
///
/// As ufw does, it adds and puts in front no rule that it holds already, not even one that differs
/// in its action alone.
struct UfwHost {
    /// A rule as its commands name it: `allow`, and `proto tcp to A port P`.
    struct Rule: Equatable {
        var action: String
        var rest: String
        /// The lines that stand for it in the text.
        var lines: [String]
    }

    private var head: [String] = []
    private var rules: [Rule] = []
    private var foot: [String] = []
    private let isStatus: Bool

    static func carryOut(_ commands: [String], on text: String) throws -> String {
        var host = UfwHost(text)
        for command in commands { try host.carryOut(command) }
        return (host.head + host.rules.flatMap(\.lines) + host.foot).joined(separator: "\n") + "\n"
    }

    private init(_ text: String) {
        isStatus = text.hasPrefix("Status:")
        var isInside = false
        for line in text.trippedLines {
            if isStatus {
                if isInside, !line.isEmpty {
                    rules.append(Self.row(line))
                } else {
                    head.append(line)
                }
                if line.hasPrefix("--") { isInside = true }
            } else if line == "### END RULES ###" || !foot.isEmpty {
                foot.append(line)
            } else if line.hasPrefix("### tuple ###") {
                rules.append(Self.tuple(line))
            } else if line.isEmpty, !rules.isEmpty {
                continue
            } else if let last = rules.indices.last {
                rules[last].lines.append(line)
            } else {
                head.append(line)
            }
        }
    }

    /// `### tuple ### allow tcp 21 0.0.0.0/0 any 0.0.0.0/0 in`
    private static func tuple(_ line: String) -> Rule {
        let words = line.split(separator: " ").map(String.init)
        var rest = line
        if words[4] == "tcp", words[7] == "any", words[8].hasSuffix("/0"), words[9] == "in" {
            rest = "proto tcp to \(words[6]) port \(words[5])"
        }
        if words[3].hasPrefix("route:") {
            let action = String(words[3].dropFirst("route:".count))
            return Rule(action: action, rest: "route \(rest)", lines: [line])
        }
        return Rule(action: words[3], rest: rest, lines: [line])
    }

    /// `203.0.113.10 21,5001:5201/tcp   ALLOW IN   Anywhere`
    private static func row(_ line: String) -> Rule {
        let words = line.split(separator: " ").map(String.init)
        var rest = line
        if words.count == 5, words[1].hasSuffix("/tcp"), words[4] == "Anywhere" {
            rest = "proto tcp to \(words[0]) port \(words[1].dropLast("/tcp".count))"
        }
        let action = words.first { ["ALLOW", "DENY", "REJECT", "LIMIT"].contains($0) } ?? ""
        return Rule(action: action.lowercased(), rest: rest, lines: [line])
    }

    private func made(_ action: String, _ named: String) throws -> Rule {
        let isRoute = named.hasPrefix("route ")
        let rest = isRoute ? String(named.dropFirst("route ".count)) : named
        let words = rest.split(separator: " ").map(String.init)
        guard words.count == 6, words[0...2] == ["proto", "tcp", "to"], words[4] == "port",
            let target = ["allow": "ACCEPT", "deny": "DROP", "reject": "REJECT"][action],
            words[5].split(whereSeparator: { $0 == "," || $0 == ":" }).count <= 15
        else { throw Refused("ERROR: \(action) \(rest)") }
        if isStatus {
            return Rule(
                action: action, rest: named,
                lines: [
                    "\(words[3]) \(words[5])/tcp   \(action.uppercased()) \(isRoute ? "FWD" : "IN")   Anywhere"
                ])
        }
        let option =
            words[5].contains(",") || words[5].contains(":") ? "-m multiport --dports" : "--dport"
        let prefix = words[3].contains(":") ? "ufw6" : "ufw"
        let all = words[3].contains(":") ? "::/0" : "0.0.0.0/0"
        return Rule(
            action: action, rest: named,
            lines: [
                "### tuple ### \(isRoute ? "route:" : "")\(action) tcp \(words[5]) \(words[3]) any \(all) in",
                "-A \(prefix)-user-\(isRoute ? "forward" : "input") -p tcp -d \(words[3]) \(option) \(words[5]) -j \(target)",
            ])
    }

    private mutating func carryOut(_ command: String) throws {
        var words = command.split(separator: " ").map(String.init)
        guard words.count > 3, words.removeFirst() == "ufw" else { throw Refused(command) }
        let route = words.first == "route" ? "route " : ""
        if !route.isEmpty { words.removeFirst() }
        let verb = words.removeFirst()
        switch verb {
        case "prepend", "insert":
            let place = verb == "insert" ? (Int(words.removeFirst()) ?? 0) - 1 : 0
            let rule = try made(words[0], route + words.dropFirst().joined(separator: " "))
            guard !rules.contains(where: { $0.rest == rule.rest }) else { return }
            guard rules.indices.contains(place) || verb == "prepend" else {
                throw Refused("ERROR: Invalid position '\(place + 1)'")
            }
            rules.insert(rule, at: place)
        case "delete":
            let rest = route + words.dropFirst().joined(separator: " ")
            let place = rules.firstIndex { $0.action == words[0] && $0.rest == rest }
            guard let place else { throw Refused("Could not delete non-existent rule: \(command)") }
            rules.remove(at: place)
        case "allow", "deny", "reject":
            let rule = try made(verb, route + words.joined(separator: " "))
            guard let place = rules.firstIndex(where: { $0.rest == rule.rest }) else {
                return rules.append(rule)
            }
            rules[place] = rule
        default: throw Refused(command)
        }
    }
}
