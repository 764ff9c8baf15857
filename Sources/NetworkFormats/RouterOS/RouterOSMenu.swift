import PolicyText

/// The menu that a command's path leads to.
struct RouterOSMenu {
    /// Words between blanks, without slashes: `ip firewall filter`.
    var path: String
    /// The command and its properties; empty where the path alone stands.
    var words: [String]

    private static let verbs: Set<String> = [
        "add", "set", "remove", "enable", "disable", "move", "unset", "print", "export", "find",
        "get", "reset", "reset-counters", "reset-counters-all", "comment", "edit",
    ]

    /// Commands that only show.
    static let showing: Set<String> = ["print", "export", "find", "get"]

    /// Menus of which an abbreviation is read: what lies below each (manual.mikrotik.com, CLI
    /// reference).
    private static let below: [String: [String]] = [
        "ip": [
            "accounting", "address", "arp", "cloud", "dhcp-client", "dhcp-relay", "dhcp-server",
            "dns", "firewall", "hotspot", "ipsec", "kid-control", "media", "nat-pmp", "neighbor",
            "packing", "pool", "proxy", "route", "service", "settings", "smb", "socks", "ssh",
            "tftp", "traffic-flow", "upnp", "vrf",
        ],
        "ip firewall": [
            "address-list", "calea", "connection", "filter", "layer7-protocol", "mangle", "nat",
            "raw", "service-port",
        ],
        "ip firewall connection": ["tracking"],
    ]

    /// `/ip firewall filter add …`, and since RouterOS 7 `/ip/firewall/filter/add …`; a name may
    /// be cut short as long as one alone begins so (help.mikrotik.com, Console).
    init(_ words: [String]) {
        var parts: [String] = []
        for (index, word) in words.enumerated() {
            for part in word.split(separator: "/") {
                guard !Self.verbs.contains(String(part)) else {
                    path = parts.joined(separator: " ")
                    self.words = [String(part)] + words[(index + 1)...]
                    return
                }
                let known = Self.below[parts.joined(separator: " ")] ?? []
                let meant = known.filter { $0.hasPrefix(part) }
                parts.append(
                    meant.count == 1 && !known.contains(String(part)) ? meant[0] : "\(part)")
            }
        }
        path = parts.joined(separator: " ")
        self.words = []
    }

    /// Whether a menu of the firewall is one of the manual's.
    static func isKnown(_ path: String) -> Bool {
        let parts = path.split(separator: " ").map(String.init)
        return parts.count > 2 && below["ip firewall"]?.contains(parts[2]) == true
    }

    /// Whether what a command there sets counts for who reaches which port.
    static func counts(_ path: String) -> Bool {
        ["ip firewall", "ip address", "ip route", "interface list"].contains(where: path.hasPrefix)
    }
}

/// How deep a script's lines stand within braces.
struct RouterOSBlocks {
    private(set) var depth = 0

    /// Whether a line stands in a block, or opens one.
    mutating func isWithin(_ line: String) -> Bool {
        let before = depth
        var deepest = depth
        var (quoted, escaped) = (false, false)
        for character in line {
            if escaped {
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if character == "\"" {
                quoted.toggle()
            } else if !quoted, character == "{" {
                depth += 1
                deepest = max(deepest, depth)
            } else if !quoted, character == "}" {
                depth = max(0, depth - 1)
            }
        }
        return before > 0 || deepest > 0
    }
}
