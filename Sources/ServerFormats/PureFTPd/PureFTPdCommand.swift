public import Policy
public import PolicyText

/// Pure-FTPd's command line, as `ps`, a unit file, a script or a person shows it.
public enum PureFTPdCommand: ConfigFormat {
    public static let name = "pureftpd-command"
    public static let platform = "Pure-FTPd (command line)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("pure-ftpd") else { return .no }
        if text.lines.contains(where: { $0.hasPrefix("FROM ") || $0.bare.hasPrefix("image:") }) {
            return .no
        }
        return text.lines.contains { CommandLine.arguments(of: isServer, in: $0) != nil }
            ? .certain : .no
    }

    static func isServer(_ program: Substring) -> Bool {
        program == "pure-ftpd" || program.hasPrefix("pure-ftpd-")
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var notes = LineNotes(text)
        var readings: [PureFTPdReading] = []
        let isScript = text.lines.first?.hasPrefix("#!") == true
        for (index, line) in text.lines.enumerated() {
            guard let found = CommandLine.arguments(of: isServer, in: line) else {
                if isScript, !line.bare.isEmpty, !line.bare.hasPrefix("#") {
                    notes.set(index + 1, .notModelled, "a statement of a script that isn't run")
                }
                continue
            }
            var reading = PureFTPdReading(text)
            let source = text.source(index + 1)
            let (state, why) = take(found.program, found.arguments, source, &reading)
            notes.set(index + 1, state, why)
            readings.append(reading)
        }
        var settings = readings.last?.settings()
        if let last = readings.last,
            readings.dropLast().contains(where: { $0.range?.value != last.range?.value })
        {
            settings?.void(.unknown, "several commands start it, with different ranges", [])
        }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: notes.finish { _, _ in (.irrelevant, "not the server's command") })
    }

    /// Options of one command, as `getopt_long` takes them.
    static func take(
        _ program: String, _ arguments: [String], _ source: SourceLine,
        _ reading: inout PureFTPdReading
    ) -> (LineNote.State, String) {
        var result: (LineNote.State, String) = (.used, "")
        func add(_ said: (LineNote.State, String)) {
            if said.0 == .invalid || (said.0 == .notModelled && result.0 != .invalid) {
                result = said
            }
        }
        if program.hasSuffix("wrapper") {
            reading.lookElsewhere(source)
            add((.notModelled, "its options stand in the folder /etc/pure-ftpd/conf"))
        }
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word.hasPrefix("--"), word.count > 2 {
                let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1)
                guard let name = parts.first, let option = PureFTPdOption.long(String(name)) else {
                    add(reading.refuse(source, "\(word.excerpt) is no option"))
                    continue
                }
                var value = parts.count > 1 ? String(parts[1]) : nil
                if option.takesArgument, value == nil { value = rest.popFirst() }
                add(take(option, value, source, &reading))
            } else if word.hasPrefix("-"), word.count > 1 {
                var letters = word.dropFirst()
                while let letter = letters.popFirst() {
                    guard let option = PureFTPdOption.letter(letter) else {
                        add(reading.refuse(source, "-\(letter) is no option"))
                        break
                    }
                    guard option.takesArgument else {
                        add(take(option, "yes", source, &reading))
                        continue
                    }
                    add(
                        take(
                            option, letters.isEmpty ? rest.popFirst() : String(letters), source,
                            &reading))
                    break
                }
            } else if word.contains("$") {
                reading.doubtRange(source, "options come from \(word.excerpt)")
                add((.notModelled, "options come from \(word.excerpt), which isn't known"))
            } else {
                reading.lookElsewhere(source)
                add((.notModelled, "the file \(word.excerpt) isn't read"))
            }
        }
        return result
    }

    private static func take(
        _ option: PureFTPdOption, _ value: String?, _ source: SourceLine,
        _ reading: inout PureFTPdReading
    ) -> (LineNote.State, String) {
        guard let value else { return reading.refuse(source, "\(option.name) has no value") }
        if option.name == "PassivePortRange", !value.contains("$"), !value.contains(":") {
            return reading.refuse(source, "\(value.excerpt) isn't first:last")
        }
        return reading.take(option, value, source)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        PureFTPdWriter.command(change, configuration)
    }
}
