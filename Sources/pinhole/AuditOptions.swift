import Analyzer
import ArgumentParser

/// Where results go, and which of them make a pipeline stop: the same for `audit` and `check`.
struct ResultOptions: ParsableArguments {
    @Option(
        name: .customShort("o"),
        help: ArgumentHelp(
            "Write reports into this folder; without it the answer is printed.", valueName: "dir"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Report formats, separated by commas.", valueName: "html,markdown,json"))
    var format: String = "html,markdown,json"

    @Option(
        help: ArgumentHelp(
            "Exit with 1 where a finding is at least this severe: never, info, low, medium, high, critical.",
            valueName: "severity"))
    var failOn: String = "never"

    @Flag(help: "Say nothing on standard error but failures.") var quiet = false

    @Flag(help: "No colour on the terminal.") var noColor = false

    /// The severity named by `--fail-on`; nil for `never`.
    func threshold() throws(Failure) -> Severity? {
        if failOn == "never" { return nil }
        guard let severity = Severity(rawValue: failOn) else {
            throw .unusable(
                "--fail-on: '\(failOn)' is not never, info, low, medium, high or critical")
        }
        return severity
    }
}
