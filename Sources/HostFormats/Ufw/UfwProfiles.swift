import Net
import Policy
import PolicyText

/// Application profiles: INI sections with `ports=80,443/tcp|53/udp`.
struct UfwProfiles {
    /// Ports of TCP by the profile's name.
    private(set) var ports: [String: PortSet] = [:]
    private(set) var notes: [LineNote] = []

    static func recognise(_ text: ConfigText) -> Bool {
        var section = false
        var keys: Set<String> = []
        for line in text.lines.prefix(10_000) {
            let bare = line.bare
            if bare.hasPrefix("["), bare.hasSuffix("]") { section = true }
            if section, let sign = bare.firstIndex(of: "=") {
                let key = String(bare[..<sign]).bare
                keys.insert(key)
                if key == "ports", PortSet.profile(String(bare[bare.index(after: sign)...])) == nil
                {
                    return false
                }
            }
        }
        return keys.isSuperset(of: ["title", "description", "ports"])
    }

    init(_ text: ConfigText) {
        var lines = LineNotes(text)
        var name: String?
        for (number, line) in zip(1..., text.lines) {
            let bare = line.bare
            if bare.isEmpty || bare.hasPrefix("#") || bare.hasPrefix(";") {
                lines.set(number, .irrelevant)
            } else if bare.hasPrefix("["), bare.hasSuffix("]") {
                name = String(bare.dropFirst().dropLast())
                lines.set(number, .used)
            } else if let sign = bare.firstIndex(of: "="), let name {
                let key = String(bare[..<sign]).bare
                let value = String(bare[bare.index(after: sign)...]).bare
                switch key {
                case "ports":
                    if let set = PortSet.profile(value) {
                        ports[name] = set
                        lines.set(number, .used)
                    } else {
                        lines.set(number, .invalid, "no ports of a profile")
                    }
                case "title", "description": lines.set(number, .irrelevant)
                default: lines.set(number, .notRecognised, "key \(key.excerpt) isn't known")
                }
            } else {
                lines.set(number, .notRecognised, "no line of a profile")
            }
        }
        notes = lines.finish { _, _ in (.notRecognised, "") }
    }
}

extension IntervalSet where Element == UInt16 {
    /// Ports of TCP of a profile; empty where it names other protocols only, nil where it is none.
    static func profile(_ text: String) -> PortSet? {
        var set = PortSet()
        for part in text.split(separator: "|", omittingEmptySubsequences: false) {
            let halves = part.bare.split(separator: "/", omittingEmptySubsequences: false)
            guard let first = halves.first, halves.count <= 2, let ports = ufw(first) else {
                return nil
            }
            switch halves.count == 2 ? halves[1].lowercased() : "any" {
            case "tcp", "any": set = set.union(ports)
            case "udp": break
            default: return nil
            }
        }
        return set
    }

    /// `21,990,50000:50100`.
    static func ufw(_ text: some StringProtocol) -> PortSet? {
        var ranges: [ClosedRange<UInt16>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: ":", omittingEmptySubsequences: false).map {
                UInt16($0.bare)
            }
            guard ends.count <= 2, let low = ends.first ?? nil, let high = ends.last ?? nil,
                low <= high
            else { return nil }
            ranges.append(low...high)
        }
        return ranges.isEmpty ? nil : PortSet(ranges)
    }
}

/// Commands of ufw for a change.
enum UfwWriter {
    static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let ports: PortSet
        let address: IPAddress
        let verb: String
        switch change {
        case .permit(let wanted, let to): (ports, address, verb) = (wanted, to, "allow")
        case .forbid(let wanted, let to): (ports, address, verb) = (wanted, to, "deny")
        default: return nil
        }
        guard !ports.isEmpty else { return nil }
        var (commands, undo): ([String], [String]) = ([], [])
        // Rules see the address behind the translation of before.rules.
        for (target, seen) in configuration?.device?.filtered(
            ports, of: address, opening: verb == "allow") ?? [
                (address, ports)
            ]
        {
            let isThrough = target != address || configuration?.device?.usualPlace == .through
            put(verb, seen, target, isThrough ? "route " : "", configuration, &commands, &undo)
        }
        guard !commands.isEmpty else { return nil }
        return Fix(platform: Ufw.platform, commands: commands, undo: undo)
    }

    private static func put(
        _ verb: String, _ ports: PortSet, _ address: IPAddress, _ route: String,
        _ configuration: Configuration?, _ commands: inout [String], _ undo: inout [String]
    ) {
        // A rule holds 15 numbers, a range two of them.
        for start in stride(from: 0, to: ports.ranges.count, by: 7) {
            let ranges = ports.ranges[start..<min(start + 7, ports.ranges.count)]
            let list = ranges.map { range in
                range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound):\(range.upperBound)"
            }
            let rest = "proto tcp to \(address) port \(list.joined(separator: ","))"
            // ufw puts no rule in front that it holds already, be it for another action.
            let present = present(PortSet(ranges), address, route, configuration)
            if let present {
                if present.place == 1, present.action == verb { continue }
                commands.append("ufw \(route)delete \(present.action) \(rest)")
                let back = present.isLast ? "" : "insert \(present.place) "
                undo.insert("ufw \(route)\(back)\(present.action) \(rest)", at: 0)
            }
            commands.append("ufw \(route)prepend \(verb) \(rest)")
            undo.insert("ufw \(route)delete \(verb) \(rest)", at: 0)
        }
    }

    /// The rule for just these ports, and where it stands from 1; those of IPv6 follow on those of
    /// IPv4.
    private static func present(
        _ ports: PortSet, _ address: IPAddress, _ route: String, _ configuration: Configuration?
    ) -> (action: String, place: Int, isLast: Bool)? {
        var found: (action: String, place: Int)?
        var count = 0
        for note in configuration?.notes ?? [] {
            let words = note.text.fields
            if note.text.hasPrefix("### tuple ###"), words.count >= 10 {
                count += 1
                let action = words[3].hasPrefix("route:") ? String(words[3].dropFirst(6)) : words[3]
                guard words[3].hasPrefix("route:") == !route.isEmpty, words[4] == "tcp",
                    PortSet.ufw(words[5]) == ports, IPAddress(words[6]) == address,
                    words[7] == "any", words[8].hasSuffix("/0"), words[9] == "in" || !route.isEmpty
                else { continue }
                found = found ?? (action, count)
            } else if configuration?.format == UfwStatus.name, let row = UfwRow(note.text) {
                count += 1
                let way = route.isEmpty ? "IN" : "FWD"
                guard row.direction == way, row.to.addresses == AddressSet(address),
                    row.to.ports == ports, row.to.transport == "tcp", row.to.interface == nil,
                    row.from.addresses == nil, row.from.ports == nil, row.from.interface == nil,
                    row.from.application == nil
                else { continue }
                found = found ?? (row.action.lowercased(), count)
            }
        }
        return found.map { ($0.action, $0.place, $0.place == count) }
    }
}
