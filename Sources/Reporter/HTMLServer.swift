import Analyzer
import FTP
import Net
import Policy

/// The section of a failing server: its fault, the lines that decide, what mends them, the ruler.
struct HTMLServer {
    let server: Answer.Server
    let report: AuditReport

    static func anchor(_ name: String) -> String {
        "server-"
            + String(
                name.unicodeScalars.map { scalar in
                    switch scalar {
                    case "a"..."z", "A"..."Z", "0"..."9", "-", ".": Character(scalar)
                    default: "_"
                    }
                })
    }

    var section: HTML {
        let ruler = HTMLRuler(server.summary, findings: server.failed)
        return """
            <section class="srv" id="\(Self.anchor(server.summary.name))">
            \(HTMLServer.head(server.summary))
            <p class="fault">\(HTML.sentence(server.main.message))\(figures)</p>
            <div class="two">\(lines)\(fixes)</div>
            \(ruler.isEmpty ? "" : ruler.figure)\(packets)\(others)
            </section>

            """
    }

    static func head(_ summary: AuditReport.ServerSummary) -> HTML {
        let ends = summary.addresses.flatMap { address in
            summary.control.map { "\(Endpoint(address, $0))" }
        }
        let product = summary.product.map { ", \($0)" } ?? ""
        return """
            <h3>\(summary.name) <span class="m">\(ends.joined(separator: ", "))\(product)</span></h3>
            """
    }

    private var figures: HTML {
        server.figures.isEmpty ? "" : " <small>\(HTML.sentence(server.figures))</small>"
    }

    private var lines: HTML {
        let lines = server.main.config
        guard !lines.isEmpty else { return "" }
        return """
            <div class="code"><div><b>The lines that decide</b></div><pre>\(HTMLText.lines(lines))</pre></div>
            """
    }

    private var fixes: HTML {
        guard !server.remedies.isEmpty else { return "" }
        let plain = server.remedies.filter { !$0.demandsTLS }.prefix(6).map(Self.remedy)
        let strict = server.remedies.filter(\.demandsTLS).prefix(2).map(Self.remedy)
        let apart: HTML =
            strict.isEmpty
            ? ""
            : "<h4>To demand TLS</h4><p class=\"caution\">\(HTML.sentence(Answer.Remedy.caution))</p>"
        return "<div>" + HTML.join(plain, "\n") + apart + HTML.join(strict, "\n") + "</div>"
    }

    private static func remedy(_ remedy: Answer.Remedy) -> HTML {
        let rules = remedy.findings.map { finding -> HTML in
            "<a href=\"#\(finding.anchor)\">\(finding.rule)</a>"
        }
        return HTMLText.fix(
            remedy.fix, for: "<b>\(HTML.join(rules, ", "))</b> \(remedy.title)<br>")
    }

    private var packets: HTML {
        // Those of the main fault and of what became of offers; each finding shows its own below.
        let shown = server.failed.filter {
            $0.id == server.main.id
                || ["PH101", "PH102", "PH103", "PH301", "PH304"].contains($0.rule)
        }
        let rows = shown.flatMap { finding in
            finding.packets.map { ($0.frame, $0) }
        }.sorted { $0.0 < $1.0 }
        guard !rows.isEmpty else { return "" }
        let total = shown.reduce(0) { $0 + $1.packetTotal }
        var seen: Set<FrameReference> = []
        let unique = rows.filter { seen.insert($0.0).inserted }.prefix(30).map(\.1)
        return """
            <details class="more" open><summary>Packets that prove it: \(unique.count) of \(total) shown</summary>
            \(HTMLText.packets(Array(unique), report))</details>

            """
    }

    private var others: HTML {
        let rest = server.failed.dropFirst()
        guard !rest.isEmpty else { return "" }
        let items = rest.map { finding -> HTML in
            "<li><a href=\"#\(finding.anchor)\">\(finding.rule) \(finding.title)</a>: \(HTML.sentence(finding.message))</li>"
        }
        return
            "<h4 style=\"margin-top:20px\">Also found</h4><ul class=\"ck\">\(HTML.join(items, "\n"))</ul>\n"
    }
}

/// Pieces of markup that sections share.
enum HTMLText {
    static func lines(_ lines: [SourceLine]) -> HTML {
        HTML.join(
            lines.prefix(20).map { line -> HTML in
                "<b>\(line.place)</b>  \(HTML.sentence(line.trimmed))"
            }, "\n")
    }

    /// Commands to copy, under what they mend.
    static func fix(_ fix: Fix, for heading: HTML = "") -> HTML {
        let device = fix.device.map { " on \($0)" } ?? ""
        let all = fix.commands + fix.restart
        let text = all.prefix(300).map(Visible.command).joined(separator: "\n")
        let rest = all.count > 300 ? "\n… and \(all.count - 300) more lines" : ""
        return """
            <div class="code" style="margin-bottom:12px"><div><span>\(heading)\(fix.platform)\(device)</span><button type="button" data-copy>Copy</button></div><pre>\(HTML(raw: HTML.escaped(text + rest)))</pre></div>
            """
    }

    static func packets(_ packets: [PacketEvidence], _ report: AuditReport) -> HTML {
        let rows = packets.map { packet -> HTML in
            let frame = packet.frame
            let capture =
                report.captures.count > 1 && report.captures.indices.contains(frame.capture)
                ? report.captures[frame.capture] + " " : ""
            return """
                <tr><td>\(capture)<b>\(frame.number)</b></td><td>\(Figures.clock(frame.time))</td><td>\(HTML.sentence(packet.summary))</td></tr>
                """
        }
        return "<table class=\"pk\"><tbody>\n\(HTML.join(rows, "\n"))\n</tbody></table>"
    }

    static func severity(_ severity: Severity) -> HTML {
        let mark =
            switch severity {
            case .critical: "⬣"
            case .high: "▲"
            case .medium: "◆"
            case .low: "○"
            case .info: "·"
            }
        let tone = severity >= .high ? "bad" : severity == .medium ? "warn" : "s"
        return "<span class=\"\(tone)\">\(mark) \(severity.rawValue)</span>"
    }
}
