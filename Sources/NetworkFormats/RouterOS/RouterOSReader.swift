import Net
import Policy
import PolicyText

/// A command of an export: where it stands, its verb and its properties.
struct RouterOSCommand {
    var menu: String
    var verb: String
    /// What is found or named before the properties.
    var target: String
    var values: [String: String]
    var first: Int
    var last: Int

    var isDisabled: Bool { ["yes", "true"].contains(values["disabled"] ?? "no") }
}

/// Reads an export into commands, with a note for each line.
struct RouterOSReader {
    let text: ConfigText
    private(set) var commands: [RouterOSCommand] = []
    private(set) var notes: [LineNote]
    /// Lines about the firewall that aren't understood.
    private(set) var strange: [(line: Int, why: String)] = []

    init(_ text: ConfigText) {
        self.text = text
        notes = text.blankNotes(Self.withoutSecrets)
        var (menu, pending, first) = ("", "", 0)
        for (offset, line) in text.lines.enumerated() {
            if pending.isEmpty { first = offset + 1 }
            let bare = line.trimmingBlanks
            if bare.hasSuffix("\\") {
                // A break within a value goes on without the blanks that lead the next line.
                pending += pending.isEmpty ? String(bare.dropLast()) : String(bare.dropLast())
                continue
            }
            let whole = (pending + bare).trimmingBlanks
            pending = ""
            guard !whole.isEmpty, !whole.hasPrefix("#") else { continue }
            read(whole, first, offset + 1, &menu)
        }
        if !pending.isEmpty {
            note(first, text.lines.count, .invalid, "the line goes on behind the end")
            strange.append((first, "a line that is cut short"))
        }
    }

    mutating func note(
        _ first: Int, _ last: Int, _ state: LineNote.State, _ why: String = ""
    ) {
        for line in first...max(first, last) where notes.indices.contains(line - 1) {
            notes[line - 1].state = state
            notes[line - 1].why = why
        }
    }

    /// Leaves every answer unknown.
    mutating func doubt(_ line: Int, _ why: String) { strange.append((line, why)) }

    private static func withoutSecrets(_ line: String) -> String {
        for mark in ["password=", "secret=", "-key=", "passphrase=", "community="] {
            if let found = line.range(of: mark) { return line[..<found.upperBound] + "xxxxx" }
        }
        return line
    }

    private mutating func read(_ line: String, _ first: Int, _ last: Int, _ menu: inout String) {
        var words = Self.words(Self.withoutPrompt(line, &menu))
        if let head = words.first, head.hasPrefix("/") {
            let verbs: Set<String> = ["add", "set", "remove", "enable", "disable", "move", "unset"]
            let end = words.firstIndex { verbs.contains($0) } ?? words.count
            menu = words[..<end].joined(separator: " ").replacing("/", with: " ").trimmingBlanks
            words.removeFirst(end)
        }
        guard let verb = words.first else {
            if menu.hasPrefix("ip firewall") { note(first, last, .used) }
            return
        }
        var command = RouterOSCommand(
            menu: menu, verb: verb, target: "", values: [:], first: first, last: last)
        for word in words.dropFirst() {
            guard let equals = word.firstIndex(of: "="), word.first != "[" else {
                command.target += command.target.isEmpty ? word : " " + word
                continue
            }
            command.values[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
        let firewall = menu.hasPrefix("ip firewall")
        let rules: Set<String> = [
            "ip firewall filter", "ip firewall nat", "ip firewall raw",
            "ip firewall address-list",
        ]
        if menu == "ip firewall connection tracking",
            ["no", "false"].contains(command.values["enabled"] ?? "")
        {
            let why = "without connection tracking, translations and states have no effect"
            note(first, last, .notModelled, why)
            strange.append((first, why))
        } else if firewall, verb == "add",
            let word = command.target.split(separator: " ").first(where: { !$0.hasPrefix("!") })
        {
            let why = "`\(word)` isn't a property with its value"
            note(first, last, .notRecognised, why)
            strange.append((first, why))
        } else if verb == "add" || verb == "set" && !rules.contains(menu) {
            commands.append(command)
        } else if firewall {
            let why = "a command that changes what was set"
            note(first, last, .notModelled, why)
            strange.append((first, why))
        }
    }

    /// A console's copy: `[admin@edge] /ip firewall filter> add …`, the menu before the sign.
    private static func withoutPrompt(_ line: String, _ menu: inout String) -> String {
        guard line.hasPrefix("["), let close = line.firstIndex(of: "]"),
            line[..<close].contains("@"), let end = line[close...].firstIndex(of: ">")
        else { return line }
        let place = String(line[line.index(after: close)..<end])
        guard place.allSatisfy({ $0.isLetter || " -/".contains($0) }) else { return line }
        menu = place.replacing("/", with: " ").trimmingBlanks
        return String(line[line.index(after: end)...]).trimmingBlanks
    }

    /// Words by blanks; quotes and brackets hold one together.
    private static func words(_ line: String) -> [String] {
        var (words, current) = ([String](), "")
        var (quoted, depth, escaped) = (false, 0, false)
        for character in line {
            if escaped {
                current.append(character)
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if character == "\"" {
                quoted.toggle()
            } else if !quoted, depth == 0, character == " " || character == "\t" {
                if !current.isEmpty { words.append(current) }
                current = ""
            } else {
                if !quoted, character == "[" { depth += 1 }
                if !quoted, character == "]" { depth = max(0, depth - 1) }
                current.append(character)
            }
        }
        if !current.isEmpty { words.append(current) }
        return words
    }
}
