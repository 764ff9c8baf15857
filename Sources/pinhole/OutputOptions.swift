import ArgumentParser
import Foundation

/// How much is said beside the results, and in which colours: the same for every command.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Say nothing on standard error but failures.") var quiet = false

    @Flag(help: "No colour on the terminal.") var noColor = false

    /// Whether standard output is a terminal that wants colours.
    var color: Bool {
        let environment = ProcessInfo.processInfo.environment
        return !noColor && isatty(STDOUT_FILENO) == 1
            && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// Columns of the terminal where the shell tells them, else 100.
    var width: Int {
        let told = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
        return min(max(told ?? 100, 40), 160)
    }

    /// Says what was done, on standard error.
    func tell(_ sentence: String) {
        if !quiet { Complaints.say(sentence) }
    }
}
