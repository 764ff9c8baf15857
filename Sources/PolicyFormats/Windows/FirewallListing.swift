import Net
import Policy

/// Gathers what `netsh firewall show …` prints, by profile.
struct FirewallListing {
    var notes: LineNotes
    private let text: ConfigText
    private var profiles: [String: PortExceptions] = [:]
    private var current: String?
    /// The profile and the table in which the next rows stand.
    private var profile = ""
    private var table = Table.other
    private var directions = false
    private var statesMode = false
    private var last: PortExceptions.Key?

    private enum Table { case ports, open, other }

    init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
    }

    mutating func take(_ line: Int, _ content: String) {
        let plain = content.bare
        let low = plain.lowercased()
        if plain.isEmpty || plain.allSatisfy({ $0 == "-" }) {
            return notes.set(line, .irrelevant, "blank or rule")
        }
        if let head = low.firstMatch(
            of: /^port configuration for (.*?)( profile)?( \(current\))?:?$/)
        {
            return section(line, String(head.1), .ports, current: head.3 != nil)
        }
        if let head = low.firstMatch(
            of: /^(domain|standard) profile configuration( \(current\))?:?$/)
        {
            return section(line, String(head.1), .other, current: head.2 != nil)
        }
        if low.hasPrefix("ports currently open on all network interfaces") {
            return section(line, current ?? "standard", .open, current: true)
        }
        if low.hasSuffix(":"), !low.hasPrefix("scope") {
            table = .other
            return notes.set(line, .irrelevant, "a table that isn't of ports")
        }
        if let setting = low.wholeMatch(
            of: /(profile|operational mode|exception mode)\s*=\s*(\w+).*/)
        {
            return mode(line, String(setting.1), String(setting.2))
        }
        if low.hasPrefix("port ") {
            directions = low.contains("direction")
            return notes.set(line, .irrelevant, "head of a table")
        }
        if let scope = plain.firstMatch(of: /(?i)^scope\s*[:=]\s*(.*)$/), let last {
            return narrow(line, String(scope.1), last)
        }
        guard table != .other else { return notes.set(line, .irrelevant, "no exception of a port") }
        row(line, plain.fields)
    }

    private mutating func section(_ line: Int, _ name: String, _ table: Table, current now: Bool) {
        profile = name
        self.table = table
        last = nil
        directions = false
        if now { current = name }
        profiles[name, default: PortExceptions()].doubts += []
        notes.set(line, .used)
    }

    private mutating func mode(_ line: Int, _ name: String, _ value: String) {
        if name == "profile" {
            current = value
            profile = value
        } else {
            let source = value == "disable" ? text.source(line) : nil
            if name == "operational mode" {
                statesMode = true
                profiles[profile, default: PortExceptions()].off = source
            } else {
                profiles[profile, default: PortExceptions()].shielded = source
            }
        }
        notes.set(line, .used)
    }

    private mutating func narrow(_ line: Int, _ scope: String, _ key: PortExceptions.Key) {
        guard let found = PortExceptions.scope(scope) else {
            profiles[profile]?.holes[key]?.doubt = "its scope isn't understood"
            return notes.set(line, .notModelled, "not a scope that is known")
        }
        profiles[profile]?.holes[key]?.sources = found.sources
        profiles[profile]?.holes[key]?.doubt = found.doubt
        notes.set(line, .used)
    }

    private mutating func row(_ line: Int, _ fields: [String]) {
        last = nil
        guard fields.count >= 3, let port = UInt16(fields[0]), port > 0 else {
            return notes.set(line, .irrelevant, "not a row of a port")
        }
        guard fields[1].same("TCP") || fields[1].same("Any") || fields[1].same("All") else {
            return notes.set(line, .irrelevant, "not TCP")
        }
        let key = PortExceptions.Key(port: port, interface: nil)
        if table == .ports {
            if fields[2].same("Disable") {
                return notes.set(line, .irrelevant, "disabled: it opens nothing")
            }
            guard fields[2].same("Enable") else {
                profiles[profile, default: PortExceptions()].holes[key] = .init(
                    sources: nil, doubt: "its mode isn't understood", source: text.source(line))
                return notes.set(line, .notModelled, "not a mode that is known")
            }
            if directions, fields.count > 3, fields[3].same("Outbound") {
                return notes.set(line, .irrelevant, "of outgoing connections")
            }
        }
        profiles[profile, default: PortExceptions()].holes[key] = .init(
            sources: nil, doubt: nil, source: text.source(line))
        last = key
        notes.set(line, .used)
    }

    /// Nil where nothing was understood.
    func device() -> Device? {
        guard !profiles.isEmpty else { return nil }
        var assumptions: [String] = []
        if !statesMode { assumptions.append("firewall taken as on: the listing doesn't say") }
        if let current, let exceptions = profiles[current] {
            return exceptions.device(text, assumptions: assumptions)
        }
        let filled = profiles.filter { !$0.value.holes.isEmpty }
        if filled.count <= 1 {
            let only = filled.first ?? profiles.min { $0.key < $1.key }
            if let only, profiles.count > 1, !filled.isEmpty {
                assumptions.append("\(only.key) profile taken as current: no other has exceptions")
            }
            return only?.value.device(text, assumptions: assumptions)
        }
        var merged = PortExceptions()
        for (name, exceptions) in filled.sorted(by: { $0.key < $1.key }) {
            for (key, hole) in exceptions.holes {
                let everywhere = profiles.values.allSatisfy {
                    $0.holes[key]?.sources == hole.sources && $0.holes[key]?.doubt == hole.doubt
                        && $0.holes[key] != nil
                }
                merged.holes[key] = hole
                if !everywhere {
                    merged.holes[key]?.doubt =
                        "not alike in all profiles (here \(name)), and which is in force isn't shown"
                }
            }
        }
        return merged.device(text, assumptions: assumptions)
    }
}
