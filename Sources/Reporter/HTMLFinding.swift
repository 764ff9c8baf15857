import Analyzer
import Policy

/// One finding, folded: what, where, the proof, what mends it, what would refute it.
struct HTMLFinding {
    let finding: Finding
    let report: AuditReport

    var details: HTML {
        """
        <details class="fd" id="\(finding.anchor)" data-sev="\(finding.severity.rawValue)" data-rule="\(finding.rule)" data-server="\(finding.server)" data-status="\(finding.status.rawValue)">
        <summary>\(HTMLText.severity(finding.severity))<span class="ru">\(finding.rule)</span><span class="se">\(finding.server)</span><span class="ti">\(finding.title)</span><span class="se">\(state)</span></summary>
        <div class="bd"><p class="lead">\(HTML.sentence(finding.message))</p><dl>\(rows)</dl></div></details>

        """
    }

    private var state: String {
        if finding.status == .accepted { return "waived" }
        return finding.count > 1 ? "\(Figures.count(finding.count)) ×" : ""
    }

    private var rows: HTML {
        var html: HTML = ""
        func row(_ name: String, _ value: HTML) {
            if !value.isEmpty { html += "<dt>\(name)</dt><dd>\(value)</dd>\n" }
        }
        row("Expected", HTML.sentence(finding.expected))
        row("Observed", HTML.sentence(finding.observed))
        row("Confidence", HTML.sentence(finding.confidence.rawValue))
        if !finding.packets.isEmpty {
            row(
                "Packets",
                "<small>\(finding.packets.count) of \(finding.packetTotal)</small>"
                    + HTMLText.packets(finding.packets, report))
        }
        if !finding.config.isEmpty {
            row("Configuration", "<pre>\(HTMLText.lines(finding.config))</pre>")
        }
        if !finding.sessions.isEmpty {
            row("Sessions", HTML.join(finding.sessions.map { HTML.text($0) }, "<br>"))
        }
        if !finding.symptoms.isEmpty {
            row("Consequences", HTML.join(finding.symptoms.map { HTML.sentence($0) }, "<br>"))
        }
        if !finding.fixes.isEmpty {
            let caution: HTML =
                finding.demandsTLS
                ? "<p class=\"caution\">\(HTML.sentence(Answer.Remedy.caution))</p>" : ""
            row("To mend it", caution + HTML.join(finding.fixes.prefix(8).map { HTMLText.fix($0) }))
        }
        if let waiver = finding.waiver {
            let owner = waiver.owner.map { " (\($0))" } ?? ""
            let until = waiver.until.map { ", until \(Figures.day($0))" } ?? ""
            row("Waived", "\(waiver.reason)\(owner)\(until); \(waiver.source.place)")
        }
        if !finding.controls.isEmpty {
            let controls = finding.controls.map { "\($0.standard) \($0.version) \($0.id)" }
            row("Controls", HTML.sentence(controls.joined(separator: " · ")))
        }
        row("Wrong, if", "<span class=\"wrong\">\(HTML.sentence(finding.refutedBy))</span>")
        return html
    }
}
