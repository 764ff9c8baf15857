import Policy
import PolicyText

/// A batch file or console transcript: `netsh`, `adsutil.vbs`, and all the rest.
struct WindowsScript {
    private let text: ConfigText
    /// Without prompts and the marks that keep a command from being shown.
    private let lines: [String]
    private let prompted: PromptLoops

    static func read(
        _ text: ConfigText, as name: String, steps: Int = BatchRun.usualStepLimit
    ) -> Configuration {
        let script = WindowsScript(text)
        var run = script.run()
        run.stepLimit = steps
        run.stopsAtFaults = !text.lines.contains { promptEnd($0) != nil }
        var end = run.run(BatchState())
        let gaveUp = run.gaveUp
        if let gaveUp { end.firewall.doubtAll(gaveUp.why, text.source(gaveUp.line)) }
        return script.configuration(name, end, run.notes, gaveUp?.why)
    }

    private init(_ text: ConfigText) {
        self.text = text
        lines = text.lines.map(Self.command)
        prompted = PromptLoops(lines)
    }

    /// A line without the prompt that a transcript shows.
    static func command(_ line: String) -> String {
        var plain = line[...]
        if line.utf8.contains(UInt8(ascii: ">")), let end = promptEnd(line) { plain = line[end...] }
        let bare = plain.drop { $0 == " " || $0 == "\t" || $0 == "@" || $0 == "\u{a0}" }
        return bare.lowercased().hasPrefix("(c) ") ? "rem" : String(bare)
    }

    /// Where `C:\folder>` or `PS C:\folder>` ends.
    private static func promptEnd(_ line: String) -> String.Index? {
        let bytes = line.utf8
        var rest = bytes.drop { $0 == 0x20 || $0 == 0x09 }
        if rest.starts(with: "PS ".utf8) { rest = rest.dropFirst(3) }
        guard let drive = rest.first, (0x61...0x7a).contains(drive | 0x20),
            rest.dropFirst().starts(with: ":\\".utf8),
            let end = rest.firstIndex(where: { "<>|\"".utf8.contains($0) }),
            bytes[end] == UInt8(ascii: ">")
        else { return nil }
        return bytes.index(after: end)
    }

    private func run() -> BatchRun {
        let text = text
        return BatchRun(lines, prompted: prompted.letters, notes: LineNotes(text)) {
            command, line, state in
            var leaf = WindowsCommand(source: text.source(line))
            return leaf.run(command, &state)
        }
    }

    private func configuration(
        _ name: String, _ end: BatchState, _ notes: LineNotes, _ gaveUp: String?
    ) -> Configuration {
        var notes = notes
        var end = end
        let file = text.file.lowercased()
        if file.hasSuffix(".bat") || file.hasSuffix(".cmd") {
            for line in prompted.lines {
                notes.set(
                    line, .invalid,
                    "in a batch file cmd wants %%I for %I; taken as the loop's variable all the same"
                )
            }
        }
        var server: ServerSettings?
        if end.adsutil.sawAnything {
            server = IISFTPService.settings(
                .six, end.adsutil.statement, control: end.adsutil.control, in: text)
            if end.adsutil.doubt != nil || gaveUp != nil {
                server?.passive = nil
                server?.passiveFrom = .unknown
                server?.passiveProblem = end.adsutil.doubt ?? gaveUp
            }
        }
        if server == nil, end.ftp.sawAnything {
            if let gaveUp { end.ftp.doubtRange(gaveUp) }
            server = end.ftp.settings(in: text)
            for other in end.ftp.others {
                notes.set(other.source?.line ?? 0, .notModelled, "a site of its own")
            }
        }
        server?.dynamicPorts = gaveUp == nil ? end.dynamicPorts : nil
        var device: Device?
        if text.lines.contains(where: Self.touchesFirewall) {
            device = end.firewall.device(
                text,
                assumptions: ["judged as run on the default state: firewall on, no exceptions"])
        }
        var kinds: [Configuration.Kind] = []
        if server != nil || device == nil { kinds.append(.server) }
        if device != nil { kinds.append(.firewall) }
        let settled = notes.finish { _, line in
            if line.utf8.allSatisfy({ " \t()".utf8.contains($0) }) || line.bare.hasPrefix(")") {
                return (.irrelevant, "the end of a block, or blank")
            }
            if let gaveUp { return (.notModelled, gaveUp) }
            return (.irrelevant, "the script never comes here")
        }
        return Configuration(
            file: text.file, format: name, kinds: kinds, server: server, device: device,
            notes: settled)
    }

    /// Whether a line holds a command that changes the firewall, run or not.
    static func touchesFirewall(_ line: String) -> Bool {
        guard line.utf8.contains(UInt8(ascii: " ")) else { return false }
        let words = line.lowercased().split { " \t\"".contains($0) }
        for (index, word) in words.enumerated()
        where word.hasSuffix("netsh") || word.hasSuffix("netsh.exe") {
            let rest = words.dropFirst(index + 1).prefix(3).map(String.init)
            let verbs: Set<String> = ["add", "set", "delete", "reset", "import"]
            if rest.first == "firewall", rest.count > 1, verbs.contains(rest[1]) { return true }
            if rest.first == "advfirewall",
                rest.dropFirst().contains(where: verbs.contains)
            {
                return true
            }
        }
        return false
    }
}

/// Loops that are written as at the prompt, `FOR /L %I IN`.
struct PromptLoops {
    private(set) var letters: Set<UInt8> = []
    /// From 1.
    private(set) var lines: [Int] = []

    init(_ all: [String]) {
        for (index, line) in all.enumerated()
        where line.utf8.contains(UInt8(ascii: "%")) && line.lowercased().contains("for") {
            for match in line.matches(of: /(?i)\bfor\s+(?:\/[a-z]\s+)?%([a-z])\s+in\b/) {
                guard let letter = match.1.utf8.first else { continue }
                letters.insert(letter)
                if lines.last != index + 1 { lines.append(index + 1) }
            }
        }
    }
}
