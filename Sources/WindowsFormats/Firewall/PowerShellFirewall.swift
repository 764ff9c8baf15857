import Policy
import PolicyText

/// Gathers the objects of the NetSecurity cmdlets: rules, the filters that belong to them by
/// `InstanceID`, profiles and settings.
struct PowerShellFirewall {
    private struct Held {
        var object: PowerShellObject
        /// Which of the texts it is of.
        var text: Int
    }

    var firewall = WindowsFirewall()
    var assumptions: Set<String> = []
    let texts: [ConfigText]
    var notes: [LineNotes]
    /// Rules that scripts made.
    var made: [(name: String?, shown: String?, source: SourceLine)] = []
    private var rules: [Held] = []
    private var filters: [String: [Held]] = [:]
    private var networks: Set<String>? = []
    /// Why nothing can be told.
    private var refusal: String?
    private var statesProfile = false

    init(_ texts: [ConfigText]) {
        self.texts = texts
        notes = texts.map { LineNotes($0) }
    }

    enum Kind { case rule, filter, profile, network, settings }

    /// What an object is by the names of its properties; nil where it is none of these.
    static func kind(_ names: Set<String>) -> Kind? {
        if names.isSuperset(of: ["direction", "action"]),
            !names.isDisjoint(with: [
                "displayname", "displaygroup", "instanceid", "policystoresource", "rulename",
                "name",
            ]),
            names.contains("enabled") || names.contains("localport") || names.contains("profile")
        {
            return .rule
        }
        if names.contains("defaultinboundaction") { return .profile }
        if names.contains("networkcategory") { return .network }
        if names.contains("enablestatefulftp") { return .settings }
        let filtering = [
            "localport", "remoteaddress", "remoteip", "program", "apppath", "service",
            "servicename", "interfacetype", "interfacealias", "authentication",
        ]
        if names.contains("instanceid"), !names.isDisjoint(with: filtering) { return .filter }
        return nil
    }

    mutating func read() {
        let scripts = texts.indices.filter { Self.isScript(texts[$0]) }
        for (number, text) in texts.enumerated() where !scripts.contains(number) {
            let first = text.whole.unicodeScalars.first { !$0.properties.isWhitespace }
            if first == "{" || first == "[" {
                do throws(JSONWithLines.Fault) {
                    let root = try JSONWithLines.parse(text.whole)
                    for object in PowerShellObject.objects(root) { take(object, number) }
                } catch {
                    let why = "not JSON: \(error.why)"
                    notes[number].set(min(error.line, max(1, text.lines.count)), .invalid, why)
                    refusal = "the text can't be read, because of line \(error.line): \(error.why)"
                }
            } else {
                let table = PowerShellTable(text)
                for lines in table.heads { mark(lines, number, .irrelevant, "names of columns") }
                for object in table.objects { take(object, number) }
            }
        }
        for rule in rules { add(rule) }
        settle()
        for script in scripts { run(script) }
        if let networks, !networks.isEmpty { firewall.inForce = networks }
        if !statesProfile, scripts.count < texts.count {
            assumptions.insert("firewall taken as on in every profile: the export doesn't say")
        }
    }

    private mutating func mark(
        _ lines: ClosedRange<Int>, _ text: Int, _ state: LineNote.State, _ why: String = ""
    ) {
        for line in lines { notes[text].add(line, state, why) }
    }

    private mutating func take(_ object: PowerShellObject, _ text: Int) {
        switch Self.kind(Set(object.values.keys)) {
        case .rule: rules.append(Held(object: object, text: text))
        case .filter:
            let id = object["instanceid"]?.first?.lowercased() ?? ""
            filters[id, default: []].append(Held(object: object, text: text))
        case .profile: profile(object, text)
        case .network: network(object, text)
        case .settings:
            let word = object["enablestatefulftp"]?.first?.lowercased()
            let source = texts[text].source(object.lines.lowerBound)
            switch word {
            case "true"?, "1"?: firewall.followsFTP = Setting(true, source)
            case "false"?, "0"?: firewall.followsFTP = Setting(false, source)
            default: firewall.followsFTP = nil
            }
            mark(object.lines, text, .used)
        case nil:
            guard object.fault == nil else {
                // It may have been a rule.
                return rules.append(Held(object: object, text: text))
            }
            mark(object.lines, text, .notRecognised, "neither a rule nor a filter of one")
        }
    }

    private var added: [(rule: PowerShellRule, text: Int, filters: [Held])] = []

    private mutating func add(_ held: Held) {
        let source = texts[held.text].source(held.object.lines.lowerBound)
        var rule = PowerShellRule(held.object, source)
        let id = (held.object["instanceid"] ?? held.object["name"])?.first?.lowercased()
        let own = id.flatMap { filters[$0] } ?? []
        for filter in own { rule.join(filter.object) }
        let (made, taken) = rule.rule()
        firewall.rules.append(made)
        if case .rule = made.meaning() { assumptions.formUnion(taken) }
        added.append((rule, held.text, own))
    }

    private mutating func settle() {
        var joined: Set<String> = []
        for ((rule, text, own), meaning) in zip(added, firewall.meanings()) {
            for filter in own {
                joined.insert(filter.object["instanceid"]?.first?.lowercased() ?? "")
            }
            let lines = rule.object.lines
            for lines in rule.other { mark(lines, text, .irrelevant, "doesn't shape the rule") }
            let rest = own.map { ($0.object.lines, $0.text) }
            switch meaning {
            case .none(let why), .invalid(let why):
                for (lines, text) in rest + [(lines, text)] { mark(lines, text, .irrelevant, why) }
            case .rule(let made):
                let why = made.doubts
                for (lines, text) in rest { mark(lines, text, .used) }
                if why.isEmpty {
                    mark(lines.lowerBound...lines.lowerBound, text, .used)
                    for lines in rule.shaping where rule.object.lines.contains(lines.lowerBound) {
                        mark(lines, text, .used)
                    }
                } else {
                    notes[text].set(lines.lowerBound, .notModelled, why)
                    for lines in rule.shaping where rule.object.lines.contains(lines.lowerBound) {
                        for line in lines where notes[text].state(line) == nil {
                            notes[text].set(line, .used)
                        }
                    }
                }
            }
            for (lines, name) in rule.strange where rule.object.lines.contains(lines.lowerBound) {
                mark(lines, text, .notRecognised, "property \(name.excerpt) isn't known")
            }
        }
        for (id, held) in filters where !joined.contains(id) {
            for filter in held {
                mark(filter.object.lines, filter.text, .irrelevant, "of no rule that is here")
            }
        }
    }

    private mutating func profile(_ object: PowerShellObject, _ text: Int) {
        let source = texts[text].source(object.lines.lowerBound)
        let name = (object["name"] ?? object["profile"] ?? object["instanceid"])?.first ?? ""
        let short = name.lowercased().split(separator: "|").last.map(String.init) ?? ""
        guard WindowsFirewall.Switch.everywhere.contains(short), object.fault == nil else {
            let doubt = "a profile isn't told in words that are known"
            let it = WindowsFirewall.Switch(source: source, doubt: doubt)
            WindowsFirewall.turn(&firewall.off, on: true, it)
            WindowsFirewall.turn(&firewall.shielded, on: true, it)
            return mark(object.lines, text, .notModelled, "it isn't known of which profile")
        }
        var it = WindowsFirewall.Switch(source: source, profiles: [short])
        statesProfile = true
        mark(object.lines, text, .used)
        func word(_ name: String) -> String { object[name]?.first?.lowercased() ?? "" }
        switch word("enabled") {
        case "true", "1", "notconfigured", "2": break
        case "false", "0": WindowsFirewall.turn(&firewall.off, on: true, it)
        default:
            it.doubt = "whether the \(short) profile is on isn't told"
            WindowsFirewall.turn(&firewall.off, on: true, it)
            it.doubt = nil
        }
        switch word("defaultinboundaction") {
        case "block", "4", "notconfigured", "0": break
        case "allow", "2": WindowsFirewall.turn(&firewall.open, on: true, it)
        default:
            it.doubt = "its DefaultInboundAction isn't understood"
            WindowsFirewall.turn(&firewall.open, on: true, it)
            it.doubt = nil
        }
        if ["false", "0"].contains(word("allowinboundrules")) {
            WindowsFirewall.turn(&firewall.shielded, on: true, it)
        }
        if ["false", "0"].contains(word("allowlocalfirewallrules")) {
            it.doubt = "rules made on the host itself may not count: AllowLocalFirewallRules is off"
            WindowsFirewall.turn(&firewall.shielded, on: true, it)
            mark(object.lines, text, .notModelled, it.doubt ?? "")
        }
    }

    /// A network that the host is in, and so the profile that is in force there.
    private mutating func network(_ object: PowerShellObject, _ text: Int) {
        let names = [
            "public": "public", "0": "public", "private": "private", "1": "private",
            "domainauthenticated": "domain", "2": "domain", "domain": "domain",
        ]
        if let name = object["networkcategory"]?.first.flatMap({ names[$0.lowercased()] }) {
            networks?.insert(name)
            mark(object.lines, text, .used)
        } else {
            networks = nil
            mark(object.lines, text, .notModelled, "a category of networks that isn't known")
        }
    }

    func configuration(_ format: String) -> Configuration {
        let text = texts.first ?? ConfigText(file: "", "")
        var device = firewall.device(text, assumptions: assumptions.sorted())
        if let refusal {
            let ending = Setting<Action>(.unknown(refusal), text.absence("implicit deny"))
            device = Device(usualPlace: .host, stages: [Stage(.filter, chain: "", ending: ending)])
        }
        let refusal = refusal
        let lines = notes.first?.finish { _, line in
            if line.allSatisfy({ " \t{}[](),".contains($0) }) { return (.irrelevant, "") }
            if let refusal { return (.invalid, refusal) }
            return (.irrelevant, "no part of a rule")
        }
        return Configuration(
            file: text.file, format: format, kinds: [.firewall], device: device,
            notes: lines ?? [])
    }
}
