import Analyzer
import Policy

/// What went into the audit and what did not, in Markdown.
enum MarkdownCoverage {
    static let notes = 50

    static func section(_ words: ReportWords) -> String {
        let text = MarkdownText.sentence
        var lines = ["## Coverage and evidence", ""]
        if !words.limited.isEmpty { lines.append("- \(text(words.limited))") }
        lines += words.report.notes.map { "- \(text($0))" }
        lines += ["", "| Input | Format | State | SHA-256 |", "| --- | --- | --- | --- |"]
        for input in words.report.inputs {
            let problem = input.problem.map { ": \(text($0))" } ?? ""
            lines.append(
                "| \(MarkdownText.code(input.file, inTable: true)) | \(text(input.format ?? "")) | "
                    + "\(text(input.stateWords))\(problem) | "
                    + "\(MarkdownText.code(input.sha256 ?? "", inTable: true)) |")
        }
        lines.append("")
        let unused = words.report.inputs.flatMap { input in input.notes.map { (input.file, $0) } }
        for (file, note) in unused.prefix(notes) {
            let place = MarkdownText.code("\(file):\(note.line)")
            lines.append(
                "- \(place) \(note.state.rawValue): \(MarkdownText.code(note.text)) "
                    + text(note.why))
        }
        if unused.count > notes {
            lines.append("- \(unused.count - notes) more lines are in the JSON report.")
        }
        lines += [
            "",
            "pinhole \(text(words.report.toolVersion)), rules \(text(words.report.rulePack)), "
                + "\(Figures.moment(words.report.generatedAt))", "",
        ]
        return lines.joined(separator: "\n")
    }
}
