import ArgumentParser
import Foundation
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
    @Option(
        parsing: .upToNextOption,
        help: "The firewall's configuration; several files are one device.")
    var firewall: [String] = []
    @Option(name: .customLong("as"), help: "The format that the file is in.") var format: String?
    @Flag(help: "The firewall runs on the destination itself.") var onHost = false
    @Flag(help: "The firewall stands between clients and the destination.") var through = false
    @Option(help: "The interface by which packets enter.") var entering: String?
    @Option(help: "The interface by which packets leave.") var leaving: String?
    @Option(help: "The list, group or chain that is in force, where the file holds several.")
    var select: String?
    @Option(help: "Clients: an address, a prefix, or any.") var from: String
    @Option(help: "The client's source port; without it, an ephemeral one.") var fromPort: UInt16?
    @Option(help: "The address that clients connect to.") var to: String
    @Option(help: "Ports and ranges: 21,5001-5201.") var ports: String
    @Option(help: "The port of the cleartext control connection that announces the ports.")
    var control: UInt16?
    @Option(name: .customLong("format"), help: "How to print: table or json.")
    var output: Format = .table

    func run() throws {
        let question = try question()
        let (path, server) = try site.map { try way(in: $0, to: question.to) } ?? device()
        let reach = PathEvaluator(path).reach(question)
        switch output {
        case .json: print(try ReachJSON(server: server).text(reach), terminator: "")
        case .table:
            for line in ReachTable(server: server).lines(reach) { print(line.printable) }
        }
    }

    /// The hops to an address of the site, and the server there.
    private func way(in file: String, to address: IPAddress) throws -> ([Hop], SiteServer?) {
        let device = [
            ("--firewall", !firewall.isEmpty), ("--as", format != nil), ("--on-host", onHost),
            ("--through", through), ("--entering", entering != nil), ("--leaving", leaving != nil),
            ("--select", select != nil),
        ]
        if let (name, _) = device.first(where: \.1) {
            throw refuse("\(name) is of a device; --site has its own path")
        }
        let loaded = try Failure.orExit { () throws(Failure) in try LoadedSite(path: file) }
        for problem in loaded.problems { Complaints.say(problem) }
        let servers = loaded.site.servers
        guard let server = servers.first(where: { $0.addresses.contains(address) }) else {
            let known = servers.flatMap { server in
                server.addresses.map { "\($0) (\(server.name))" }
            }
            throw refuse(
                "--to: no server of \(file) is reached at \(address); it has "
                    + known.joined(separator: ", "))
        }
        return (loaded.site.path(to: server), server)
    }

    private func question() throws -> ReachQuestion {
        guard let address = IPAddress(to) else { throw refuse("--to: '\(to)' is no address") }
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
    private func device() throws -> ([Hop], SiteServer?) {
        guard !firewall.isEmpty else { throw refuse("--firewall or --site: a file is needed") }
        guard !(onHost && through) else {
            throw refuse("--on-host and --through exclude each other")
        }
        do {
            return ([hop(try PolicyLoader().load(together: firewall, as: format))], nil)
        } catch {
            throw refuse(error.reason)
        }
    }

    private func hop(_ configuration: Configuration) -> Hop {
        let usual = configuration.device?.usualPlace ?? .through
        let place: Device.Place = onHost ? .host : through ? .through : usual
        return Hop(
            name: "", configuration: configuration, place: place, outside: entering,
            inside: leaving, select: select,
            source: SourceLine(file: configuration.file, line: nil, text: "--firewall"))
    }

    private func refuse(_ sentence: String) -> ExitCode {
        Complaints.say(sentence)
        return Exit.unusable
    }
}
