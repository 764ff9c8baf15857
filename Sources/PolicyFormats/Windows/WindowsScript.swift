import Net
import Policy

/// A batch file or console transcript: `netsh firewall`, `adsutil.vbs`, and all the rest.
///
/// Branches, jumps and blocks aren't followed: with one in the file, ports that the lines don't
/// settle are unknown.
struct WindowsScript {
    private let text: ConfigText
    private var notes: LineNotes
    private var exceptions = PortExceptions()
    private var adsutil = AdsutilReading()
    private var sawFirewall = false
    private let batch: Bool

    static func read(_ text: ConfigText, as name: String) -> Configuration {
        var script = WindowsScript(text)
        for index in text.lines.indices { script.take(index + 1, text.lines[index]) }
        let server =
            script.adsutil.sawAnything
            ? IISFTPService.settings(
                .six, script.adsutil.statement, control: script.adsutil.control, in: text) : nil
        let device =
            script.sawFirewall
            ? script.exceptions.device(
                text,
                assumptions: ["judged as run on the default state: firewall on, no exceptions"])
            : nil
        var kinds: [Configuration.Kind] = []
        if server != nil || device == nil { kinds.append(.server) }
        if device != nil { kinds.append(.firewall) }
        return Configuration(
            file: text.file, format: name, kinds: kinds, server: server, device: device,
            notes: script.notes.finish { _, _ in (.notRecognised, "not a command that is known") })
    }

    private init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
        let file = text.file.lowercased()
        batch = file.hasSuffix(".bat") || file.hasSuffix(".cmd")
    }

    private mutating func take(_ line: Int, _ content: String) {
        let prompt = content.prefixMatch(of: /\s*(?:PS )?[A-Za-z]:\\[^<>|"]*>/)
        var command = prompt.map { String(content[$0.range.upperBound...]) } ?? content
        command = command.stripping(" \t@")
        if command.isEmpty { return notes.set(line, .irrelevant, "blank") }
        if command.hasPrefix(":") || command.prefixMatch(of: /(?i)rem\b/) != nil {
            return notes.set(line, .irrelevant, "comment or label")
        }
        guard let loop = ForLoop.unroll(command) else {
            let (state, why) = run(command, line)
            return notes.add(line, state, why)
        }
        for one in loop.commands {
            let (state, why) = run(one, line)
            notes.add(line, state, why)
        }
        if let fault = loop.fault { notes.set(line, .invalid, fault) }
        if loop.promptStyle, batch {
            notes.set(
                line, .invalid,
                "in a batch file cmd wants %%I for %I; taken as the loop's variable all the same")
        }
    }

    private static let harmless: Set<String> = [
        "cd", "chdir", "cls", "copy", "cscript", "cscript.exe", "date", "del", "dir", "echo",
        "echo.", "endlocal", "exit", "iisreset", "ipconfig", "md", "microsoft", "mkdir", "net",
        "net.exe", "netstat", "ok.", "pause", "ping", "popd", "pushd", "reg", "sc", "set",
        "setlocal", "time", "timeout", "title", "type", "ver", "copyright", "(c)",
    ]
    private static let flow: Set<String> = ["if", "goto", "call", "for", "(", ")", "powershell"]

    private mutating func run(_ command: String, _ line: Int) -> (LineNote.State, String) {
        let source = text.source(line)
        let words = NetshArguments.words(command)
        let verb = words.first?.lowercased() ?? ""
        if verb == "netsh" || verb.hasSuffix("netsh.exe") {
            return netsh(Array(words.dropFirst()), source)
        }
        if Self.flow.contains(verb) || verb.hasPrefix("if(") {
            exceptions.doubts.append(("the script branches here, which isn't followed", source))
            return (.notModelled, "branches, jumps and blocks aren't followed")
        }
        if let said = adsutil.take(command, source) { return said }
        if Self.harmless.contains(verb) { return (.irrelevant, "no setting of FTP or firewall") }
        return (.notRecognised, "not a command that is known")
    }

    private mutating func netsh(
        _ words: [String], _ source: SourceLine
    ) -> (LineNote.State, String) {
        guard let context = words.first?.lowercased() else { return (.irrelevant, "no command") }
        if context == "advfirewall" {
            if words.contains(where: { $0.same("show") || $0.same("dir=out") }) {
                return (.irrelevant, "of outgoing connections, or shows only")
            }
            sawFirewall = true
            exceptions.doubts.append(("rules of netsh advfirewall aren't read", source))
            return (.notModelled, "rules of netsh advfirewall aren't read")
        }
        guard context == "firewall", words.count > 1 else {
            return (.irrelevant, "not of the firewall")
        }
        let verb = words[1].lowercased()
        let object = words.count > 2 ? words[2].lowercased() : ""
        let rest = Array(words.dropFirst(3))
        switch (verb, object) {
        case ("add", "portopening"), ("set", "portopening"):
            sawFirewall = true
            return open(rest, source, adds: verb == "add")
        case ("delete", "portopening"):
            sawFirewall = true
            return close(rest, source)
        case ("set", "opmode"):
            sawFirewall = true
            return mode(rest, source)
        case ("reset", _):
            sawFirewall = true
            exceptions = PortExceptions()
            return (.used, "")
        case ("add", _), ("set", "service"), ("set", "allowedprogram"), ("delete", _):
            sawFirewall = true
            exceptions.doubts.append(("exceptions for programs and services aren't read", source))
            return (.notModelled, "exceptions for programs and services aren't read")
        default:
            return (.irrelevant, "changes nothing that is read")
        }
    }

    private static let slots = [
        "protocol", "port", "name", "mode", "scope", "addresses", "profile", "interface",
    ]

    private enum Target {
        case keep((LineNote.State, String))
        case key(PortExceptions.Key)
    }

    private func target(_ arguments: NetshArguments) -> Target {
        if let fault = arguments.fault { return .keep((.invalid, fault)) }
        let kind = arguments["protocol"]?.lowercased() ?? ""
        guard ["tcp", "udp", "all"].contains(kind) else {
            return .keep((.invalid, "the protocol is TCP, UDP or ALL"))
        }
        guard let text = arguments["port"], let port = UInt16(text), port > 0 else {
            let given = arguments["port"]?.excerpt ?? ""
            return .keep((.invalid, "\(given) isn't one port: netsh firewall takes no ranges"))
        }
        if kind == "udp" { return .keep((.irrelevant, "UDP")) }
        return .key(PortExceptions.Key(port: port, interface: arguments["interface"]))
    }

    private mutating func open(
        _ words: [String], _ source: SourceLine, adds: Bool
    ) -> (LineNote.State, String) {
        let arguments = NetshArguments(words, slots: Self.slots)
        switch target(arguments) {
        case .keep(let note): return note
        case .key(let key):
            if adds, arguments["name"] == nil { return (.invalid, "it needs a name") }
            let mode = arguments["mode"]?.lowercased() ?? "enable"
            guard mode == "enable" || mode == "disable" else {
                return (.invalid, "the mode is ENABLE or DISABLE")
            }
            var named = arguments["scope"] ?? "ALL"
            if named.same("CUSTOM") { named = arguments["addresses"] ?? "" }
            guard let scope = PortExceptions.scope(named) else {
                return (.invalid, "\(named.excerpt) is no scope")
            }
            var hole = PortExceptions.Hole(
                sources: scope.sources, doubt: scope.doubt, source: source)
            if let profile = arguments["profile"]?.uppercased(),
                profile == "DOMAIN"
                    || profile == "STANDARD"
            {
                hole.doubt = "in the \(profile) profile only, and which is in force isn't known"
            }
            if mode == "disable" {
                exceptions.holes[key] = nil
            } else if let old = exceptions.holes[key], old.sources == hole.sources,
                old.doubt == hole.doubt
            {
                return (.used, "")
            } else {
                exceptions.holes[key] = hole
            }
            return (.used, "")
        }
    }

    private mutating func close(
        _ words: [String], _ source: SourceLine
    ) -> (LineNote.State, String) {
        let arguments = NetshArguments(words, slots: ["protocol", "port", "profile", "interface"])
        switch target(arguments) {
        case .keep(let note): return note
        case .key(let key):
            let profile = arguments["profile"]?.uppercased() ?? "CURRENT"
            if profile == "DOMAIN" || profile == "STANDARD", exceptions.holes[key] != nil {
                exceptions.holes[key]?.doubt = "taken away in the \(profile) profile"
            } else {
                exceptions.holes[key] = nil
            }
            return (.used, "")
        }
    }

    private mutating func mode(
        _ words: [String], _ source: SourceLine
    ) -> (LineNote.State, String) {
        let arguments = NetshArguments(
            words, slots: ["mode", "exceptions", "profile", "interface"])
        let profile = arguments["profile"]?.uppercased() ?? "CURRENT"
        guard profile == "CURRENT" || profile == "ALL", arguments["interface"] == nil else {
            exceptions.doubts.append(("set for one profile or interface only", source))
            return (.notModelled, "which profile or interface is in force isn't known")
        }
        switch arguments["mode"]?.lowercased() {
        case "disable": exceptions.off = source
        case "enable":
            exceptions.off = nil
            exceptions.shielded = arguments["exceptions"]?.same("disable") == true ? source : nil
        default: return (.invalid, "the mode is ENABLE or DISABLE")
        }
        return (.used, "")
    }
}
