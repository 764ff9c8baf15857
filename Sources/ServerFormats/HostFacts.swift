package import Policy
package import PolicyText

/// Files that tell of the host of an FTP server, and nothing of the server itself: they are read
/// beside its configuration, in the same folder.
///
/// SELinux's booleans (`getsebool -a`, `semanage boolean -l`, `setsebool` commands), the modules of
/// iptables (`/etc/sysconfig/iptables-config`) and lists of modules (`/etc/modules`).
package struct HostFacts {
    private(set) var passive: Setting<Bool>?
    private(set) var module: Setting<String>?

    /// Whether every line of a text is of such a file, and one of FTP.
    package static func recognise(_ text: ConfigText) -> Bool {
        guard text.lines.count < 5000,
            text.mentions(boolean) || text.mentions("conntrack_ftp")
        else { return false }
        let lines = text.lines.map(\.bare).filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard !lines.isEmpty else { return false }
        let isBooleans = lines.allSatisfy { line in
            line.hasPrefix("SELinux boolean") || line.hasPrefix("setsebool ")
                || Self.value(line) != nil
        }
        let isModules = lines.allSatisfy { line in
            line.hasPrefix("IPTABLES_") || line.hasPrefix("IP6TABLES_")
                || line.utf8.allSatisfy { byte in
                    (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
                        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                }
        }
        return isBooleans || isModules
    }

    private static let boolean = "ftpd_use_passive_mode"

    package init(_ texts: [ConfigText]) {
        for text in texts {
            for (index, line) in text.lines.enumerated() {
                let bare = line.bare
                if bare.isEmpty || bare.hasPrefix("#") { continue }
                if let said = Self.value(bare), said.name == Self.boolean {
                    passive = Setting(said.isOn, text.source(index + 1))
                } else if bare.hasPrefix("setsebool "), let isOn = Self.set(bare) {
                    passive = Setting(isOn, text.source(index + 1))
                }
                let words = bare.split { !($0.isLetter || $0.isNumber || $0 == "_") }
                for name in ["ip_conntrack_ftp", "nf_conntrack_ftp"]
                where words.contains(where: { $0 == name }) && Self.isLoaded(bare, name) {
                    module = Setting(name, text.source(index + 1))
                }
            }
        }
    }

    /// A line of its own in a list of modules, or among those that iptables loads.
    private static func isLoaded(_ line: String, _ name: String) -> Bool {
        line == name || line.hasPrefix("IPTABLES_MODULES=") || line.hasPrefix("IP6TABLES_MODULES=")
    }

    /// `name --> on`, or `name (off , on) text`, of which the first is in force now.
    private static func value(_ line: String) -> (name: String, isOn: Bool)? {
        let words = line.fields
        guard words.count > 2, words[0].utf8.allSatisfy({ $0 != UInt8(ascii: "=") }) else {
            return nil
        }
        let state =
            words[1] == "-->" ? words[2] : words[1].hasPrefix("(") ? words[1].stripping("(,") : ""
        switch state {
        case "on": return (words[0], true)
        case "off": return (words[0], false)
        default: return nil
        }
    }

    /// What `setsebool -P name on`, or `name=1`, makes of the boolean.
    private static func set(_ line: String) -> Bool? {
        let words = line.split { $0 == " " || $0 == "\t" || $0 == "=" }.map(String.init)
        guard let place = words.firstIndex(of: boolean), place + 1 < words.count else { return nil }
        switch words[place + 1].lowercased() {
        case "on", "1", "true": return true
        case "off", "0", "false": return false
        default: return nil
        }
    }

    /// Adds what is known of the host to what is known of its server.
    package func add(to configuration: inout Configuration) {
        configuration.server?.hostPassive = passive
        configuration.server?.helperModule = module
    }
}
