/// A rule of the manual: a type of its own, in a file of its own, judged once for each server.
public protocol Rule: SendableMetatype {
    /// `PH301`; never reused for anything else.
    static var id: String { get }
    /// The fault as a noun phrase: `PASV port outside configured range`.
    static var title: String { get }
    /// The usual severity; a fault may state its own.
    static var severity: Severity { get }
    /// How severe its faults may be, and what decides, where that isn't always the usual severity.
    static var grades: Grades? { get }
    /// Sets of controls that it serves.
    static var controls: [ControlSet] { get }
    static var explanation: Explanation { get }

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement
}

extension Rule {
    public static var grades: Grades? { nil }

    /// The lowest and the highest severity of its findings.
    public static var severities: ClosedRange<Severity> { grades?.range ?? severity...severity }
}

/// The severities of a rule whose faults are not all alike.
public struct Grades: Hashable, Sendable {
    public var range: ClosedRange<Severity>
    /// One sentence, which names the cases.
    public var decided: String

    public init(_ range: ClosedRange<Severity>, _ decided: String) {
        self.range = range
        self.decided = decided
    }
}

/// What a rule says of a server.
public enum Judgement: Sendable {
    /// It was tested and holds; the sentence names what was tested.
    case passed(String)
    /// One fault a cause; many offers with the same fault are one fault with a count.
    case failed([Fault])
    /// The rule has no subject here, and why.
    case notApplicable(String)
    /// The rule has a subject, but capture or configuration could not test it, and why.
    case cannotTell(String)

    var isFailed: Bool { if case .failed = self { true } else { false } }
}

/// What the manual says of a rule, in sentences.
public struct Explanation: Hashable, Sendable {
    public var checks: String
    public var why: String
    public var remedy: String
    /// What would prove a finding of it wrong.
    public var refutation: String
    /// RFC sections, vendors' pages.
    public var references: [String]

    public init(
        checks: String, why: String, remedy: String, refutation: String, references: [String] = []
    ) {
        self.checks = checks
        self.why = why
        self.remedy = remedy
        self.refutation = refutation
        self.references = references
    }
}
