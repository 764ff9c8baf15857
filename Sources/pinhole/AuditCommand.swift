import Analyzer
import ArgumentParser
import Capture
import FTP
import Foundation
import Net
import Policy
import Reporter
import SiteFile

/// `pinhole audit`: captures held against what was meant.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Audit captures against servers' and firewalls' configuration.",
        discussion: """
            Without a site, --passive-range and --firewall hold for every server seen (or for \
            --server). Without either, only what the wire shows is judged.
            """)

    @OptionGroup var input: CaptureOptions

    @OptionGroup var bounds: LimitOptions

    @Option(help: "The site file: servers, and what stands between clients and them.")
    var site: String?

    @Option(
        help: ArgumentHelp(
            "The passive range that servers are meant to use.", valueName: "5001-5201"))
    var passiveRange: String?

    @OptionGroup var device: DeviceOptions

    @Flag(
        help: ArgumentHelp(
            "Leave the captures' SHA-256 out of the reports of -o: it takes longer than the audit.")
    )
    var noDigests = false

    @OptionGroup var results: ResultOptions

    func run() throws {
        try Failure.orExit { () throws(Failure) in try CaptureOptions.demand(input.captures) }
        let threshold = try Failure.orExit { () throws(Failure) in try results.threshold() }
        let writers = try Failure.orExit { () throws(Failure) in try results.writers() }
        var loaded = try Failure.orExit { () throws(Failure) in try meant() }
        let filter = try Failure.orExit { () throws(Failure) in try input.filter(loaded.site) }
        let limits = try Failure.orExit { () throws(Failure) in try bounds.limits(loaded.site) }
        results.complain(of: loaded.problems)
        var traffic = Traffic()
        let reading = CaptureReading(
            input.captures, limits: limits, filter: filter,
            controlPorts: loaded.site.servers.flatMap(\.control),
            hasDigests: results.output != nil && !noDigests, isQuiet: results.saying.quiet,
            into: &traffic
        ) { $0.add($1) }
        let code = reading.complain()
        if code == Exit.unusable { throw Exit.unusable }
        let inventory = site == nil ? [] : loaded.site.servers
        if site == nil { loaded.site = everySeen(loaded.site, traffic, reading.attempts) }
        if let wanted = filter.server {
            loaded.site.servers.removeAll { server in
                server.name != wanted.name
                    && !wanted.addresses.contains(
                        where: (server.addresses + server.inside).contains)
            }
        }
        var coverage = reading.summary
        coverage.count(traffic)
        let audit = Audit(
            site: loaded.site, traffic: traffic, attempts: reading.attempts, span: reading.span,
            inventory: inventory)
        var report = ReportMaking(
            site: loaded.site,
            inputs: loaded.inputs + reading.inputs(),
            notes: [], now: Clock.now()
        ).report(audit, captures: reading.captures, coverage: coverage)
        report.selection = filter.selection(leftOut: reading.leftOut)
        try Failure.orExit { () throws(Failure) in try results.write(report, by: writers) }
        try results.end(
            report, threshold, partly: code != nil || loaded.isPartial)
    }

    /// What was meant: the site file, or what the options say of every server.
    private func meant() throws(Failure) -> LoadedSite {
        if let site {
            if let name = passiveRange == nil ? device.stated : "--passive-range" {
                throw .unusable("--site says it all; leave \(name) out")
            }
            return try LoadedSite(path: site)
        }
        if device.firewall.isEmpty, let name = device.stated {
            throw .unusable("\(name) is of a firewall; --firewall is missing")
        }
        return try LoadedSite(device)
    }

    /// The servers seen, each with the range and the firewall that the options state.
    private func everySeen(
        _ site: Site, _ traffic: Traffic, _ attempts: [ControlAttempt]
    ) -> Site {
        guard passiveRange != nil || !device.firewall.isEmpty else { return site }
        var site = site
        let line = SourceLine.argument("--passive-range \(passiveRange ?? "")")
        let ends = traffic.servers.union(attempts.map(\.server))
        if !device.onHost, let own = site.hops.first?.configuration.device,
            ends.contains(where: { own.seemsToStandBefore($0.address) })
        {
            site.hops[0].place = .through
        }
        for (address, ends) in Dictionary(grouping: ends, by: \.address).sorted(by: {
            $0.key < $1.key
        }) {
            var server = SiteServer(
                name: "\(address)", addresses: [address], control: ends.map(\.port).sorted(),
                source: line)
            server.inside = Self.inside(of: server, site.hops)
            server.statedPassive = passiveRange.flatMap(SiteOptions.ports).map { Setting($0, line) }
            site.servers.append(server)
        }
        return site
    }

    /// The address to which the control port is translated, where nobody says which the server's
    /// own is.
    private static func inside(of server: SiteServer, _ path: [Hop]) -> [IPAddress] {
        let ends = server.addresses.flatMap { address in
            PathEvaluator(path).reach(
                ReachQuestion(from: .all, to: address, ports: PortSet(ports: server.control))
            ).segments.compactMap { $0.alternatives.isEmpty ? $0.translatedTo : nil }
        }
        return Set(ends).count == 1 ? [ends[0]] : server.addresses
    }

    mutating func validate() throws {
        // `--firewall` takes all that follows it: the captures among it are captures.
        if input.captures.isEmpty {
            input.captures = device.firewall.filter(CaptureSet.isCapture)
            device.firewall.removeAll(where: CaptureSet.isCapture)
        }
        if let passiveRange, SiteOptions.ports(passiveRange) == nil {
            throw ValidationError(
                "--passive-range: '\(passiveRange)' is not a range such as 5001-5201")
        }
    }
}

/// `pinhole check`: configuration against configuration, no traffic.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check configuration against configuration, without traffic.")

    @Option(help: "The site file.") var site: String

    @OptionGroup var results: ResultOptions

    func run() throws {
        let threshold = try Failure.orExit { () throws(Failure) in try results.threshold() }
        let writers = try Failure.orExit { () throws(Failure) in try results.writers() }
        let loaded = try Failure.orExit { () throws(Failure) in try LoadedSite(path: site) }
        guard !loaded.site.servers.isEmpty else {
            for problem in loaded.problems { Complaints.say(problem) }
            Complaints.say("\(site): it names no server that could be checked")
            throw Exit.unusable
        }
        results.complain(of: loaded.problems)
        let audit = Audit(site: loaded.site, traffic: nil)
        let report = ReportMaking(
            site: loaded.site, inputs: loaded.inputs, notes: [], now: Clock.now()
        ).report(audit)
        try Failure.orExit { () throws(Failure) in try results.write(report, by: writers) }
        try results.end(report, threshold, partly: loaded.isPartial)
    }
}
