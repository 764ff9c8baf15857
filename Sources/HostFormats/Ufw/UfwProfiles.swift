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
        let route = configuration?.device?.usualPlace == .through ? "route " : ""
        // A rule holds 15 numbers, a range two of them.
        let rules = stride(from: 0, to: ports.ranges.count, by: 7).map { start in
            let list = ports.ranges[start..<min(start + 7, ports.ranges.count)].map { range in
                range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound):\(range.upperBound)"
            }
            return "\(verb) proto tcp to \(address) port \(list.joined(separator: ","))"
        }
        return Fix(
            platform: Ufw.platform, commands: rules.map { "ufw \(route)prepend \($0)" },
            undo: rules.map { "ufw \(route)delete \($0)" })
    }
}
