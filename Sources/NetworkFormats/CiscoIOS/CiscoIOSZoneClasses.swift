import Net
import Policy
import PolicyText

// Classes as chains that tag what is of them, and what of them has FTP read.
extension IOSZoneBuilder {
    static func tag(_ name: String) -> String { "class \(name)" }
    static func reads(_ tag: String) -> String { "\(tag) reads FTP" }
    /// Of a packet that went through the class: once is enough.
    private static func judged(_ tag: String) -> String { "\(tag) was judged" }

    /// Has the chain find out whether a packet is of the class.
    ///
    /// - Returns: The tag that a packet of the class has then.
    mutating func addClass(_ name: String, _ line: Int, _ chain: inout Chain) -> String {
        let tag = Self.tag(name)
        guard let map = zones.classMaps[name] else {
            let why = "class \(name.excerpt) isn't in the file"
            notes.append((line, .notModelled, why))
            chain.rules.append(
                FilterRule(
                    Match(notModelled: [why]), .next, text.source(line), effects: [.tag(tag)]))
            return tag
        }
        if chains[tag] == nil { buildClass(name, tag, map) }
        var match = Match()
        match.tests = [.tagged(Self.judged(tag), false)]
        chain.rules.append(FilterRule(match, .jump(tag), text.source(line)))
        return tag
    }

    private mutating func buildClass(_ name: String, _ tag: String, _ map: IOSZones.ClassMap) {
        var chain = Chain(name: tag)
        guard building.insert(name).inserted, building.count <= Self.depth else {
            let why = "classes name one another"
            chain.rules = [
                FilterRule(
                    Match(notModelled: [why]), .next, text.source(map.line), effects: [.tag(tag)])
            ]
            chains[tag] = chain
            return
        }
        var tests: [PacketTest] = []
        var readers: [String] = []
        for (number, condition) in map.conditions.enumerated() {
            let met = "\(tag) \(number)"
            let source = text.source(condition.line)
            addCondition(condition.is, met, source, &chain)
            let test = PacketTest.tagged(met, !condition.negated)
            tests.append(test)
            let reader: String? =
                switch condition.is {
                case .transport("ftp") where !condition.negated: met
                case .classMap(let other) where !condition.negated: Self.reads(Self.tag(other))
                default: nil
                }
            if map.needsAll {
                if let reader { readers.append(reader) }
                continue
            }
            // The first condition that holds says how it is read.
            var match = Match()
            match.tests = [.tagged(tag, false), test]
            if let reader {
                var both = match
                both.tests.append(.tagged(reader, true))
                chain.rules.append(
                    FilterRule(
                        both, .next, source, effects: [.tag(tag), .tag(Self.reads(tag))]))
            } else if case .list = condition.is {
                chain.rules.append(
                    FilterRule(
                        match, .next, source, effects: [.tag(tag), .tag(Self.reads(tag))]))
            }
            chain.rules.append(FilterRule(match, .next, source, effects: [.tag(tag)]))
        }
        if map.needsAll, !tests.isEmpty {
            let source = text.source(map.line)
            let hasProtocol = map.conditions.contains { condition in
                if case .list = condition.is { false } else { true }
            }
            for reader in readers {
                var match = Match()
                match.tests = tests + [.tagged(reader, true)]
                chain.rules.append(
                    FilterRule(match, .next, source, effects: [.tag(Self.reads(tag))]))
            }
            var match = Match()
            match.tests = tests
            let effects: [Effect] = hasProtocol ? [.tag(tag)] : [.tag(tag), .tag(Self.reads(tag))]
            chain.rules.append(FilterRule(match, .next, source, effects: effects))
        }
        chain.rules.append(
            FilterRule(
                Match(), .next, text.source(map.line), effects: [.tag(Self.judged(tag))]))
        building.remove(name)
        chains[tag] = chain
    }

    /// Rules that tag what meets the condition.
    private mutating func addCondition(
        _ condition: IOSZones.ClassMap.Condition, _ met: String, _ source: SourceLine,
        _ chain: inout Chain
    ) {
        func rule(_ match: Match) -> FilterRule {
            FilterRule(match, .next, source, effects: [.tag(met)])
        }
        switch condition {
        case .transport(let name):
            switch ports(of: name) {
            case .all: chain.rules.append(rule(Match()))
            case .these(let ports): chain.rules.append(rule(Match(destinationPorts: ports)))
            case .none: break
            case .unknown:
                let why = "what protocol \(name.excerpt) matches isn't known"
                if let line = source.line { notes.append((line, .notModelled, why)) }
                chain.rules.append(rule(Match(notModelled: [why])))
            }
        case .list(let name): addList(name, met, source, &chain)
        case .classMap(let name):
            let tag = addClass(name, source.line ?? 0, &chain)
            var match = Match()
            match.tests = [.tagged(tag, true)]
            chain.rules.append(rule(match))
        case .beyond(let why): chain.rules.append(rule(Match(notModelled: [why])))
        }
    }

    /// What a protocol matches, with the ports that the device gives it beside its own.
    private func ports(of name: String) -> IOSProtocols.Ports {
        let own = IOSProtocols.ports(name, ftp: controlPorts)
        guard case .these(let ports) = own, let mapped = config.mappedElse[name] else { return own }
        return mapped.map { .these(ports.union($0)) } ?? .unknown
    }

    private mutating func addList(
        _ name: String, _ met: String, _ source: SourceLine, _ chain: inout Chain
    ) {
        usedLists.insert(name)
        guard let list = config.lists[name], list.strange == nil else {
            let why = "list \(name.excerpt) isn't in the file, or isn't understood"
            if let line = source.line { notes.append((line, .notModelled, why)) }
            chain.rules.append(
                FilterRule(Match(notModelled: [why]), .next, source, effects: [.tag(met)]))
            return
        }
        var entries = Chain(name: met)
        for entry in list.ordered {
            let line = text.source(entry.line)
            let effects: [Effect] = entry.permits ? [.tag(met)] : []
            do throws(IOSFault) {
                for match in try config.matches(entry, extended: list.extended) {
                    entries.rules.append(FilterRule(match, .return, line, effects: effects))
                }
            } catch {
                notes.append((entry.line, error.state, error.why))
                guard error.isOpen else { continue }
                entries.rules.append(
                    FilterRule(
                        Match(notModelled: [error.why]), .return, line, effects: [.tag(met)]))
            }
        }
        chains[met] = entries
        chain.rules.append(FilterRule(Match(), .jump(met), source))
    }

    // MARK: FTP

    enum Reading { case yes, perhaps, no }

    /// Whether a class may have FTP read.
    mutating func reading(_ name: String, _ depth: Int) -> Reading {
        if let known = readings[name] { return known }
        guard let map = zones.classMaps[name] else { return .no }
        guard depth < Self.depth else { return .perhaps }
        var (sure, perhaps, other) = (false, false, false)
        for condition in map.conditions where !condition.negated {
            switch condition.is {
            case .transport("ftp"): sure = true
            case .classMap(let name):
                let below = reading(name, depth + 1)
                if below == .yes { sure = true }
                if below == .perhaps { perhaps = true }
                if below == .no { other = true }
            case .list: perhaps = true
            case .transport, .beyond: other = true
            }
        }
        // All must hold: one protocol names it for all. Any may: a list may be the one that holds.
        let reading: Reading =
            map.needsAll
            ? sure ? .yes : other || !perhaps ? .no : .perhaps
            : perhaps ? .perhaps : sure ? .yes : .no
        readings[name] = reading
        return reading
    }

    /// The servers to which a class is restricted by lists; nil: to none, or it can't be told.
    func servers(_ name: String, _ depth: Int) -> AddressSet? {
        guard let map = zones.classMaps[name], map.needsAll else { return nil }
        for condition in map.conditions where !condition.negated {
            guard case .list(let listName) = condition.is, let list = config.lists[listName] else {
                continue
            }
            var named = AddressSet()
            for entry in list.entries where entry.permits {
                guard let matches = try? config.matches(entry, extended: list.extended) else {
                    return nil
                }
                for match in matches where match.never == nil {
                    guard let some = match.allDestinations else { return nil }
                    named = named.union(some)
                }
            }
            return named
        }
        return nil
    }
}
