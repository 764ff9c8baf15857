import Net
public import Policy
public import PolicyText

/// A pf.conf of OpenBSD, FreeBSD or macOS.
public enum PFConf: ConfigFormat {
    public static let name = "pf-conf"
    public static let platform = "pf"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var points = 0
        for line in text.lines.prefix(5000) {
            var words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
            if words.first?.hasPrefix("@") == true { words.removeFirst() }
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            let second = words.count > 1 ? words[1] : ""
            switch first {
            case "pass", "block", "match":
                let next: Set<String> = [
                    "in", "out", "quick", "on", "log", "all", "inet", "inet6", "proto", "return",
                    "drop", "from", "to", "return-rst", "return-icmp",
                ]
                points += next.contains(second) ? 3 : 0
            case "rdr", "nat", "binat":
                points += ["on", "pass", "log"].contains(second) && line.contains("->") ? 3 : 0
            case "antispoof": points += 3
            case "scrub": points += ["in", "on", "all"].contains(second) ? 2 : 0
            case "set":
                let options: Set<String> = [
                    "skip", "block-policy", "loginterface", "state-policy", "optimization",
                    "ruleset-optimization",
                ]
                points += options.contains(second) ? 3 : 0
            case "table": points += second.hasPrefix("<") && line.contains(">") ? 3 : 0
            case "anchor", "rdr-anchor", "nat-anchor", "load":
                points += line.contains("\"") ? 2 : 0
            default: break
            }
        }
        return points >= 3 ? .certain : points > 0 ? .perhaps : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let reader = PFReader(text)
        var builder = PFDeviceBuilder(reader.policy)
        let device = builder.build()
        let translates = device.stages.contains { $0.work == .translate }
        return Configuration(
            file: text.file, format: name, kinds: translates ? [.firewall, .nat] : [.firewall],
            device: device, notes: reader.notes)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        guard let configuration, let device = configuration.device else { return nil }
        let lines = configuration.notes.map(\.text).joined(separator: "\n")
        return PFWriter(PFReader(ConfigText(file: configuration.file, lines)), device).fix(change)
    }
}
