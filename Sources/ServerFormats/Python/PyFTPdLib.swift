import Net
public import Policy
public import PolicyText

/// A Python file that runs pyftpdlib: attributes of its handler class, and the server's address.
///
/// Literals, names of literals and sums are followed; what is set in a branch is unknown. A full
/// list of ports is left for one of the system. Source: pyftpdlib 2.2, handlers and dispatchers.
public enum PyFTPdLib: ConfigFormat {
    public static let name = "pyftpdlib"
    public static let platform = "pyftpdlib"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("pyftpdlib") else { return .no }
        return text.lines.contains { line in
            let bare = line.bare
            return bare.hasPrefix("from pyftpdlib") || bare.hasPrefix("import pyftpdlib")
        } ? .certain : .no
    }

    static let behaviour = ServerBehaviour(
        product: "pyftpdlib", acceptedPorts: 1...65535, onePortAccepted: true,
        leavesRangeWhenFull: true, restartNeeded: true)

    public static func read(_ text: ConfigText) -> Configuration {
        var reading = Reading(text)
        for statement in PythonLines(text.lines).statements { reading.take(statement) }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: reading.settings(),
            notes: reading.notes.finish { _, line in
                (.irrelevant, line.bare.isEmpty ? "blank" : "comment or text")
            })
    }

    private struct Reading {
        let text: ConfigText
        var notes: LineNotes
        var names: [String: PythonValue] = [:]
        var said: [String: (value: PythonValue, text: String, source: SourceLine)] = [:]
        /// What leaves an attribute open, by its name.
        var doubts: [String: (why: String, source: SourceLine)] = [:]
        var port: Setting<UInt16>?
        var tls: SourceLine?

        init(_ text: ConfigText) {
            self.text = text
            notes = LineNotes(text)
        }

        static let shaping: Set<String> = [
            "passive_ports", "masquerade_address", "permit_foreign_addresses",
            "tls_control_required", "tls_data_required",
        ]

        mutating func take(_ statement: PythonLines.Statement) {
            let (state, why) = judge(statement)
            for line in statement.lines { notes.set(line, state, why) }
        }

        private mutating func judge(
            _ statement: PythonLines.Statement
        ) -> (LineNote.State, String) {
            let line = statement.text
            let source = text.source(statement.lines.lowerBound)
            if line.hasPrefix("import ") || line.hasPrefix("from ") {
                return (.irrelevant, "an import")
            }
            if line.mentions("TLS_FTPHandler"), tls == nil { tls = source }
            if let said = server(line, source, statement.doubt) { return said }
            guard line.utf8.contains(UInt8(ascii: "=")),
                let match = line.wholeMatch(
                    of: /([A-Za-z_][\w.]*)\s*(?::\s*[\w.\[\], ]+)?=(?!=)\s*(.+)/),
                !["else", "try", "finally"].contains(match.1)
            else {
                forget(line)
                if line.mentions("passive_ports") || line.mentions("proto_cmds")
                    || line.mentions("masquerade_address")
                {
                    if line.mentions("passive_ports") {
                        doubts["passive_ports"] = ("a statement that isn't read sets it", source)
                    }
                    return (.notModelled, "a statement that isn't read")
                }
                return line.mentions("TLS_FTPHandler")
                    ? (.used, "") : (.irrelevant, "no setting of ports or addresses")
            }
            let path = String(match.1)
            let value = PythonExpression.value(match.2, names)
            let attribute = path.split(separator: ".").last.map { String($0) } ?? path
            if Self.shaping.contains(attribute) {
                return set(attribute, value, String(match.2), source, statement.doubt)
            }
            if attribute == "masquerade_address_map" {
                return (.notModelled, "another address for each of its own isn't read")
            }
            if !path.contains(".") {
                names[path] = statement.doubt == nil ? value : .unknown
            }
            forget(match.2)
            return line.mentions("TLS_FTPHandler")
                ? (.used, "") : (.irrelevant, "no setting of ports or addresses")
        }

        /// Names to which a statement that isn't read gives another value: those before its last
        /// `=`, and those of a loop.
        private mutating func forget(_ text: some StringProtocol) {
            let head = text.prefix { $0 != "(" && $0 != "[" && $0 != "{" }
            let end = head.lastIndex(of: "=") ?? head.startIndex
            let isLoop = head.hasPrefix("for ")
            for name in (isLoop ? head[...] : head[..<end]).split(whereSeparator: {
                !($0.isLetter || $0.isNumber || $0 == "_")
            }) where names[String(name)] != nil {
                names[String(name)] = .unknown
            }
        }

        private mutating func set(
            _ name: String, _ value: PythonValue, _ expression: String, _ source: SourceLine,
            _ doubt: String?
        ) -> (LineNote.State, String) {
            if let doubt {
                doubts[name] = ("it holds only if \(doubt)", source)
                return (.notModelled, "holds only if \(doubt)")
            }
            doubts[name] = nil
            said[name] = (value, expression, source)
            if value == .unknown {
                doubts[name] = ("\(expression.excerpt) isn't known", source)
                return (.notModelled, "its value isn't known")
            }
            if name == "passive_ports" {
                if value == .none { return (.used, "") }
                guard let runs = value.ports else {
                    doubts[name] = ("\(expression.excerpt) isn't known", source)
                    return (.notModelled, "its value isn't known")
                }
                if let fault = Self.fault(runs) { return (.invalid, fault) }
                if runs.count > 1 {
                    doubts[name] = ("it is a list with gaps", source)
                    return (.notModelled, "a list with gaps")
                }
            }
            return (.used, "")
        }

        private static func fault(_ runs: [ClosedRange<Int>]) -> String? {
            guard let low = runs.first?.lowerBound, let high = runs.last?.upperBound else {
                return nil
            }
            if low < 1 { return "\(low) is no port" }
            return high > 65535 ? "\(high) is no port" : nil
        }

        /// `FTPServer((host, port), handler)` and its kin.
        private mutating func server(
            _ line: String, _ source: SourceLine, _ doubt: String?
        ) -> (LineNote.State, String)? {
            guard line.mentions("FTPServer"),
                let call = line.firstRange(of: /\b(?:Threaded|Multiprocess)?FTPServer\s*\(/)
            else {
                return nil
            }
            let start = line.index(before: call.upperBound)
            guard let address = PythonExpression.arguments(line[start...], names).first else {
                return nil
            }
            guard case .list(let parts) = address, parts.count == 2,
                case .int(let number) = parts[1],
                let exact = UInt16(exactly: number), exact > 0, doubt == nil
            else { return (.notModelled, "the control port isn't known") }
            port = Setting(exact, source)
            return (.used, "")
        }

        func settings() -> ServerSettings {
            var settings = ServerSettings(
                unset: .osDynamic(usual: nil), of: PyFTPdLib.behaviour, in: text)
            settings.passiveSources = [
                text.absence("passive_ports unset: ports that the system hands out")
            ]
            if let port { settings.control = [port] }
            if let doubt = doubts["passive_ports"] {
                settings.void(.unknown, doubt.why, [doubt.source])
            } else if let ports = said["passive_ports"] {
                settings.passiveSources = [ports.source]
                let runs = ports.value.ports ?? []
                if let fault = Self.fault(runs) {
                    settings.void(.invalid, fault, [ports.source])
                } else if let run = runs.first {
                    settings.set(
                        UInt16(clamping: run.lowerBound)...UInt16(clamping: run.upperBound),
                        [ports.source])
                }
            }
            advertise(&settings)
            settings.tls = encryption
            if tls != nil {
                settings.tlsProblem =
                    (doubts["tls_control_required"] ?? doubts["tls_data_required"])?.why
            }
            let foreign = said["permit_foreign_addresses"]
            if doubts["permit_foreign_addresses"] == nil {
                let value =
                    foreign.map { Setting($0.value.truth ?? false, $0.source) }
                    ?? Setting(false, text.absence("permit_foreign_addresses unset: False"))
                settings.foreignActivePeers = value
                settings.foreignPassivePeers = value
            }
            return settings
        }

        private func advertise(_ settings: inout ServerSettings) {
            if let doubt = doubts["masquerade_address"] {
                settings.advertisedName = Setting(
                    said["masquerade_address"]?.text ?? doubt.source.text.bare, doubt.source)
            } else if let said = said["masquerade_address"], case .string(let text) = said.value,
                !text.isEmpty
            {
                if let address = ServerText.v4(text) {
                    settings.advertisedAddress = Setting(address, said.source)
                } else {
                    settings.advertisedName = Setting(text, said.source)
                }
            }
        }

        private var encryption: Setting<ServerSettings.TLS> {
            guard let tls else { return Setting(.none, text.absence("no TLS_FTPHandler")) }
            let required = ["tls_control_required", "tls_data_required"].map { said[$0] }
            let all = required.allSatisfy { $0?.value.truth == true }
            return Setting(all ? .required : .optional, required[0]?.source ?? tls)
        }
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let lines: [(attribute: String, value: String)]
        switch change {
        case .setPassiveRange(let range):
            lines = [
                ("passive_ports", "range(\(range.lowerBound), \(Int(range.upperBound) + 1))")
            ]
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            lines = [("masquerade_address", "\"\(address)\"")]
        case .requireTLS:
            lines = [("tls_control_required", "True"), ("tls_data_required", "True")]
        case .refuseForeignPeers: lines = [("permit_foreign_addresses", "False")]
        case .restart: lines = []
        case .refuseActive, .permit, .forbid, .translate, .set: return nil
        }
        var fix = Fix(
            platform: platform, commands: [], restart: ["# start the program anew"])
        if lines.isEmpty { return fix }
        let notes = configuration?.notes ?? []
        let handler =
            notes.lazy.compactMap { $0.text.firstMatch(of: /^\s*(\w+)\s*=\s*\w*FTPHandler\s*$/) }
            .first.map { String($0.1) } ?? "handler"
        let indent = notes.first { $0.text.contains("FTPServer(") }?.text.prefix { $0 == " " } ?? ""
        fix.commands = ["# in \(configuration?.file ?? "the program"), before FTPServer(…)"]
        fix.undo = fix.commands
        if change == .requireTLS {
            fix.commands.append("# \(handler) must be a TLS_FTPHandler with a certfile")
        }
        for line in lines {
            let old = notes.filter {
                $0.state != .irrelevant && $0.text.firstRange(of: "\(line.attribute) =") != nil
            }
            for note in old {
                fix.commands.append("# in place of line \(note.line): \(note.text.bare)")
                fix.undo.append(note.text)
            }
            if old.isEmpty { fix.undo.append("# take out the line that sets \(line.attribute)") }
            // It stands where the other did, be that in a class or a function.
            let head = old.first.flatMap { note in
                note.text.firstRange(of: line.attribute).map { String(note.text[..<$0.lowerBound]) }
            }
            fix.commands.append(
                "\(head ?? "\(indent)\(handler).")\(line.attribute) = \(line.value)")
        }
        return fix
    }
}
