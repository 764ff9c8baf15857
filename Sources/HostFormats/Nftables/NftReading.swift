import Net
import Policy
import PolicyText

/// A file of nftables as it was read: the rule set in its own words, and what it means.
struct NftReading {
    var ruleset: NftRuleset
    var configuration: Configuration

    static func text(_ text: ConfigText, _ companions: [ConfigText]) -> NftReading {
        if NftShell.isScript(text) { return shell(text) }
        let source = NftSource(NftLexer.tokens(text.whole), companions: companions)
        var notes = NftNotes()
        for place in source.used { notes.note(place, .used) }
        var ruleset = NftRuleset()
        for fault in source.faults {
            ruleset.fault(fault.place, fault.why)
            notes.note(fault.place, .invalid, fault.why)
        }
        var reader = NftTextReader(source.tokens, into: ruleset, notes: notes)
        reader.read()
        ruleset = reader.ruleset
        if let line = text.carriageReturn, isScript(text), ruleset.faults.isEmpty {
            ruleset.fault(NftPlace(line: line), "nft refuses carriage returns")
        }
        return finish(ruleset, reader.notes, text, [text] + companions, Nftables.name)
    }

    /// A shell script: each command by itself.
    private static func shell(_ text: ConfigText) -> NftReading {
        var ruleset = NftRuleset()
        var notes = NftNotes()
        for command in NftShell.commands(text) {
            let place = NftPlace(line: command.line)
            guard let words = command.words else {
                notes.note(place, through: command.last, .notRecognised, "no command of nft")
                ruleset.gap(place, "line \(command.line) may do anything")
                continue
            }
            let tokens = NftLexer.tokens(words, line: command.line)
            var reader = NftTextReader(
                NftSource(tokens, companions: []).tokens, into: ruleset, notes: notes)
            reader.read()
            guard reader.ruleset.faults.isEmpty else {
                let why = reader.ruleset.faults[0].why
                notes.note(place, through: command.last, .invalid, why)
                ruleset.gap(place, "line \(command.line) isn't understood: \(why)")
                continue
            }
            ruleset = reader.ruleset
            notes = reader.notes
            notes.note(place, through: command.last, .used)
        }
        return finish(ruleset, notes, text, [text], Nftables.name)
    }

    static func json(_ text: ConfigText) -> NftReading {
        var reader = NftJSONReader()
        reader.read(text.whole)
        return finish(reader.ruleset, reader.notes, text, [text], NftablesJSON.name)
    }

    /// Whether it is loaded by `nft -f` or run, and no listing.
    private static func isScript(_ text: ConfigText) -> Bool {
        let starts = ["#!", "flush ", "define ", "include ", "add ", "create ", "delete "]
        return text.lines.contains { line in starts.contains { line.hasPrefix($0) } }
    }

    private static func finish(
        _ ruleset: NftRuleset, _ notes: NftNotes, _ text: ConfigText, _ files: [ConfigText],
        _ format: String
    ) -> NftReading {
        var maker = NftDevice(ruleset, notes: notes, file: text.file) { rule in
            let file = files.indices.contains(rule.place.file) ? files[rule.place.file] : text
            var source = file.source(rule.place.line)
            if let shown = rule.shown { source.text = shown }
            return source
        }
        var (device, fault) = maker.make()
        if fault == nil {
            if isScript(text), !ruleset.flushes {
                device.assumptions.append(
                    "\(text.file): it deletes nothing first; taken as loaded on an empty rule set")
            }
            if text.carriageReturn != nil, !isScript(text) {
                device.assumptions.append(
                    "\(text.file): carriage returns, which nft refuses, are taken to come from a copy"
                )
            }
        }
        let translates = ruleset.tables.contains { table in
            table.chains.contains { $0.base?.type == "nat" }
        }
        return NftReading(
            ruleset: ruleset,
            configuration: Configuration(
                file: text.file, format: format,
                kinds: translates ? [.firewall, .nat] : [.firewall],
                device: device, notes: maker.notes.list(text, fault: fault)))
    }
}
