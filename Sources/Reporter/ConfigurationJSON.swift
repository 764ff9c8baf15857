public import Policy

/// How a configuration file was understood, as one JSON object (schema `pinhole.config/1`).
public struct ConfigurationJSON: Sendable {
    /// Whether lines that were used or don't matter are listed too.
    public var all: Bool

    public init(all: Bool = false) { self.all = all }

    /// The object on one line, keys in alphabetical order, without a line break at its end.
    public func text(_ configuration: Configuration) -> String {
        PrettyJSON.line(Entry(configuration, all: all))
    }

    private struct Entry: Encodable {
        let schema = "pinhole.config/1"
        let file: String
        let format: String
        let kind: Kinds?
        let server: Server?
        let notes: [Note]

        init(_ configuration: Configuration, all: Bool) {
            file = configuration.file
            format = configuration.format
            kind = Kinds(names: configuration.kinds.map(\.rawValue))
            server = configuration.server.map(Server.init)
            notes = configuration.notes.filter { all || $0.deservesMention }.map(Note.init)
        }
    }

    /// One name as a string, several as a list.
    private struct Kinds: Encodable {
        let names: [String]

        init?(names: [String]) {
            guard !names.isEmpty else { return nil }
            self.names = names
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if names.count == 1 {
                try container.encode(names[0])
            } else {
                try container.encode(names)
            }
        }
    }

    private struct Server: Encodable {
        let passive: String?
        let passive_from: String
        let passive_problem: String?
        let passive_enabled: Bool
        let advertised_address: String?
        let advertised_name: String?
        let control: [UInt16]
        let tls: String
        let active: Bool

        init(_ settings: ServerSettings) {
            passive = settings.passiveText
            passive_from = settings.passiveFrom.rawValue
            passive_problem = settings.passiveProblem
            passive_enabled = settings.passiveDisabled == nil
            advertised_address = settings.advertisedAddress.map { "\($0.value)" }
            advertised_name = settings.advertisedName?.value
            control = settings.control.map(\.value)
            tls = settings.tls.value.rawValue
            active = settings.active.value
        }
    }

    private struct Note: Encodable {
        let line: Int
        let state: String
        let text: String
        let why: String?

        init(_ note: LineNote) {
            line = note.line
            state = note.state.rawValue
            text = note.text
            why = note.why.isEmpty ? nil : note.why
        }
    }
}

extension LineNote {
    /// Whether people must hear of the line: it was neither used nor without meaning here.
    public var deservesMention: Bool { state != .used && state != .irrelevant }
}

extension ServerSettings {
    /// The range as people write it: `5001-5201`, one number for one port, or `os-dynamic`; nil
    /// where none is in force.
    public var passiveText: String? {
        switch passive {
        case .ports(let range) where range.count == 1: "\(range.lowerBound)"
        case .ports(let range): "\(range.lowerBound)-\(range.upperBound)"
        case .osDynamic: "os-dynamic"
        case nil: nil
        }
    }
}
