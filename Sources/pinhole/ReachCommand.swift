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
    @Option(help: "The address that clients connect to; given several times, each has its answer.")
    var to: [String]
    @Option(help: "Ports and ranges: 21,5001-5201.") var ports: String
    @Option(help: "The port of the cleartext control connection that announces the ports.")
    var control: UInt16?
    @Option(name: .customLong("format"), help: "How to print: table or json.")
    var output: Format = .table
    @OptionGroup var saying: OutputOptions

    func run() throws {
        guard !to.isEmpty else { throw ValidationError("--to: an address is missing") }
        let questions = try to.map(question)
        let way = try ways()
        let asked = try questions.map { question in
            let (path, server) = try way(question.to)
            return Asked(question: question, path: path, server: server)
        }
        for start in stride(from: 0, to: asked.count, by: Self.together) {
            let some = asked[start..<min(start + Self.together, asked.count)]
            let answers = Array(some).mapSideBySide { Self.text($0, output) }
            for answer in answers { print(answer, terminator: "") }
        }
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
        let reach = PathEvaluator(asked.path).reach(asked.question)
        switch output {
        case .json: return ReachJSON(server: asked.server).text(reach)
        case .table:
            return ReachTable(server: asked.server).lines(reach).map { $0.printable + "\n" }
                .joined()
        }
    }

    /// Gives the hops to an address, and the server there.
    private func ways() throws -> (IPAddress) throws -> ([Hop], SiteServer?) {
        guard let site else {
            let path = try lone()
            return { _ in (path, nil) }
        }
        if let name = device.stated {
            throw refuse("\(name) is of a device; --site has its own path")
        }
        let loaded = try Failure.orExit { () throws(Failure) in try LoadedSite(path: site) }
        for problem in loaded.problems { Complaints.say(problem) }
        return { try way(in: loaded.site, of: site, to: $0) }
    }

    private func way(
        in site: Site, of file: String, to address: IPAddress
    ) throws -> ([Hop], SiteServer?) {
        let servers = site.servers
        guard let server = servers.first(where: { $0.addresses.contains(address) }) else {
            let known = servers.flatMap { server in
                server.addresses.map { "\($0) (\(server.name))" }
            }
            throw refuse(
                "--to: no server of \(file) is reached at \(address); it has "
                    + known.joined(separator: ", "))
        }
        return (site.path(to: server), server)
    }

    private func question(_ name: String) throws -> ReachQuestion {
        guard let address = IPAddress(name) else { throw refuse("--to: '\(name)' is no address") }
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
