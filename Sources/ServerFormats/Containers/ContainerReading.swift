import Policy
import PolicyText

/// The containers that a compose file, `docker run` commands or a Dockerfile describe.
struct ContainerReading {
    struct Service {
        var image: Setting<String>?
        var environment: [String: Setting<String>] = [:]
        var command: Setting<String>?
        var mounts: [Setting<String>] = []
        /// What `docker run` publishes, each as it is written.
        var published: [Setting<String>] = []
        /// `-P`: all that the image exposes, at ports that are chosen then.
        var publishesAll: SourceLine?
        var network: Setting<String>?
        /// Why ports may not be published in that network.
        var networkDoubt: String?
        /// Why it may not run.
        var doubt: Setting<String>?
        /// Why more may be said of it than can be read.
        var open: Setting<String>?
        /// Why variables may be set that can't be read.
        var moreVariables: Setting<String>?
        var name: String?
        var address: String?
        /// The text around it tells of an FTP server where the image doesn't.
        var tellsOfFTP = false

        var isFTP: Bool { image.map { FTPImage.isFTP($0.value) } == true || tellsOfFTP }
    }

    enum Form { case none, compose, commands, dockerfile }

    private let text: ConfigText
    private(set) var form = Form.none
    private(set) var services: [Service] = []
    private(set) var notes: LineNotes

    init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
        let lines = text.lines
        if lines.contains(where: { $0.uppercased().hasPrefix("FROM ") }),
            lines.contains(where: { line in
                ["RUN ", "CMD ", "ENTRYPOINT ", "COPY ", "ENV "].contains { line.hasPrefix($0) }
            })
        {
            form = .dockerfile
            readDockerfile()
        } else if lines.contains(where: { $0.bare.hasPrefix("image:") }) {
            form = .compose
            readCompose()
        } else if lines.contains(where: { ContainerCommands.runs($0) }) {
            form = .commands
            let commands = ContainerCommands(text)
            services = commands.services
            notes = commands.notes
        }
    }

    // MARK: compose

    private struct Entry {
        var indent: Int
        var content: String
        var line: Int
    }

    private mutating func readCompose() {
        var entries: [Entry] = []
        for (index, line) in text.lines.enumerated() {
            let bare = Self.uncommented(line).bare
            if bare.isEmpty || bare == "---" { continue }
            entries.append(
                Entry(indent: line.prefix { $0 == " " }.count, content: bare, line: index + 1))
        }
        var known: (block: ClosedRange<Int>, indent: Int)?
        for (index, entry) in entries.enumerated() where entry.content.hasPrefix("image:") {
            // A second image of one block says the same.
            if let known, known.indent == entry.indent, known.block.contains(index) { continue }
            // The block of the service: neighbours at the indent of `image:`, and what is deeper.
            var first = index
            while first > 0, entries[first - 1].indent >= entry.indent { first -= 1 }
            var last = index
            while last + 1 < entries.count, entries[last + 1].indent >= entry.indent { last += 1 }
            var service = Service()
            service.image = Setting(
                Self.value(entry.content.dropFirst("image:".count)), text.source(entry.line))
            fill(&service, entries[first...last], at: entry.indent)
            services.append(service)
            known = (first...last, entry.indent)
        }
    }

    private mutating func fill(
        _ service: inout Service, _ entries: ArraySlice<Entry>, at indent: Int
    ) {
        var key = ""
        // Of a pod's `env`, a list of names and values.
        var variable: String?
        let flows = ["environment", "env", "envFrom"]
        for entry in entries {
            let source = text.source(entry.line)
            if entry.indent == indent, !entry.content.hasPrefix("- ") {
                let parts = entry.content.split(separator: ":", maxSplits: 1)
                key = parts.first.map { String($0) } ?? ""
                guard parts.count == 2, !parts[1].bare.isEmpty else { continue }
                if key == "command" || key == "entrypoint" {
                    service.command = Setting(Self.flat(parts[1].bare), source)
                } else if key == "env_file" {
                    leaveOpen(&service, entry.line, "the file of variables isn't read")
                } else if flows.contains(key), !["{}", "[]"].contains(parts[1].bare) {
                    leaveOpen(&service, entry.line, "variables on one line aren't read")
                }
                continue
            }
            var item = entry.content
            let isItem = item.hasPrefix("- ")
            if isItem { item = String(item.dropFirst(2)).bare }
            switch key {
            case "environment":
                let mark: Character = isItem ? "=" : ":"
                let plain = isItem ? Self.value(item[...]) : item
                guard let end = plain.firstIndex(of: mark) else {
                    if isItem { service.environment[plain] = Setting("", source) }
                    continue
                }
                let name = String(plain[..<end]).stripping("\"' ")
                service.environment[name] = Setting(
                    Self.value(plain[plain.index(after: end)...]), source)
            case "env":
                if isItem { variable = nil }
                if variable == nil, item.hasPrefix("name:") {
                    let name = Self.value(item.dropFirst("name:".count))
                    variable = name
                    service.environment[name] = Setting("", source)
                } else if let name = variable, item.hasPrefix("value:") {
                    service.environment[name] = Setting(
                        Self.value(item.dropFirst("value:".count)), source)
                } else if isItem {
                    leaveOpen(&service, entry.line, "it isn't a variable's name")
                }
            case "envFrom": leaveOpen(&service, entry.line, "variables from elsewhere aren't read")
            case "volumeMounts": service.mounts.append(Setting(item, source))
            case "command", "entrypoint", "args":
                let before = service.command.map { $0.value + " " } ?? ""
                service.command = Setting(
                    before + Self.value(item[...]), service.command?.source ?? source)
            case "volumes": service.mounts.append(Setting(item, source))
            case "env_file":
                leaveOpen(&service, entry.line, "the file of variables isn't read")
            default: break
            }
        }
    }

    private mutating func leaveOpen(_ service: inout Service, _ line: Int, _ why: String) {
        notes.set(line, .notModelled, why)
        if service.moreVariables == nil {
            service.moreVariables = Setting(why, text.source(line))
        }
    }

    private static func uncommented(_ line: String) -> String {
        guard let mark = line.firstRange(of: " #") else {
            return line.bare.hasPrefix("#") ? "" : line
        }
        return line.bare.hasPrefix("#") ? "" : String(line[..<mark.lowerBound])
    }

    private static func value(_ text: Substring) -> String {
        let bare = text.bare
        for mark in ["\"", "'"] where bare.hasPrefix(mark) && bare.hasSuffix(mark) && bare.count > 1
        {
            return String(bare.dropFirst().dropLast())
        }
        return bare
    }

    /// `["a", "b"]` as `a b`.
    private static func flat(_ text: String) -> String {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return value(text[...]) }
        return text.dropFirst().dropLast().split(separator: ",")
            .map { value($0.bare[...]) }.joined(separator: " ")
    }

    // MARK: Dockerfile

    private mutating func readDockerfile() {
        var service = Service()
        let servers = ["vsftpd", "pure-ftpd", "proftpd", "pyftpdlib"]
        for (index, line) in text.lines.enumerated() {
            let bare = line.bare
            let parts = bare.split(separator: " ", maxSplits: 1).map(String.init)
            guard let word = parts.first?.uppercased(), parts.count == 2 else { continue }
            let source = text.source(index + 1)
            if !bare.hasPrefix("#"), servers.contains(where: { bare.contains($0) }) {
                service.tellsOfFTP = true
            }
            switch word {
            case "FROM":
                // Each stage begins anew; the last is what runs.
                service.image = Setting(parts[1].fields.first ?? "", source)
                service.environment = [:]
                service.command = nil
            case "ENV":
                let pairs = parts[1].contains("=") ? CommandLine.words(parts[1]) : []
                if pairs.isEmpty {
                    let pair = parts[1].fields
                    if pair.count > 1 {
                        service.environment[pair[0]] = Setting(
                            pair.dropFirst().joined(separator: " "), source)
                    }
                }
                for pair in pairs {
                    let two = pair.split(separator: "=", maxSplits: 1).map(String.init)
                    if two.count == 2 { service.environment[two[0]] = Setting(two[1], source) }
                }
            case "CMD", "ENTRYPOINT":
                service.command = Setting(Self.flat(parts[1].bare), source)
            default: break
            }
        }
        if service.isFTP { services.append(service) }
    }
}
