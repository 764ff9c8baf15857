import Net
import Policy
import PolicyText

/// Gathers what `netsh firewall show …` prints, by profile and by interface.
struct FirewallListing {
    var notes: LineNotes
    private let text: ConfigText
    private var profiles: [String: WindowsFirewall] = [:]
    private var interfaces: [String: WindowsFirewall] = [:]
    private var current: String?
    /// Where the next rows belong, and what they are.
    private var place = ListingHead.Place.current
    private var table = ListingHead.Table.other
    private var directions = false
    private var statesMode = false
    private var last: WindowsFirewall.Key?

    init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
    }

    mutating func take(_ line: Int, _ content: String) {
        let plain = content.bare
        if plain.utf8.allSatisfy({ $0 == UInt8(ascii: "-") }) {
            return notes.set(line, .irrelevant, "blank or rule")
        }
        if let head = ListingHead(plain) { return section(line, head) }
        if let equals = plain.firstIndex(of: "="),
            let setting = ListingWord.setting(String(plain[..<equals]).bare)
        {
            let value = String(plain[plain.index(after: equals)...]).bare
            return set(line, setting, value.fields.first ?? "")
        }
        let low = plain.lowercased()
        if low.hasPrefix("port "), table == .ports || table == .open {
            directions = low.contains("direction") || low.contains("richtung")
            return notes.set(line, .irrelevant, "head of a table")
        }
        if low.hasPrefix("mode ") || low.hasPrefix("modus ") {
            directions = low.contains("direction") || low.contains("richtung")
            return notes.set(line, .irrelevant, "head of a table")
        }
        if let last, let mark = plain.firstIndex(where: { $0 == ":" || $0 == "=" }) {
            let value = String(plain[plain.index(after: mark)...]).bare
            switch plain[..<mark].lowercased().bare {
            case "scope", "bereich": return narrow(line, value, last)
            case "interface", "schnittstelle": return bind(line, value.unquoted, last)
            default: break
            }
        }
        row(line, plain)
    }

    private mutating func section(_ line: Int, _ head: ListingHead) {
        table = head.table
        last = nil
        directions = false
        guard let next = head.place else {
            return notes.set(line, .irrelevant, "a table that isn't of ports")
        }
        guard next != .current || table != .other else {
            return notes.set(line, .irrelevant, "of other settings")
        }
        place = next
        if case .profile(let name) = next, head.isCurrent { current = name }
        change { _ in }
        notes.set(line, .used)
    }

    /// Works on the settings of the profile or interface whose section this is.
    private mutating func change(_ work: (inout WindowsFirewall) -> Void) {
        switch place {
        case .profile(let name): work(&profiles[name, default: WindowsFirewall()])
        case .interface(let name): work(&interfaces[name, default: WindowsFirewall()])
        case .current: work(&profiles[current ?? "standard", default: WindowsFirewall()])
        }
    }

    private mutating func set(_ line: Int, _ setting: ListingWord.Setting, _ value: String) {
        let source = text.source(line)
        if setting == .profile {
            let low = value.lowercased()
            current = low.hasPrefix("dom") ? "domain" : low
            place = .current
            change { _ in }
            return notes.set(line, .used)
        }
        let isOn = ListingWord.isOn(value)
        let doubt = isOn == nil ? "its value isn't understood" : nil
        switch setting {
        case .mode:
            statesMode = true
            if isOn != true { change { $0.off = .init(source: source, doubt: doubt) } }
        case .exceptions:
            if isOn != true { change { $0.shielded = .init(source: source, doubt: doubt) } }
        case .remoteAdministration, .profile:
            guard isOn != false else { return notes.set(line, .irrelevant, "not in use") }
            let why = "remote administration opens ports that the listing doesn't tell"
            change { $0.doubt(why, source) }
            return notes.set(line, .notModelled, why)
        }
        notes.set(line, isOn == nil ? .notModelled : .used, doubt ?? "")
    }

    private mutating func narrow(_ line: Int, _ scope: String, _ key: WindowsFirewall.Key) {
        guard let found = WindowsScope(scope) else {
            change { $0.holes[key]?.doubt = "its scope isn't understood" }
            return notes.set(line, .notModelled, "not a scope that is known")
        }
        change {
            $0.holes[key]?.sources = found.addresses
            $0.holes[key]?.scope = found
            if let doubt = found.doubt { $0.holes[key]?.doubt = doubt }
        }
        notes.set(line, found.doubt == nil ? .used : .notModelled, found.doubt ?? "")
    }

    private mutating func bind(_ line: Int, _ interface: String, _ key: WindowsFirewall.Key) {
        notes.set(line, .used)
        guard case .port(let port, _) = key,
            !["", "*", "all", "any", "alle"].contains(interface.lowercased())
        else { return }
        let own = WindowsFirewall.Key.port(port, interface: interface)
        change { $0.holes[own] = $0.holes.removeValue(forKey: key) }
        last = own
    }

    private mutating func row(_ line: Int, _ plain: String) {
        last = nil
        let fields = plain.fields
        switch table {
        case .other: notes.set(line, .irrelevant, "no exception of a port")
        case .ports, .open: port(line, fields)
        case .programs, .services: permission(line, fields)
        }
    }

    private mutating func port(_ line: Int, _ fields: [String]) {
        guard fields.count >= 3, let port = UInt16(fields[0]), port > 0 else {
            return notes.set(line, .irrelevant, "not a row of a port")
        }
        guard ["tcp", "any", "all", "alle", "beliebig"].contains(fields[1].lowercased()) else {
            return notes.set(line, .irrelevant, "not TCP")
        }
        var hole = WindowsFirewall.Hole(source: text.source(line))
        if table == .ports {
            guard let isOn = ListingWord.isOn(fields[2]) else {
                return put(.port(port, interface: nil), hole, "its mode isn't understood", line)
            }
            guard isOn else {
                return notes.set(line, .irrelevant, "disabled: it opens nothing")
            }
            if directions, fields.count > 3, ListingWord.isOutbound(fields[3]) {
                return notes.set(line, .irrelevant, "of outgoing connections")
            }
        } else {
            if fields[2].same("IPv4") { hole.sources = .allV4 }
            if fields[2].same("IPv6") { hole.sources = .allV6 }
            let program = fields.dropFirst(3).joined(separator: " ")
            if !program.isEmpty, !program.same("(null)") {
                let why = "open for the program \(program.excerpt), perhaps not always"
                return put(.port(port, interface: nil), hole, why, line)
            }
        }
        put(.port(port, interface: nil), hole, nil, line)
    }

    private mutating func put(
        _ key: WindowsFirewall.Key, _ hole: WindowsFirewall.Hole, _ doubt: String?, _ line: Int
    ) {
        var hole = hole
        hole.doubt = doubt
        change {
            // A port that is open anyway isn't less so for another row.
            if doubt == nil || $0.holes[key] == nil || $0.holes[key]?.doubt != nil {
                $0.holes[key] = hole
            }
        }
        last = key
        notes.set(line, doubt == nil ? .used : .notModelled, doubt ?? "")
    }

    /// A row of programs or services: mode, perhaps direction or `Customized`, name.
    private mutating func permission(_ line: Int, _ fields: [String]) {
        guard fields.count >= 2, let isOn = ListingWord.isOn(fields[0]) else {
            return notes.set(line, .irrelevant, "not a row of a table")
        }
        guard isOn else { return notes.set(line, .irrelevant, "disabled: it opens nothing") }
        var rest = fields.dropFirst()
        if directions, let direction = rest.first {
            if ListingWord.isOutbound(direction) {
                return notes.set(line, .irrelevant, "of outgoing connections")
            }
            if ListingWord.isInbound(direction) { rest.removeFirst() }
        }
        if table == .services, rest.count > 1 { rest.removeFirst() }
        let name = rest.joined(separator: " ")
        var hole = WindowsFirewall.Hole(source: text.source(line))
        guard table == .services else {
            let program = name.components(after: " / ") ?? name
            guard !WindowsProgram.servesNoFTP(program) else {
                return notes.set(line, .irrelevant, "for a program that serves no FTP")
            }
            return put(
                .program(name.lowercased()), hole, "for the program \(program.excerpt) only", line)
        }
        hole.ports = WindowsService(listed: name)?.ports
        put(.service(name.lowercased()), hole, "for the service \(name.excerpt) only", line)
    }

    /// Nil where nothing was understood.
    func device() -> Device? {
        guard !profiles.isEmpty || !interfaces.isEmpty else { return nil }
        var assumptions: [String] = []
        if !statesMode { assumptions.append("firewall taken as on: the listing doesn't say") }
        var firewall = inForce(&assumptions)
        addInterfaces(&firewall)
        return firewall.device(text, assumptions: assumptions)
    }

    /// The profile that is in force, or what all of them agree on.
    private func inForce(_ assumptions: inout [String]) -> WindowsFirewall {
        if let current, let firewall = profiles[current] { return firewall }
        let sorted = profiles.sorted { $0.key < $1.key }
        let filled = sorted.filter { $0.value.weight > 0 || $0.value.off != nil }
        guard filled.count > 1 else {
            guard let only = filled.first ?? sorted.first else { return WindowsFirewall() }
            if profiles.count > 1, !filled.isEmpty {
                assumptions.append("\(only.key) profile taken as current: no other has exceptions")
            }
            return only.value
        }
        var merged = filled[0].value
        for (_, other) in sorted where other.weight > 0 || other.off != nil {
            merged.join(
                other, "not alike in all profiles, and which is in force isn't shown")
        }
        return merged
    }

    /// What a section of an interface opens counts there only, unless all sections agree.
    private func addInterfaces(_ firewall: inout WindowsFirewall) {
        for (name, own) in interfaces.sorted(by: { $0.key < $1.key }) {
            if let off = own.off {
                firewall.doubts.append(.init(why: off.doubt, source: off.source, interface: name))
            }
            for (key, hole) in own.holes {
                guard case .port(let port, let bound) = key else {
                    firewall.doubt(hole.doubt ?? "on \(name) only", hole.source, ports: hole.ports)
                    continue
                }
                let shared =
                    interfaces.count > 1
                    && interfaces.values.allSatisfy { hole.opensSame(as: $0.holes[key]) }
                let place = WindowsFirewall.Key.port(port, interface: shared ? nil : bound ?? name)
                if firewall.holes[place] == nil { firewall.holes[place] = hole }
            }
        }
    }
}

extension String {
    /// What stands behind the last `mark`.
    fileprivate func components(after mark: String) -> String? {
        guard let range = ranges(of: mark).last else { return nil }
        return String(self[range.upperBound...])
    }
}
