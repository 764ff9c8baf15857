import Net
public import Policy
public import PolicyText

/// vsftpd's command line: settings by `-o`, taken in their order with the files that it names.
///
/// Where it names none, `/etc/vsftpd.conf` is read after all options, so they settle nothing.
public enum VsftpdCommand: ConfigFormat {
    public static let name = "vsftpd-command"
    public static let platform = "vsftpd (command line)"

    static func isServer(_ program: Substring) -> Bool { program == "vsftpd" }

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("vsftpd") else { return .no }
        if text.lines.contains(where: { $0.hasPrefix("FROM ") || $0.bare.hasPrefix("image:") }) {
            return .no
        }
        // `docker run … --name vsftpd … fauria/vsftpd` is the image's name and the container's.
        guard !text.lines.contains(where: ContainerCommands.runs) else { return .no }
        return text.lines.contains { CommandLine.arguments(of: isServer, in: $0) != nil }
            ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var notes = LineNotes(text)
        var settings: ServerSettings?
        let isScript = text.lines.first?.hasPrefix("#!") == true
        for (index, line) in text.lines.enumerated() {
            guard let found = CommandLine.arguments(of: isServer, in: line) else {
                if isScript, !line.bare.isEmpty, !line.bare.hasPrefix("#") {
                    notes.set(index + 1, .notModelled, "a statement of a script that isn't run")
                }
                continue
            }
            let before = settings
            let said: (LineNote.State, String)
            (settings, said) = self.settings(found.arguments, text.source(index + 1), text)
            if let before, before.passive != settings?.passive {
                settings?.void(.unknown, "several commands start it, with different ranges", [])
            }
            notes.set(index + 1, said.0, said.1)
        }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: notes.finish { _, _ in (.irrelevant, "not the server's command") })
    }

    /// What a command's options come to, its files unread.
    static func settings(
        _ arguments: [String], _ source: SourceLine, _ text: ConfigText
    ) -> (ServerSettings, (LineNote.State, String)) {
        var lines: [String] = []
        var files: [String] = []
        var isOpen = false
        for word in arguments {
            if word.hasPrefix("-o") {
                let setting = String(word.dropFirst(2))
                if setting.contains("$") { isOpen = true } else { lines.append(setting) }
            } else if word.contains("$") {
                isOpen = true
            } else if !word.hasPrefix("-") {
                files.append(word)
                lines = []
            }
        }
        let options = ConfigText(file: source.file, lines.joined(separator: "\n"))
        var reader = VsftpdReader(options)
        reader.readLines()
        var settings = reader.settings()
        settings.relocate(to: source)
        let keys = Set(lines.compactMap { VsftpdSetting.key(of: $0) })
        let readLast = files.isEmpty
        if readLast { files = ["/etc/vsftpd.conf"] }
        settings.forget(isOpen || readLast ? [] : keys, files.joined(separator: ", "))
        if isOpen || readLast || !keys.isSuperset(of: ["pasv_min_port", "pasv_max_port"]),
            settings.passiveFrom != .invalid
        {
            let what = isOpen ? "variables" : files.joined(separator: ", ")
            settings.void(.unknown, "\(what.excerpt) may set it, which isn't read", [source])
            return (settings, (.notModelled, "\(what.excerpt) isn't read"))
        }
        if settings.passiveFrom == .invalid {
            return (settings, (.invalid, settings.passiveProblem ?? "not in force"))
        }
        return (settings, (.used, ""))
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        guard let fix = VsftpdConf.fix(change, nil) else { return nil }
        let options = fix.commands.filter { !$0.hasPrefix("#") }.map { "-o\($0)" }
        return Fix(
            platform: platform,
            commands: options.isEmpty
                ? []
                : [
                    "# at the end of vsftpd's command, behind the file that it names",
                    options.joined(separator: " "),
                ],
            undo: options.isEmpty ? [] : ["# the command as it was"],
            restart: ["# start vsftpd anew with these options"])
    }
}

extension ServerSettings {
    /// Leaves open what a file that isn't read may say, but for these keys, which are said after it.
    fileprivate mutating func forget(_ sure: Set<String>, _ files: String) {
        if !sure.contains("pasv_promiscuous") { foreignPassivePeers = nil }
        if !sure.contains("port_promiscuous") { foreignActivePeers = nil }
        let encryption: Set<String> =
            tls.value == .none
            ? ["ssl_enable"]
            : [
                "ssl_enable", "anonymous_enable", "force_local_logins_ssl", "force_local_data_ssl",
            ]
        if !sure.isSuperset(of: encryption) {
            tlsProblem = "\(files.excerpt) may set it, which isn't read"
        }
    }

    /// Says of every line that it is this one, for settings that were read from a part of it.
    mutating func relocate(to source: SourceLine) {
        func place(_ old: SourceLine) -> SourceLine { old.line == nil ? old : source }
        passiveSources = passiveSources.map(place)
        control = control.map { Setting($0.value, place($0.source)) }
        tls.source = place(tls.source)
        active.source = place(active.source)
        advertisedAddress = advertisedAddress.map { Setting($0.value, place($0.source)) }
        advertisedName = advertisedName.map { Setting($0.value, place($0.source)) }
        passiveDisabled = passiveDisabled.map { Setting($0.value, place($0.source)) }
        foreignActivePeers = foreignActivePeers.map { Setting($0.value, place($0.source)) }
        foreignPassivePeers = foreignPassivePeers.map { Setting($0.value, place($0.source)) }
    }
}
