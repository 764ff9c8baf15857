import Net
public import Policy
public import PolicyText

/// Files of ufw: `user.rules`, `before.rules`, `after.rules` and those of IPv6, `/etc/default/ufw`,
/// `ufw.conf`, and application profiles. Given together they are one device.
///
/// Sources: ufw(8), ufw-framework(8), `ufw-init-functions` of ufw.
public enum Ufw: ConfigFormat {
    public static let name = "ufw"
    public static let platform = "Linux (ufw)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        UfwFile(text) == nil ? .no : .certain
    }

    public static func read(_ text: ConfigText) -> Configuration { read(together: [text]) }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        UfwWriter.fix(change, configuration)
    }
}

extension Ufw: JointFormat {
    package static func read(together texts: [ConfigText]) -> Configuration {
        var device = UfwDevice()
        for text in texts { device.take(text) }
        return device.configuration(texts)
    }
}

/// What a file of ufw's is.
enum UfwFile: Hashable {
    /// In the order in which they are loaded.
    enum Part: Int, Hashable, Comparable {
        case before, after, user

        static func < (a: Part, b: Part) -> Bool { a.rawValue < b.rawValue }
    }

    case rules(Part, IPAddress.Family)
    /// `/etc/default/ufw` or `ufw.conf`.
    case settings
    case profiles

    init?(_ text: ConfigText) {
        if let rules = Self.rules(text) {
            self = rules
        } else if Self.isSettings(text) {
            self = .settings
        } else if UfwProfiles.recognise(text) {
            self = .profiles
        } else {
            return nil
        }
    }

    private static func rules(_ text: ConfigText) -> UfwFile? {
        var table = false
        var declared: Set<String> = []
        var tuple = false
        for line in text.lines.prefix(100_000) {
            // The whole rule set, of which ufw's is a part.
            if line.hasPrefix(":INPUT ") { return nil }
            tuple = tuple || line.hasPrefix("### tuple ###")
            table = table || line.hasPrefix("*filter")
            if line.hasPrefix(":ufw-") || line.hasPrefix(":ufw6-") {
                declared.insert(String(line.dropFirst().prefix { $0 != " " }))
            }
        }
        guard table, tuple || !declared.isEmpty else { return nil }
        let family: IPAddress.Family =
            declared.contains { $0.hasPrefix("ufw6-") } ? .v6 : .v4
        let prefix = family == .v4 ? "ufw" : "ufw6"
        func declares(_ part: String) -> Bool {
            ["input", "forward", "output"].contains { declared.contains("\(prefix)-\(part)-\($0)") }
        }
        if declares("user") || tuple { return .rules(.user, family) }
        return .rules(declares("after") && !declares("before") ? .after : .before, family)
    }

    static let keys: Set<String> = [
        "DEFAULT_INPUT_POLICY", "DEFAULT_FORWARD_POLICY", "IPV6", "ENABLED", "MANAGE_BUILTINS",
    ]

    static let idleKeys: Set<String> = [
        "DEFAULT_OUTPUT_POLICY", "DEFAULT_APPLICATION_POLICY", "IPT_SYSCTL", "IPT_MODULES",
        "LOGLEVEL",
    ]

    private static func isSettings(_ text: ConfigText) -> Bool {
        let keys = Set(
            text.lines.prefix(2000).compactMap { line -> String? in
                guard !line.hasPrefix("#"), let sign = line.firstIndex(of: "=") else { return nil }
                return String(line[..<sign])
            })
        if keys.contains("DEFAULT_INPUT_POLICY") { return true }
        // Many a program has a file that says no more than ENABLED.
        return keys == ["ENABLED", "LOGLEVEL"] || keys == ["ENABLED"] && text.mentions("ufw")
    }
}
