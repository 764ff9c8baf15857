import Net
import Policy

/// Gathers the Windows firewall out of a registry export: rules and the switches of profiles, those
/// of the host itself and those of a group policy.
struct FirewallRegistry {
    /// Where a key belongs.
    enum Place: Hashable {
        case rules(Store)
        /// Of a profile by its own name.
        case profile(String, Store)
        case global(Store)
        /// Exceptions as Windows XP and Server 2003 keep them: ports, programs.
        case ports, programs
        /// Of the firewall, and no rule of it.
        case other
    }

    enum Store: Hashable {
        /// By its control set.
        case host(String)
        /// What device management (MDM) sets, by its control set.
        case managed(String)
        case group

        /// The control set; nil of a group policy.
        var controlSet: String? {
            switch self {
            case .host(let set), .managed(let set): set
            case .group: nil
            }
        }

        var isHost: Bool { if case .host = self { true } else { false } }
    }

    /// A value that is in force, and when it was assigned.
    private struct Held {
        var entry: RegistryFile.Entry
        var turn: Int
    }

    private let text: ConfigText
    private(set) var notes: LineNotes
    private var firewall = WindowsFirewall()
    private var values: [Place: [String: Held]] = [:]
    private var turns = 0
    private var assumptions: Set<String> = []

    init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
    }

    /// The place of a key; nil where it isn't the firewall's.
    static func place(_ key: String) -> Place? {
        let parts = key.lowercased().split(separator: "\\").map(String.init)
        let group = ["software", "policies", "microsoft", "windowsfirewall"]
        if let start = parts.indices.first(where: { parts[$0...].starts(with: group) }) {
            return place(parts.dropFirst(start + group.count), .group)
        }
        let host = ["services", "sharedaccess", "parameters", "firewallpolicy"]
        guard let start = parts.indices.first(where: { parts[$0...].starts(with: host) }),
            start > 0, parts[start - 1].contains("controlset")
        else { return nil }
        let rest = parts.dropFirst(start + host.count)
        return rest.first == "mdm"
            ? place(rest.dropFirst(), .managed(parts[start - 1]))
            : place(rest, .host(parts[start - 1]))
    }

    private static func place(_ rest: ArraySlice<String>, _ store: Store) -> Place {
        let profiles = [
            "domainprofile": "domain", "standardprofile": "private", "privateprofile": "private",
            "publicprofile": "public",
        ]
        guard let first = rest.first else { return .global(store) }
        if first == "firewallrules", rest.count == 1 { return .rules(store) }
        guard let profile = profiles[first] else { return .other }
        if rest.count == 1 { return .profile(profile, store) }
        switch rest.dropFirst().first {
        case "globallyopenports": return .ports
        case "authorizedapplications": return .programs
        default: return .other
        }
    }

    mutating func read() -> Configuration {
        let file = RegistryFile(text)
        for entry in file.entries { take(entry) }
        settle()
        gaps(file)
        return Configuration(
            file: text.file, format: WindowsFirewallRegistry.name, kinds: [.firewall],
            device: firewall.device(text, assumptions: assumptions.sorted()),
            notes: notes.finish { line, content in
                let plain = content.bare
                if plain.isEmpty || plain.hasPrefix(";") { return (.irrelevant, "no value") }
                if file.headers.contains(line) { return (.irrelevant, "header") }
                return (.notRecognised, "neither a key nor a value")
            })
    }

    private mutating func mark(
        _ entry: RegistryFile.Entry, _ state: LineNote.State, _ why: String = ""
    ) {
        for line in entry.lines { notes.set(line, state, why) }
    }

    /// The last assignment of a value counts, and a key can be taken away.
    private mutating func take(_ entry: RegistryFile.Entry) {
        if entry.content == .keyDeleted { return takeAway(entry) }
        guard let place = Self.place(entry.key) else {
            return mark(entry, .irrelevant, "of something else")
        }
        guard let name = entry.name?.lowercased() else { return mark(entry, .used) }
        if let old = values[place]?.removeValue(forKey: name) {
            mark(old.entry, .irrelevant, "assigned again below")
        }
        if entry.content == .deleted { return mark(entry, .used) }
        turns += 1
        values[place, default: [:]][name] = Held(entry: entry, turn: turns)
    }

    /// A key goes with all keys below it.
    private mutating func takeAway(_ entry: RegistryFile.Entry) {
        let key = entry.key.lowercased()
        var isOurs = Self.place(entry.key) != nil
        for (place, all) in values {
            for (name, held) in all {
                let other = held.entry.key.lowercased()
                guard other == key || other.hasPrefix(key + "\\") else { continue }
                isOurs = true
                values[place]?[name] = nil
                mark(held.entry, .irrelevant, "taken away below")
            }
        }
        mark(entry, isOurs ? .used : .irrelevant, isOurs ? "" : "of something else")
    }

    private mutating func settle() {
        let sets = Set(
            values.keys.compactMap { place -> String? in
                switch place {
                case .rules(let store), .profile(_, let store): store.controlSet
                default: nil
                }
            })
        let current = sets.contains("currentcontrolset") ? "currentcontrolset" : sets.min()
        func counts(_ store: Store) -> Bool {
            store.controlSet.map { $0 == current } ?? true
        }
        var ruled: [RegistryFile.Entry] = []
        var statesProfile = false
        let all = values.flatMap { place, held in held.map { (place, $0.key, $0.value) } }
        // What device management says is held against what the host does, which stands first.
        func rank(_ place: Place, _ held: Held) -> (Int, Int) {
            if case .profile(_, .managed) = place { (1, held.turn) } else { (0, held.turn) }
        }
        for (place, name, held) in all.sorted(by: { rank($0.0, $0.2) < rank($1.0, $1.2) }) {
            let entry = held.entry
            switch place {
            case .rules(let store) where counts(store):
                add(entry, isHost: store.isHost)
                ruled.append(entry)
            case .profile(let profile, let store) where counts(store):
                statesProfile = setting(name, entry, profile, store) || statesProfile
            case .global(let store) where counts(store): global(name, entry)
            case .rules, .profile, .global:
                mark(entry, .notModelled, "of a control set that isn't the current one")
            case .ports, .programs: exception(entry, place)
            case .other: mark(entry, .irrelevant, "no rule for what comes in")
            }
        }
        if !statesProfile {
            assumptions.insert("firewall taken as on in every profile: the export doesn't say")
        }
        for (entry, meaning) in zip(ruled, firewall.meanings()) {
            switch meaning {
            case .none(let why), .invalid(let why): mark(entry, .irrelevant, why)
            case .rule(let rule):
                let why = rule.doubts
                mark(entry, why.isEmpty ? .used : .notModelled, why)
            }
        }
    }

    private mutating func add(_ entry: RegistryFile.Entry, isHost: Bool) {
        let source = text.source(entry.lines.lowerBound)
        var rule: AdvancedRule
        switch entry.content {
        case .string(let value): rule = RegistryRule.rule(value, source)
        case .other(let type, let value):
            rule = RegistryRule.rule(value, source)
            let why = "it is of type \(type.excerpt), not REG_SZ"
            rule.doubt = rule.doubt.map { "\(why); \($0)" } ?? why
        case .broken(let why):
            rule = AdvancedRule(arguments: [:], source: source, doubt: why, isReported: true)
        case .deleted, .keyDeleted: return
        }
        if isHost { leaveOut(&rule) }
        firewall.rules.append(rule)
    }

    /// Rules of the host don't count in a profile whose group policy says so.
    private func leaveOut(_ rule: inout AdvancedRule) {
        let closed = WindowsFirewall.Switch.everywhere.filter { profile in
            values.contains { place, held in
                guard case .profile(profile, let store) = place, !store.isHost else { return false }
                return held["allowlocalpolicymerge"].flatMap { Self.number($0.entry) } == 0
            }
        }
        guard !closed.isEmpty, let profiles = rule.profiles else { return }
        let left = profiles.subtracting(closed)
        if left.isEmpty {
            rule.arguments["enable"] = "no"
        } else {
            rule.arguments["profile"] = left.sorted().joined(separator: ",")
        }
    }

    private func number(_ place: Place, _ name: String) -> Int? {
        guard let held = values[place]?[name] else { return nil }
        return Self.number(held.entry)
    }

    private static func number(_ entry: RegistryFile.Entry) -> Int? {
        guard case .other(type: "REG_DWORD", let value) = entry.content else { return nil }
        return Int(value)
    }

    /// - Returns: whether it tells that the profile's firewall is on or off.
    private mutating func setting(
        _ name: String, _ entry: RegistryFile.Entry, _ profile: String, _ store: Store
    ) -> Bool {
        let shaping = ["enablefirewall", "defaultinboundaction", "donotallowexceptions"]
        guard shaping.contains(name) else {
            let merges = name == "allowlocalpolicymerge" && !store.isHost
            mark(entry, merges ? .used : .irrelevant, "no setting of rules")
            return false
        }
        if store != .group, values[.profile(profile, .group)]?[name] != nil {
            mark(entry, .irrelevant, "the group policy says it")
            return true
        }
        var it = WindowsFirewall.Switch(
            source: text.source(entry.lines.lowerBound), profiles: [profile])
        let number = Self.number(entry)
        if number != 0, number != 1 { it.doubt = "its value isn't understood" }
        if case .managed(let set) = store {
            let usual = name == "donotallowexceptions" ? 0 : 1
            guard number != self.number(.profile(profile, .host(set)), name) ?? usual else {
                mark(entry, .used)
                return name == "enablefirewall"
            }
            it.doubt = "device management and the host say different things of the profile"
        }
        switch name {
        case "enablefirewall": WindowsFirewall.turn(&firewall.off, on: number != 1, it)
        case "defaultinboundaction": WindowsFirewall.turn(&firewall.open, on: number != 1, it)
        default: WindowsFirewall.turn(&firewall.shielded, on: number != 0, it)
        }
        mark(entry, it.doubt == nil ? .used : .notModelled, it.doubt ?? "")
        return name == "enablefirewall"
    }

    private mutating func global(_ name: String, _ entry: RegistryFile.Entry) {
        guard name == "disablestatefulftp" else {
            return mark(entry, .irrelevant, "no setting of rules")
        }
        let isOn = Self.number(entry) == 0
        firewall.followsFTP = Setting(isOn, text.source(entry.lines.lowerBound))
        mark(entry, .used)
    }

    /// `"21:TCP"="21:TCP:*:Enabled:FTP"`: Windows XP and 2003 go by them, later ones don't.
    private mutating func exception(_ entry: RegistryFile.Entry, _ place: Place) {
        guard case .string(let value) = entry.content else {
            return mark(entry, .irrelevant, "no exception")
        }
        let parts = value.split(separator: ":", omittingEmptySubsequences: false)
            .map { $0.lowercased() }
        if parts.contains("disabled") || place == .ports && parts.contains("udp") {
            return mark(entry, .irrelevant, "it opens nothing")
        }
        let why = "an exception that only Windows XP and Server 2003 go by"
        var ports: PortSet?
        if place == .ports, let port = parts.first.flatMap({ UInt16($0) }) {
            ports = PortSet(port...port)
        }
        firewall.doubt(why, text.source(entry.lines.lowerBound), ports: ports)
        mark(entry, .notModelled, why)
    }

    /// A line among the rules that is no value may be what is left of a rule.
    private mutating func gaps(_ file: RegistryFile) {
        let covered = Set(file.entries.flatMap { Array($0.lines) })
        var isOurs = false
        for (index, line) in text.lines.enumerated() {
            let plain = line.bare
            if let key = RegistryFile.key(plain) { isOurs = Self.place(key) != nil }
            guard isOurs, !plain.isEmpty, !plain.hasPrefix(";"), !covered.contains(index + 1)
            else { continue }
            let why = "line \(index + 1) is no value: it may be what is left of a rule"
            firewall.rules.append(
                AdvancedRule(
                    arguments: [:], source: text.source(index + 1), doubt: why, isReported: true))
        }
    }
}
