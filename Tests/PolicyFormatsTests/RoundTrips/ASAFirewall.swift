/// An ASA that takes its commands on its running configuration.
///
/// As ASA does, it leaves an entry out that its list already holds, and keeps what is in use.
struct ASAFirewall {
    private var lines: [String]

    init(_ text: String) { lines = text.trippedLines }

    static func carryOut(_ commands: [String], on text: String) throws -> String {
        guard commands.first == "configure terminal", commands.last == "end" else {
            throw Refused("not in configuration mode")
        }
        var firewall = ASAFirewall(text)
        var block: [String] = []
        for command in commands.dropFirst().dropLast() where !command.hasPrefix("!") {
            if command.hasPrefix(" ") {
                guard !block.isEmpty else { throw Refused("'\(command)' outside of a block") }
                let indent = command.prefix { $0 == " " }.count
                block = Array(block.prefix(indent)) + [command]
                try firewall.below(block)
            } else {
                block = [command]
                try firewall.global(command)
            }
        }
        return firewall.lines.joined(separator: "\n") + "\n"
    }

    private mutating func global(_ command: String) throws {
        let words = command.split(separator: " ").map(String.init)
        switch words[0] {
        case "access-list": try enter(words)
        case "access-group", "timeout", "fixup": add(command, words)
        case "static":
            guard !lines.contains(where: { Self.global($0) == Self.global(command) }) else {
                throw Refused("ERROR: duplicate of existing static: \(command)")
            }
            lines.append(command)
        case "nat" where words[2] == "1":
            let line = (words.prefix(2) + words.dropFirst(3)).joined(separator: " ")
            guard !lines.contains(line) else { return }
            let place = lines.firstIndex { $0.hasPrefix("nat (") } ?? lines.count
            lines.insert(line, at: place)
        case "object", "class-map":
            guard words.count == (words[0] == "object" ? 3 : 2) else { throw Refused(command) }
            open(command)
        case "policy-map": guard lines.contains(command) else { throw Refused(command) }
        case "no" where words[1] == "access-list":
            let line = words.dropFirst().joined(separator: " ")
            guard let place = lines.firstIndex(where: { Self.alike($0, line) }) else {
                throw Refused("ERROR: Specified access-list does not exist: \(command)")
            }
            lines.remove(at: place)
        case "no" where ["object", "class-map"].contains(words[1]): try close(words)
        case "no" where ["nat", "static", "access-group", "fixup"].contains(words[1]):
            let line = words.dropFirst().joined(separator: " ")
            guard let place = lines.firstIndex(of: line) else { throw Refused(command) }
            lines.remove(at: place)
        case "no" where command == "no timeout conn":
            lines.removeAll { $0.hasPrefix("timeout conn ") }
        case "clear" where words.count == 4 && words[1...2] == ["configure", "access-list"]:
            lines.removeAll { $0.hasPrefix("access-list \(words[3]) ") }
        default: throw Refused(command)
        }
    }

    /// What a `static` of before 8.3 takes: its interfaces, protocol, address and port.
    private static func global(_ line: String) -> [Substring] {
        guard line.hasPrefix("static (") else { return [] }
        return line.split(separator: " ").prefix(5).map { $0 }
    }

    /// Whether two entries are the same to the device, which knows ports by number.
    private static func alike(_ a: String, _ b: String) -> Bool {
        func plain(_ line: String) -> String {
            line.replacing("eq ftp", with: "eq 21").replacing("eq www", with: "eq 80")
        }
        return plain(a) == plain(b)
    }

    /// `access-list NAME [line N] …`
    private mutating func enter(_ words: [String]) throws {
        let numbered = words[2] == "line"
        let entry =
            "access-list \(words[1]) "
            + words.dropFirst(numbered ? 4 : 2).joined(separator: " ")
        guard !lines.contains(where: { Self.alike($0, entry) }) else { return }
        let own = lines.indices.filter { lines[$0].hasPrefix("access-list \(words[1]) ") }
        guard numbered else {
            return lines.insert(entry, at: own.last.map { $0 + 1 } ?? lines.count)
        }
        guard let line = Int(words[3]), line > 0 else { throw Refused(entry) }
        let place = line <= own.count ? own[line - 1] : own.last.map { $0 + 1 } ?? lines.count
        lines.insert(entry, at: place)
    }

    private mutating func add(_ command: String, _ words: [String]) {
        if words[0] == "timeout" { lines.removeAll { $0.hasPrefix("timeout conn ") } }
        if words[0] == "access-group" {
            let rest = words.dropFirst(2).joined(separator: " ")
            lines.removeAll { $0.hasPrefix("access-group ") && $0.hasSuffix(rest) }
        }
        if !lines.contains(command) { lines.append(command) }
    }

    private mutating func open(_ head: String) {
        guard !lines.contains(head) else { return }
        // Objects stand above the lines that name them.
        let place = lines.firstIndex { $0.hasPrefix("access-list") || $0.hasPrefix("nat (") }
        lines.insert(head, at: place ?? lines.count)
    }

    /// A line of a block: `block` are the lines above it and itself.
    private mutating func below(_ block: [String]) throws {
        guard let head = lines.firstIndex(of: block[0]) else { throw Refused(block[0]) }
        var end = head + 1
        while end < lines.count, lines[end].hasPrefix(" ") { end += 1 }
        let (parents, line) = (block.dropFirst().dropLast(), block[block.count - 1])
        var start = head
        for parent in parents {
            guard let place = lines[start..<end].firstIndex(of: parent) else {
                throw Refused(parent)
            }
            start = place
        }
        let words = line.split(separator: " ").map(String.init)
        let indent = String(line.prefix { $0 == " " })
        switch words[0] {
        case "host", "service":
            lines.removeSubrange(head + 1..<end)
            lines.insert(line, at: head + 1)
        case "no" where words.count == 3 && words[1] == "class":
            guard let place = lines[head..<end].firstIndex(of: indent + "class \(words[2])") else {
                throw Refused(line)
            }
            var last = place + 1
            while last < end, lines[last].hasPrefix(indent + " ") { last += 1 }
            lines.removeSubrange(place..<last)
        case "match", "class", "inspect":
            guard !lines[start..<end].contains(line) else { return }
            lines.insert(line, at: words[0] == "inspect" ? start + 1 : end)
        default: throw Refused(line)
        }
    }

    /// `no object network NAME`, `no class-map NAME`
    private mutating func close(_ words: [String]) throws {
        let head = words.dropFirst().joined(separator: " ")
        guard let start = lines.firstIndex(of: head), let name = words.last else {
            throw Refused("no \(head)")
        }
        var end = start + 1
        while end < lines.count, lines[end].hasPrefix(" ") { end += 1 }
        let others = lines[..<start] + lines[end...]
        guard !others.contains(where: { $0.split(separator: " ").contains(Substring(name)) }) else {
            throw Refused("ERROR: unable to delete \(head): it is in use")
        }
        lines.removeSubrange(start..<end)
    }
}
