public import Analyzer

/// The report as one HTML file: no outside resource, readable on paper, in the dark and without scripts.
public enum HTMLReport: ReportWriter {
    public static let name = "html"
    public static let fileExtension = "html"

    /// Servers whose sections are shown in full.
    static let fullServers = 20

    public static func write(_ report: AuditReport) -> String {
        let words = ReportWords(report)
        let headline = words.headline
        let title = headline.before + headline.server + headline.after
        let page: HTML = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
            <title>\(title) \(report.title)</title><link rel="icon" href="data:,">
            <style>
            \(HTML(raw: HTMLStyle.sheet))
            </style></head><body><a class="skip" href="#top">To the answer</a>
            <div class="page">\(navigation(words))
            <main id="top">\(HTMLHead(words: words).header)
            \(servers(words))\(findings(words))\(HTMLTail(words: words).sections)
            <footer>\(report.title). pinhole \(report.toolVersion), rules \(report.rulePack), \(Figures.moment(report.generatedAt)).</footer>
            </main></div>
            <script>
            \(HTML(raw: HTMLScript.text))
            </script></body></html>

            """
        return page.source
    }

    private static func navigation(_ words: ReportWords) -> HTML {
        let servers = words.answer.servers.prefix(fullServers).map { server -> HTML in
            "<li><a href=\"#\(HTMLServer.anchor(server.summary.name))\"><span>\(server.summary.name)</span></a></li>"
        }
        func entry(_ id: String, _ name: String, _ count: Int) -> HTML {
            count == 0 ? "" : "<li><a href=\"#\(id)\">\(name)<i>\(count)</i></a></li>"
        }
        return """
            <nav aria-label="Contents"><div class="brand">⊙ Pinhole</div><ul>
            <li><a href="#top">Answer</a></li>
            \(HTML.join(servers, "\n"))
            \(entry("findings", "Findings", words.faults.count))
            \(entry("compliance", "Compliance", ControlResult.all(words.report).count))
            \(entry("passed", "Passed", words.count(.passed)))
            \(entry("untested", "Not testable", words.count(.cannotTell)))
            <li><a href="#coverage">Coverage and limits</a></li>
            </ul></nav>
            """
    }

    private static func servers(_ words: ReportWords) -> HTML {
        let failing = words.answer.servers
        var html = HTML.join(
            failing.prefix(fullServers).map { HTMLServer(server: $0, report: words.report).section }
        )
        if failing.count > fullServers {
            let rows = failing.dropFirst(fullServers).map { server -> HTML in
                "<li><b>\(server.summary.name)</b>: \(HTML.sentence(server.main.message))</li>"
            }
            html += """
                <section><h2>More servers that fail</h2><ul class="ck">\(HTML.join(rows, "\n"))</ul></section>

                """
        }
        return html
    }

    private static func findings(_ words: ReportWords) -> HTML {
        let faults = words.faults
        guard !faults.isEmpty else { return "" }
        let chips = Severity.allCases.reversed().compactMap { severity -> HTML? in
            let count = faults.count { $0.severity == severity }
            guard count > 0 else { return nil }
            return """
                <button type="button" data-chip="\(severity.rawValue)" aria-pressed="false">\(severity.rawValue) \(count)</button>
                """
        }
        return """
            <section id="findings"><h2>Findings</h2>
            <div class="chips">\(HTML.join(chips, "\n"))<span class="s" id="hidden-count"></span></div>
            <div class="fds">
            \(HTML.join(faults.map { HTMLFinding(finding: $0, report: words.report).details }))
            </div></section>

            """
    }
}

/// The script of the page: chips that filter, buttons that copy; the page is whole without it.
enum HTMLScript {
    static let text = """
        for (const button of document.querySelectorAll('[data-copy]')) {
          button.addEventListener('click', () => {
            const text = button.closest('.code').querySelector('pre').textContent;
            navigator.clipboard?.writeText(text).then(() => { button.textContent = 'Copied'; });
          });
        }
        const chips = [...document.querySelectorAll('[data-chip]')];
        function filter() {
          const wanted = chips.filter(c => c.getAttribute('aria-pressed') === 'true').map(c => c.dataset.chip);
          let hidden = 0;
          for (const finding of document.querySelectorAll('.fd')) {
            finding.hidden = wanted.length > 0 && !wanted.includes(finding.dataset.sev);
            hidden += finding.hidden ? 1 : 0;
          }
          const note = document.getElementById('hidden-count');
          if (note) note.textContent = hidden ? hidden + ' hidden' : '';
        }
        for (const chip of chips) {
          chip.addEventListener('click', () => {
            chip.setAttribute('aria-pressed', chip.getAttribute('aria-pressed') !== 'true');
            filter();
          });
        }
        function reveal() {
          const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
          if (target?.tagName === 'DETAILS') target.open = true;
        }
        addEventListener('hashchange', reveal);
        reveal();
        addEventListener('beforeprint', () => {
          for (const details of document.querySelectorAll('details')) details.open = true;
        });
        """
}
