import Net
import Policy
import PolicyText

/// How long IOS remembers a connection on which nothing is sent.
///
/// Source: Cisco IOS command references, `ip nat translation` and `ip inspect tcp idle-time`.
extension IOSReader {
    mutating func translationTimeout(_ line: IOSLine, _ rest: inout IOSWords) -> Reading {
        let word = rest.next().lowercased()
        if line.negated {
            config.translationIdle = nil
        } else if word == "never" {
            config.translationIdle = (0, line.number)
        } else if let seconds = UInt32(word) {
            config.translationIdle = (Int(seconds), line.number)
        } else {
            return (.invalid, "no number of seconds")
        }
        return Self.used
    }

    mutating func inspectionTimeout(_ line: IOSLine) -> Reading {
        context = .none
        if line.negated {
            config.inspectionIdle = nil
            return Self.used
        }
        guard line.words.count > 4, let seconds = UInt32(line.words[4]) else {
            return (.invalid, "no number of seconds")
        }
        config.inspectionIdle = (Int(seconds), line.number)
        return Self.used
    }
}

extension IOSDeviceBuilder {
    /// The shortest of those that apply; nil where nothing remembers connections, or zones do.
    mutating func addIdleTimeout(_ translates: Bool) {
        guard !config.interfaces.contains(where: { $0.zone != nil }) else { return }
        var known: [Setting<Int>] = []
        if translates {
            let usual = Setting(
                86400, reader.text.absence("ip nat translation tcp-timeout 86400 (the default)"))
            known.append(
                config.translationIdle.map { Setting($0.seconds, reader.text.source($0.line)) }
                    ?? usual)
        }
        if config.interfaces.contains(where: { $0.inspectIn != nil || $0.inspectOut != nil }) {
            let usual = Setting(
                3600, reader.text.absence("ip inspect tcp idle-time 3600 (the default)"))
            known.append(
                config.inspectionIdle.map { Setting($0.seconds, reader.text.source($0.line)) }
                    ?? usual)
        }
        device.idleTimeout =
            known.filter { $0.value > 0 }.min { $0.value < $1.value } ?? known.first
    }
}

extension IOSWriter {
    private var inspects: Bool {
        config.interfaces.contains { $0.inspectIn != nil || $0.inspectOut != nil }
    }

    /// Every timeout that is too short.
    func keepIdle(_ seconds: Int) -> Fix? {
        var commands: [String] = []
        var undo: [String] = []
        func raise(_ command: String, _ now: Int?, usual: Int) {
            guard (now ?? usual) > 0, (now ?? usual) < seconds else { return }
            commands.append("\(command) \(seconds)")
            undo.append(now.map { "\(command) \($0)" } ?? "no \(command)")
        }
        if translates {
            raise("ip nat translation tcp-timeout", config.translationIdle?.seconds, usual: 86400)
        }
        if inspects {
            raise("ip inspect tcp idle-time", config.inspectionIdle?.seconds, usual: 3600)
        }
        return commands.isEmpty ? nil : script(commands, undo: undo)
    }

    private var translates: Bool { device.stages.contains { $0.work == .translate } }

    /// A list names the server by its inside address; 21 is named again, or it would no longer be
    /// read there.
    func readControl(_ ports: PortSet, _ server: IPAddress) -> Fix? {
        guard !ports.isEmpty, ports.count <= 16, server.family == .v4 else { return nil }
        var commands: [String] = []
        var undo: [String] = []
        if translates {
            guard let free = (10...99).first(where: { config.lists["\($0)"] == nil }) else {
                return nil
            }
            commands.append("access-list \(free) permit \(server)")
            let all = ports.union(PortSet(21...21)).ports.map {
                "ip nat service list \(free) ftp tcp port \($0)"
            }
            commands += all
            undo += all.map { "no \($0)" } + ["no access-list \(free)"]
        }
        if inspects {
            let maps = ports.ports.filter { $0 != 21 }.map { "ip port-map ftp port \($0)" }
            commands += maps
            undo += maps.map { "no \($0)" }
        }
        return commands.isEmpty ? nil : script(commands, undo: undo)
    }
}
