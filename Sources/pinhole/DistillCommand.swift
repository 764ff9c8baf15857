import ArgumentParser
import FTP
import Policy

/// `pinhole distill`: of captures only what an audit needs, without the secrets.
struct DistillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "Write only the packets that an audit needs, with passwords blanked.",
        discussion: """
            Kept are FTP control connections, the first packets and the ends of their data \
            connections and of attempts to reach a control port, and ICMP messages about any of \
            them. An audit of what is written finds the same, and names the packets as they were \
            numbered in the captures it was made from. Attempts at a control port that only a site \
            names, and bounds that it states, are known only with --site. What comes through a pipe is kept in a \
            temporary file while it is read.
            """)

    @Argument(
        help: ArgumentHelp(
            "Captures: pcap or pcapng, plain or packed with gzip, zstd or xz; folders; - for standard input.",
            valueName: "capture"))
    var captures: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The pcapng file to write; - for standard output.", valueName: "small.pcapng"))
    var output: String

    @Option(
        help: "The site file of the audit to come: the control ports and the bounds that it states."
    )
    var site: String?

    @OptionGroup var bounds: LimitOptions

    @OptionGroup var saying: OutputOptions

    func run() throws {
        let loaded = try Failure.orExit { () throws(Failure) in
            try site.map { path throws(Failure) in try LoadedSite(path: path) } ?? .none
        }
        for problem in loaded.problems { Complaints.say(problem) }
        let limits = try Failure.orExit { () throws(Failure) in try bounds.limits(loaded.site) }
        let spooled = try Failure.orExit { () throws(Failure) in
            try SpooledCaptures(captures, output: output)
        }
        let distillation = Distillation(
            spooled, limits, controlPorts: loaded.site.servers.flatMap(\.control))
        for problem in distillation.problems { Complaints.say("\(problem)") }
        for problem in distillation.problemsBefore { Complaints.say(problem) }
        if distillation.isUseless { throw Exit.unusable }
        let file = try Failure.orExit { () throws(Failure) in try WholeFile(output) }
        try Failure.orExit { () throws(Failure) in
            do throws(Failure) {
                try distillation.write(to: file)
                try file.finish()
            } catch {
                file.abandon()
                throw error
            }
        }
        saying.tell(
            "\(distillation.keptFrames) of \(distillation.frames) frames, \(distillation.sessions) FTP sessions: \(output)"
        )
        if distillation.isPartial || loaded.isPartial { throw Exit.partly }
    }
}
