/// A Linux host that takes commands of iptables on what iptables-save printed.
struct IPTablesHost {
    private var lines: [String]

    /// The tool is `ip6tables` for a rule set of IPv6.
    static func carryOut(
        _ commands: [String], on text: String, tool: String = "iptables"
    ) throws -> String {
        var host = IPTablesHost(lines: text.trippedLines)
        for command in commands where command != "modprobe nf_conntrack_ftp" {
            var words = command.split(separator: " ").map(String.init)
            guard words.removeFirst() == tool else { throw Refused(command) }
            var table = "filter"
            if words[0] == "-t" {
                table = words[1]
                words.removeFirst(2)
            }
            guard words.count > 3 else { throw Refused(command) }
            let rule = words.dropFirst(2).joined(separator: " ")
            guard words.filter({ $0 == "--dports" }).count <= 1, try ports(words) <= 15 else {
                throw Refused("too many ports specified: \(command)")
            }
            switch words[0] {
            case "-I": try host.insert(rule, into: words[1], of: table)
            case "-D": try host.delete(rule, from: words[1], of: table)
            default: throw Refused(command)
            }
        }
        return host.lines.joined(separator: "\n") + "\n"
    }

    /// Numbers of a `multiport`, a range being two.
    private static func ports(_ words: [String]) throws -> Int {
        guard let option = words.firstIndex(of: "--dports") else { return 0 }
        return words[option + 1].split { $0 == "," || $0 == ":" }.count
    }

    private static let chains = [
        "filter": ["INPUT", "FORWARD", "OUTPUT"], "raw": ["PREROUTING", "OUTPUT"],
        "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
    ]

    /// The lines of a table; it is there when it is first used.
    private mutating func section(_ table: String) throws -> Range<Int> {
        if !lines.contains("*\(table)") {
            guard let chains = Self.chains[table] else { throw Refused("no table \(table)") }
            lines += ["*\(table)"] + chains.map { ":\($0) ACCEPT [0:0]" } + ["COMMIT"]
        }
        guard let start = lines.firstIndex(of: "*\(table)"),
            let end = lines[start...].firstIndex(of: "COMMIT")
        else { throw Refused("no table \(table)") }
        return start..<end
    }

    private mutating func insert(_ rule: String, into chain: String, of table: String) throws {
        let section = try section(table)
        guard lines[section].contains(where: { $0.hasPrefix(":\(chain) ") }) else {
            throw Refused("no chain \(chain)")
        }
        let first = lines[section].firstIndex { $0.hasPrefix("-A ") }
        lines.insert("-A \(chain) \(rule)", at: first ?? section.upperBound)
    }

    private mutating func delete(_ rule: String, from chain: String, of table: String) throws {
        guard let place = lines[try section(table)].firstIndex(of: "-A \(chain) \(rule)") else {
            throw Refused("does a matching rule exist in that chain? \(rule)")
        }
        lines.remove(at: place)
    }
}
