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
    /// The line that switches connection tracking off: drops still hold.
    private(set) var untracked: (line: Int, why: String)?
    private var blocks = RouterOSBlocks()
    /// The outermost block groups commands of a menu: `/ip firewall {`.
    private var isGroup = false

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
        if blocks.depth == 0 { isGroup = line.first != ":" && !line.contains("do={") }
        let isWithin = blocks.isWithin(line)
        var words = Self.words(Self.withoutPrompt(line, &menu))
        var path = menu
        if let head = words.first, head.hasPrefix("/") || menu.isEmpty && head == "ip" {
            let place = RouterOSMenu(words)
            (path, words) = (place.path, place.words)
            // A command with its path leaves the menu as it is (help.mikrotik.com, Console).
            if words.isEmpty, !line.contains("{") { menu = path }
        }
        if isWithin || line.hasPrefix(":") {
            script(line, path, words, first, last)
            return
        }
        guard let verb = words.first else {
            if path.hasPrefix("ip firewall") { note(first, last, .used) }
            return
        }
        guard !RouterOSMenu.showing.contains(verb) else { return }
        var command = RouterOSCommand(
            menu: path, verb: verb, target: "", values: [:], first: first, last: last)
        for word in words.dropFirst() {
            guard let equals = word.firstIndex(of: "="), word.first != "[" else {
                command.target += command.target.isEmpty ? word : " " + word
                continue
            }
            command.values[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
        let firewall = path.hasPrefix("ip firewall")
        let rules: Set<String> = [
            "ip firewall filter", "ip firewall nat", "ip firewall raw",
            "ip firewall address-list",
        ]
        if path == "ip firewall connection tracking",
            ["no", "false"].contains(command.values["enabled"] ?? "")
        {
            let why = "without connection tracking, translations and states have no effect"
            note(first, last, .notModelled, why)
            untracked = (first, why)
        } else if firewall, verb == "add",
            let word = command.target.split(separator: " ").first(where: { !$0.hasPrefix("!") })
        {
            let why = "`\(word)` isn't a property with its value"
            note(first, last, .notRecognised, why)
            strange.append((first, why))
        } else if firewall, !RouterOSMenu.isKnown(path) {
            let why = "`/\(path)` is no menu known here"
            note(first, last, .notRecognised, why)
            strange.append((first, why))
        } else if verb == "add" || verb == "set" && !rules.contains(path) {
            commands.append(command)
        } else if firewall {
            let why = "a command that changes what was set"
            note(first, last, .notModelled, why)
            strange.append((first, why))
        }
    }

    /// What a script does on a condition, or for each of what it finds, can't be told.
    private mutating func script(
        _ line: String, _ path: String, _ words: [String], _ first: Int, _ last: Int
    ) {
        let speaks = [":put", ":log", ":delay", ":error"].contains { line.hasPrefix($0) }
        let names = ["firewall", "/ip f", "/ip/f"].contains(where: line.contains)
        let closes = line.allSatisfy { "}; ".contains($0) }
        let sets = RouterOSMenu.counts(path) && !words.isEmpty && !closes
        guard !speaks, names || sets && !line.hasPrefix(":") else { return }
        let why =
            isGroup
            ? "a group of commands in braces isn't read: give the file of /export"
            : "a script's command, in force under conditions"
        note(first, last, .notModelled, why)
        strange.append((first, why))
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
