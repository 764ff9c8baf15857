import FTP
import Policy

/// PH132: the capture itself can't support a verdict.
enum CaptureTooThin: Rule {
    static let id = "PH132"
    static let title = "Capture cannot support a verdict"
    static let severity = Severity.info
    static let controls: [ControlSet] = [.monitoring]
    static let explanation = Explanation(
        checks: """
            Sessions of which the capture shows one direction alone, that begin before it, that have \
            bytes missing, or frames cut by the snap length.
            """,
        why: """
            What isn't seen can't be judged: an answer may have come that the capture lacks. Other \
            findings on these sessions are weaker for it.
            """,
        remedy: """
            Capture both directions in one place, whole frames (`-s 0`), from before the session \
            begins, with a buffer that doesn't drop (`-B`).
            """,
        refutation: "A second capture of the same sessions.",
        references: ["pcap(3PCAP)", "tcpdump(1)"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        guard !server.sessions.isEmpty else {
            return .cannotTell("no session of this server was seen")
        }
        let kinds = [
            ("show one direction only", server.sessions.count(where: \.isOneSided)),
            ("begin before the capture", server.sessions.count(where: \.isMidstream)),
            ("have bytes missing", server.sessions.count(where: \.hasGaps)),
            ("have frames cut short", server.sessions.count(where: \.isTruncated)),
        ].filter { $0.1 > 0 }
        guard !kinds.isEmpty else {
            return .passed("\(server.sessions.count) sessions were seen whole, in both directions")
        }
        let hit = server.sessions.filter {
            $0.isOneSided || $0.isMidstream || $0.hasGaps || $0.isTruncated
        }
        let parts = kinds.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
        return .failed([
            Fault(
                key: "thin",
                message:
                    "Of \(server.sessions.count) sessions \(parts): verdicts on them are weaker.",
                expected: "whole sessions in both directions", observed: parts, count: hit.count,
                packets: hit.lazy.map {
                    PacketEvidence($0.first, "first packet of \($0.client) → \($0.server)")
                },
                sessions: hit)
        ])
    }
}
