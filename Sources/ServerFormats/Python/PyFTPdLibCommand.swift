import Net
public import Policy
public import PolicyText

/// pyftpdlib's own command line: `python3 -m pyftpdlib -p 2121 -r 8000-9000`.
public enum PyFTPdLibCommand: ConfigFormat {
    public static let name = "pyftpdlib-command"
    public static let platform = "pyftpdlib (command line)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("pyftpdlib") else { return .no }
        return text.lines.contains { arguments($0) != nil } ? .certain : .no
    }

    private static func arguments(_ line: String) -> [String]? {
        let bare = line.bare
        guard !bare.hasPrefix("#"), bare.utf8.count < 16384 else { return nil }
        let words = CommandLine.words(bare)
        guard let place = words.firstIndex(of: "-m"), place > 0, place + 1 < words.count,
            words[place + 1] == "pyftpdlib", words[place - 1].contains("python")
        else { return nil }
        return Array(words[(place + 2)...])
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var notes = LineNotes(text)
        var settings: ServerSettings?
        for (index, line) in text.lines.enumerated() {
            guard let words = arguments(line) else { continue }
            var (state, why) = (LineNote.State.used, "")
            let before = settings
            settings = self.settings(words, text.source(index + 1), text, &state, &why)
            if let before, before.passive != settings?.passive {
                settings?.void(.unknown, "several commands start it, with different ranges", [])
            }
            notes.set(index + 1, state, why)
        }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: notes.finish { _, _ in (.irrelevant, "not the server's command") })
    }

    private static let flags: Set<String> = [
        "-w", "-D", "--write", "--debug", "--tls", "--tls-control-required",
        "--tls-data-required", "--permit-foreign-addresses", "--permit-privileged-ports",
        "--use-localtime", "--disable-sendfile", "-V", "--verbose", "-v",
    ]

    private static func settings(
        _ words: [String], _ source: SourceLine, _ text: ConfigText,
        _ state: inout LineNote.State, _ why: inout String
    ) -> ServerSettings {
        var settings = ServerSettings(
            unset: .osDynamic(usual: nil), of: PyFTPdLib.behaviour, in: text, control: 2121)
        settings.passiveSources = [source]
        settings.foreignActivePeers = Setting(false, source)
        var given: Set<String> = []
        var rest = words[...]
        while let word = rest.popFirst() {
            let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
            let name = pair.first ?? word
            if flags.contains(name) {
                given.insert(name)
                continue
            }
            var value = pair.count > 1 && name.hasPrefix("--") ? pair[1] : ""
            var short = name
            if !name.hasPrefix("--"), name.hasPrefix("-"), name.count > 2 {
                short = String(name.prefix(2))
                value = String(word.dropFirst(2))
            } else if value.isEmpty, let next = rest.popFirst() {
                value = next
            }
            if ServerText.isOpen(value) || value.contains("$") {
                (state, why) = (.notModelled, "\(value.excerpt) isn't known")
                if short == "-r" || name == "--range" { settings.void(.unknown, why, [source]) }
                continue
            }
            switch short {
            case "-p", "--port":
                if let port = ServerText.port(value) { settings.control = [Setting(port, source)] }
            case "-n", "--nat-address":
                if let address = ServerText.v4(value) {
                    settings.advertisedAddress = Setting(address, source)
                } else {
                    settings.advertisedName = Setting(value, source)
                }
            case "-r", "--range":
                let bounds = value.split(separator: "-", omittingEmptySubsequences: false)
                    .map { ServerText.port($0) }
                if bounds.count == 2, let range = ServerText.range(bounds[0], bounds[1]),
                    range.count > 1
                {
                    settings.set(range, [source])
                } else {
                    (state, why) = (
                        .invalid, "\(value.excerpt) isn't first-last, the first below the last"
                    )
                    settings.void(.invalid, why, [source])
                    if bounds.count == 2, let port = bounds[0], port == bounds[1] {
                        settings.onePortRefused = Setting(port, source)
                    }
                }
            default: break
            }
        }
        if given.contains("--tls") {
            let all = given.isSuperset(of: ["--tls-control-required", "--tls-data-required"])
            settings.tls = Setting(all ? .required : .optional, source)
        }
        if given.contains("--permit-foreign-addresses") {
            settings.foreignActivePeers = Setting(true, source)
        }
        settings.foreignPassivePeers = settings.foreignActivePeers
        return settings
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let options: String
        switch change {
        case .setPassiveRange(let range):
            guard range.count > 1 else { return nil }
            options = "-r \(range.lowerBound)-\(range.upperBound)"
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            options = "-n \(address)"
        case .requireTLS:
            options =
                "--tls --tls-control-required --tls-data-required --keyfile KEY --certfile CERT"
        case .refuseForeignPeers: options = "# without --permit-foreign-addresses"
        case .restart:
            return Fix(platform: platform, commands: [], restart: ["# start the command anew"])
        case .refuseActive, .permit, .forbid, .translate, .set: return nil
        }
        return Fix(
            platform: platform,
            commands: [
                "# options of python3 -m pyftpdlib, in place of those of their names", options,
            ],
            undo: ["# the command as it was"], restart: ["# start the command anew"])
    }
}
