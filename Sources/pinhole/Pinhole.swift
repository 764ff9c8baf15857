import ArgumentParser

@main
struct Pinhole: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pinhole",
        abstract: "Audit the holes that FTP needs in a firewall.",
        discussion: """
            Reads captures and the configuration files of servers and firewalls, and reports where \
            they disagree, with the packets and lines that prove it.
            """,
        version: "0.1.0",
        subcommands: [
            ReadCommand.self,
            RulesCommand.self,
            ExplainCommand.self,
            SessionsCommand.self,
        ])
}
