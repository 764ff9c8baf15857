import Analyzer
import Policy

/// What follows the findings: controls, what passed, what could not be tested, coverage.
struct HTMLTail {
    let words: ReportWords

    private var report: AuditReport { words.report }

    var sections: HTML { compliance + passed + untested + coverage }

    private var compliance: HTML {
        let results = ControlResult.all(report)
        guard !results.isEmpty else { return "" }
        let rows = results.map { result -> HTML in
            let failed = result.findings.filter { $0.status == result.result }
            let links = failed.prefix(6).map { finding -> HTML in
                finding.status == .failed || finding.status == .accepted
                    ? "<a href=\"#\(finding.anchor)\">\(finding.rule) \(finding.server)</a>"
                    : "\(finding.rule)"
            }
            var unique: [String] = []
            for link in links.map(\.source) where !unique.contains(link) { unique.append(link) }
            let rest = failed.count > 6 ? " and \(failed.count - 6) more" : ""
            return """
                <tr><td data-l="Control">\(result.control.standard) \(result.control.version) <b>\(result.control.id)</b></td><td data-l="Result" class="w">\(result.result.words)</td><td data-l="Findings">\(HTML(raw: unique.joined(separator: ", ")))\(rest)</td></tr>
                """
        }
        return """
            <section id="compliance"><h2>Compliance</h2>
            <p class="lead">Controls that these rules touch. A result is of what was tested here, not of the whole control.</p>
            <table class="stack"><thead><tr><th>Control</th><th>Result</th><th>Findings</th></tr></thead><tbody>
            \(HTML.join(rows, "\n"))
            </tbody></table></section>

            """
    }

    private var passed: HTML {
        list("passed", "Passed", "What was tested and holds.", words.findings(.passed))
    }

    private var untested: HTML {
        list(
            "untested", "Not testable", "What this capture or configuration could not show.",
            words.findings(.cannotTell))
    }

    private func list(_ id: String, _ title: String, _ lead: String, _ findings: [Finding]) -> HTML
    {
        guard !findings.isEmpty else { return "" }
        let groups = Dictionary(grouping: findings, by: \.rule).sorted { $0.key < $1.key }
        let items = groups.map { rule, findings -> HTML in
            let lines = findings.sorted { $0.server < $1.server }.prefix(30).map {
                finding -> HTML in
                "<li><b>\(finding.server)</b>: \(HTML.sentence(finding.message))</li>"
            }
            let rest = findings.count > 30 ? "and \(findings.count - 30) more" : ""
            return """
                <details class="more"><summary>\(rule) \(findings[0].title) (\(findings.count))</summary><ul class="ck">\(HTML.join(lines, "\n"))</ul>\(rest)</details>
                """
        }
        return """
            <section id="\(id)"><h2>\(title)</h2><p class="lead">\(lead)</p>
            \(HTML.join(items, "\n"))
            </section>

            """
    }

    private var coverage: HTML {
        let rows = report.inputs.map { input -> HTML in
            let lines = LineNote.State.allCases.compactMap { state in
                input.lines[state].map { "\($0) \(state.rawValue)" }
            }.joined(separator: ", ")
            let problem: HTML =
                input.problem.map { "<br><span class=\"bad\">\(HTML.sentence($0))</span>" } ?? ""
            return """
                <tr><td data-l="File"><b>\(input.file)</b>\(problem)</td><td data-l="Read as">\(input.format ?? input.kind.rawValue)</td><td data-l="State">\(input.stateWords)\(lines.isEmpty ? "" : ": " + lines)</td><td data-l="SHA-256"><span class="m s">\(input.sha256 ?? "")</span></td></tr>
                """
        }
        let notes = report.notes.map { HTML.sentence($0) }.map { "<li>\($0)</li>" as HTML }
        let unused = report.inputs.flatMap { input in
            input.notes.prefix(40).map { note -> HTML in
                """
                <tr><td><b>\(input.file):\(note.line)</b></td><td>\(note.state.rawValue)</td><td><code>\(HTML.sentence(note.text))</code><br><small>\(HTML.sentence(note.why))</small></td></tr>
                """
            }
        }
        let table: HTML =
            unused.isEmpty
            ? ""
            : "<details class=\"more\"><summary>Lines not used though they might matter (\(unused.count))</summary><table><tbody>\(HTML.join(unused, "\n"))</tbody></table></details>"
        return """
            <section id="coverage"><h2>Coverage and limits</h2>
            <p class="lead">\(HTML.sentence([words.audited, words.limited, words.visibility].filter { !$0.isEmpty }.joined(separator: " ")))</p>
            <ul class="ck">\(HTML.join(notes, "\n"))</ul>
            <table class="stack"><thead><tr><th>File</th><th>Read as</th><th>State</th><th>SHA-256</th></tr></thead><tbody>
            \(HTML.join(rows, "\n"))
            </tbody></table>\(table)</section>

            """
    }
}
