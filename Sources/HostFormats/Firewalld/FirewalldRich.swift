import Net
import Policy
import PolicyText

/// The words of a rich rule (firewalld.richlanguage(5)): attributes of elements in order.
struct FirewalldRich {
    /// `source`, `port`, `accept`… with its attributes.
    struct Part: Hashable {
        var name: String
        var attributes: [String: String] = [:]
        var negated = false
    }

    private static let names: Set<String> = [
        "rule", "source", "destination", "service", "port", "protocol", "icmp-block", "icmp-type",
        "masquerade", "forward-port", "source-port", "log", "nflog", "audit", "accept", "reject",
        "drop", "mark", "limit", "tcp-mss-clamp",
    ]

    /// Cuts a rule's text; nil where a quote isn't closed or a word belongs nowhere.
    static func parts(_ text: String) -> [Part]? {
        guard let words = IPTablesWords.split(text) else { return nil }
        var parts: [Part] = []
        for word in words.map(\.text) {
            if let sign = word.firstIndex(of: "="), !parts.isEmpty {
                let key = String(word[..<sign])
                let value = String(word[word.index(after: sign)...])
                parts[parts.count - 1].attributes[key.lowercased()] = value
            } else if word.lowercased() == "not", !parts.isEmpty {
                parts[parts.count - 1].negated = true
            } else if names.contains(word) {
                parts.append(Part(name: word))
            } else {
                return nil
            }
        }
        return parts.first?.name == "rule" ? parts : nil
    }

    /// The entry that a rule makes; nil where it decides nothing. What isn't understood is in its
    /// doubts.
    static func entry(_ parts: [Part], _ source: SourceLine) -> FirewalldSet.Entry? {
        var entry = FirewalldSet.Entry(element: .all, source: source)
        entry.rich = true
        var action: Action?
        for part in parts {
            if let decided = read(part, &entry) { action = decided }
        }
        if case .forward = entry.element { return entry }
        guard let action else {
            // Log and audit alone; a rule that can't be read may do anything.
            guard !entry.doubts.isEmpty else { return nil }
            entry.action = .unknown(entry.doubts[0])
            return entry
        }
        entry.action = action
        return entry
    }

    /// Takes a part in; gives back what it decides.
    private static func read(_ part: Part, _ entry: inout FirewalldSet.Entry) -> Action? {
        let values = part.attributes
        switch part.name {
        case "rule":
            switch values["family"] {
            case "ipv4": entry.families = .allV4
            case "ipv6": entry.families = .allV6
            case nil: break
            default: entry.doubts.append("its family can't be read")
            }
            if let text = values["priority"] {
                guard let number = Int(text) else {
                    entry.doubts.append("its priority can't be read")
                    break
                }
                entry.priority = number
            }
        case "source":
            if let set = addresses(part) {
                entry.sources = set
            } else {
                entry.doubts.append("its sources aren't addresses of the file")
            }
        case "destination":
            if let set = addresses(part) {
                entry.destinations = set
            } else {
                entry.doubts.append("its destinations aren't addresses of the file")
            }
        case "accept": return .permit
        case "drop": return .deny(answered: false)
        case "reject": return .deny(answered: true)
        case "limit": entry.limited = true
        case "mark", "log", "nflog", "audit", "tcp-mss-clamp": break
        case "icmp-block", "icmp-type", "masquerade": entry.element = .other
        default: entry.element = element(part, &entry)
        }
        return nil
    }

    private static func element(
        _ part: Part, _ entry: inout FirewalldSet.Entry
    ) -> FirewalldSet.Element {
        let values = part.attributes
        let element: FirewalldSet.Element? =
            switch part.name {
            case "service": values["name"].map { .service($0) }
            case "port": FirewalldWords.element(values["port"], values["protocol"])
            case "source-port":
                FirewalldWords.element(values["port"], values["protocol"], source: true)
            case "protocol": FirewalldWords.transport(values["value"])
            case "forward-port":
                FirewalldWords.forward(
                    values["port"], values["protocol"], toPort: values["to-port"],
                    toAddress: values["to-addr"])
            default: nil
            }
        guard let element else {
            entry.doubts.append("its \(part.name) can't be read")
            return .all
        }
        return element
    }

    private static func addresses(_ part: Part) -> AddressSet? {
        let invert = part.attributes["invert"]?.lowercased()
        let negated = part.negated || invert == "true" || invert == "yes" || invert == "1"
        guard let set = part.attributes["address"].flatMap(FirewalldWords.addresses),
            let family = set.first?.family
        else { return nil }
        guard negated else { return set }
        return (family == .v4 ? AddressSet.allV4 : .allV6).subtracting(set)
    }
}
