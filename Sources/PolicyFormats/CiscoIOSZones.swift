import Policy

/// What a zone-based firewall consists of, in IOS's own terms.
struct IOSZones {
    /// `zone-pair security NAME source A destination B`
    struct Pair {
        var name: String
        var source: String
        var destination: String
        var line: Int
        var policy: (name: String, line: Int)?
    }

    /// `class-map type inspect [match-any | match-all] NAME`
    struct ClassMap {
        enum Condition: Hashable {
            case transport(String)
            case list(String)
            case classMap(String)
            case beyond(String)
        }

        var line: Int
        var needsAll: Bool
        var conditions: [(is: Condition, negated: Bool, line: Int)] = []
    }

    /// `policy-map type inspect NAME`
    struct Policy {
        enum Action: Hashable { case inspect, pass, drop }

        struct Entry {
            /// Nil: `class-default`.
            var name: String?
            var line: Int
            var action: (is: Action, line: Int)?
            /// Why what it does isn't known.
            var beyond: String?
        }

        var line: Int
        var entries: [Entry] = []
        /// The entry that the next lines are about.
        var current: Int?
    }

    var zones: [String: Int] = [:]
    var pairs: [Pair] = []
    var classMaps: [String: ClassMap] = [:]
    var policies: [String: Policy] = [:]
}

extension IOSReader {
    /// `zone …`, `zone-pair …`, `class-map type …`, `policy-map type …`; nil where it is none.
    mutating func readZones(_ line: IOSLine) -> Reading? {
        switch (line.keyword(0), line.keyword(1)) {
        case ("zone", "security") where line.words.count > 2:
            context = .other(.irrelevant, "a description")
            config.zones.zones[line.words[2]] = line.negated ? nil : line.number
            return Self.used
        case ("zone-pair", "security"): return zonePair(line)
        case ("zone", _), ("zone-pair", _):
            context = .other(.notModelled, "zone-based firewall")
            return (.notModelled, "zone-based firewall")
        case ("class-map", "type"): return classMap(line)
        case ("policy-map", "type"): return policyMap(line)
        default: return nil
        }
    }

    private mutating func zonePair(_ line: IOSLine) -> Reading {
        if line.negated, line.words.count > 2 {
            config.zones.pairs.removeAll { $0.name == line.words[2] }
            context = .none
            return Self.used
        }
        guard line.words.count >= 7, line.keyword(3) == "source",
            line.keyword(5) == "destination"
        else {
            context = .other(.notModelled, "zone-based firewall")
            return (.notModelled, "no pair with its source and its destination")
        }
        config.zones.pairs.append(
            IOSZones.Pair(
                name: line.words[2], source: line.words[4], destination: line.words[6],
                line: line.number))
        context = .zonePair(config.zones.pairs.count - 1)
        return Self.used
    }

    private mutating func classMap(_ line: IOSLine) -> Reading {
        var rest = IOSWords(line.words, from: 2)
        guard rest.take("inspect") else {
            context = .other(.irrelevant, "no class of a zone-based firewall")
            return (.irrelevant, "no class of a zone-based firewall")
        }
        let any = rest.take("match-any")
        if !any { _ = rest.take("match-all") }
        let name = rest.next()
        guard !name.isEmpty, rest.isAtEnd else {
            context = .other(.notModelled, "a class of an application")
            return (.notModelled, "a class of an application")
        }
        if line.negated {
            config.zones.classMaps[name] = nil
            context = .none
            return Self.used
        }
        var known =
            config.zones.classMaps[name] ?? IOSZones.ClassMap(line: line.number, needsAll: !any)
        known.needsAll = !any
        config.zones.classMaps[name] = known
        context = .classMap(name)
        return Self.used
    }

    private mutating func policyMap(_ line: IOSLine) -> Reading {
        guard line.keyword(2) == "inspect", line.words.count == 4 else {
            let isOther = line.keyword(2) != "inspect"
            let reading: Reading =
                isOther
                ? (.irrelevant, "no policy of a zone-based firewall")
                : (.notModelled, "a policy of an application")
            context = .other(reading.0, reading.1)
            return reading
        }
        let name = line.words[3]
        if line.negated {
            config.zones.policies[name] = nil
            context = .none
            return Self.used
        }
        if config.zones.policies[name] == nil {
            config.zones.policies[name] = IOSZones.Policy(line: line.number)
        }
        context = .policyMap(name)
        return Self.used
    }

    // MARK: lines below

    mutating func readPair(_ line: IOSLine, _ index: Int) -> Reading? {
        if line.begins("service-policy", "type", "inspect"), line.words.count == 4 {
            config.zones.pairs[index].policy =
                line.negated ? nil : (line.words[3], line.number)
            return Self.used
        }
        return line.indent > 0 ? described(line) : nil
    }

    private func described(_ line: IOSLine) -> Reading {
        line.keyword(0) == "description"
            ? (.irrelevant, "a description") : (.notRecognised, "no command known here")
    }

    mutating func readCondition(_ line: IOSLine, _ name: String) -> Reading? {
        guard line.begins("match") else { return line.indent > 0 ? described(line) : nil }
        var rest = IOSWords(line.words, from: 1)
        let negated = rest.take("not")
        let condition: IOSZones.ClassMap.Condition
        switch rest.next().lowercased() {
        case "protocol":
            let transport = rest.next().lowercased()
            condition =
                rest.isAtEnd ? .transport(transport) : .beyond("a protocol with a condition")
        case "access-group":
            _ = rest.take("name")
            condition = .list(rest.next())
        case "class-map": condition = .classMap(rest.next())
        case "any": condition = .transport("any")
        default: condition = .beyond("a condition that isn't modelled")
        }
        if line.negated {
            config.zones.classMaps[name]?.conditions.removeAll {
                $0.is == condition && $0.negated == negated
            }
            return Self.used
        }
        config.zones.classMaps[name]?.conditions.append((condition, negated, line.number))
        if case .beyond(let why) = condition { return (.notModelled, why) }
        return Self.used
    }

    mutating func readPolicy(_ line: IOSLine, _ name: String) -> Reading? {
        guard var policy = config.zones.policies.removeValue(forKey: name) else { return nil }
        defer { config.zones.policies[name] = policy }
        if line.begins("class") {
            let isDefault = line.words.last?.lowercased() == "class-default"
            guard isDefault || line.begins("class", "type", "inspect") else {
                policy.current = nil
                return (.notModelled, "a class that isn't modelled")
            }
            let name = isDefault ? nil : line.words.last
            policy.current = policy.entries.firstIndex { $0.name == name }
            if line.negated {
                if let old = policy.current { policy.entries.remove(at: old) }
                policy.current = nil
            } else if policy.current == nil {
                policy.entries.append(IOSZones.Policy.Entry(name: name, line: line.number))
                policy.current = policy.entries.count - 1
            }
            return Self.used
        }
        guard let index = policy.current else {
            return line.indent > 0 ? described(line) : nil
        }
        switch line.keyword(0) {
        case "inspect": policy.entries[index].action = (.inspect, line.number)
        case "pass": policy.entries[index].action = (.pass, line.number)
        case "drop": policy.entries[index].action = (.drop, line.number)
        case "police": return (.irrelevant, "a rate")
        case "service-policy", "urlfilter", "content-scan":
            policy.entries[index].beyond = "what an application says decides too"
            return (.notModelled, "what an application says decides too")
        default:
            guard line.indent > 0 else { return nil }
            let reading = described(line)
            if reading.0 == .notRecognised {
                policy.entries[index].beyond = "a command that isn't known"
            }
            return reading
        }
        if line.negated { policy.entries[index].action = nil }
        return Self.used
    }
}
