/// A router that takes the commands of IOS on its running configuration.
///
/// As IOS does, it leaves an entry out that its list already holds at another place, and refuses a
/// sequence number that is taken.
struct IOSRouter {
    /// Lines outside of lists; a list stands where it was begun.
    private var lines: [String] = []
    private var lists: [String: [(number: Int, entry: String)]] = [:]
    private var standard: Set<String> = []
    private var current: String?

    private static let place = "@list "

    init(_ text: String) throws {
        for line in text.trippedLines { try load(line) }
        current = nil
    }

    private mutating func load(_ line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        if line.hasPrefix("ip access-list"), words.count == 4 {
            return open(words[3], isStandard: words[2] == "standard")
        }
        if line.hasPrefix("access-list"), words.count > 2 {
            let number = Int(words[1]) ?? 0
            open(words[1], isStandard: number < 100 || (1300...1999).contains(number))
            append(words.dropFirst(2).joined(separator: " "), to: words[1])
            current = nil
            return
        }
        if let current, line.hasPrefix(" ") {
            guard let number = Int(words[0]) else {
                return append(words.joined(separator: " "), to: current)
            }
            return try insert(number, words.dropFirst().joined(separator: " "), into: current)
        }
        current = nil
        lines.append(line)
    }

    private mutating func open(_ name: String, isStandard: Bool) {
        current = name
        guard lists[name] == nil else { return }
        lists[name] = []
        if isStandard { standard.insert(name) }
        let end = lines.last == "end" ? lines.count - 1 : lines.count
        lines.insert(Self.place + name, at: end)
    }

    private func holds(_ name: String, _ entry: String) -> Bool {
        lists[name]?.contains {
            Self.plain($0.entry) == Self.plain(entry) && !entry.hasPrefix("remark")
        } ?? false
    }

    /// The device knows ports by number.
    private static func plain(_ entry: String) -> String {
        entry.replacing("eq ftp", with: "eq 21")
    }

    private mutating func append(_ entry: String, to name: String) {
        guard !holds(name, entry) else { return }
        // Newer releases number remarks too; those that don't leave them out of such a list.
        guard !entry.hasPrefix("remark") else { return }
        lists[name, default: []].append(((lists[name]?.map(\.number).max() ?? 0) + 10, entry))
    }

    private mutating func insert(_ number: Int, _ entry: String, into name: String) throws {
        let old = lists[name] ?? []
        guard !old.contains(where: { $0.number == number }) else {
            throw Refused("% Duplicate sequence number \(number) in \(name)")
        }
        guard !holds(name, entry) else { return }
        lists[name] = (old + [(number, entry)]).sorted { $0.number < $1.number }
    }

    private mutating func remove(from name: String, where isMeant: (Int, String) -> Bool) throws {
        let old = lists[name] ?? []
        let left = old.filter { !isMeant($0.number, $0.entry) }
        guard left.count < old.count else { throw Refused("% no such entry in \(name)") }
        lists[name] = left
    }

    mutating func carryOut(_ commands: [String]) throws {
        guard commands.first == "configure terminal", commands.last == "end" else {
            throw Refused("not in configuration mode")
        }
        current = nil
        for command in commands.dropFirst().dropLast() where !command.hasPrefix("!") {
            try carryOut(command)
        }
    }

    private mutating func carryOut(_ command: String) throws {
        let words = command.split(separator: " ").map(String.init)
        if command.hasPrefix(" ") {
            guard let current else { throw Refused("'\(command)' outside of a list") }
            return try below(words, in: current)
        }
        current = nil
        switch (words.first, words.dropFirst().first) {
        case ("ip", "access-list") where words[2] == "resequence":
            guard words.count == 6, let start = Int(words[4]), let step = Int(words[5]),
                let old = lists[words[3]], step > 0, start > 0
            else { throw Refused(command) }
            lists[words[3]] = old.enumerated().map { (start + $0.offset * step, $0.element.entry) }
        case ("ip", "access-list") where words[2] == "extended" && words.count == 4:
            guard !standard.contains(words[3]) else { throw Refused("\(words[3]) is standard") }
            open(words[3], isStandard: false)
        case ("access-list", _) where words.count > 3:
            let isStandard = (Int(words[1]) ?? 0) < 100
            open(words[1], isStandard: isStandard)
            append(words.dropFirst(2).joined(separator: " "), to: words[1])
            current = nil
        case ("no", "access-list") where words.count == 3:
            guard lists.removeValue(forKey: words[2]) != nil else { throw Refused(command) }
            lines.removeAll { $0 == Self.place + words[2] }
        case ("ip", "nat"), ("ip", "inspect"), ("ip", "port-map"): try add(command, words)
        case ("no", "ip"):
            let line = command.dropFirst("no ".count)
            let isTimeout = words.contains("tcp-timeout") || words.contains("idle-time")
            let isNamed = isTimeout || words[1...3] == ["ip", "nat", "pool"] && words.count == 5
            let place = lines.firstIndex {
                $0 == line || $0 == line + " extendable" || isNamed && $0.hasPrefix(line + " ")
            }
            guard let place else { throw Refused("% nothing to take out: \(command)") }
            lines.remove(at: place)
        default: throw Refused(command)
        }
    }

    private mutating func below(_ words: [String], in name: String) throws {
        if words[0] == "no" {
            if words.count == 2, let number = Int(words[1]) {
                return try remove(from: name) { place, _ in place == number }
            }
            let entry = words.dropFirst().joined(separator: " ")
            return try remove(from: name) { _, other in other == entry }
        }
        let number = Int(words[0])
        let entry = words.dropFirst(number == nil ? 0 : 1).joined(separator: " ")
        guard entry.hasPrefix("permit ") || entry.hasPrefix("deny ") else { throw Refused(entry) }
        if let number { return try insert(number, entry, into: name) }
        append(entry, to: name)
    }

    /// A line of NAT or of inspection: one value takes the place of another.
    private mutating func add(_ command: String, _ words: [String]) throws {
        for single in ["ip nat translation tcp-timeout", "ip inspect tcp idle-time"]
        where command.hasPrefix(single) {
            lines.removeAll { $0.hasPrefix(single) }
        }
        if command.hasPrefix("ip nat inside source static tcp") {
            let taken = lines.contains { line in
                let theirs = line.split(separator: " ").map(String.init)
                return line.hasPrefix("ip nat inside source static tcp")
                    && global(theirs) == global(words)
            }
            guard !taken else { throw Refused("% similar static entry exists: \(command)") }
        }
        guard !lines.contains(command) else { return }
        lines.insert(command, at: lines.last == "end" ? lines.count - 1 : lines.count)
    }

    /// The outside address and port of a static translation; the address of an interface's name.
    private func global(_ words: [String]) -> [String] {
        guard words.count > 9 else { return Array(words.dropFirst(7)) }
        guard words[7] != "interface" else {
            let start = lines.firstIndex(of: "interface \(words[8])") ?? 0
            let address = lines[start...].first { $0.hasPrefix(" ip address ") }
            return [address?.split(separator: " ")[2].description ?? "", words[9]]
        }
        return [words[7], words[8]]
    }

    var text: String {
        lines.flatMap { line -> [String] in
            guard line.hasPrefix(Self.place) else { return [line] }
            let name = String(line.dropFirst(Self.place.count))
            let kind = standard.contains(name) ? "standard" : "extended"
            return ["ip access-list \(kind) \(name)"]
                + (lists[name] ?? []).map { " \($0.number) \($0.entry)" }
        }.joined(separator: "\n") + "\n"
    }

    static func carryOut(_ commands: [String], on text: String) throws -> String {
        var router = try IOSRouter(text)
        try router.carryOut(commands)
        return router.text
    }
}
