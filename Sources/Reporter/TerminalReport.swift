public import Analyzer
import Net
import Policy

/// The answer for a person at a terminal: what is wrong and what mends it first, then the table of
/// findings, then what was not audited.
public enum TerminalReport {
    /// Writes the report in lines of `width` columns.
    ///
    /// - Parameters:
    ///   - report: what to write.
    ///   - color: whether ANSI colours may be used.
    ///   - width: columns; below 40 counts as 40.
    /// - Returns: the text, ending in a line break.
    public static func write(_ report: AuditReport, color: Bool, width: Int) -> String {
        let words = ReportWords(report)
        var page = TerminalPage(color: color, width: min(max(40, width), 120))
        let headline = words.headline
        page.paragraph(
            headline.before + Visible.line(headline.server) + Visible.sentence(headline.after),
            style: words.answer.servers.isEmpty ? .good : .bad)
        for server in words.answer.servers.prefix(5) { write(server, to: &page) }
        let more = words.answer.servers.count - 5
        if more > 0 {
            page.paragraph(
                "\(Figures.count(more, "more server")) with findings; see the table below.")
        }
        table(words, to: &page)
        gaps(words, to: &page)
        return page.text
    }

    private static func write(_ server: Answer.Server, to page: inout TerminalPage) {
        page.blank()
        let name = server.summary.name
        let address = server.summary.addresses.first.map { "\($0)" } ?? name
        let where_ = address == name ? "" : " (\(address))"
        page.line("\(Visible.line(name))\(where_)", style: .strong)
        page.item("Fault", Visible.sentence(server.main.message))
        if !server.closed.isEmpty {
            page.item(
                "Not open",
                "\(Figures.ports(server.closed))\(server.closedTo), though configured")
        }
        if !server.outside.isEmpty {
            let range = server.summary.configured.map { Figures.ports($0) } ?? ""
            page.item("Outside", "\(Figures.ports(server.outside)) offered; the range is \(range)")
        }
        if !server.blocked.isEmpty {
            page.item("Blocked", "\(Figures.ports(server.blocked))\(blockers(server))")
        }
        if !server.figures.isEmpty { page.item("Failed", server.figures) }
        if let line = server.line {
            let text = Visible.line(line.trimmed, limit: 120)
            page.item(server.lead, "\(line.place)  \(line.line == nil ? "(\(text))" : text)")
        }
        for remedy in server.mainRemedies { write(remedy, "Fix", to: &page) }
        for remedy in server.neededToo { write(remedy, "Needed too", to: &page) }
        let apart = server.mendedApart
        guard !apart.isEmpty else { return }
        let rules = apart.map(\.rule).reduce(into: [String]()) { rules, rule in
            if !rules.contains(rule) { rules.append(rule) }
        }
        let tls =
            apart.contains(where: \.demandsTLS) ? "; to demand TLS takes a certificate first" : ""
        page.item(
            "Also", "\(rules.joined(separator: ", ")): commands in the report of -o DIR\(tls)")
    }

    private static func write(
        _ remedy: Answer.Remedy, _ label: String, to page: inout TerminalPage
    ) {
        page.item(label, "\(remedy.rules), \(Visible.line(remedy.place)):")
        if remedy.demandsTLS { page.item("", Answer.Remedy.caution) }
        let commands = remedy.fix.commands + remedy.fix.restart
        for command in commands.prefix(20) {
            page.verbatim("  " + Visible.command(command), style: .command)
        }
        if commands.count > 20 {
            page.verbatim("  … \(commands.count - 20) more: write the report with -o")
        }
    }

    private static func blockers(_ server: Answer.Server) -> String {
        let lines = server.blockedBy.prefix(3).map { line in
            "\(line.place) (\(Visible.line(line.trimmed, limit: 80)))"
        }
        return lines.isEmpty ? "" : ", by \(lines.joined(separator: "; "))"
    }

    private static func table(_ words: ReportWords, to page: inout TerminalPage) {
        guard !words.faults.isEmpty else { return }
        page.blank()
        page.line("Findings", style: .strong)
        let names = words.faults.map { Visible.line($0.server, limit: 40) }
        let column = names.map(\.count).max() ?? 0
        for (finding, name) in zip(words.faults, names) {
            let severity = finding.status == .accepted ? "waived" : finding.severity.rawValue
            page.row(
                [
                    pad(severity, 8), pad(finding.rule, 5), pad(name, column),
                    Visible.line(finding.title),
                ], count: finding.count, severity: finding.severity,
                muted: finding.status == .accepted)
        }
        page.line(counts(words))
        page.line(
            "`pinhole explain \(words.faults[0].rule)` tells what a rule checks; -o DIR writes the evidence."
        )
    }

    private static func counts(_ words: ReportWords) -> String {
        "\(words.count(.failed)) failed, \(words.count(.accepted)) waived, "
            + "\(words.count(.passed)) passed, \(words.count(.cannotTell)) not testable."
    }

    private static func gaps(_ words: ReportWords, to page: inout TerminalPage) {
        page.blank()
        page.line("Audited", style: .strong)
        page.paragraph(words.audited)
        if words.faults.isEmpty, !words.report.findings.isEmpty { page.paragraph(counts(words)) }
        for sentence in [words.limited, words.visibility] where !sentence.isEmpty {
            page.paragraph(sentence)
        }
        for note in words.report.notes { page.paragraph(Visible.sentence(note)) }
        for doubt in words.undecided.prefix(3) {
            page.paragraph(
                "Not decided on \(Visible.line(doubt.server)) (\(doubt.rule)): "
                    + Visible.sentence(doubt.message), style: .warn)
        }
        for input in words.unread {
            page.paragraph(
                "Not audited\(input.state == .partly ? " to its end" : ""): "
                    + Visible.sentence(input.trouble), style: .bad)
        }
        for input in words.report.inputs where !input.notes.isEmpty {
            page.paragraph(
                "\(Visible.line(input.file)): \(Figures.count(input.notes.count, "line")) "
                    + "not understood or not in force; `pinhole read` lists them.")
        }
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// Lines for a terminal of a given width.
struct TerminalPage {
    enum Style { case plain, strong, bad, warn, good, muted, command }

    let color: Bool
    let width: Int
    private(set) var text = ""

    init(color: Bool, width: Int) {
        self.color = color
        self.width = width
    }

    mutating func blank() { text += "\n" }

    mutating func line(_ words: String, style: Style = .plain) {
        text += paint(words, style) + "\n"
    }

    /// Never broken, so that it can be copied.
    mutating func verbatim(_ words: String, style: Style = .plain) { line(words, style: style) }

    mutating func paragraph(_ words: String, style: Style = .plain) {
        for part in wrap(words, width) { line(part, style: style) }
    }

    /// A label and a text that is set off from it.
    mutating func item(_ label: String, _ words: String) {
        let column = 15
        let padded = "  " + label + String(repeating: " ", count: max(1, column - label.count))
        for (index, part) in wrap(words, width - column - 2).enumerated() {
            let head =
                index == 0 ? paint(padded, .muted) : String(repeating: " ", count: column + 2)
            text += head + part + "\n"
        }
    }

    mutating func row(_ cells: [String], count: Int, severity: Severity, muted: Bool) {
        let amount = count > 1 ? " (\(Figures.count(count)))" : ""
        let full = "  " + cells.joined(separator: "  ") + amount
        let style: Style =
            muted ? .muted : severity >= .high ? .bad : severity == .medium ? .warn : .plain
        let cut = full.count > width ? String(full.prefix(width - 1)) + "…" : full
        line(cut, style: style)
    }

    private func paint(_ words: String, _ style: Style) -> String {
        guard color else { return words }
        let code: String
        switch style {
        case .plain: return words
        case .strong: code = "1"
        case .bad: code = "1;31"
        case .warn: code = "33"
        case .good: code = "1;34"
        case .muted: code = "2"
        case .command: code = "36"
        }
        return "\u{1b}[\(code)m\(words)\u{1b}[0m"
    }

    private func wrap(_ words: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var current = ""
        for word in words.split(separator: " ", omittingEmptySubsequences: false) {
            if !current.isEmpty, current.count + 1 + word.count > width {
                lines.append(current)
                current = String(word)
            } else {
                current += (current.isEmpty ? "" : " ") + word
            }
        }
        return lines + [current]
    }
}
