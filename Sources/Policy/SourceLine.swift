/// A line of a configuration file that proves something; without a line, an absence or a default.
public struct SourceLine: Hashable, Sendable {
    /// The file as the user named it.
    public var file: String
    /// From 1; nil where nothing in the file says it (an implicit deny, a product's default).
    public var line: Int?
    /// The line's text without its line break, or a name of the default such as `implicit deny`.
    public var text: String

    public init(file: String, line: Int?, text: String) {
        self.file = file
        self.line = line
        self.text = text
    }

    private static let arguments = "command line"

    /// What a command's own argument says: `--passive-range 5001-5201`.
    public static func argument(_ text: String) -> SourceLine {
        SourceLine(file: arguments, line: nil, text: text)
    }

    /// Whether an argument of the command says it, and no file: there is nothing to change.
    public var isArgument: Bool { line == nil && file == Self.arguments }
}

/// What was made of one line of a configuration file.
public struct LineNote: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// It shapes the policy.
        case used
        /// Recognised, and without influence on FTP or its ports: comments, blank lines, other settings.
        case irrelevant
        /// Recognised, and beyond the model: what it touches is unknown, never permitted.
        case notModelled = "not-modelled"
        /// Recognised, and wrong by the product's own rules: not in force.
        case invalid
        case notRecognised = "not-recognised"
    }

    public var line: Int
    public var state: State
    public var text: String
    /// One clause: why it isn't used; empty for used lines.
    public var why: String

    public init(line: Int, state: State, text: String, why: String = "") {
        self.line = line
        self.state = state
        self.text = text
        self.why = why
    }
}

/// A value and the line that sets it; no line for a product's default.
public struct Setting<Value: Hashable & Sendable>: Hashable, Sendable {
    public var value: Value
    public var source: SourceLine

    public init(_ value: Value, _ source: SourceLine) {
        self.value = value
        self.source = source
    }
}
