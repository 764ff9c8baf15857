public import Analyzer

/// A format in which a report is written: a type of its own, in a file of its own.
public protocol ReportWriter: SendableMetatype {
    /// The name that `--format` takes: `html`.
    static var name: String { get }
    /// What follows `pinhole-report.`: `html`.
    static var fileExtension: String { get }

    /// The whole file, ending in a line break. The same report gives the same bytes.
    static func write(_ report: AuditReport) -> String
}

/// All formats. A new one is a file of its own and a line here.
public enum ReportWriters {
    public static let all: [any ReportWriter.Type] = [
        HTMLReport.self,
        MarkdownReport.self,
        JSONReport.self,
    ]

    /// What is written where nobody chose.
    public static let standard = ["html", "markdown", "json"]

    public static func named(_ name: String) -> (any ReportWriter.Type)? {
        all.first { $0.name == name }
    }
}
