import Policy
import PolicyText

/// One command of a script: what it changes, and where the script goes on.
struct WindowsCommand {
    let source: SourceLine

    private static let harmless: Set<String> = [
        "cd", "chdir", "cls", "color", "copy", "cscript", "cscript.exe", "date", "del", "dir",
        "echo", "echo.", "find", "findstr", "iisreset", "ipconfig", "md", "microsoft", "mkdir",
        "mode", "more", "move", "net", "net.exe", "netstat", "ok.", "pause", "ping", "popd",
        "prompt", "pushd", "rd", "reg", "ren", "sc", "sc.exe", "sleep", "sort", "time", "timeout",
        "title", "type", "ver", "verify", "copyright", "whoami", "xcopy",
    ]

    mutating func run(_ command: String, _ state: inout BatchState) -> BatchRun.Outcome {
        let words = NetshArguments.words(command)
        guard let first = words.first else { return .init(state: .irrelevant, why: "blank") }
        let verb = first.unquoted.lowercased()
        if verb == "netsh" || verb.hasSuffix("netsh.exe") || verb.hasSuffix("\\netsh") {
            return netsh(Array(words.dropFirst()), &state)
        }
        switch verb {
        case "set": return set(Self.rest(command, 3), &state)
        case let it where it.hasPrefix("set/"): return set(Self.rest(command, 3), &state)
        case "setlocal": return open(words, &state)
        case "endlocal": return close(&state)
        case "shift":
            if state.frame.arguments?.isEmpty == false { state.frame.arguments?.removeFirst() }
            return .init(state: .used, changed: true)
        case "goto": return go(Self.rest(command, 4))
        case let it where it.hasPrefix("goto:"): return go(Self.rest(command, 4))
        case "exit":
            let only = words.dropFirst().first?.same("/b") == true
            return .init(state: .used, leap: only ? .leave : .exit)
        case "call": return call(Array(words.dropFirst()), command, &state)
        case "cmd", "cmd.exe":
            guard let place = words.firstIndex(where: { $0.same("/c") || $0.same("/k") }) else {
                return .init(state: .irrelevant, why: "no setting of FTP or firewall")
            }
            let inner = words[words.index(after: place)...].joined(separator: " ")
            return .init(state: .used, leap: .run(inner.unquoted))
        case "start":
            let inner = words.dropFirst().drop { $0.hasPrefix("\"") || $0.hasPrefix("/") }
            return .init(state: .used, leap: .run(inner.joined(separator: " ")))
        default: return other(verb, command, &state)
        }
    }

    private mutating func other(
        _ verb: String, _ command: String, _ state: inout BatchState
    ) -> BatchRun.Outcome {
        let before = state.adsutil
        if let (said, why) = state.adsutil.take(command, source) {
            return .init(state: said, why: why, changed: before != state.adsutil)
        }
        if AppcmdReading.isAppcmd(verb) {
            let before = state.ftp
            let words = Array(NetshArguments.words(command).dropFirst())
            let (said, why) = AppcmdReading.take(words, source, &state.ftp)
            return .init(state: said, why: why, changed: before != state.ftp)
        }
        if command.mentions("firewallpolicy") || command.mentions("netfirewall")
            || verb.hasPrefix("powershell")
        {
            if Self.onlyShows(verb, command) {
                return .init(state: .irrelevant, why: "it shows the firewall")
            }
            let why = "what it does to the firewall isn't read"
            return Self.mayShut(command) ? veil(why, &state) : doubt(why, &state)
        }
        if verb.hasSuffix(".bat") || verb.hasSuffix(".cmd") {
            return doubt("a script that isn't read", &state)
        }
        if Self.harmless.contains(verb) || verb.hasPrefix("echo") {
            return .init(state: .irrelevant, why: "no setting of FTP or firewall")
        }
        if WindowsScript.touchesFirewall(command) {
            return veil("a command within another one, which isn't read", &state)
        }
        if Unknown.isIn(verb) { return doubt("which command it is isn't known", &state) }
        return .init(state: .notRecognised, why: "not a command that is known")
    }

    private func doubt(_ why: String, _ state: inout BatchState) -> BatchRun.Outcome {
        state.firewall.doubt(why, source)
        return .init(state: .notModelled, why: why, changed: true)
    }

    /// The verbs of the NetSecurity cmdlets that a command names: `new`, `get`.
    private static func verbs(_ command: String) -> [String] {
        command.lowercased().matches(of: /(\w+)-netfirewall/).map { String($0.1) }
    }

    private static func onlyShows(_ verb: String, _ command: String) -> Bool {
        let words = command.lowercased().split { $0 == " " || $0 == "\t" }
        if verb == "reg" || verb == "reg.exe" {
            return words.count > 1 && ["query", "export", "save"].contains(words[1])
        }
        let verbs = verbs(command)
        return !verbs.isEmpty && verbs.allSatisfy { $0 == "get" || $0 == "show" }
            && !command.mentions("netsh") && !command.mentions("firewallpolicy")
    }

    /// Whether a command of the firewall that isn't read may do anything but open ports.
    private static func mayShut(_ command: String) -> Bool {
        guard command.mentions("firewall") else { return false }
        let verbs = verbs(command)
        return verbs.isEmpty || command.mentions("block") || command.mentions("netsh")
            || command.mentions("firewallpolicy")
            || !verbs.allSatisfy { ["new", "get", "show"].contains($0) }
    }

    private func veil(_ why: String, _ state: inout BatchState) -> BatchRun.Outcome {
        state.firewall.veil(why, source)
        return .init(state: .notModelled, why: why, changed: true)
    }

    private mutating func netsh(
        _ words: [String], _ state: inout BatchState
    ) -> BatchRun.Outcome {
        var words = words[...]
        // `-r machine` works on another machine; `-c context` is the same as naming it.
        while let option = words.first?.lowercased(), option.hasPrefix("-") || option.hasPrefix("/")
        {
            words.removeFirst()
            if option.hasSuffix("f") {
                return veil("commands from a file that isn't read", &state)
            }
            if option.hasSuffix("r") {
                return .init(state: .irrelevant, why: "of another machine")
            }
            if option.hasSuffix("c"), let context = words.popFirst() {
                words = (NetshArguments.words(context.unquoted) + words)[...]
            }
        }
        guard let context = words.first?.lowercased() else {
            return .init(state: .irrelevant, why: "no command")
        }
        if let command = DynamicPortCommand(Array(words)) {
            let before = state.dynamicPorts
            state.dynamicPorts = command.range.map { Setting($0, source) }
            return .init(
                state: command.range == nil ? .notModelled : .used,
                why: command.range == nil ? "its ports aren't known" : "",
                changed: before != state.dynamicPorts)
        }
        guard context == "firewall" || context == "advfirewall" else {
            if Unknown.isIn(context) { return doubt("which command it is isn't known", &state) }
            return .init(state: .irrelevant, why: "not of the firewall")
        }
        let rest = Array(words.dropFirst())
        let before = state.firewall.edits
        let said =
            context == "firewall"
            ? state.firewall.exception(rest, source) : state.firewall.advanced(rest, source)
        guard let said else {
            return .init(state: .irrelevant, why: "changes nothing that is read")
        }
        return .init(state: said.state, why: said.why, changed: before != state.firewall.edits)
    }
}

/// Variables, labels and calls.
extension WindowsCommand {
    private static func rest(_ command: String, _ count: Int) -> String {
        String(command.bare.dropFirst(count)).bare
    }

    private func set(_ text: String, _ state: inout BatchState) -> BatchRun.Outcome {
        let option = text.prefix(2).lowercased()
        if option == "/a" {
            let variables = state.variables
            let found = BatchArithmetic.assignments(String(text.dropFirst(2)).bare) { name in
                variables[name].flatMap { $0.isEmpty ? 0 : BatchArithmetic.number($0) }
            }
            guard let found else { return .init(state: .invalid, why: "not arithmetic") }
            var changed = false
            for (name, value) in found {
                let text = value.map { "\($0)" } ?? Unknown.named("%\(name)%")
                if Self.assign(name, text, &state) { changed = true }
            }
            return .init(state: .used, changed: changed)
        }
        var plain = option == "/p" ? String(text.dropFirst(2)).bare : text
        if plain.hasPrefix("\""), let end = plain.lastIndex(of: "\""), end > plain.startIndex {
            plain = String(plain[plain.index(after: plain.startIndex)..<end])
        }
        guard let equals = plain.utf8.firstIndex(of: UInt8(ascii: "=")) else {
            return .init(state: .irrelevant, why: "shows variables")
        }
        let name = plain[..<equals].lowercased()
        let value =
            option == "/p"
            ? Unknown.named("%\(name)%") : String(plain[plain.utf8.index(after: equals)...])
        return .init(state: .used, changed: Self.assign(name, value, &state))
    }

    /// Whether that changed something.
    private static func assign(_ name: String, _ value: String, _ state: inout BatchState) -> Bool {
        guard state.variables[name] != value else { return false }
        // A value that doubles each time would grow without end.
        let text = value.utf8.count > 8192 ? Unknown.named("%\(name.excerpt)%") : value
        state.variables[name] = text
        return true
    }

    private func open(_ words: [String], _ state: inout BatchState) -> BatchRun.Outcome {
        if state.frame.saved.count < 64 {
            state.frame.saved.append((state.variables, state.delayed))
        }
        for word in words.dropFirst().map({ $0.lowercased() }) {
            if word == "enabledelayedexpansion" { state.delayed = true }
            if word == "disabledelayedexpansion" { state.delayed = false }
        }
        return .init(state: .used, changed: true)
    }

    private func close(_ state: inout BatchState) -> BatchRun.Outcome {
        guard let before = state.frame.saved.popLast() else { return .init(state: .used) }
        state.variables = before.variables
        state.delayed = before.delayed
        return .init(state: .used, changed: true)
    }

    private func go(_ text: String) -> BatchRun.Outcome {
        let name = text.drop { " \t:=,;".contains($0) }.prefix { !" \t:,;=+".contains($0) }
        if text.hasPrefix(":"), name.lowercased() == "eof" {
            return .init(state: .used, leap: .leave)
        }
        return .init(state: .used, leap: .go(String(name)))
    }

    private func call(
        _ words: [String], _ command: String, _ state: inout BatchState
    ) -> BatchRun.Outcome {
        guard let first = words.first else { return .init(state: .irrelevant, why: "no command") }
        guard first.hasPrefix(":") else {
            let inner = Self.rest(command, 4)
            return .init(state: .used, leap: .run(inner))
        }
        let name = String(first.dropFirst())
        if name.same("eof") { return .init(state: .used) }
        return .init(state: .used, leap: .call(name, Array(words.dropFirst())))
    }
}
