import Net
public import Policy
public import PolicyText

/// `netsh int ipv4 show dynamicport tcp`, in any language, and `Get-NetTCPSetting`: the ports that
/// a server on Windows offers where its own range leaves them to the system. The commands that
/// set them are read too; the last one counts.
public enum WindowsDynamicPort: ConfigFormat {
    public static let name = "windows-dynamicport"
    public static let platform = "Windows (dynamic ports)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.lines.count < 2000 else { return .no }
        if find(text) != nil { return .certain }
        guard text.mentions("dynamicport"),
            // A script of the server or of the firewall sets more than this.
            !["ftpserver", "firewall", "adsutil", "appcmd"].contains(where: text.mentions)
        else { return .no }
        return commands(text).contains { $0.command.range != nil } ? .perhaps : .no
    }

    private static func commands(
        _ text: ConfigText
    ) -> [(line: Int, command: DynamicPortCommand)] {
        text.lines.enumerated().compactMap { index, line in
            guard line.mentions("dynamicport"), line.utf8.count < 1000 else { return nil }
            let head = line.bare.lowercased()
            guard !head.hasPrefix("rem "), !head.hasPrefix("::"), !head.hasPrefix("#") else {
                return nil
            }
            return DynamicPortCommand(line.fields).map { (index + 1, $0) }
        }
    }

    /// As Windows has them since Vista.
    private static let usual: ClosedRange<UInt16> = 49152...65535

    private struct Found {
        var start: (number: Int, line: Int)
        var count: (number: Int, line: Int)
        var head: Int
    }

    /// The table of TCP: a head that names it, a rule of dashes, then two numbers.
    private static func find(_ text: ConfigText) -> Found? {
        for (index, line) in text.lines.enumerated() {
            if line.mentions("DynamicPortRangeStartPort"), let start = number(line),
                index + 1 < text.lines.count, text.lines[index + 1].mentions("DynamicPortRange"),
                let count = number(text.lines[index + 1]), start > 0, count > 0
            {
                return Found(start: (start, index + 1), count: (count, index + 2), head: index + 1)
            }
            guard line.lowercased().split(whereSeparator: { !$0.isLetter }).contains("tcp"),
                line.mentions("dynami") || line.lowercased().contains("динам"),
                number(line) == nil
            else { continue }
            var numbers: [(Int, Int)] = []
            for next in text.lines.indices[index...].dropFirst().prefix(6) {
                let bare = text.lines[next].bare
                if bare.isEmpty || bare.allSatisfy({ $0 == "-" || $0 == "\\" }) { continue }
                guard let value = number(bare) else { break }
                numbers.append((value, next + 1))
                if numbers.count == 2 { break }
            }
            if numbers.count == 2 {
                return Found(start: numbers[0], count: numbers[1], head: index + 1)
            }
        }
        return nil
    }

    /// The number after the last colon.
    private static func number(_ line: String) -> Int? {
        guard let colon = line.lastIndex(of: ":") else { return nil }
        return ServerText.number(line[line.index(after: colon)...].bare)
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var notes = LineNotes(text)
        var settings = ServerSettings(
            unset: .osDynamic(usual: nil),
            of: ServerBehaviour(
                product: "Windows", acceptedPorts: 1025...65535, onePortAccepted: false,
                restartNeeded: false), in: text)
        settings.tlsProblem = "the FTP server's own configuration wasn't given"
        if let found = find(text) {
            let sources = [found.start.line, found.count.line].map(text.source)
            let end = found.start.number + found.count.number - 1
            if let low = UInt16(exactly: found.start.number), low > 0, found.count.number > 0,
                let high = UInt16(exactly: end)
            {
                settings.set(low...high, sources)
                if low...high == usual { settings.passiveFrom = .default }
                for line in [found.head, found.start.line, found.count.line] {
                    notes.set(line, .used)
                }
            } else {
                settings.void(.invalid, "the range ends at \(end)", sources)
                for line in [found.start.line, found.count.line] {
                    notes.set(line, .invalid, "no range of ports")
                }
            }
        } else {
            settings.void(.unknown, "no table of TCP is there", [])
            for (line, command) in commands(text) {
                notes.set(line, command.range == nil ? .invalid : .used)
                if let range = command.range { settings.set(range, [text.source(line)]) }
            }
        }
        if case .ports(let range)? = settings.passive, let source = settings.passiveSources.first {
            settings.passiveProblem = nil
            settings.dynamicPorts = Setting(range, source)
        }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: notes.finish { _, _ in (.irrelevant, "not of the dynamic ports of TCP") })
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        guard case .setPassiveRange(let range) = change, range.lowerBound >= 1025 else {
            return nil
        }
        func set(_ range: ClosedRange<UInt16>) -> String {
            "netsh int ipv4 set dynamicport tcp start=\(range.lowerBound) num=\(range.count)"
        }
        let old = configuration?.server?.dynamicPorts?.value ?? usual
        // The system's ports are every program's: a range for FTP is the FTP service's own.
        guard range.count >= usual.count else {
            guard var fix = IIS7Writer.fix(change, nil) else { return nil }
            fix.commands.insert("REM the FTP service's own range, where that is IIS 7 to 10", at: 0)
            if old.count < usual.count {
                fix.commands.append(set(usual))
                fix.undo.append(set(old))
            }
            return fix
        }
        return Fix(platform: platform, commands: [set(range)], undo: [set(old)])
    }
}
