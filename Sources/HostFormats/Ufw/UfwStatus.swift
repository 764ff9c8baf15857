import Net
public import Policy
public import PolicyText

/// `ufw status`, `ufw status verbose` and `ufw status numbered`, in English.
///
/// Rules are listed in order, and the first that matches decides. The frame around them
/// (`before.rules`, `after.rules`) isn't in the output and is taken as shipped. Application profiles
/// given beside it say what their names mean. Source: ufw(8), `get_status` of ufw.
public enum UfwStatus: ConfigFormat {
    public static let name = "ufw-status"
    public static let platform = Ufw.platform

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard let head = text.lines.prefix(40).first(where: { $0.hasPrefix("Status: ") }) else {
            return .no
        }
        let state = head.dropFirst("Status: ".count).bare
        guard state == "active" || state == "inactive" else { return .no }
        let more = text.lines.prefix(60).contains { line in
            line.hasPrefix("Default: ") && line.contains("(incoming)")
                || line.fields == ["To", "Action", "From"]
        }
        if more { return .certain }
        // Alone, or behind the command that was typed.
        let others = text.lines.filter { line in
            !line.bare.isEmpty && line != head && !line.contains("ufw")
        }
        return others.isEmpty ? .perhaps : .no
    }

    public static func read(_ text: ConfigText) -> Configuration { read(text, [:]) }

    static func read(_ text: ConfigText, _ profiles: [String: PortSet]) -> Configuration {
        var reader = UfwStatusReader(text, profiles)
        return reader.read()
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        UfwWriter.fix(change, configuration)
    }
}

extension UfwStatus: JointFormat {
    /// One output, and profiles beside it.
    package static func takes(_ texts: [ConfigText]) -> Bool {
        let outputs = texts.count { recognise($0) > .no }
        return outputs == 1
            && texts.allSatisfy { recognise($0) > .no || UfwProfiles.recognise($0) }
    }

    package static func read(together texts: [ConfigText]) -> Configuration {
        var profiles: [String: PortSet] = [:]
        for text in texts where recognise(text) == .no {
            profiles.merge(UfwProfiles(text).ports) { _, new in new }
        }
        return read(texts.first { recognise($0) > .no } ?? ConfigText(file: "", ""), profiles)
    }
}

struct UfwStatusReader {
    private let text: ConfigText
    private let profiles: [String: PortSet]
    private var notes: LineNotes
    private var device = Device(usualPlace: .host)
    private var input = Chain(name: "ufw-user-input")
    private var forward = Chain(name: "ufw-user-forward")
    private var policies: [String: Setting<Action>] = [:]
    private var inactive: SourceLine?

    init(_ text: ConfigText, _ profiles: [String: PortSet]) {
        self.text = text
        self.profiles = profiles
        notes = LineNotes(text)
    }

    mutating func read() -> Configuration {
        var inTable = false
        var begun = false
        for (number, line) in zip(1..., text.lines) {
            let bare = line.bare
            if bare.isEmpty || bare.isPrompt() {
                notes.set(number, .irrelevant)
            } else if bare == "Status: active" || bare == "Status: inactive" {
                begun = true
                notes.set(number, .used)
                if bare != "Status: active" { inactive = text.source(number) }
            } else if bare.hasPrefix("Status: ") {
                // Another language, or cut short: it may be either.
                begun = true
                readRow(number, bare)
            } else if !begun {
                notes.set(number, .notRecognised, "before ufw's own lines")
            } else if bare.hasPrefix("Default: "), !inTable {
                readDefaults(number, String(bare.dropFirst("Default: ".count)))
            } else if !inTable, bare.hasPrefix("Logging: ") || bare.hasPrefix("New profiles: ") {
                notes.set(number, .irrelevant)
            } else if bare.fields == ["To", "Action", "From"] {
                inTable = true
                notes.set(number, .irrelevant)
            } else if bare.allSatisfy({ $0 == "-" || $0 == " " }) {
                notes.set(number, .irrelevant)
            } else {
                readRow(number, bare)
            }
        }
        return Configuration(
            file: text.file, format: UfwStatus.name, kinds: [.firewall], device: finish(),
            notes: notes.finish { _, _ in (.notRecognised, "") })
    }

    /// `deny (incoming), allow (outgoing), disabled (routed)`
    private mutating func readDefaults(_ number: Int, _ list: String) {
        notes.set(number, .used)
        for part in list.split(separator: ",") {
            let words = part.fields
            guard words.count == 2 else {
                notes.set(number, .notModelled, "a default can't be read")
                continue
            }
            let source = text.source(number)
            switch words[0] {
            case "allow": policies[words[1]] = Setting(.permit, source)
            case "deny", "disabled": policies[words[1]] = Setting(.deny(answered: false), source)
            case "reject": policies[words[1]] = Setting(.deny(answered: true), source)
            default:
                policies[words[1]] = Setting(.unknown("the default can't be read"), source)
                notes.set(number, .notModelled, "a default can't be read")
            }
        }
    }

    private mutating func readRow(_ number: Int, _ line: String) {
        let source = text.source(number)
        guard let row = UfwRow(line) else {
            let why = "the row can't be read"
            notes.set(number, .notRecognised, why)
            for rule in [FilterRule(Match(), .unknown(why), source)] {
                input.rules.append(rule)
                forward.rules.append(rule)
            }
            return
        }
        guard row.direction != "OUT" else {
            return notes.set(number, .irrelevant, "for what the host sends")
        }
        guard let match = row.match(profiles) else {
            return notes.set(number, .irrelevant, "not for TCP")
        }
        let action: Action
        switch row.action {
        case "ALLOW": action = .permit
        case "LIMIT":
            action = .permit
            let sentence = IPTablesRule.firstPacket
            if !device.assumptions.contains(sentence) { device.assumptions.append(sentence) }
        case "REJECT": action = .deny(answered: true)
        default: action = .deny(answered: false)
        }
        if let why = match.notModelled.first {
            notes.set(number, .notModelled, why)
        } else {
            notes.set(number, .used)
        }
        let rule = FilterRule(match, action, source)
        if row.direction == "FWD" { forward.rules.append(rule) } else { input.rules.append(rule) }
    }

    private mutating func finish() -> Device {
        if let inactive {
            device.stages = [Stage(.filter, chain: "", ending: Setting(.permit, inactive))]
            return device
        }
        let before = UfwDevice.shipped(text.file, "ufw")
        input.rules = before.rules + input.rules
        device.chains = [input.name: input, forward.name: forward]
        for (chain, name, place) in [
            (input.name, "(incoming)", Device.Place.host), (forward.name, "(routed)", .through),
        ] {
            let shipped: Setting<Action> = Setting(
                .deny(answered: false), text.absence("policy DROP"))
            device.stages.append(
                Stage(.filter, chain: chain, ending: policies[name] ?? shipped, places: [place]))
        }
        device.assumptions.append(
            "\(text.file): before.rules and after.rules, which the output doesn't show, are taken as shipped"
        )
        if policies.isEmpty {
            device.assumptions.append(
                "\(text.file): ufw's shipped default policies are taken: deny incoming, deny routed"
            )
        }
        return device
    }
}
