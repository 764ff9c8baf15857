import ArgumentParser
import Foundation
import Net
import Policy
import PolicyFormats
import Reporter
import SiteFile

/// `pinhole read`: how configuration files were understood, line by line.
struct ReadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Show how configuration files were understood, line by line.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @Argument(help: "Configuration files; - for standard input.") var files: [String]
    @Option(name: .customLong("as"), help: "The format that the files are in.") var format: String?
    @Flag(help: "List every line, those too that were used or don't matter.") var all = false
    @Option(name: .customLong("format"), help: "How to print: table or json.")
    var output: Format = .table
    @OptionGroup var saying: OutputOptions

    func run() throws {
        if let format, Formats.named(format) == nil {
            Complaints.say(PolicyLoader.unknown(format: format))
            throw ExitCode(2)
        }
        let results = Results()
        var answered = 0
        for file in files {
            guard let configuration = configuration(file) else { continue }
            let lines =
                switch output {
                case .json: [ConfigurationJSON(all: all).text(configuration)]
                case .table:
                    (answered > 0 ? [""] : [])
                        + ConfigurationTable(configuration, all: all).lines.map(\.printable)
                }
            try Failure.orExit { () throws(Failure) in
                for line in lines { try results.line(line) }
                try results.finish()
            }
            answered += 1
        }
        guard answered > 0 else { throw ExitCode(2) }
        if answered < files.count { throw ExitCode(3) }
    }

    private func configuration(_ file: String) -> Configuration? {
        do {
            return try PolicyLoader().load(file, as: format)
        } catch {
            Complaints.say(error.reason)
            return nil
        }
    }
}
