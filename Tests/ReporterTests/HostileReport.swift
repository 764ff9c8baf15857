import Analyzer
@testable import FTP
import Net
import Policy

/// A report in which every text that a peer, a file or a site can fill is the one given.
enum HostileReport {
    static func made(of text: String) -> AuditReport {
        let server = IPAddress(v4: 0xcb00_710a)
        let line = SourceLine(file: "a\(text)", line: 3, text: text)
        var files = SiteServer(name: "b\(text)", addresses: [server], source: line)
        files.statedPassive = Setting(PortSet(5001...5003), line)
        var site = Site(title: "c\(text)", servers: [files])
        site.hops = [firewall(text)]
        var waiver = Waiver(rule: "PH206", server: nil, reason: text, source: line)
        waiver.owner = text
        site.waivers = [waiver]
        let audit = Audit(site: site, traffic: Traffic([session(text, server)]))
        let findings = audit.findings(now: Timestamp(seconds: 2_000_000_000)) { _, _ in
            [Fix(platform: text, commands: ["set \(text)"], undo: [text], restart: [text])]
        }
        var report = AuditReport(
            title: "c\(text)", generatedAt: Timestamp(seconds: 2_000_000_000), toolVersion: "1",
            rulePack: "1", inputs: inputs(text), coverage: AuditReport.Coverage(),
            servers: audit.context.servers.map(\.summary), findings: findings,
            notes: ["A note: \(text)"], captures: ["d\(text)", "e\(text)"])
        report.selection = AuditReport.Selection(server: "h\(text)", leftOut: 2)
        return report
    }

    static func session(_ text: String, _ server: IPAddress) -> SessionRecord {
        let client = IPAddress(v4: 0xc633_6407)
        func frame(_ number: Int) -> FrameReference {
            FrameReference(
                capture: number % 2, number: number,
                time: Timestamp(seconds: 1_999_999_000 + Int64(number)))
        }
        var record = SessionRecord(
            client: Endpoint(client, 50000), server: Endpoint(server, 21), first: frame(1))
        record.last = frame(90)
        record.user = text
        record.banner = "220 \(text)"
        record.login = .accepted
        record.clearPassword = frame(4)
        for (number, port) in [5001, 5002, 1063].enumerated() {
            var channel = DataChannel(announcedBy: .passive, frame: frame(10 + 10 * number))
            channel.command = "PASV"
            channel.advertised = Endpoint(server, UInt16(port))
            channel.outcome = .unanswered
            channel.attempts = 3
            channel.dataFrame = frame(11 + 10 * number)
            channel.client = Endpoint(client, 50001)
            channel.server = channel.advertised
            channel.transfer = "RETR \(text)"
            record.channels.append(channel)
        }
        record.failures = [
            .init(frame: frame(60), command: "PASV", code: 425, text: "425 \(text)")
        ]
        record.oddities = [Oddity(.foreignPeer, frame(70), detail: text)]
        return record
    }

    private static func firewall(_ text: String) -> Hop {
        let deny = SourceLine(file: "f\(text)", line: 9, text: text)
        let chain = Chain(
            name: text,
            rules: [FilterRule(Match(), .deny(answered: false), deny)])
        let device = Device(
            usualPlace: .host, chains: [text: chain],
            stages: [
                Stage(.filter, chain: text, ending: Setting(.deny(answered: false), deny))
            ], assumptions: [text])
        let configuration = Configuration(
            file: "f\(text)", format: "made-up", kinds: [.firewall], device: device, notes: [])
        return Hop(name: "g\(text)", configuration: configuration, place: .host, source: deny)
    }

    private static func inputs(_ text: String) -> [AuditReport.Input] {
        var capture = AuditReport.Input(file: "d\(text)", kind: .capture, state: .partly)
        capture.problem = text
        capture.statedBy = "i\(text)"
        var configuration = AuditReport.Input(file: "f\(text)", kind: .configuration)
        configuration.format = text
        configuration.notes = [
            LineNote(line: 1, state: .notRecognised, text: text, why: text)
        ]
        return [capture, configuration]
    }
}
