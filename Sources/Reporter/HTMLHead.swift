import Analyzer
import Net
import Policy

/// The answer at the head of the page.
struct HTMLHead {
    let words: ReportWords

    private var report: AuditReport { words.report }

    var header: HTML {
        let headline = words.headline
        return """
            <header><small>\(report.title) · \(Figures.day(report.generatedAt))</small>
            <h1>\(headline.before)<em>\(headline.server)</em>\(headline.after)</h1>
            \(change)\(answer)\(tally)
            <div class="scope"><p>\(HTML.sentence(words.audited))</p>\(limited)</div></header>

            """
    }

    private var limited: HTML {
        words.limited.isEmpty ? "" : "<p>\(HTML.sentence(words.limited))</p>"
    }

    private var change: HTML {
        guard let first = words.answer.servers.first else { return "" }
        let others = words.others.isEmpty ? "" : " \(words.others)"
        guard let line = first.line else {
            return "<p class=\"do\">\(HTML.sentence(first.main.message))\(others)</p>"
        }
        let text: HTML =
            line.line == nil
            ? " (\(HTML.sentence(line.trimmed)))"
            : ": <code>\(HTML.sentence(line.trimmed))</code>"
        return """
            <p class="do">\(first.lead) <code><b>\(line.place)</b></code>\(text).\(others)</p>
            """
    }

    private var answer: HTML {
        let servers = words.answer.servers
        guard !servers.isEmpty else { return "" }
        let rows = servers.prefix(5).map { server -> HTML in
            let address = server.summary.addresses.first.map { "\($0)" } ?? ""
            let ends = address == server.summary.name ? "" : address
            let line: HTML =
                server.line.map { line -> HTML in
                    let text = HTML.sentence(line.trimmed)
                    return
                        "\(server.lead) <span class=\"file\">\(line.place)</span><br>\(line.line == nil ? text : "<code>\(text)</code>")"
                } ?? ""
            var facts: [String] = []
            if !server.closed.isEmpty {
                facts.append(
                    "Configured, not open\(server.closedTo): \(Figures.ports(server.closed))")
            }
            if !server.outside.isEmpty {
                facts.append("Offered outside the range: \(Figures.ports(server.outside))")
            }
            let ports: HTML =
                facts.isEmpty
                ? "" : "<br><small>\(HTML.sentence(facts.joined(separator: ". ")))</small>"
            let figures: HTML = server.figures.isEmpty ? "" : "<br><small>\(server.figures)</small>"
            return """
                <li><div class="who"><a href="#\(HTMLServer.anchor(server.summary.name))">\(server.summary.name)</a><br><small class="m">\(ends)</small></div><div>\(HTML.sentence(server.main.message))\(ports)\(figures)</div><div>\(line)</div></li>
                """
        }
        let more = servers.count - rows.count
        let rest: HTML =
            more > 0
            ? "<li class=\"rest\"><div>\(more) more with findings, each in its section below; \(words.answer.sound) without.</div></li>"
            : ""
        return """
            <ol class="answer"><li class="hd" aria-hidden="true"><span>Server</span><span>Fault</span><span>Line to change</span></li>
            \(HTML.join(rows, "\n"))\(rest)</ol>

            """
    }

    private var tally: HTML {
        let severities = Severity.allCases.reversed().map { severity -> HTML in
            let count = words.failed(severity)
            return
                "<li\(count == 0 ? HTML(raw: " class=\"z\"") : "")><b>\(count)</b> \(HTMLText.severity(severity))</li>"
        }
        return """
            <ul class="tally" aria-label="Counts">\(HTML.join(severities))<li><b>\(words.count(.accepted))</b> Ⅱ waived</li><li><b>\(words.count(.passed))</b> ✓ passed</li><li><b>\(words.count(.cannotTell))</b> ? not testable</li></ul>

            """
    }
}
