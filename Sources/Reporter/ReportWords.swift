import Analyzer
import Net
import Policy

/// Sentences that all writers share.
struct ReportWords {
    let report: AuditReport
    let answer: Answer

    init(_ report: AuditReport) {
        self.report = report
        answer = Answer(report)
    }

    /// The answer in one sentence, the server's name apart, so that a writer can set it off.
    var headline: (before: String, server: String, after: String) {
        guard let first = answer.servers.first else {
            return (sound, "", "")
        }
        let name = first.summary.name
        if let configured = first.summary.configured,
            !first.closed.isDisjoint(with: configured)
        {
            let open = configured.subtracting(first.closed).count
            let toAll = first.closedTo.isEmpty ? "" : " to every client"
            let facts =
                "it may hand out \(Figures.count(configured.count, "port")), and the path to it "
                + "opens \(open == 0 ? "none of them" : Figures.count(open) + " of them")\(toAll)."
            guard first.hurt > 0 else { return ("", name, ": \(facts)") }
            let share = Figures.share(first.hurt, of: first.tried)
            return ("\(share) of the data connections to ", name, " fail: \(facts)")
        }
        return ("", name, ": \(lowered(Visible.line(first.main.title))).")
    }

    private var sound: String {
        if report.servers.isEmpty, let left = report.selection?.leftOut, left > 0 {
            return "No FTP session was selected of the \(Figures.count(left)) that were seen."
        }
        if report.servers.isEmpty, let bytes = report.coverage.cutAt {
            return "No FTP server was found to judge: packets are cut at \(bytes) bytes."
        }
        guard !report.servers.isEmpty else { return "No FTP server was found to judge." }
        let passed = report.findings.contains { $0.status == .passed }
        if passed, report.inputs.contains(where: { ![.read, .unused].contains($0.state) }) {
            let found = count(.failed) > 0 ? "nothing above information" : "no fault"
            return "Not everything could be read; \(found) was found in the rest."
        }
        let servers = Figures.count(report.servers.count, "server")
        guard passed else { return "Nothing could be judged on \(servers)." }
        let found = count(.failed) > 0 ? "Nothing above information" : "No fault"
        // What became of their transfers nobody can read.
        let hidden = report.coverage.encryptedSessions
        let all = Figures.count(report.coverage.sessions, "session")
        let are = "\(Figures.count(hidden)) of \(all) \(hidden == 1 ? "is" : "are")"
        let limit = hidden == 0 ? "" : " in what can be read; \(are) encrypted"
        return "\(found) was found on \(servers)\(limit)."
    }

    private func lowered(_ title: String) -> String {
        // `PASV port …` keeps its capitals, `Data connection …` doesn't.
        let head = title.prefix(2)
        guard let first = head.first, head.dropFirst().first?.isLowercase == true else {
            return title
        }
        return first.lowercased() + title.dropFirst()
    }

    /// What else fails, after the first server.
    var others: String {
        let rest = answer.servers.count - 1
        guard rest > 0 else { return "" }
        return "\(Figures.count(rest, "more server")) \(rest == 1 ? "has" : "have") findings."
    }

    /// Where a device on the path was given and what it does with the ports isn't known: for each
    /// server the first such finding.
    var undecided: [Finding] {
        var servers = Set(report.servers.filter { !$0.undecided.isEmpty }.map(\.name))
        let unreadable = report.inputs.filter { $0.state == .unreadable }
        return report.findings.filter { finding in
            finding.status == .cannotTell && Self.ofPassage.contains(finding.rule)
                && !unreadable.contains { finding.message.contains($0.file) }
                && servers.remove(finding.server) != nil
        }
    }

    /// Rules that ask which ports pass.
    private static let ofPassage: Set = ["PH202", "PH208", "PH217", "PH304", "PH305"]

    func count(_ status: Finding.Status) -> Int {
        report.findings.filter { $0.status == status }.count
    }

    func failed(_ severity: Severity) -> Int {
        report.findings.filter { $0.status == .failed && $0.severity == severity }.count
    }

    /// `2 captures, 6,214,907 packets, 1,204 FTP sessions on 3 servers; 6 configuration files.`
    var audited: String {
        let files = report.inputs.filter { $0.kind == .configuration }.count
        let captures = report.inputs.count { $0.kind == .capture && $0.statedBy == nil }
        let originals = report.inputs.count { $0.kind == .capture && $0.statedBy != nil }
        let from = originals == 0 ? "" : " (distilled from \(Figures.count(originals)))"
        let coverage = report.coverage
        var text =
            captures == 0
            ? "No traffic: configuration against configuration"
            : "\(Figures.count(captures, "capture"))\(from), \(Figures.count(coverage.frames, "packet")), "
                + Figures.count(coverage.sessions, "FTP session")
        text += ", \(Figures.count(report.servers.count, "server"))"
        text += "; \(Figures.count(files, "configuration file"))."
        if let span = coverage.span {
            text += " \(Figures.moment(span.lowerBound)) to \(Figures.moment(span.upperBound))."
        }
        return text
    }

    /// Which sessions were asked for; empty where all were.
    var limited: String {
        guard let selection = report.selection else { return "" }
        var parts: [String] = []
        if let client = selection.client { parts.append("of clients in \(client)") }
        if let server = selection.server { parts.append("with server \(Visible.line(server))") }
        if let since = selection.since {
            parts.append("that end at or after \(Figures.moment(since))")
        }
        if let until = selection.until {
            parts.append("that begin at or before \(Figures.moment(until))")
        }
        let taken = report.coverage.sessions
        return "Limited to sessions \(parts.joined(separator: ", ")): "
            + "\(Figures.count(taken)) of \(Figures.count(taken + selection.leftOut)) that were seen."
    }

    /// What the captures could not show; empty where there were none.
    var visibility: String {
        guard report.inputs.contains(where: { $0.kind == .capture }) || report.coverage.frames > 0
        else { return "" }
        let sentences =
            report.coverage.sessions > 0
            ? [whole, cut, lossy, limits] : [none, cut, lossy, reached]
        return sentences.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private var none: String {
        let left = report.selection?.leftOut ?? 0
        return left == 0
            ? "No FTP session was seen."
            : "\(Figures.count(left, "FTP session")) \(left == 1 ? "was" : "were") seen, none selected."
    }

    private var whole: String {
        let coverage = report.coverage
        var parts: [String] = []
        func add(_ count: Int, _ words: String) {
            if count > 0 { parts.append("\(Figures.count(count)) \(words)") }
        }
        add(coverage.sessionsWithGaps, "with gaps")
        add(coverage.midstreamSessions, "joined late")
        add(coverage.oneSidedSessions, "seen from one side only")
        add(coverage.encryptedSessions, "encrypted")
        let sessions = Figures.count(coverage.sessions, "session")
        if !parts.isEmpty { return "Of \(sessions), \(parts.joined(separator: ", "))." }
        let isCut = report.inputs.contains { $0.kind == .capture && $0.state != .read }
        return isCut
            ? "\(sessions), without a gap in what could be read of the captures."
            : "\(sessions), all whole and readable."
    }

    /// Cut packets, and how to capture whole ones.
    private var cut: String {
        let coverage = report.coverage
        guard coverage.truncatedFrames > 0 else { return "" }
        let place = coverage.cutAt.map { "at \(Figures.count($0)) bytes" } ?? "short"
        return
            "\(Figures.count(coverage.truncatedFrames)) of \(Figures.count(coverage.frames, "packet")) "
            + "are cut \(place) by the snap length: what was said in the rest of them is lost. "
            + "Capture whole packets: tcpdump -s 0."
    }

    /// Frames that the captures never held.
    private var lossy: String {
        let lost = report.coverage.lostFrames
        guard lost > 0 else { return "" }
        let packets = lost == 1 ? "packet was" : "packets were"
        return "\(Figures.count(lost)) \(packets) lost while it was captured: "
            + "what seems unanswered may have been answered."
    }

    private var limits: String { reached.isEmpty ? "No limit was reached." : reached }

    private var reached: String {
        let coverage = report.coverage
        guard !coverage.limits.isEmpty else { return "" }
        return "Limits reached: "
            + coverage.limits.sorted { $0.key < $1.key }
            .map { name, times in
                let loss = coverage.losses[name].map { ": \($0)" } ?? ""
                return "\(Visible.line(name)) (\(Figures.count(times)))\(loss)"
            }
            .joined(separator: "; ") + "."
    }

    /// Inputs that were not read to their end, but for those of which another one's trouble tells.
    var unread: [AuditReport.Input] {
        let unread = report.inputs.filter { $0.state != .read }
        return unread.filter { input in
            !unread.contains {
                $0.kind == .site && $0 != input && $0.trouble.contains(input.trouble)
            }
        }
    }

    /// Findings that tell of something wrong, waived ones last.
    var faults: [Finding] {
        report.findings.filter { $0.status == .failed || $0.status == .accepted }
    }

    func findings(_ status: Finding.Status) -> [Finding] {
        report.findings.filter { $0.status == status }
    }

    /// Every input of which something was not read or not used.
    var incomplete: [AuditReport.Input] {
        report.inputs.filter { $0.state != .read || !$0.notes.isEmpty }
    }
}

/// A control of a standard, and what this audit says of it.
struct ControlResult {
    var control: ControlReference
    var result: Finding.Status
    var findings: [Finding]

    /// By standard, version and control. Where one rule fails, the control fails.
    static func all(_ report: AuditReport) -> [ControlResult] {
        var byControl: [ControlReference: [Finding]] = [:]
        // A remark is nothing against a control.
        for finding in report.findings
        where finding.status != .notApplicable
            && !(finding.status == .failed && finding.severity == .info)
        {
            for control in Set(finding.controls) { byControl[control, default: []].append(finding) }
        }
        let order: [Finding.Status] = [.failed, .cannotTell, .accepted, .passed]
        return byControl.map { control, findings in
            let result =
                order.first { status in findings.contains { $0.status == status } } ?? .passed
            return ControlResult(control: control, result: result, findings: findings)
        }
        .sorted {
            let (a, b) = ($0.control, $1.control)
            if a.standard != b.standard { return a.standard < b.standard }
            if a.version != b.version { return a.version < b.version }
            return a.id.compare(b.id)
        }
    }
}

extension String {
    /// `1.2.5` before `1.10.1`: runs of digits are compared as numbers.
    fileprivate func compare(_ other: String) -> Bool {
        let left = parts
        let right = other.parts
        for (a, b) in zip(left, right) where a != b {
            if let x = Int(a), let y = Int(b) { return x < y }
            return a < b
        }
        return left.count == right.count ? self < other : left.count < right.count
    }

    private var parts: [String] {
        var result: [String] = []
        var digits = false
        for character in self {
            let isDigit = character.isNumber
            if result.isEmpty || isDigit != digits {
                result.append("")
                digits = isDigit
            }
            result[result.count - 1].append(character)
        }
        return result
    }
}

extension AuditReport.Input {
    /// `read`, or for what was made from other captures and for these, what they are.
    var stateWords: String {
        if let statedBy {
            let trouble = state == .read ? "" : ", \(state.rawValue)"
            return "original, as stated by \(statedBy); not read\(trouble)"
        }
        return isDistilled ? "\(state.rawValue), distilled" : state.rawValue
    }
}

extension Finding.Status {
    var words: String {
        switch self {
        case .failed: "Failed"
        case .accepted: "Waived"
        case .cannotTell: "Not testable"
        case .passed: "Passed"
        case .notApplicable: "Not applicable"
        }
    }
}
