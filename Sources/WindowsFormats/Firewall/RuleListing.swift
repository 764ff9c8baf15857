import Policy
import PolicyText

/// Gathers what `netsh advfirewall firewall show rule`, `show allprofiles` and `show global` print.
struct RuleListing {
    private(set) var firewall = WindowsFirewall()
    private(set) var assumptions: Set<String> = []
    /// Why the whole is unknown: it is in a language that isn't known, or cut short.
    private(set) var refusal: String?
    private var shown: Set<String> = []
    private var current: Set<String> = []
    private var notes: LineNotes
    private var text: ConfigText
    private var block: ListedRule?
    private var blocks: [(text: Int, block: ListedRule)] = []
    private var number = 0
    /// The profile whose rows follow, and the line of its head.
    private var profile: (name: String, line: Int, language: ListingLanguage)?
    private var stated = false
    private var isCurrent = false
    private var ended = false
    private var section = false

    init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
    }

    /// Reads a further file of the same firewall. Its lines have no notes of their own.
    mutating func read(_ text: ConfigText) -> [LineNote] {
        self.text = text
        notes = LineNotes(text)
        let first = blocks.count
        for index in text.lines.indices { take(index + 1, text.lines[index]) }
        let wasOpen = block != nil && !ended
        let isCut = block?.isWhole == false
        close()
        endProfile()
        if isCut {
            refusal = refusal ?? "the listing is cut short within its last rule"
        } else if wasOpen {
            assumptions.insert("the listing taken as whole, though it doesn't end with Ok.")
        }
        settle(first)
        number += 1
        let refusal = refusal
        return notes.finish { _, line in
            guard !line.bare.isEmpty else { return (.irrelevant, "blank") }
            return (.notRecognised, refusal ?? "neither a rule nor a setting")
        }
    }

    static func isRule(_ line: String) -> Bool {
        let plain = line.bare
        return plain.utf8.count >= 10 && plain.utf8.allSatisfy { $0 == UInt8(ascii: "-") }
    }

    private func isHead(_ line: Int) -> Bool {
        text.lines.indices.contains(line) && Self.isRule(text.lines[line])
    }

    private mutating func take(_ line: Int, _ content: String) {
        let plain = content.bare
        if plain.isEmpty { return notes.set(line, .irrelevant, "blank") }
        if Self.isRule(plain) { return notes.set(line, .irrelevant, "rule") }
        if transcript(line, plain) { return }
        if ["ok", "ok."].contains(plain.lowercased()) {
            close()
            endProfile()
            ended = true
            section = false
            return notes.set(line, .irrelevant, "the end of a listing")
        }
        if head(line, plain) { return }
        if block != nil { return row(line, content, plain) }
        if let profile { return setting(line, plain, profile) }
        if section { return global(line, plain) }
        if plain.same("No rules match the specified criteria.")
            || plain.lowercased().hasPrefix("keine regeln stimmen")
        {
            return notes.set(line, .used)
        }
    }

    /// A prompt with its command.
    private mutating func transcript(_ line: Int, _ plain: String) -> Bool {
        let low = plain.lowercased()
        guard low.mentions("netsh "), low.contains("show"),
            low.contains(">") || low.hasPrefix("netsh"), block?.language.field(plain) == nil
        else { return false }
        close()
        endProfile()
        isCurrent = low.hasSuffix("show currentprofile")
        notes.set(line, .irrelevant, "the command")
        return true
    }

    /// What begins a rule, or a section of settings.
    private mutating func head(_ line: Int, _ plain: String) -> Bool {
        for language in ListingLanguage.all {
            if let (field, name) = language.field(plain), field == .name {
                close()
                endProfile()
                block = ListedRule(language, name: name, line: line)
                (ended, section) = (false, false)
                return true
            }
            if let name = language.profile(plain) {
                close()
                endProfile()
                profile = (name, line, language)
                (stated, section) = (false, false)
                shown.insert(name)
                if isCurrent { current.insert(name) }
                notes.set(line, .used)
                return true
            }
        }
        guard isHead(line), plain.contains(where: { $0 == ":" || $0 == "：" }) else {
            return false
        }
        close()
        endProfile()
        let word = ListingLanguage.folded(plain)
        if word == "globalsettings" || word.hasPrefix("globaleeinstellungen") {
            section = true
            notes.set(line, .irrelevant, "global settings")
        } else {
            let known = ListingLanguage.all.map(\.name).joined(separator: " and ")
            refusal = "labels in a language that isn't read (\(known) are)"
            notes.set(line, .notRecognised, refusal ?? "")
        }
        return true
    }

    private mutating func row(_ line: Int, _ content: String, _ plain: String) {
        guard var block else { return }
        let indented = content.first.map { $0 == " " || $0 == "\t" } ?? false
        if let (field, value) = block.language.field(plain) {
            block.take(field, value, line)
        } else if block.isWhole {
            // Other text behind the last rule.
            return close()
        } else if !block.extend(plain, indented: indented, line) {
            block.doubt("line \(line) isn't understood")
            notes.set(line, .notRecognised, "no label that is known")
        }
        self.block = block
    }

    private mutating func close() {
        guard let done = block else { return }
        blocks.append((number, done))
        block = nil
        let (rule, assumption) = done.rule(text.source(done.line))
        firewall.rules.append(rule)
        if let assumption, case .rule = rule.meaning() { assumptions.insert(assumption) }
    }

    /// Notes of the rules read since, now that all of them are known.
    private mutating func settle(_ first: Int) {
        let meanings = firewall.meanings()
        for index in blocks.indices.dropFirst(first) {
            let block = blocks[index].block
            for line in block.idle { notes.set(line, .irrelevant, "doesn't shape the rule") }
            switch meanings[index] {
            case .none(let why), .invalid(let why):
                for line in block.shaping { notes.set(line, .irrelevant, why) }
            case .rule(let rule):
                for line in block.shaping { notes.set(line, .used) }
                let why = rule.doubts
                if !why.isEmpty { notes.set(block.line, .notModelled, why) }
            }
        }
    }

    private mutating func setting(
        _ line: Int, _ plain: String,
        _ profile: (name: String, line: Int, language: ListingLanguage)
    ) {
        guard let (label, value) = Self.columns(plain) else {
            return notes.set(line, .irrelevant, "no setting of rules")
        }
        let word = ListingLanguage.folded(value)
        var it = WindowsFirewall.Switch(source: text.source(line), profiles: [profile.name])
        switch label {
        case profile.language.state:
            stated = true
            let isOn = profile.language.states[word]
            if isOn == nil { it.doubt = "its value isn't understood" }
            WindowsFirewall.turn(&firewall.off, on: isOn != true, it)
            notes.set(line, isOn == nil ? .notModelled : .used, it.doubt ?? "")
        case profile.language.policy:
            policy(line, ListingLanguage.folded(value.prefix { $0 != "," }), it)
        case profile.language.localRules:
            guard word.hasPrefix("disable") || word.hasPrefix("deaktivier") else {
                return notes.set(line, .irrelevant, "rules made here count")
            }
            let why = "rules made on the host itself may not count: LocalFirewallRules is off"
            it.doubt = why
            WindowsFirewall.turn(&firewall.shielded, on: true, it)
            notes.set(line, .notModelled, why)
        default: notes.set(line, .irrelevant, "no setting of rules")
        }
    }

    private mutating func policy(_ line: Int, _ word: String, _ it: WindowsFirewall.Switch) {
        var it = it
        switch word {
        case "blockinbound", "notconfigured", "nichtkonfiguriert": break
        case "allowinbound": WindowsFirewall.turn(&firewall.open, on: true, it)
        case "blockinboundalways": WindowsFirewall.turn(&firewall.shielded, on: true, it)
        default:
            it.doubt = "its value isn't understood"
            WindowsFirewall.turn(&firewall.open, on: true, it)
            WindowsFirewall.turn(&firewall.shielded, on: true, it)
        }
        notes.set(line, it.doubt == nil ? .used : .notModelled, it.doubt ?? "")
    }

    /// A profile of which no state is told may be off.
    private mutating func endProfile() {
        guard let ending = profile else { return }
        profile = nil
        guard !stated else { return }
        let why = "the state of the \(ending.name) profile isn't told"
        WindowsFirewall.turn(
            &firewall.off, on: true,
            .init(source: text.source(ending.line), doubt: why, profiles: [ending.name]))
        notes.set(ending.line, .notModelled, why)
    }

    private mutating func global(_ line: Int, _ plain: String) {
        guard let (label, value) = Self.columns(plain), label == "statefulftp" else {
            return notes.set(line, .irrelevant, "no setting of rules")
        }
        let word = ListingLanguage.folded(value)
        let isOn = word.hasPrefix("enable") || word.hasPrefix("aktivier")
        firewall.followsFTP = Setting(isOn, text.source(line))
        notes.set(line, .used)
    }

    /// Two columns, parted by two blanks at least; the first folded.
    private static func columns(_ plain: String) -> (label: String, value: String)? {
        guard let gap = plain.ranges(of: "  ").first else { return nil }
        let label = ListingLanguage.folded(plain[..<gap.lowerBound])
        return label.isEmpty ? nil : (label, String(plain[gap.upperBound...]).bare)
    }

    /// The device that all of it makes.
    mutating func device() -> Device {
        let whole = text.absence("implicit deny")
        if let refusal {
            return Device(
                usualPlace: .host,
                stages: [
                    Stage(.filter, chain: "", ending: Setting(.unknown(refusal), whole))
                ])
        }
        if !current.isEmpty { firewall.inForce = current }
        if shown.isEmpty {
            assumptions.insert("firewall taken as on in every profile: the listing doesn't say")
        } else if current.isEmpty, shown != WindowsFirewall.Switch.everywhere {
            assumptions.insert("profiles that aren't shown taken as on")
        }
        return firewall.device(text, assumptions: assumptions.sorted())
    }
}

extension FilterRule {
    /// Why what it does isn't certain; empty where it is.
    var doubts: String {
        if case .unknown(let why) = action { return why }
        return match.notModelled.joined(separator: "; ")
    }
}
