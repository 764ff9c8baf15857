public import Policy

/// A configuration format: it recognises itself, reads its text, and writes its platform's commands.
public protocol ConfigFormat: SendableMetatype {
    /// Stable name, as `--as` takes it: `iis6-metabase`.
    static var name: String { get }
    /// The platform as people call it.
    static var platform: String { get }

    /// How sure it is that the text is its own.
    static func recognise(_ text: ConfigText) -> Recognition

    /// What the text says; every line of it gets a note. Never fails: a text that says nothing
    /// useful yields settings and devices of nil and notes that say why.
    static func read(_ text: ConfigText) -> Configuration

    /// Whether several files may make one device or server.
    static var joinsFiles: Bool { get }

    /// What the text says together with files that it names, or that name it.
    static func read(_ text: ConfigText, with companions: [ConfigText]) -> Configuration

    /// What the file is usually called where several lie together: `proftpd.conf`.
    static var usualName: String? { get }

    /// Whether the texts, which make one device or server, include the other one.
    static func includes(_ other: ConfigText, in texts: [ConfigText]) -> Bool

    /// The commands for a change to what `configuration` describes; nil where the platform can't
    /// carry out such a change. `configuration` is nil when only the product is known.
    static func fix(_ change: Change, _ configuration: Configuration?) -> Fix?

    /// The same for many changes to one configuration, which need not be read for each of them.
    static func fixer(_ configuration: Configuration) -> (Change) -> Fix?
}

extension ConfigFormat {
    public static var joinsFiles: Bool { false }

    public static var usualName: String? { nil }

    public static func includes(_ other: ConfigText, in texts: [ConfigText]) -> Bool { true }

    public static func read(_ text: ConfigText, with companions: [ConfigText]) -> Configuration {
        read(text)
    }

    public static func fixer(_ configuration: Configuration) -> (Change) -> Fix? {
        { fix($0, configuration) }
    }
}

public enum Recognition: Int, Comparable, Sendable {
    case no
    /// Lines of it, that other formats might hold too.
    case perhaps
    /// Marks that only this format has.
    case certain

    public static func < (a: Recognition, b: Recognition) -> Bool { a.rawValue < b.rawValue }
}
