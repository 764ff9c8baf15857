import Net
public import Policy

/// The answer to a reach question, in lines for a person.
public struct ReachTable: Sendable {
    private let server: SiteServer?

    /// - Parameter server: who is meant to answer at the address asked for, where a site says.
    public init(server: SiteServer? = nil) { self.server = server }

    /// One line a segment, the lines that decided below it; then the notes.
    public func lines(_ reach: Reach) -> [String] {
        var lines = ["to \(reach.to)"]
        let everybody = reach.segments.first?.from
        let oneClient = reach.segments.allSatisfy { $0.from == everybody }
        if oneClient, let everybody { lines[0] += " from \(everybody)" }
        for segment in folded(reach.segments) {
            var line = "  " + pad("\(segment.ports)", 16) + " " + pad(segment.verdict.rawValue, 9)
            if !oneClient { line += "  from \(segment.from)" }
            if let delivery = segment.deliveryText { line += "  to \(delivery)" }
            if segment.alternatives.count > 1 {
                line +=
                    " (by turns \(segment.alternatives.map { "\($0)" }.joined(separator: ", ")))"
            }
            if let server, segment.misses(server, asked: reach.to) {
                line += "  not delivered to \(server.name)"
            }
            if let back = segment.back { line += "  way back \(back.rawValue)" }
            lines.append(line)
            for decision in segment.decidedBy { lines.append("      " + text(decision)) }
            for note in segment.notes { lines.append("      because \(note)") }
        }
        return lines + reach.notes.map { "note: \($0)" }
    }

    /// Ports that a line each decides, and alike, in one row with the first and the last line: a
    /// list of a hundred exceptions is read as one.
    private func folded(_ segments: [Reach.Segment]) -> [Reach.Segment] {
        var rows: [[Reach.Segment]] = []
        for segment in segments {
            if let last = rows.last?.last, isNext(segment, after: last) {
                rows[rows.count - 1].append(segment)
            } else {
                rows.append([segment])
            }
        }
        return rows.flatMap { row -> [Reach.Segment] in
            guard row.count > 3, var whole = row.first, let last = row.last else { return row }
            whole.ports = PortSet(row.flatMap(\.ports.ranges))
            let between = SourceLine(
                file: whole.decidedBy.last?.source.file ?? "", line: nil,
                text: "… \(row.count - 2) more lines …")
            whole.decidedBy += [Reach.Decision(source: between)] + last.decidedBy
            return [whole]
        }
    }

    private func isNext(_ segment: Reach.Segment, after last: Reach.Segment) -> Bool {
        guard let end = last.ports.last, let begin = segment.ports.first else { return false }
        return end < .max && begin == end + 1 && segment.ports.ranges.count == 1
            && last.ports.ranges.count == 1 && segment.verdict == last.verdict
            && segment.from == last.from && segment.deliveryText == last.deliveryText
            && segment.alternatives == last.alternatives && segment.notes.isEmpty
            && last.notes.isEmpty && segment.decidedBy.count == 1 && last.decidedBy.count == 1
    }

    private func text(_ decision: Reach.Decision) -> String {
        let hop = decision.hop.map { "\($0): " } ?? ""
        let line = decision.source.line.map { ":\($0)" } ?? ""
        return "\(hop)\(decision.source.file)\(line)  \(decision.source.trimmed)"
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
