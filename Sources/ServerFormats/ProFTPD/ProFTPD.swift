public import Policy
public import PolicyText

/// `proftpd.conf` of ProFTPD: directives in nested scopes.
///
/// Of a directive given twice in a scope the first counts; what the main server says holds for no
/// `<VirtualHost>`, what `<Global>` says holds for all. Sources: mod_core of 1.3.8, and what that
/// server did.
public enum ProFTPD: ConfigFormat {
    public static let name = "proftpd"
    public static let platform = "ProFTPD"
    public static let joinsFiles = true
    public static let usualName: String? = "proftpd.conf"

    public static func recognise(_ text: ConfigText) -> Recognition {
        if text.lines.first?.hasPrefix("#!") == true { return .no }
        var known = 0
        var telling = 0
        var others = 0
        for directive in ProFTPDDirective.all(of: text) {
            let isKnown =
                directive.form == .plain
                ? ProFTPDDirectives.known.contains(directive.name)
                : ProFTPDDirectives.sections.contains(directive.name)
            if isKnown {
                known += 1
                if !ProFTPDDirectives.common.contains(directive.name) { telling += 1 }
            } else if !ServerText.isOpen(directive.source.text) {
                others += 1
            }
        }
        guard telling > 0, known >= others else { return .no }
        return known > 2 * others ? .certain : .perhaps
    }

    public static func read(_ text: ConfigText) -> Configuration { read(text, with: []) }

    /// Reads a file with those that its `Include` directives name, as far as they are there. A
    /// file stands for the path whose end it has: `conf.d/a.conf` for `/etc/proftpd/conf.d/`.
    public static func read(_ text: ConfigText, with others: [ConfigText]) -> Configuration {
        var reader = ProFTPDReader(text, others)
        reader.readAll()
        let settings = ProFTPDSettings(reader, text)
        let server = settings.server(&reader)
        var configuration = Configuration(
            file: text.file, format: name, kinds: [.server], server: server,
            notes: reader.notes.finish { _, line in
                let bare = line.bare
                if bare.isEmpty || bare.hasPrefix("#") {
                    return (.irrelevant, "comment or blank")
                }
                return (.notRecognised, "not a directive")
            })
        configuration.virtualServers = settings.virtualServers(beside: server)
        return configuration
    }

    public static func includes(_ other: ConfigText, in texts: [ConfigText]) -> Bool {
        let file = ProFTPDReader.place(of: other.file, beside: texts.first?.file ?? "")
        return texts.contains { text in
            ProFTPDDirective.all(of: text).contains { directive in
                guard directive.name == "include", let path = directive.arguments.first else {
                    return false
                }
                return ProFTPDReader.matches(file, path)
            }
        }
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        ProFTPDWriter(configuration).fix(change)?.minding(configuration, for: change)
    }
}
