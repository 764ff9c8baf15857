public import Policy
public import PolicyText

/// Debian's folder `/etc/pure-ftpd/conf`: a file for each option, named for it, its value on one
/// line; or the whole folder as `grep -r .` and `tail -n +1 *` print it.
public enum PureFTPdFolder: ConfigFormat {
    public static let name = "pureftpd-folder"
    public static let platform = "Pure-FTPd (Debian)"
    public static let joinsFiles = true

    public static func recognise(_ text: ConfigText) -> Recognition {
        if option(of: text.file) != nil {
            let telling = text.lines.filter { !$0.bare.isEmpty && !$0.bare.hasPrefix("#") }
            guard telling.count <= 1 else { return .no }
            return text.file.split(separator: "/").dropLast().last == "conf" ? .certain : .perhaps
        }
        let statements = statements(text)
        let named = statements.filter { $0.option != nil }.count
        guard named > 0, named == statements.count else { return .no }
        return .certain
    }

    public static func read(_ text: ConfigText) -> Configuration { read(text, with: []) }

    /// Reads a file with the others of its folder.
    public static func read(_ text: ConfigText, with others: [ConfigText]) -> Configuration {
        var reading = PureFTPdReading(text)
        var notes = LineNotes(text)
        for part in [text] + others {
            for statement in statements(part) {
                let (state, why): (LineNote.State, String) =
                    if let option = statement.option {
                        take(option, statement.value, statement.source, &reading)
                    } else {
                        (.notRecognised, "of no file of the folder")
                    }
                if part.file == text.file { notes.set(statement.source.line ?? 0, state, why) }
            }
        }
        let alone = option(of: text.file) != nil && others.isEmpty
        if alone { reading.lookElsewhere(text.absence("the other files of the folder")) }
        var settings = reading.settings()
        if alone, settings.passiveFrom == .unknown {
            settings.passiveProblem = "the other files of the folder weren't given"
        }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: notes.finish { _, _ in (.irrelevant, "comment, blank or a file's name") })
    }

    private static func take(
        _ option: PureFTPdOption, _ value: String, _ source: SourceLine,
        _ reading: inout PureFTPdReading
    ) -> (LineNote.State, String) {
        // The wrapper, not the server, refuses a value; umasks it wants with a blank.
        if !ServerText.isOpen(value), option.value != .colonPair, option.value != .text,
            let fault = PureFTPdLine.fault(option, value)
        {
            return reading.refuse(source, fault)
        }
        return reading.take(option, value, source)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        PureFTPdWriter.folder(change, configuration)
    }

    private struct Statement {
        var option: PureFTPdOption?
        var value: String
        var source: SourceLine
    }

    /// The option that a file is named for.
    private static func option(of file: String) -> PureFTPdOption? {
        guard let name = file.split(separator: "/").last,
            let option = PureFTPdOption.named(String(name)), option.name == name
        else { return nil }
        return option
    }

    private static func statements(_ text: ConfigText) -> [Statement] {
        var result: [Statement] = []
        var seen: Set<String> = []
        var current = option(of: text.file)
        let isFile = current != nil
        for (index, line) in text.lines.enumerated() {
            let bare = line.bare
            if bare.isEmpty || bare.hasPrefix("#") { continue }
            if !isFile, bare.hasPrefix("==> "), bare.hasSuffix(" <==") {
                current = option(of: String(bare.dropFirst(4).dropLast(4)))
                continue
            }
            var option = current
            var value = bare
            if !isFile, current == nil, let colon = bare.firstIndex(of: ":") {
                let path = String(bare[..<colon])
                value = String(bare[bare.index(after: colon)...]).bare
                option = path.contains("/") ? self.option(of: path) : nil
                if value.isEmpty || value.hasPrefix("#") { continue }
            }
            // Only the first line of a file counts.
            if let option, !seen.insert(option.name).inserted { continue }
            result.append(
                Statement(option: option, value: value, source: text.source(index + 1)))
        }
        return result
    }
}
