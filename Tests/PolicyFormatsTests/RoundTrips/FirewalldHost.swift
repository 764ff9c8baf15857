/// A host that takes commands of firewall-cmd on its zone, as a file or as it is listed.
struct FirewalldHost {
    static func carryOut(_ commands: [String], on text: String, zone: String) throws -> String {
        var lines = text.trippedLines
        let isFile = text.contains("<zone")
        for command in commands {
            let parts = command.split(separator: "'", omittingEmptySubsequences: false)
                .map(String.init)
            guard parts.count == 3, parts[2].isEmpty else { throw Refused(command) }
            let words = parts[0].split(separator: " ").map(String.init)
            guard words.count == 4, words[0] == "firewall-cmd", words[1] == "--permanent",
                words[2] == "--zone=\(zone)"
            else { throw Refused(command) }
            let line = isFile ? try xml(parts[1]) : "\t\(parts[1])"
            let place = lines.firstIndex(of: line)
            switch words[3] {
            case "--add-rich-rule=":
                // ALREADY_ENABLED is a warning.
                guard place == nil else { continue }
                let end = isFile ? lines.firstIndex(of: "</zone>") : lines.count
                guard let end else { throw Refused("no zone") }
                lines.insert(line, at: end)
            case "--remove-rich-rule=":
                // NOT_ENABLED is one as well, but nobody takes back what wasn't done.
                guard let place else { throw Refused("NOT_ENABLED: \(command)") }
                lines.remove(at: place)
            default: throw Refused(command)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `rule priority="-32768" family="ipv4" destination address="A" port port="P" protocol="tcp"
    /// accept` as the file holds it.
    private static func xml(_ rule: String) throws -> String {
        let pattern =
            /rule priority="(-?\d+)" family="(ipv[46])" destination address="([^"]+)" port port="([\d-]+)" protocol="tcp" (accept|drop)/
        guard let match = try pattern.wholeMatch(in: rule) else {
            throw Refused("INVALID_RULE: \(rule)")
        }
        return "<rule priority=\"\(match.1)\" family=\"\(match.2)\">"
            + "<destination address=\"\(match.3)\"/><port port=\"\(match.4)\" protocol=\"tcp\"/>"
            + "<\(match.5)/></rule>"
    }
}
