import Analyzer
import Net

/// The port ruler as SVG whose text keeps its size: positions across are percentages, down pixels.
struct HTMLRuler {
    private static let top = 40
    private static let bar = 18
    private static let step = 21
    private static let rowStep = 16

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
        <div class="plot wide">\(labels)
        <svg height="\(height)" role="img" aria-label="Port ruler of \(server.name); the table below says the same">
        \(bands)\(axis)\(bars)\(ticks)
        </svg></div>
        \(keys)\(numbers)</figure>

        """
    }

    private var rowsTop: Int { Self.top + ruler.lanes.count * Self.step + 8 }

    private var height: Int { rowsTop + max(1, ruler.rows.count) * Self.rowStep + 6 }

    private func y(lane: Int) -> Int { Self.top + lane * Self.step }

    private var labels: HTML {
        var html: HTML = ""
        for (index, lane) in ruler.lanes.enumerated() {
            let name = lane.name.isEmpty ? "" : lane.name
            html += """
                <div class="lane" style="top:\(y(lane: index) + 1)px">\(lane.kind.rawValue) <small>\(name)</small></div>
                """
        }
        for (index, row) in ruler.rows.enumerated() {
            html += """
                <div class="lane" style="top:\(rowsTop + index * Self.rowStep)px">\(row.words) <small>\(row.count) \(row.count == 1 ? "offer" : "offers")</small></div>
                """
        }
        return html
    }

    private var axis: HTML {
        var html: HTML = ""
        for stretch in ruler.stretches {
            html += """
                <line class="hair" x1="\(percent(stretch.x))" x2="\(percent(stretch.x))" y1="\(Self.top - 6)" y2="\(height)"/>\
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
                <line class="brk" x1="\(percent(x - 0.5))" x2="\(percent(x))" y1="\(Self.top + 8)" y2="\(Self.top - 4)"/>\
                <line class="brk" x1="\(percent(x + 0.2))" x2="\(percent(x + 0.7))" y1="\(Self.top + 8)" y2="\(Self.top - 4)"/>

                """
        }
        return html
    }

    private var bars: HTML {
        var html: HTML = ""
        for (index, lane) in ruler.lanes.enumerated() {
            for span in ruler.spans(of: lane.ports) {
                html += """
                    <rect class="\(lane.kind.rawValue)" x="\(percent(span.x))" y="\(y(lane: index))" width="\(percent(max(span.width, 0.3)))" height="\(Self.bar)"><title>\(Figures.range(span.ports)) \(lane.kind.rawValue)</title></rect>

                    """
            }
        }
        return html
    }

    /// One tick a port, at most 400 a row: beyond that, every n-th port stands for its neighbours.
    private var ticks: HTML {
        var html: HTML = ""
        for (index, row) in ruler.rows.enumerated() {
            let top = rowsTop + index * Self.rowStep
            let ports = Array(row.ports.ports)
            let stride = max(1, (ports.count + 399) / 400)
            for place in Swift.stride(from: 0, to: ports.count, by: stride) {
                guard let x = ruler.x(of: ports[place]),
                    let stretch = ruler.stretches.first(where: { $0.ports.contains(ports[place]) })
                else { continue }
                html += tick(row.outcome, at: x + stretch.perPort / 2, top, ports[place])
            }
        }
        return html
    }

    private func tick(_ outcome: String, at x: Double, _ top: Int, _ port: UInt16) -> HTML {
        let title: HTML = "<title>\(Int(port)) \(outcome)</title>"
        if outcome == "refused" || outcome == "prohibited" {
            return """
                <svg x="\(percent(x))" y="\(top + 6)" overflow="visible"><path class="tick \(outcome)" d="M-4 -4L4 4M4 -4L-4 4">\(title)</path></svg>

                """
        }
        let start = outcome == "unused" || outcome == "unseen" ? top + 7 : top
        return """
            <line class="tick \(outcome)" x1="\(percent(x))" x2="\(percent(x))" y1="\(start)" y2="\(top + 12)">\(title)</line>

            """
    }

    private var bands: HTML {
        var html: HTML = ""
        for band in ruler.bands where !band.letter.isEmpty {
            for span in ruler.spans(of: PortSet(band.ports)) {
                html += """
                    <rect class="\(band.hurts ? "bandb" : "bandw")" x="\(percent(span.x))" y="18" width="\(percent(max(span.width, 0.4)))" height="\(height - 20)"/>\
                    <text class="badge \(band.hurts ? "b" : "w")" x="\(percent(span.x + span.width / 2))" y="13">\(band.letter)</text>

                    """
            }
        }
        return html
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
