import Policy
import PolicyText

/// `netsh advfirewall …`: rules, profiles and their switches.
extension WindowsFirewall {
    typealias Said = (state: LineNote.State, why: String)

    /// Takes the words behind `advfirewall`; nil where they change nothing.
    mutating func advanced(_ words: [String], _ source: SourceLine) -> Said? {
        let verbs = words.prefix(3).map { $0.lowercased() }
        switch (verbs.first, verbs.dropFirst().first, verbs.dropFirst(2).first) {
        case ("firewall", "add", "rule"): return add(words.dropFirst(3), source)
        case ("firewall", "delete", "rule"): return delete(words.dropFirst(3), source)
        case ("firewall", "set", "rule"): return change(words.dropFirst(3), source)
        case ("firewall", _, _), ("consec", _, _), ("mainmode", _, _), ("monitor", _, _): return nil
        case ("set", let profile?, let setting?) where profile.contains("profile"):
            return set(profile, setting, words.dropFirst(3).map { $0.lowercased() }, source)
        case ("set", "global", "statefulftp"):
            switch words.dropFirst(3).first?.lowercased() {
            case "enable"?: followsFTP = Setting(true, source)
            case "disable"?: followsFTP = Setting(false, source)
            case "notconfigured"?: followsFTP = nil
            default: return (.invalid, "it is enable, disable or notconfigured")
            }
            return (.used, "")
        case ("reset", _, _):
            self = WindowsFirewall()
            return (.used, "")
        case ("import", _, _):
            veil("a policy from another file takes its place", source)
            return (.notModelled, "a policy from another file takes its place")
        default: return nil
        }
    }

    private func arguments(_ words: some Sequence<String>) -> NetshArguments {
        NetshArguments(tagged: Array(words), tags: AdvancedRule.tags)
    }

    private mutating func add(_ words: ArraySlice<String>, _ source: SourceLine) -> Said {
        let arguments = arguments(words)
        if let fault = arguments.fault { return (.invalid, fault) }
        guard arguments["name"] != nil else { return (.invalid, "it needs a name") }
        var values = arguments.values
        var uncertain: String?
        if let unknown = arguments.unknown(but: ["name", "description", "program"]) {
            let why = "it depends on \(unknown), which isn't known"
            let deciding = ["dir", "action", "enable", "protocol", "localport"]
            guard arguments["dir"]?.same("out") != true else {
                return (.irrelevant, "of outgoing connections")
            }
            if deciding.contains(where: { Unknown.isIn(values[$0] ?? "") }) {
                if arguments["action"]?.same("allow") == true {
                    doubt(why, source)
                } else {
                    doubtAll(why, source)
                }
                return (.notModelled, why)
            }
            // For whom it is isn't known; what it opens or shuts is.
            values = values.filter { $0.key == "program" || !Unknown.isIn($0.value) }
            uncertain = why
        }
        let rule = AdvancedRule(arguments: values, source: source, doubt: uncertain)
        switch rule.meaning() {
        case .invalid(let why): return (.invalid, why)
        case .none(let why):
            rules.append(rule)
            return (.irrelevant, why)
        case .rule(let meant):
            if !rules.contains(rule) { rules.append(rule) }
            let why = meant.match.notModelled.joined(separator: "; ")
            return why.isEmpty ? (.used, "") : (.notModelled, why)
        }
    }

    private mutating func delete(_ words: ArraySlice<String>, _ source: SourceLine) -> Said {
        let arguments = arguments(words)
        guard arguments["name"] != nil else { return (.invalid, "it needs a name") }
        if let unknown = arguments.unknown(but: []) {
            let why = "it may be taken away: it depends on \(unknown), which isn't known"
            for index in rules.indices { rules[index].doubt = why }
            return (.notModelled, why)
        }
        let found = rules.indices.filter { names(rules[$0], arguments.values) }
        guard !found.isEmpty else { return (.used, "") }
        var exact = true
        for index in found.reversed() {
            if differs(rules[index], arguments.values) { continue }
            let own = rules[index].profiles ?? Switch.everywhere
            let taken = AdvancedRule(arguments: arguments.values, source: source).profiles
            if let taken, taken.isDisjoint(with: own) { continue }
            if taken?.isSuperset(of: own) != true {
                rules[index].doubt = "taken away in some profiles"
                exact = false
            } else {
                rules.remove(at: index)
            }
        }
        return exact ? (.used, "") : (.notModelled, "in some profiles only")
    }

    private func names(_ rule: AdvancedRule, _ wanted: [String: String]) -> Bool {
        guard let name = wanted["name"] else { return false }
        return name.same("all") || rule.arguments["name"]?.same(name) == true
    }

    private func differs(_ rule: AdvancedRule, _ wanted: [String: String]) -> Bool {
        wanted.contains { tag, value in
            tag != "name" && tag != "profile"
                && !(rule.arguments[tag] ?? "any").same(value)
        }
    }

    private mutating func change(_ words: ArraySlice<String>, _ source: SourceLine) -> Said {
        guard let middle = words.firstIndex(where: { $0.same("new") }) else {
            return (.invalid, "it needs `new`")
        }
        let which = arguments(words[..<middle])
        let new = arguments(words[words.index(after: middle)...])
        if let fault = which.fault ?? new.fault { return (.invalid, fault) }
        if which["group"] != nil || which.unknown(but: []) != nil || new.unknown(but: []) != nil {
            let why = "which rules it changes, or how, isn't known"
            doubtAll(why, source)
            return (.notModelled, why)
        }
        let found = rules.indices.filter {
            names(rules[$0], which.values) && !differs(rules[$0], which.values)
        }
        guard !found.isEmpty else {
            if new["enable"]?.same("no") == true {
                return (.irrelevant, "it switches off a rule that the script doesn't make")
            }
            let why = "it changes a rule that the script doesn't make"
            doubt(why, source)
            return (.notModelled, why)
        }
        for index in found {
            rules[index].arguments.merge(new.values) { $1 }
            rules[index].source = source
        }
        return (.used, "")
    }

    private mutating func set(
        _ profile: String, _ setting: String, _ words: [String], _ source: SourceLine
    ) -> Said? {
        let short = profile.hasSuffix("profile") ? String(profile.dropLast("profile".count)) : ""
        let isAll = profile == "allprofiles" || profile == "currentprofile"
        guard isAll || Switch.everywhere.contains(short) else { return nil }
        let it = Switch(source: source, profiles: isAll ? Switch.everywhere : [short])
        let said: Said = it.uncertainty.map { (.notModelled, $0) } ?? (.used, "")
        switch (setting, words.first) {
        case ("state", "off"?): Self.turn(&off, on: true, it)
        case ("state", "on"?), ("state", "notconfigured"?): Self.turn(&off, on: false, it)
        case ("firewallpolicy", let policy?):
            let inbound = policy.split(separator: ",").first.map { $0.bare }
            switch inbound {
            case "allowinbound":
                Self.turn(&open, on: true, it)
                Self.turn(&shielded, on: false, it)
            case "blockinboundalways":
                Self.turn(&shielded, on: true, it)
                Self.turn(&open, on: false, it)
            case "blockinbound", "notconfigured":
                Self.turn(&open, on: false, it)
                Self.turn(&shielded, on: false, it)
            default: return (.invalid, "not a policy for connections that come in")
            }
        default: return nil
        }
        return said
    }
}
