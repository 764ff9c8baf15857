public import Analyzer

public enum HTMLReport: ReportWriter {
    public static let name = "html"
    public static let fileExtension = "html"
    public static func write(_ report: AuditReport) -> String { "" }
}
