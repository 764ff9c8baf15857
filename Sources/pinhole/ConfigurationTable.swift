import Policy
import PolicyFormats
import Reporter

/// How a configuration file was understood, in lines for a person.
struct ConfigurationTable {
    private let configuration: Configuration
    private let all: Bool

    init(_ configuration: Configuration, all: Bool) {
        self.configuration = configuration
        self.all = all
    }

    var lines: [String] { [head] + server + device + notes }

    private var head: String {
        let platform = Formats.named(configuration.format).map { $0.platform }
        return "\(configuration.file): \(platform ?? configuration.format)"
            + " (\(configuration.format))"
    }

    private var server: [String] {
        guard let server = configuration.server else { return [] }
        var lines: [String] = []
        let origin = server.passiveProblem ?? server.passiveFrom.rawValue
        lines.append("  passive ports    \(server.passiveText ?? "unknown") (\(origin))")
        if server.passiveDisabled != nil { lines.append("  passive mode     off") }
        if let address = server.advertisedAddress {
            lines.append("  advertises       \(address.value)")
        }
        if let name = server.advertisedName { lines.append("  advertises       \(name.value)") }
        let control = server.control.map { "\($0.value)" }.joined(separator: ", ")
        lines.append("  control port     \(control)")
        lines.append("  TLS              \(server.tls.value.rawValue)")
        lines.append("  active mode      \(server.active.value ? "served" : "refused")")
        return lines
    }

    private var device: [String] {
        guard let device = configuration.device else { return [] }
        var lines: [String] = []
        for stage in device.stages {
            let rules = device.chains[stage.chain]?.rules.count ?? 0
            var line = "  \(stage.work == .filter ? "filter" : "translation")"
            if let interface = stage.interface {
                line += stage.direction == .leaving ? " leaving by" : " entering by"
                line += " \(interface)"
            }
            let name = stage.chain.isEmpty ? "" : " \(stage.chain),"
            lines.append("\(line):\(name) \(rules) rule\(rules == 1 ? "" : "s")")
        }
        if device.selectable.count > 1 {
            lines.append("  lists to select: \(device.selectable.joined(separator: ", "))")
        }
        return lines + device.assumptions.map { "  taken: \($0)" }
    }

    private var notes: [String] {
        let counts = Dictionary(grouping: configuration.notes, by: \.state).mapValues(\.count)
        let states = LineNote.State.allCases.compactMap { state in
            counts[state].map { "\($0) \(state.rawValue)" }
        }
        let shown = configuration.notes.filter { all || $0.deservesMention }
        return ["  \(configuration.notes.count) lines: \(states.joined(separator: ", "))"]
            + shown.map { note in
                let number = String(repeating: " ", count: max(0, 6 - "\(note.line)".count))
                let why = note.why.isEmpty ? "" : "  [\(note.why)]"
                return "\(number)\(note.line)  \(note.state.rawValue): \(note.text)\(why)"
            }
    }
}
