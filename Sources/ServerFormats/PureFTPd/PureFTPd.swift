public import Policy
public import PolicyText

/// `pure-ftpd.conf` of Pure-FTPd 1.0.47 and later: one option a line, as the server itself reads it;
/// cPanel's `local` and `main`, which are written with colons, are read too.
public enum PureFTPd: ConfigFormat {
    public static let name = "pureftpd"
    public static let platform = "Pure-FTPd"

    public static func recognise(_ text: ConfigText) -> Recognition {
        if text.lines.first?.hasPrefix("#!") == true { return .no }
        var known = 0
        var telling = 0
        var others = 0
        for line in text.lines {
            let bare = line.bare
            if bare.isEmpty || bare.hasPrefix("#") || bare == "---" { continue }
            if bare.hasPrefix("<") || bare.hasPrefix("[") { return .no }
            guard let (option, _) = PureFTPdLine.split(bare) else {
                others += 1
                continue
            }
            known += 1
            if !common.contains(option.name) { telling += 1 }
        }
        guard telling > 0, known >= others else { return .no }
        return known > 2 * others ? .certain : .perhaps
    }

    /// Names that other products' files hold too.
    private static let common: Set<String> = [
        "Bind", "Help", "Include", "Login", "MaxLoad", "PIDFile", "Quota", "SyslogFacility",
        "TLS", "Umask", "Daemonize", "UserRatio",
    ]

    public static func read(_ text: ConfigText) -> Configuration {
        var reading = PureFTPdReading(text)
        var notes = LineNotes(text)
        let isPanel = text.lines.first { !$0.bare.isEmpty && !$0.hasPrefix("#") }?.bare == "---"
        for (index, line) in text.lines.enumerated() {
            let bare = line.bare
            if bare.isEmpty || bare.hasPrefix("#") || (isPanel && bare == "---") { continue }
            let source = text.source(index + 1)
            let (state, why): (LineNote.State, String) =
                if let (option, value) = PureFTPdLine.split(bare) {
                    take(
                        option, isPanel ? value.stripping("'\"~") : value, source, &reading, isPanel
                    )
                } else if bare.lowercased().hasPrefix("useftpusers") {
                    (.irrelevant, "known to older builds only")
                } else if isPanel {
                    (.notRecognised, "no option of Pure-FTPd")
                } else if ServerText.isOpen(bare) {
                    (.notModelled, "a template's statement")
                } else {
                    reading.refuse(source, "no option of Pure-FTPd")
                }
            notes.set(index + 1, state, why)
        }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: reading.settings(),
            notes: notes.finish { _, _ in (.irrelevant, "comment or blank") })
    }

    private static func take(
        _ option: PureFTPdOption, _ value: String, _ source: SourceLine,
        _ reading: inout PureFTPdReading, _ isPanel: Bool
    ) -> (LineNote.State, String) {
        if isPanel, value.isEmpty { return (.irrelevant, "unset") }
        if option.name == "Include" {
            reading.lookElsewhere(source)
            return (.notModelled, "the file that it includes isn't read")
        }
        if !ServerText.isOpen(value), let fault = PureFTPdLine.fault(option, value) {
            return reading.refuse(source, fault)
        }
        return reading.take(option, value, source)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        PureFTPdWriter.file(change, configuration)?.minding(configuration, for: change)
    }
}

/// One line of a `pure-ftpd.conf`.
enum PureFTPdLine {
    /// Option and value; a colon or an equals sign may stand between.
    static func split(_ line: String) -> (PureFTPdOption, String)? {
        let name = line.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
        guard let option = PureFTPdOption.named(String(name)), option.name != "Login",
            option.name != "Help"
        else { return nil }
        var value = line[name.endIndex...].drop { $0 == " " || $0 == "\t" }
        let isSet = value.startIndex != name.endIndex
        if value.first == ":" || value.first == "=" {
            value = value.dropFirst().drop { $0 == " " || $0 == "\t" }
        } else if !isSet, !value.isEmpty {
            return nil
        }
        return (option, value.bare)
    }

    /// What the server doesn't take as a value of that option.
    static func fault(_ option: PureFTPdOption, _ value: String) -> String? {
        let shown = value.excerpt
        switch option.value {
        case .flag:
            return PureFTPdReading.flag(value) == nil ? "\(shown) is neither yes nor no" : nil
        case .number: return isNumber(value) ? nil : "\(shown) isn't a number"
        case .pair:
            let words = value.fields
            return words.count == 2 && words.allSatisfy(isNumber)
                ? nil : "\(shown) isn't two numbers"
        case .colonPair:
            let words = value.split(separator: ":", omittingEmptySubsequences: false)
            return words.count == 2 && words.allSatisfy { isNumber(String($0)) }
                ? nil : "\(shown) isn't two numbers with a colon between"
        case .word: return value.fields.count == 1 ? nil : "\(shown) isn't one word"
        case .text: return value.isEmpty ? "no value" : nil
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
