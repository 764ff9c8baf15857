import Policy
import PolicyText

/// The `docker run` commands of a script, and the networks that it makes.
struct ContainerCommands {
    typealias Service = ContainerReading.Service
    typealias Word = ShellCommands.Word

    private let text: ConfigText
    private(set) var services: [Service] = []
    private(set) var notes: LineNotes
    /// Drivers of the networks that the script makes; nil: not what was hoped for, and why.
    private var networks: [String: String?] = [:]

    /// Containers by name that no command ended.
    private var running: [String?: [Int]] = [:]

    private static let programs: Set<String> = ["docker", "podman", "nerdctl"]

    init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
        let script = ShellCommands(text.lines)
        for command in script.commands { take(command) }
        for line in script.lines { notes.add(line, .irrelevant, "a word of the shell") }
    }

    /// Whether the line runs a container.
    static func runs(_ line: String) -> Bool {
        guard line.utf8.count < 16384, programs.contains(where: { line.contains($0) }),
            !line.bare.hasPrefix("#")
        else { return false }
        return ShellCommands([line]).commands.contains { verb($0.words)?.isRun == true }
    }

    /// The program's verb: `run`, or `network create`; and the words behind it.
    private static func verb(_ words: [Word]) -> (
        isRun: Bool, name: String, rest: ArraySlice<Word>
    )? {
        guard let program = words.firstIndex(where: { programs.contains(base($0.text)) }),
            words.first?.text == "sudo" || words[..<program].allSatisfy({ isPrefix($0.text) })
        else { return nil }
        var rest = words[(program + 1)...]
        // Options of the program itself.
        while let word = rest.first, word.text.hasPrefix("-") {
            rest.removeFirst()
            let isValued = [
                "-H", "-c", "-l", "--host", "--context", "--log-level", "--config", "-n",
                "--namespace", "--connection", "--url",
            ]
            .contains(word.text)
            if isValued { rest = rest.dropFirst() }
        }
        guard let first = rest.popFirst()?.text else { return nil }
        if first == "run" || first == "create" { return (true, first, rest) }
        guard ["container", "network"].contains(first), let second = rest.popFirst()?.text else {
            return (false, first, rest)
        }
        let isRun = first == "container" && ["run", "create"].contains(second)
        return (isRun, isRun || first == "container" ? second : "\(first) \(second)", rest)
    }

    private static func base(_ word: String) -> String {
        word.split(separator: "/").last.map(String.init) ?? word
    }

    private static func isPrefix(_ word: String) -> Bool {
        ["sudo", "exec", "nohup", "command", "env", "start", "call", "@", "$", ">"].contains(
            word.lowercased())
            || word.hasPrefix("-") || word.contains("=") || word.contains(":")
    }

    private static let ending: Set<String> = [
        "stop", "kill", "rm", "pause", "rename", "update", "network disconnect",
    ]

    private mutating func take(_ command: ShellCommands.Command) {
        let line = command.words[0].line
        guard let (isRun, name, rest) = Self.verb(command.words) else {
            note(command)
            return
        }
        if isRun {
            run(rest, command, line)
        } else if Self.ending.contains(name) {
            end(rest, line)
        } else if name == "network create" {
            makeNetwork(rest)
            notes.add(line, .used)
        } else {
            let isIdle = Self.idle.contains(name)
            notes.add(
                line, isIdle ? .irrelevant : .notRecognised,
                isIdle ? "no influence on which ports are published" : "what it does isn't known")
        }
    }

    /// Containers that the words may name: one without a name may be any.
    private mutating func end(_ words: ArraySlice<Word>, _ line: Int) {
        let isOpen = words.contains { $0.isOpen }
        var meant = running.removeValue(forKey: nil) ?? []
        if isOpen {
            meant = running.values.flatMap(\.self) + meant
            running = [:]
        }
        for word in words { meant += running.removeValue(forKey: word.text) ?? [] }
        let why = "a later command may end the container"
        for index in meant { services[index].doubt = Setting(why, text.source(line)) }
        let isIdle = meant.isEmpty
        notes.add(
            line, isIdle ? .irrelevant : .notModelled,
            isIdle ? "no container that was started before" : why)
    }

    /// Verbs that start and end nothing.
    private static let idle: Set<String> = [
        "build", "buildx", "compose", "cp", "exec", "image", "images", "info", "inspect", "load",
        "login", "logout", "logs", "network inspect", "network ls", "ps", "pull", "push", "save",
        "tag", "version", "volume", "wait", "start", "container",
    ]

    /// Commands of a shell that say nothing of containers.
    private static let harmless: Set<String> = [
        "apt", "apt-get", "cat", "cd", "chmod", "chown", "cp", "date", "echo", "exit", "exec",
        "export", "false", "local", "ls", "mkdir", "mv", "printf", "pwd", "readonly", "rem", "rm",
        "set", "setlocal", "shift", "sleep", "systemctl", "test", "touch", "trap", "true", "umask",
        "unset", "[", "[[", "@echo", "return", "pause",
    ]

    private mutating func note(_ command: ShellCommands.Command) {
        guard let first = command.words.first else { return }
        let isAssignment = first.text.contains("=") && !first.text.hasPrefix("=")
        let isIdle = isAssignment || Self.harmless.contains(first.text.lowercased())
        for word in command.words {
            notes.add(
                word.line, isIdle ? .irrelevant : .notRecognised,
                isIdle ? "no influence on which ports are published" : "what it does isn't known")
        }
    }

    private mutating func makeNetwork(_ words: ArraySlice<Word>) {
        var rest = words
        var driver: String? = "bridge"
        var name = ""
        while let word = rest.popFirst() {
            let parts = word.text.split(separator: "=", maxSplits: 1).map(String.init)
            if word.isOpen { driver = nil }
            guard word.text.hasPrefix("-") else {
                name = word.text
                continue
            }
            switch parts.first ?? "" {
            case "-d", "--driver":
                let value = parts.count > 1 ? parts[1] : rest.popFirst()?.text ?? ""
                if driver != nil { driver = value }
            case "--internal": driver = "bridge without a way out"
            case "--attachable", "--ipv6", "--ingress", "--config-only", "--disable-dns",
                "--ignore", "--ipv4":
                break
            default: if parts.count < 2 { rest = rest.dropFirst() }
            }
        }
        networks[name] = driver
    }

    // MARK: run

    private mutating func run(
        _ words: ArraySlice<Word>, _ command: ShellCommands.Command, _ line: Int
    ) {
        var service = Service()
        var rest = words
        if command.isConditional {
            service.doubt = Setting(
                "a condition decides whether the container is started", text.source(line))
        } else if command.isBehindEnd {
            service.doubt = Setting("the script ends before", text.source(line))
        }
        while let word = rest.popFirst() {
            let isOpen = word.isList && !word.text.hasPrefix("-") && !word.text.contains("/")
            if isOpen, rest.contains(where: { !$0.isOpen }) || word.text.contains("@") {
                open(&service, word, "what \(word.text.excerpt) stands for isn't in the file")
                continue
            }
            guard word.text.hasPrefix("-"), word.text != "-" else {
                image(&service, word, rest)
                break
            }
            option(word, &rest, &service)
        }
        if service.image == nil, service.open != nil {
            service.image = Setting("", text.source(line))
        }
        guard service.image != nil else { return }
        running[service.name, default: []].append(services.count)
        services.append(service)
    }

    private func image(_ service: inout Service, _ word: Word, _ rest: ArraySlice<Word>) {
        service.image = Setting(word.text, text.source(word.line))
        guard let start = rest.first else { return }
        service.command = Setting(
            rest.map(\.text).joined(separator: " "), text.source(start.line))
    }

    private mutating func open(_ service: inout Service, _ word: Word, _ why: String) {
        service.open = service.open ?? Setting(why, text.source(word.line))
        notes.set(word.line, .notModelled, why)
    }

    private mutating func option(
        _ word: Word, _ rest: inout ArraySlice<Word>, _ service: inout Service
    ) {
        guard let cut = RunOptions.cut(word.text) else {
            open(&service, word, "option \(word.text.excerpt) isn't known")
            notes.set(word.line, .notRecognised, "option \(word.text.excerpt) isn't known")
            // It may take the next word, but for one that is an option or tells of an FTP server.
            if let next = rest.first, !word.text.contains("="), !next.text.hasPrefix("-"),
                rest.count > 1, !FTPImage.isFTP(next.text)
            {
                rest.removeFirst()
            }
            return
        }
        let source = text.source(word.line)
        for (index, option) in cut.options.enumerated() {
            let isLast = index == cut.options.count - 1
            var value = option.value ?? ""
            if isLast, cut.wants { value = rest.popFirst()?.text ?? "" }
            // Behind what isn't known a word may be the value of another.
            let isSure = service.open == nil
            switch option.name {
            case "--publish-all":
                if value != "false" { service.publishesAll = source }
            case "--env":
                let pair = value.split(separator: "=", maxSplits: 1).map(String.init)
                if let key = pair.first {
                    service.environment[key] = Setting(pair.count > 1 ? pair[1] : "", source)
                }
            case "--env-file":
                notes.set(word.line, .notModelled, "the file of variables isn't read")
            case "--publish": if isSure { service.published.append(Setting(value, source)) }
            case "--network", "--net":
                service.network = Setting(value, source)
                let isKnown = service.networkDoubt != nil
                service.networkDoubt = isKnown ? service.networkDoubt : doubt(network: value)
            case "--pod":
                service.networkDoubt = "its network is the pod's"
                service.network = Setting(value, source)
            case "--ip": service.address = value
            case "--name": service.name = value
            case "--volume", "--mount": service.mounts.append(Setting(value, source))
            default: break
            }
        }
    }

    /// Why ports may not be published in a network.
    private func doubt(network name: String) -> String? {
        if ["host", "none", "bridge", "default", "private"].contains(name)
            || name.hasPrefix("container:")
        {
            return nil
        }
        if name.contains("$") || name.contains("%") { return "a variable sets its network" }
        guard let made = networks[name] else {
            return "what network \(name.excerpt) is isn't in the file"
        }
        guard let driver = made else { return "a variable shapes its network" }
        return driver == "bridge"
            ? nil : "a container of a network of driver \(driver.excerpt) has an address of its own"
    }
}
