import FTP
import Analyzer
import Net
import Policy

/// One finding in Markdown.
enum MarkdownFinding {
    static func section(_ finding: Finding, _ captures: [String]) -> String {
        let text = MarkdownText.sentence
        var lines = ["### \(finding.rule) \(text(finding.server)): \(text(finding.title))", ""]
        lines += [text(finding.message), ""]
        if !finding.expected.isEmpty { lines.append("- Expected: \(text(finding.expected))") }
        if !finding.observed.isEmpty { lines.append("- Observed: \(text(finding.observed))") }
        lines += finding.packets.map { packet in
            let capture = MarkdownText.code(captures.name(of: packet))
            return "- Packet \(packet.frame.number) of \(capture), "
                + "\(Figures.moment(packet.frame.time)): \(MarkdownText.code(packet.summary))"
        }
        if finding.packetTotal > finding.packets.count {
            lines.append(
                "- \(finding.packets.count) of \(Figures.count(finding.packetTotal)) packets shown")
        }
        lines += finding.config.map { "- Line \(MarkdownReport.place($0))" }
        lines += finding.symptoms.map { "- Follows from it: \(text($0))" }
        if let waiver = finding.waiver {
            let owner = waiver.owner.map { ", \(text($0))" } ?? ""
            let until = waiver.until.map { ", until \(Figures.day($0))" } ?? ""
            let word = finding.status == .accepted ? "Waived" : "Waiver expired"
            lines.append("- \(word): \(text(waiver.reason))\(owner)\(until)")
        }
        if !finding.refutedBy.isEmpty {
            lines.append("- What would prove this wrong: \(text(finding.refutedBy))")
        }
        lines.append("- Confidence: \(finding.confidence.rawValue); id `\(finding.anchor)`")
        lines.append("")
        if finding.demandsTLS { lines += [Answer.Remedy.caution, ""] }
        for fix in finding.fixes {
            let device = fix.device.map { " on \(text($0))" } ?? ""
            lines += ["Fix, \(text(fix.platform))\(device):", ""]
            lines.append(MarkdownText.block(fix.commands + fix.restart))
        }
        return lines.joined(separator: "\n")
    }
}
