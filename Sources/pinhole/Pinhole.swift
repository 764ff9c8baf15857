import ArgumentParser
import Foundation

@main
struct Pinhole: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pinhole",
        abstract: "Audit the holes that FTP needs in a firewall.",
        discussion: """
            Reads captures and the configuration files of servers and firewalls, and reports where \
            they disagree, with the packets and lines that prove it.
            """,
        version: ReportMaking.version,
        subcommands: [
            AuditCommand.self,
            CheckCommand.self,
            MonitorCommand.self,
            SessionsCommand.self,
            DistillCommand.self,
            ReadCommand.self,
            RulesCommand.self,
            ExplainCommand.self,
            ReachCommand.self,
        ])

    static func main() {
        if let complaint = UnknownCommand(CommandLine.arguments.dropFirst())?.sentence {
            Complaints.say(complaint)
            exit(withError: Exit.unusable)
        }
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            // Arguments that can't be used end with 2, as every other unusable input does.
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
            exit(withError: Exit.unusable)
        }
    }
}
