import Analyzer
import Net

/// The port ruler: a row a lane, its label beside or, in a narrow figure, above its bar. Each row is an
/// SVG whose text keeps its size: positions across are percentages, down pixels. What goes through all
/// rows is drawn behind them.
struct HTMLRuler {
    private static let top = 40
    private static let bar = 18
    private static let tickRow = 14

    let ruler: PortRuler
    private let server: AuditReport.ServerSummary

    init(_ server: AuditReport.ServerSummary, findings: [Finding]) {
        self.server = server
        ruler = PortRuler(server, findings: findings)
    }

    /// Nothing to draw where no port is known.
    var isEmpty: Bool { ruler.stretches.isEmpty }

    var figure: HTML {
        """
        <figure><figcaption>Ports of \(server.name)</figcaption>
        <div class="plot" role="img" aria-label="Port ruler of \(server.name); the table below says the same">
        <svg class="behind">
        \(bands)\(hairs)
        </svg>
        <div class="row"><span></span><svg height="\(Self.top)">
        \(badges)\(axis)
        </svg></div>
        \(lanes)\(rows)</div>
        \(keys)\(numbers)</figure>

        """
    }

    private func row(_ label: HTML, height: Int, _ marks: HTML) -> HTML {
        """
        <div class="row"><div class="lane">\(label)</div><svg height="\(height)">
        \(marks)</svg></div>

        """
    }

    private var lanes: HTML {
        HTML.join(
            ruler.lanes.map { lane in
                row(
                    "\(lane.kind.rawValue) <small>\(lane.name)</small>", height: Self.bar,
                    bars(of: lane))
            })
    }

    private var rows: HTML {
        HTML.join(
            ruler.rows.map { outcome in
                row(
                    "\(outcome.words) <small>\(Figures.count(outcome.count, "offer"))</small>",
                    height: Self.tickRow, ticks(of: outcome))
            })
    }

    private var hairs: HTML {
        HTML.join(
            ruler.stretches.map { stretch in
                """
                <line class="hair" x1="\(percent(stretch.x))" x2="\(percent(stretch.x))" y1="\(Self.top - 6)" y2="100%"/>

                """
            })
    }

    private var axis: HTML {
        var html: HTML = ""
        for stretch in ruler.stretches {
            html += """
                <text class="ax" x="\(percent(stretch.x))" y="\(Self.top - 10)">\(Int(stretch.ports.lowerBound))</text>

                """
        }
        if let last = ruler.stretches.last, last.ports.count > 1, last.width > 12 {
            html += """
                <text class="ax" text-anchor="end" x="\(percent(last.x + last.width))" y="\(Self.top - 10)">\(Int(last.ports.upperBound))</text>

                """
        }
        for x in ruler.breaks {
            html += """
                <line class="brk" x1="\(percent(x - 0.5))" x2="\(percent(x))" y1="\(Self.top)" y2="\(Self.top - 12)"/>\
                <line class="brk" x1="\(percent(x + 0.2))" x2="\(percent(x + 0.7))" y1="\(Self.top)" y2="\(Self.top - 12)"/>

                """
        }
        return html
    }

    private func bars(of lane: PortRuler.Lane) -> HTML {
        HTML.join(
            ruler.spans(of: lane.ports).map { span in
                """
                <rect class="\(lane.kind.rawValue)" x="\(percent(span.x))" y="0" width="\(percent(max(span.width, 0.3)))" height="\(Self.bar)"><title>\(Figures.range(span.ports)) \(lane.kind.rawValue)</title></rect>

                """
            })
    }

    /// One tick a port, at most 400 a row: beyond that, every n-th port stands for its neighbours.
    private func ticks(of row: PortRuler.Row) -> HTML {
        var html: HTML = ""
        let ports = Array(row.ports.ports)
        let stride = max(1, (ports.count + 399) / 400)
        for place in Swift.stride(from: 0, to: ports.count, by: stride) {
            guard let x = ruler.x(of: ports[place]),
                let stretch = ruler.stretches.first(where: { $0.ports.contains(ports[place]) })
            else { continue }
            html += tick(row.outcome, at: x + stretch.perPort / 2, ports[place])
        }
        return html
    }

    private func tick(_ outcome: String, at x: Double, _ port: UInt16) -> HTML {
        let title: HTML = "<title>\(Int(port)) \(outcome)</title>"
        if outcome == "refused" || outcome == "prohibited" {
            return """
                <svg x="\(percent(x))" y="6" overflow="visible"><path class="tick \(outcome)" d="M-4 -4L4 4M4 -4L-4 4">\(title)</path></svg>

                """
        }
        let start = outcome == "unused" || outcome == "unseen" ? 7 : 0
        return """
            <line class="tick \(outcome)" x1="\(percent(x))" x2="\(percent(x))" y1="\(start)" y2="12">\(title)</line>

            """
    }

    private var lettered: [(band: PortRuler.Band, x: Double, width: Double)] {
        ruler.bands.filter { !$0.letter.isEmpty }.flatMap { band in
            ruler.spans(of: PortSet(band.ports)).map { (band, $0.x, $0.width) }
        }
    }

    private var bands: HTML {
        HTML.join(
            lettered.map { band, x, width in
                """
                <svg y="18" height="100%" overflow="visible"><rect class="\(band.hurts ? "bandb" : "bandw")" x="\(percent(x))" width="\(percent(max(width, 0.4)))" height="100%"/></svg>

                """
            })
    }

    private var badges: HTML {
        HTML.join(
            lettered.map { band, x, width in
                """
                <text class="badge \(band.hurts ? "b" : "w")" x="\(percent(x + width / 2))" y="13">\(band.letter)</text>

                """
            })
    }

    private var keys: HTML {
        guard !ruler.bands.isEmpty else { return "" }
        let shown = ruler.bands.sorted { !$0.letter.isEmpty && $1.letter.isEmpty }.prefix(12)
        let items = shown.map { band -> HTML in
            """
            <li><span class="kb \(band.hurts ? "bad" : "warn")">\(band.letter.isEmpty ? "·" : band.letter)</span><span><b class="m">\(Figures.range(band.ports))</b> \(HTML.sentence(band.sentence))</span></li>
            """
        }
        let rest = ruler.bands.count - shown.count
        let more: HTML = rest > 0 ? "<li><span></span><span>and \(rest) more</span></li>" : ""
        return "<ul class=\"keys\">\(HTML.join(items, "\n"))\(more)</ul>\n"
    }

    /// The same as a table.
    private var numbers: HTML {
        var rows: HTML = ""
        for lane in ruler.lanes {
            let name =
                lane.name.isEmpty ? lane.kind.rawValue : "\(lane.kind.rawValue): \(lane.name)"
            rows +=
                "<tr><td>\(name)</td><td class=\"m\">\(HTML.sentence(Figures.ports(lane.ports, most: 40)))</td></tr>\n"
        }
        for row in ruler.rows {
            rows += """
                <tr><td>\(row.words), \(Figures.count(row.count, "offer"))</td><td class="m">\(HTML.sentence(Figures.ports(row.ports, most: 40)))</td></tr>

                """
        }
        return """
            <details class="more"><summary>The ruler as numbers</summary><table>
            <thead><tr><th>Lane</th><th>Ports</th></tr></thead><tbody>
            \(rows)</tbody></table></details>

            """
    }

    /// A percentage with two decimals.
    private func percent(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
    }
}
