import Analyzer
import ArgumentParser
import Net
import Policy
import PolicyFormats
import Reporter
import SiteFile

/// `pinhole reach`: who gets to which port, by which line of which file.
struct ReachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reach",
        abstract: "Show who reaches which port, and by which line of which file.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @Option(help: "The site file: the whole path to a server.") var site: String?
    @OptionGroup var device: DeviceOptions
    @Option(help: "Clients: an address, a prefix, or any.") var from: String
    @Option(help: "The client's source port; without it, an ephemeral one.") var fromPort: UInt16?
    @Option(
        help:
            "The address that clients connect to, or the name of a server of the site; given several times, each has its answer."
    )
    var to: [String]
    @Option(help: "Ports and ranges: 21,5001-5201.") var ports: String
    @Option(help: "The port of the cleartext control connection that announces the ports.")
    var control: UInt16?
    @Option(name: .customLong("format"), help: "How to print: table or json.")
    var output: Format = .table
    @OptionGroup var saying: OutputOptions

    func run() throws {
        guard !to.isEmpty else { throw ValidationError("--to: an address is missing") }
        let loaded = try site.map(load)
        let questions = try to.flatMap { try addresses($0, loaded?.site) }.map(question)
        let path = loaded == nil ? try lone() : []
        let asked = try questions.map { question in
            guard let site = loaded?.site else {
                return Asked(question: question, path: path, server: nil)
            }
            let server = try server(of: site, at: question.to)
            return Asked(question: question, path: site.path(to: server), server: server)
        }
        for start in stride(from: 0, to: asked.count, by: Self.together) {
            let some = asked[start..<min(start + Self.together, asked.count)]
            let answers = Array(some).mapSideBySide { Self.text($0, output) }
            try Failure.orExit { () throws(Failure) in try Results.write(answers.joined()) }
        }
        if loaded?.isPartial == true { throw Exit.partly }
    }

    /// A question, the hops to where it goes, and the server there.
    private struct Asked: Sendable {
        var question: ReachQuestion
        var path: [Hop]
        var server: SiteServer?
    }

    /// Answers that are held before they are printed.
    private static let together = 64

    private static func text(_ asked: Asked, _ output: Format) -> String {
        let path = PathEvaluator(asked.path)
        let reach =
            asked.server?.reach(asked.question, along: path) ?? path.reach(asked.question)
        switch output {
        case .json: return ReachJSON(server: asked.server).text(reach)
        case .table:
            return ReachTable(server: asked.server).lines(reach).map { $0.printable + "\n" }
                .joined()
        }
    }

    private func load(_ site: String) throws -> LoadedSite {
        if let name = device.stated {
            throw refuse("\(name) is of a device; --site has its own path")
        }
        let loaded = try Failure.orExit { () throws(Failure) in try LoadedSite(path: site) }
        for problem in loaded.problems { Complaints.say(problem) }
        return loaded
    }

    /// An address as it is written, or those of the site's server of that name.
    private func addresses(_ text: String, _ site: Site?) throws -> [IPAddress] {
        if let address = IPAddress(typed: text) { return [address] }
        guard let site else {
            let more = Endpoint(text) == nil ? "" : " alone: the port belongs to --ports"
            throw refuse("--to: '\(text)' is no address\(more)")
        }
        guard let server = site.servers.first(where: { $0.name == text }) else {
            throw refuse(
                "--to: '\(text)' is no address, and no server of the site; it has "
                    + Self.known(site))
        }
        return server.addresses
    }

    private func server(of site: Site, at address: IPAddress) throws -> SiteServer {
        guard let server = site.servers.first(where: { $0.addresses.contains(address) }) else {
            throw refuse(
                "--to: no server of the site is reached at \(address); it has " + Self.known(site))
        }
        return server
    }

    private static func known(_ site: Site) -> String {
        guard !site.servers.isEmpty else { return "none" }
        return site.servers.flatMap { server in
            server.addresses.map { "\($0) (\(server.name))" }
        }.joined(separator: ", ")
    }

    private func question(_ address: IPAddress) throws -> ReachQuestion {
        guard let ports = PortSet(ports), !ports.isEmpty else {
            throw refuse("--ports: '\(ports)' are no ports; expected 21,5001-5201")
        }
        let clients: AddressSet
        if from == "any" {
            clients = .all
        } else if let prefix = Prefix(from) {
            clients = AddressSet(prefix)
        } else {
            throw refuse("--from: '\(from)' is no address or prefix")
        }
        guard clients.ranges.contains(where: { $0.lowerBound.family == address.family }) else {
            throw refuse("--from and --to are of different families")
        }
        var question = ReachQuestion(from: clients, to: address, ports: ports)
        if let fromPort { question.sourcePorts = PortSet(fromPort...fromPort) }
        question.control = control
        return question
    }

    /// The one device that the files are.
    private func lone() throws -> [Hop] {
        guard !device.firewall.isEmpty else {
            throw refuse("--firewall or --site: a file is needed")
        }
        let hop = try Failure.orExit { () throws(Failure) in
            try device.hop(PolicyLoader(), name: "")
        }
        return [hop]
    }

    private func refuse(_ sentence: String) -> ExitCode {
        Complaints.say(sentence)
        return Exit.unusable
    }
}
