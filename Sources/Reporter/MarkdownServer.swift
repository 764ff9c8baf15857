import Analyzer
import Net
import Policy

/// The section of a failing server in Markdown.
enum MarkdownServer {
    static func section(_ server: Answer.Server, _ words: ReportWords) -> String {
        let summary = server.summary
        var lines = ["## Server \(MarkdownText.text(summary.name))", ""]
        lines += [MarkdownText.sentence(server.main.message), ""]
        lines += facts(server).map { "- \($0)" } + [""]
        for remedy in server.remedies {
            let heading = "\(remedy.rules): \(remedy.title)"
            lines += [
                "**\(MarkdownText.text(heading))**, \(MarkdownText.sentence(remedy.place)):", "",
            ]
            if remedy.demandsTLS { lines += [Answer.Remedy.caution, ""] }
            lines.append(MarkdownText.block(remedy.fix.commands + remedy.fix.restart))
        }
        lines.append(ruler(summary, words))
        return lines.joined(separator: "\n")
    }

    private static func facts(_ server: Answer.Server) -> [String] {
        var facts: [String] = []
        if let configured = server.summary.configured {
            facts.append("Configured: \(Figures.ports(configured))")
        }
        if !server.closed.isEmpty {
            facts.append(
                "Configured, but not open\(server.closedTo): **\(Figures.ports(server.closed))**")
        }
        if !server.outside.isEmpty {
            facts.append("Offered outside the range: **\(Figures.ports(server.outside))**")
        }
        if !server.blocked.isEmpty {
            let lines = server.blockedBy.map { MarkdownReport.place($0) }
            let by = lines.isEmpty ? "" : ", by \(lines.joined(separator: " and "))"
            facts.append("Offered and blocked: **\(Figures.ports(server.blocked))**\(by)")
        }
        if !server.figures.isEmpty { facts.append(server.figures) }
        return facts
    }

    private static func ruler(_ summary: AuditReport.ServerSummary, _ words: ReportWords) -> String
    {
        let ruler = PortRuler(summary, findings: words.report.findings)
        var lines = ["| Lane | Ports | Count | Source |", "| --- | --- | ---: | --- |"]
        for row in RulerTable.rows(summary, ruler) {
            let source = row.source.isEmpty ? "" : MarkdownText.code(row.source, inTable: true)
            lines.append(
                "| \(MarkdownText.text(row.lane)) | \(row.ports) | \(row.count) | \(source) |")
        }
        lines.append("")
        for band in ruler.bands.prefix(RulerTable.most) {
            lines.append("- **\(Figures.range(band.ports))** \(band.sentence)")
        }
        if ruler.bands.count > RulerTable.most {
            lines.append("- \(ruler.bands.count - RulerTable.most) more such stretches.")
        }
        return (lines + [""]).joined(separator: "\n")
    }
}

/// The ruler as numbers.
enum RulerTable {
    /// How many bands the key lists.
    static let most = 12

    struct Row {
        var lane: String
        var ports: String
        var count: String
        /// Raw: a writer escapes it.
        var source: String
    }

    static func rows(_ summary: AuditReport.ServerSummary, _ ruler: PortRuler) -> [Row] {
        var rows: [Row] = []
        if let configured = summary.configured {
            let sources = summary.configuredSources.prefix(3).map(\.place)
            rows.append(
                row("Configured", configured, source: sources.joined(separator: ", ")))
        }
        for hop in summary.hops {
            rows.append(row("Permitted, \(hop.name)", hop.permitted, source: hop.file))
            guard !hop.inspected.isEmpty else { continue }
            rows.append(
                row("Permitted by inspection, in clear text only", hop.inspected, source: hop.file))
        }
        if let permitted = summary.permitted, summary.hops.count != 1 {
            rows.append(row("Permitted on the whole way", permitted, source: ""))
        }
        if !summary.undecided.isEmpty {
            rows.append(row("Not decided", summary.undecided, source: ""))
        }
        if let translated = summary.translated {
            rows.append(row("Delivered to the server", translated, source: ""))
        }
        rows += ruler.rows.map {
            Row(
                lane: "Observed, \($0.words)", ports: Figures.ports($0.ports),
                count: Figures.count($0.ports.count), source: Figures.count($0.count, "offer"))
        }
        return rows
    }

    private static func row(_ lane: String, _ ports: PortSet, source: String) -> Row {
        Row(
            lane: lane, ports: Figures.ports(ports), count: Figures.count(ports.count),
            source: source)
    }
}
