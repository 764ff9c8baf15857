public import Analyzer
import Net
import Policy

/// GitHub-flavoured Markdown that also reads as text, in the order of the HTML report.
public enum MarkdownReport: ReportWriter {
    public static let name = "markdown"
    public static let fileExtension = "md"

    /// Servers that get a section of their own.
    static let sections = 20

    public static func write(_ report: AuditReport) -> String {
        let words = ReportWords(report)
        var parts = [head(words)]
        parts += words.answer.servers.prefix(sections).map { MarkdownServer.section($0, words) }
        parts.append(findings(words))
        parts.append(compliance(words))
        parts.append(list(words, .passed, "Passed"))
        parts.append(list(words, .cannotTell, "Not testable"))
        parts.append(MarkdownCoverage.section(words))
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    static func text(_ text: String) -> String { MarkdownText.text(text) }

    private static func head(_ words: ReportWords) -> String {
        let headline = words.headline
        let name = headline.server.isEmpty ? "" : "**\(text(headline.server))**"
        var lines = ["# \(text(headline.before))\(name)\(text(headline.after))", ""]
        lines += ["\(text(words.report.title)), \(Figures.day(words.report.generatedAt))", ""]
        if let first = words.answer.servers.first {
            var change = ""
            if let line = first.line { change = "\(first.lead) \(Self.spot(line)). " }
            lines += [change + text(words.others), ""]
            lines += ["| Server | Fault | Line to change |", "| --- | --- | --- |"]
            for server in words.answer.servers.prefix(5) {
                let figures = server.figures.isEmpty ? "" : "<br>\(server.figures)"
                let line =
                    server.line.map { "\(server.lead) \(Self.spot($0, inTable: true))" } ?? ""
                lines.append(
                    "| **\(text(server.summary.name))** | "
                        + "\(MarkdownText.sentence(server.main.message))\(figures) | \(line) |")
            }
            let rest = words.answer.servers.count - 5
            if rest > 0 {
                lines += [
                    "", "\(Figures.count(rest)) more with findings, \(words.answer.sound) without.",
                ]
            }
            lines.append("")
        }
        let tally = Severity.allCases.reversed().map { "\(words.failed($0)) \($0.rawValue)" }
        lines += [
            "\(tally.joined(separator: ", ")); \(words.count(.accepted)) waived, "
                + "\(words.count(.passed)) passed, \(words.count(.cannotTell)) not testable.", "",
            "- Audited: \(words.audited)",
        ]
        if !words.limited.isEmpty { lines.append("- \(MarkdownText.sentence(words.limited))") }
        if !words.visibility.isEmpty {
            lines.append("- Coverage: \(MarkdownText.sentence(words.visibility))")
        }
        lines.append("")
        return lines.joined(separator: "\n")
    }

    /// `file:line` as code, with the text of the line beside it.
    static func place(_ line: SourceLine, inTable: Bool = false) -> String {
        let place = MarkdownText.code(line.place, inTable: inTable)
        return "\(place) \(MarkdownText.code(line.text, inTable: inTable))"
    }

    /// A line to change; where it is an absence, the file that lacks it.
    private static func spot(_ line: SourceLine, inTable: Bool = false) -> String {
        guard line.line == nil else { return place(line, inTable: inTable) }
        return "\(MarkdownText.code(line.place, inTable: inTable)) (\(text(line.trimmed)))"
    }

    private static func findings(_ words: ReportWords) -> String {
        guard !words.faults.isEmpty else { return "" }
        var lines = ["## Findings", ""]
        lines += [
            "| Severity | Rule | Server | Finding | Count | Status |",
            "| --- | --- | --- | --- | ---: | --- |",
        ]
        lines += words.faults.map {
            "| \($0.severity.rawValue) | \($0.rule) | \(text($0.server)) | \(text($0.title)) | "
                + "\(Figures.count($0.count)) | \($0.status.words) |"
        }
        lines.append("")
        lines += words.faults.map { MarkdownFinding.section($0, words.report.captures) }
        return lines.joined(separator: "\n")
    }

    private static func compliance(_ words: ReportWords) -> String {
        let results = ControlResult.all(words.report)
        guard !results.isEmpty else { return "" }
        var lines = [
            "## Compliance", "", "A result is of what was tested here, not of the whole control.",
            "",
            "| Control | Result | Rules |", "| --- | --- | --- |",
        ]
        lines += results.map { result in
            let rules = Set(result.findings.filter { $0.status == result.result }.map(\.rule))
            let control = result.control
            return "| \(text("\(control.standard) \(control.version)")) \(text(control.id)) | "
                + "\(result.result.words) | \(rules.sorted().joined(separator: ", ")) |"
        }
        return (lines + [""]).joined(separator: "\n")
    }

    private static func list(
        _ words: ReportWords, _ status: Finding.Status, _ title: String
    ) -> String {
        let findings = words.findings(status)
        guard !findings.isEmpty else { return "" }
        let lines = findings.map {
            "- \($0.rule) \(text($0.server)): \(MarkdownText.sentence($0.message))"
        }
        return (["## \(title)", ""] + lines + [""]).joined(separator: "\n")
    }
}
