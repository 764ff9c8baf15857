public import Analyzer
import FTP
import Net
import Policy

/// `pinhole.report/1`: the report for programs. Keys are sorted, and keys without a value left out.
public enum JSONReport: ReportWriter {
    public static let name = "json"
    public static let fileExtension = "json"

    public static func write(_ report: AuditReport) -> String {
        let captures = report.captures
        let selection = report.selection.map {
            SelectionDTO($0, sessions: report.coverage.sessions)
        }
        return PrettyJSON.object([
            "schema": PrettyJSON.value("pinhole.report/1"),
            "title": PrettyJSON.value(report.title),
            "generatedAt": PrettyJSON.value(report.generatedAt.description),
            "tool": PrettyJSON.value(ToolDTO(report)),
            "inputs": PrettyJSON.list(report.inputs) { InputDTO($0) },
            "coverage": PrettyJSON.value(CoverageDTO(report.coverage)),
            "servers": PrettyJSON.list(report.servers) { ServerDTO($0) },
            "findings": PrettyJSON.list(report.findings) { FindingDTO($0, captures) },
            "notes": PrettyJSON.list(report.notes) { $0 },
            "selection": selection.map { PrettyJSON.value($0) },
        ])
    }

    /// A finding alone, on one line.
    static func line(_ finding: Finding, captures: [String]) -> String {
        PrettyJSON.line(FindingDTO(finding, captures))
    }
}

private struct ToolDTO: Encodable {
    let name = "pinhole"
    let version: String
    let rules: String
    enum CodingKeys: String, CodingKey { case name, version, rules = "rule_pack" }

    init(_ report: AuditReport) {
        version = report.toolVersion
        rules = report.rulePack
    }
}

private struct SelectionDTO: Encodable {
    let since, until, server, client: String?
    let sessions_seen, sessions_selected: Int

    init(_ selection: AuditReport.Selection, sessions: Int) {
        since = selection.since?.description
        until = selection.until?.description
        server = selection.server
        client = selection.client?.description
        sessions_seen = sessions + selection.leftOut
        sessions_selected = sessions
    }
}

private struct InputDTO: Encodable {
    let file, kind, state: String
    let format, sha256, problem, stated_by: String?
    let distilled: Bool?
    let bytes: UInt64?
    let lines: [String: Int]?
    let notes: [Note]?

    struct Note: Encodable {
        let line: Int
        let state, text, why: String
    }

    init(_ input: AuditReport.Input) {
        file = input.file
        kind = input.kind.rawValue
        state = input.state.rawValue
        format = input.format
        sha256 = input.sha256
        problem = input.problem
        stated_by = input.statedBy
        distilled = input.isDistilled ? true : nil
        bytes = input.bytes
        lines =
            input.lines.isEmpty
            ? nil
            : Dictionary(uniqueKeysWithValues: input.lines.map { ($0.key.rawValue, $0.value) })
        notes =
            input.notes.isEmpty
            ? nil
            : input.notes.map {
                Note(line: $0.line, state: $0.state.rawValue, text: $0.text, why: $0.why)
            }
    }
}

private struct CoverageDTO: Encodable {
    let lost_frames: UInt64
    let frames, truncated_frames, undecoded_frames, sessions, encrypted_sessions: Int
    let sessions_with_gaps, midstream_sessions, one_sided_sessions, offers: Int
    let bytes: UInt64
    let cut_at: Int?
    let first, last: String?
    let limits: [String: Int]
    let lost: [String: String]

    init(_ coverage: AuditReport.Coverage) {
        frames = coverage.frames
        bytes = coverage.bytes
        first = coverage.span?.lowerBound.description
        last = coverage.span?.upperBound.description
        truncated_frames = coverage.truncatedFrames
        cut_at = coverage.cutAt
        lost_frames = coverage.lostFrames
        undecoded_frames = coverage.undecodedFrames
        sessions = coverage.sessions
        encrypted_sessions = coverage.encryptedSessions
        sessions_with_gaps = coverage.sessionsWithGaps
        midstream_sessions = coverage.midstreamSessions
        one_sided_sessions = coverage.oneSidedSessions
        offers = coverage.offers
        limits = coverage.limits
        lost = coverage.losses
    }
}

private struct ServerDTO: Encodable {
    let name: String
    let known: Bool
    let addresses: [String]
    let control: [UInt16]
    let product, configured, permitted, inspected, translated, undecided: String?
    let configured_by: [LineDTO]
    let hops: [HopDTO]
    let observed: String
    let observed_ports: [PortDTO]
    let sessions, encrypted_sessions, clients: Int

    struct HopDTO: Encodable {
        let name, file, permitted: String
        let inspected: String?
    }

    struct PortDTO: Encodable {
        let port: UInt16
        let outcomes: [String: Int]
    }

    init(_ server: AuditReport.ServerSummary) {
        name = server.name
        known = server.known
        addresses = server.addresses.map(\.description)
        control = server.control
        product = server.product
        configured = server.configured?.description
        configured_by = server.configuredSources.map(LineDTO.init)
        hops = server.hops.map {
            HopDTO(
                name: $0.name, file: $0.file, permitted: $0.permitted.description,
                inspected: $0.inspected.isEmpty ? nil : $0.inspected.description)
        }
        permitted = server.permitted?.description
        inspected = server.inspected.isEmpty ? nil : server.inspected.description
        translated = server.translated?.description
        undecided = server.undecided.isEmpty ? nil : server.undecided.description
        observed = PortSet(ports: server.observed.map(\.port)).description
        observed_ports = server.observed.sorted { $0.port < $1.port }
            .map { PortDTO(port: $0.port, outcomes: $0.outcomes) }
        sessions = server.sessions
        encrypted_sessions = server.encryptedSessions
        clients = server.clients
    }
}

private struct LineDTO: Encodable {
    let file: String
    let line: Int?
    let text: String

    init(_ source: SourceLine) {
        file = source.file
        line = source.line
        text = source.text
    }
}

private struct FindingDTO: Encodable {
    let id, rule, title, severity, confidence, status, server, message: String
    let expected, observed, refuted_by, first_seen, last_seen, ports: String?
    let count: Int
    let connections_hurt: Int?
    let evidence: Evidence
    let sessions, symptoms: [String]
    let fix: [FixDTO]
    let controls: [ControlDTO]
    let waiver: WaiverDTO?

    struct Evidence: Encodable {
        let packets: [PacketDTO]
        let total: Int
        let config: [LineDTO]
    }

    struct PacketDTO: Encodable {
        let capture: String
        let frame: Int
        let time, summary: String
    }

    struct FixDTO: Encodable {
        let platform: String
        let device: String?
        let commands, undo, restart: [String]
    }

    struct ControlDTO: Encodable { let standard, version, id: String }

    struct WaiverDTO: Encodable {
        let reason: String
        let owner, until: String?
        let file: String
        let line: Int?
    }

    init(_ finding: Finding, _ captures: [String]) {
        id = finding.id
        rule = finding.rule
        title = finding.title
        severity = finding.severity.rawValue
        confidence = finding.confidence.rawValue
        status = finding.status.rawValue
        server = finding.server
        message = finding.message
        expected = finding.expected.isEmpty ? nil : finding.expected
        observed = finding.observed.isEmpty ? nil : finding.observed
        refuted_by = finding.refutedBy.isEmpty ? nil : finding.refutedBy
        first_seen = finding.firstSeen?.description
        last_seen = finding.lastSeen?.description
        ports = finding.ports.isEmpty ? nil : finding.ports.description
        count = finding.count
        connections_hurt = finding.hurt > 0 ? finding.hurt : nil
        evidence = Evidence(
            packets: finding.packets.map {
                PacketDTO(
                    capture: captures.name(of: $0), frame: $0.frame.number,
                    time: $0.frame.time.description, summary: $0.summary)
            }, total: finding.packetTotal, config: finding.config.map(LineDTO.init))
        sessions = finding.sessions
        symptoms = finding.symptoms
        fix = finding.fixes.map {
            FixDTO(
                platform: $0.platform, device: $0.device, commands: $0.commands, undo: $0.undo,
                restart: $0.restart)
        }
        controls = finding.controls.map {
            ControlDTO(standard: $0.standard, version: $0.version, id: $0.id)
        }
        waiver = finding.waiver.map {
            WaiverDTO(
                reason: $0.reason, owner: $0.owner, until: $0.until.map(Figures.day),
                file: $0.source.file, line: $0.source.line)
        }
    }
}

extension [String] {
    /// The name of the capture that holds the packet.
    func name(of packet: PacketEvidence) -> String {
        indices.contains(packet.frame.capture) ? self[packet.frame.capture] : "?"
    }
}
