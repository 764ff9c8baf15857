import Net
import Policy
import PolicyText

/// Writes the directives of a `proftpd.conf` that carry out a change.
///
/// Of two directives the first counts, and one of `<Global>` only where none stands outside, so
/// each comes with the line that it stands in for; where there is none, it goes to the top, before
/// any `<VirtualHost>`.
struct ProFTPDWriter {
    private let configuration: Configuration?
    /// The directive in force, by its name in small letters: line and text.
    private var present: [String: (line: Int, text: String)] = [:]
    /// Lines that say something and are not in force.
    private var invalid: Set<Int> = []

    init(_ configuration: Configuration?) {
        self.configuration = configuration
        var global: [String: (line: Int, text: String)] = [:]
        var sections: [String] = []
        for note in configuration?.notes ?? [] {
            guard let name = note.text.fields.first?.lowercased() else { continue }
            if name.hasPrefix("</") {
                _ = sections.popLast()
            } else if name.hasPrefix("<") {
                sections.append(name)
            }
            // A virtual host has its own, and what it has shapes no other.
            guard note.state == .used || note.state == .invalid,
                !sections.contains("<virtualhost"), !sections.contains("<anonymous")
            else { continue }
            if note.state == .invalid { invalid.insert(note.line) }
            let line = (note.line, note.text.bare)
            if sections.contains("<global>") {
                global[name] = global[name] ?? line
            } else {
                present[name] = present[name] ?? line
            }
        }
        present.merge(global) { own, _ in own }
    }

    func fix(_ change: Change) -> Fix? {
        switch change {
        case .setPassiveRange(let range):
            guard range.lowerBound >= 1024, range.count > 1 else { return nil }
            return set([("PassivePorts", "\(range.lowerBound) \(range.upperBound)")])
        case .advertise(let address):
            // A 227 can carry no IPv6 address.
            return address.family == .v4 ? set([("MasqueradeAddress", "\(address)")]) : nil
        case .requireTLS:
            var fix = set([("TLSEngine", "on"), ("TLSRequired", "on")])
            if present["tlsrsacertificatefile"] == nil, present["tlseccertificatefile"] == nil {
                fix.commands.append(
                    "# mod_tls must be loaded; TLSRSACertificateFile and TLSRSACertificateKeyFile must name a certificate"
                )
            }
            return fix
        case .refuseForeignPeers: return set([("AllowForeignAddress", "off")])
        case .refuseActive:
            let lines = ["<Limit PORT EPRT>", "  DenyAll", "</Limit>"]
            return Fix(
                platform: ProFTPD.platform, commands: [place] + lines,
                undo: [place] + ["# take out the section <Limit PORT EPRT>"], restart: restart)
        case .restart: return Fix(platform: ProFTPD.platform, commands: [], restart: restart)
        case .permit, .forbid, .translate, .set: return nil
        }
    }

    private let restart = ["systemctl restart proftpd"]

    private var place: String { "# in \(configuration?.file ?? "proftpd.conf")" }

    private func set(_ directives: [(String, String)]) -> Fix {
        let missing = directives.filter { name, value in
            guard let old = present[name.lowercased()], !invalid.contains(old.line) else {
                return true
            }
            return old.text.fields.joined(separator: " ").lowercased()
                != "\(name) \(value)".lowercased()
        }
        guard !missing.isEmpty else {
            return Fix(platform: ProFTPD.platform, commands: [], restart: restart)
        }
        var commands = [place]
        var undo = [place]
        for (name, value) in missing {
            if let old = present[name.lowercased()] {
                commands.append("# in place of line \(old.line): \(old.text)")
                undo.append(old.text)
            } else {
                undo.append("# take out the line that sets \(name)")
            }
            commands.append("\(name) \(value)")
        }
        return Fix(platform: ProFTPD.platform, commands: commands, undo: undo, restart: restart)
    }
}
