import Net
import Policy
import PolicyText

/// Writes the directives of a `proftpd.conf` that carry out a change.
///
/// Of two directives the first counts, and one of `<Global>` only where none stands outside, so
/// each comes with the line that it stands in for; where there is none, it goes to the top, before
/// any `<VirtualHost>`, or into the one that is the server.
struct ProFTPDWriter {
    private let configuration: Configuration?
    /// The directive in force, by its name in small letters: line and text.
    private var present: [String: (line: Int, text: String)] = [:]
    /// Lines that say something and are not in force.
    private var invalid: Set<Int> = []

    /// The virtual host that the settings are those of; nil: the main server.
    private var host: (line: Int, text: String)?

    private typealias Said = [String: (line: Int, text: String)]

    init(_ configuration: Configuration?) {
        self.configuration = configuration
        var servers: [(head: (line: Int, text: String)?, said: Said)] = [(nil, [:])]
        var globals: [Said] = []
        var sections: [String] = []
        for note in configuration?.notes ?? [] {
            guard let name = note.text.fields.first?.lowercased() else { continue }
            let line = (note.line, note.text.bare)
            if name.hasPrefix("</") {
                _ = sections.popLast()
            } else if name.hasPrefix("<") {
                sections.append(name)
                if name == "<virtualhost" { servers.append((line, [:])) }
                if name == "<global>" { globals.append([:]) }
            }
            guard note.state == .used || note.state == .invalid, !sections.contains("<anonymous")
            else { continue }
            if note.state == .invalid { invalid.insert(note.line) }
            if let last = globals.indices.last, sections.contains("<global>") {
                globals[last][name] = globals[last][name] ?? line
            } else {
                let index = sections.contains("<virtualhost") ? servers.count - 1 : 0
                servers[index].said[name] = servers[index].said[name] ?? line
            }
        }
        let global = globals.reduce(into: Said()) { $0.merge($1) { _, later in later } }
        // The first server that runs, or the one that answers; a virtual host has nothing of the main
        // server's.
        let answering = configuration?.virtualSource
        let running = servers.first { server in
            if let answering { return server.head?.line == answering.line }
            return (server.said["port"] ?? global["port"])?.text.fields.last != "0"
        }
        host = running?.head
        present = (running ?? servers[0]).said.merging(global) { own, _ in own }
    }

    func fix(_ change: Change) -> Fix? {
        // What an included file says isn't at hand.
        if let answering = configuration?.virtualSource, answering.file != configuration?.file {
            return nil
        }
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
            let lines = within + ["<Limit PORT EPRT>", "  DenyAll", "</Limit>"]
            return Fix(
                platform: ProFTPD.platform, commands: [place] + lines,
                undo: [place] + ["# take out the section <Limit PORT EPRT>"], restart: restart)
        case .restart: return Fix(platform: ProFTPD.platform, commands: [], restart: restart)
        case .permit, .forbid, .translate, .set: return nil
        }
    }

    private let restart = ["systemctl restart proftpd"]

    private var place: String { "# in \(configuration?.file ?? "proftpd.conf")" }

    private var within: [String] { host.map { ["# within line \($0.line): \($0.text)"] } ?? [] }

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
            if present[name.lowercased()] == nil { commands += within }
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
