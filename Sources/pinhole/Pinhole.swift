import ArgumentParser

@main
struct Pinhole: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pinhole",
        subcommands: [
            ReachCommand.self,
            ReadCommand.self,
        ])
}
