import Net
public import Policy
public import PolicyText

/// `haproxy.cfg`: what it listens at, and the servers to which it hands connections on.
///
/// It ends a client's connection and makes its own to a server: at the port that the server's line
/// names, without one at the port that the client asked for, with `+n` or `-n` so far from it.
/// Source: HAProxy, Configuration Manual, "bind", "server", "use_backend".
public enum HAProxy: ConfigFormat {
    public static let name = "haproxy"
    public static let platform = "HAProxy"

    static let sections: Set<String> = [
        "global", "defaults", "frontend", "listen", "backend", "peers", "resolvers", "userlist",
        "mailers", "cache", "program", "http-errors", "ring", "log-forward", "fcgi-app",
        "crt-store", "traces", "log-profile", "acme",
    ]

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("bind ") || text.mentions("listen ") else { return .no }
        var section = ""
        var (heads, marks) = (0, 0)
        for line in text.lines {
            let words = line.fields
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            if sections.contains(first), words.count <= 3 {
                section = first
                heads += 1
                if first == "listen", words.count == 3, words[2].contains(":") { marks += 2 }
                continue
            }
            guard ["frontend", "listen", "backend", "defaults"].contains(section) else { continue }
            let known = [
                "bind": 2, "server": 3, "default_backend": 2, "use_backend": 2, "mode": 2,
            ]
            if let least = known[first], words.count >= least, !line.hasSuffix(";") {
                marks += first == "mode" && !["tcp", "http"].contains(words[1]) ? 0 : 1
            }
        }
        return heads > 0 && marks >= 2 ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var reader = HAProxyReader(text)
        return reader.read()
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let ports: PortSet
        switch change {
        case .permit(let wanted, to: _): ports = wanted
        case .translate(let wanted, outside: _, inside: _): ports = wanted
        default: return nil
        }
        let lines = ports.ranges.map { range in
            "    bind :" + (range.count == 1 ? "" : "\(range.lowerBound)-") + "\(range.upperBound)"
        }
        return Fix(
            platform: platform,
            commands: ["# in the frontend (or listen) whose server's line names no port"] + lines,
            undo: ["# take these lines out"] + lines.map { "#" + $0 },
            restart: ["haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy"])
    }
}
