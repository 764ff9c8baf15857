import FTP
import Net
import Policy

@testable import Analyzer

/// Small records and sites for rules: a server at 203.0.113.10, a client at 198.51.100.7.
enum Made {
    static let server = IPAddress(v4: 0xcb00_710a)
    static let inside = IPAddress(v4: 0x0a01_010a)
    static let client = IPAddress(v4: 0xc633_6407)
    static let line = SourceLine(file: "pinhole.yml", line: 3, text: "- name: files")

    static func frame(_ number: Int) -> FrameReference {
        FrameReference(
            capture: 0, number: number, time: Timestamp(seconds: 1_795_168_800 + Int64(number)))
    }

    static func channel(
        _ port: UInt16, _ outcome: DataChannel.Outcome, at number: Int = 10,
        address: IPAddress = server
    ) -> DataChannel {
        var channel = DataChannel(announcedBy: .passive, frame: frame(number))
        channel.command = "PASV"
        channel.advertised = Endpoint(address, port)
        channel.outcome = outcome
        guard outcome != .unused, outcome != .unseen else { return channel }
        channel.attempts = outcome == .established ? 1 : 3
        channel.dataFrame = frame(number + 1)
        channel.client = Endpoint(client, 50000)
        // Where it failed the client believed the announcement.
        channel.server = Endpoint(outcome == .established ? server : address, port)
        if outcome == .established { channel.lastDataFrame = frame(number + 4) }
        return channel
    }

    static func session(
        _ channels: [DataChannel] = [], port: UInt16 = 21,
        _ edit: (inout SessionRecord) -> Void = { _ in }
    ) -> SessionRecord {
        var record = SessionRecord(
            client: Endpoint(client, 49999), server: Endpoint(server, port), first: frame(1))
        record.last = frame(60)
        record.login = .accepted
        record.user = "alice"
        record.channels = channels
        edit(&record)
        return record
    }

    /// A firewall in which these ports are permitted by line 7 and all others denied by line 9.
    static func firewall(_ open: PortSet) -> Configuration {
        let permit = SourceLine(file: "fw.txt", line: 7, text: "permit")
        let deny = SourceLine(file: "fw.txt", line: 9, text: "deny all")
        let chain = Chain(
            name: "in",
            rules: [
                FilterRule(Match(destinationPorts: open), .permit, permit),
                FilterRule(Match(), .deny(answered: false), deny),
            ])
        let ending = Setting(Action.deny(answered: false), deny)
        let device = Device(
            usualPlace: .host, chains: ["in": chain],
            stages: [Stage(.filter, chain: "in", ending: ending)])
        return Configuration(
            file: "fw.txt", format: "made-up", kinds: [.firewall], device: device, notes: [])
    }

    static func site(
        _ range: String? = "5001-5201", open: PortSet? = nil,
        _ edit: (inout SiteServer) -> Void = { _ in }
    ) -> Site {
        var files = SiteServer(name: "files", addresses: [server], source: line)
        files.statedPassive = range.flatMap { PortSet($0) }.map { Setting($0, line) }
        edit(&files)
        var site = Site(servers: [files])
        if let open {
            site.hops = [
                Hop(name: "fw", configuration: firewall(open), place: .host, source: line)
            ]
        }
        return site
    }

    static func judge(
        _ rule: any Rule.Type, _ site: Site, _ sessions: [SessionRecord]?
    ) -> Judgement {
        let audit = Audit(site: site, traffic: sessions.map { Traffic($0) })
        guard let server = audit.context.servers.first else { return .notApplicable("no server") }
        return rule.judge(server, in: audit.context)
    }
}

extension Judgement {
    var faults: [Fault] {
        guard case .failed(let faults) = self else { return [] }
        return faults
    }

    /// `failed`, `passed`, `n/a` or `?`.
    var mark: String {
        switch self {
        case .failed: "failed"
        case .passed: "passed"
        case .notApplicable: "n/a"
        case .cannotTell: "?"
        }
    }
}
