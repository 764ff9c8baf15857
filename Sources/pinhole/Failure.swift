import ArgumentParser
import Foundation

/// Why a command could not do its work at all: exit code 2.
enum Failure: Error, CustomStringConvertible {
    /// Arguments or input that nothing could be done with.
    case unusable(String)

    var description: String {
        switch self {
        case .unusable(let sentence): sentence
        }
    }

    /// Does the work; where that fails, says why and ends the command with the code for it.
    static func orExit<Value>(_ work: () throws(Failure) -> Value) throws -> Value {
        do {
            return try work()
        } catch {
            Complaints.say("\(error)")
            throw Exit.unusable
        }
    }
}

/// Exit codes that pipelines build on.
enum Exit {
    /// Findings at or above `--fail-on`.
    static let findings = ExitCode(1)
    /// Unusable arguments or input; nothing was written.
    static let unusable = ExitCode(2)
    /// Finished, but some input could not be read to its end.
    static let partly = ExitCode(3)
}

/// Standard error: all that isn't a result.
enum Complaints {
    static func say(_ sentence: String) {
        let line = "pinhole: " + sentence.printable + "\n"
        // Where complaints cannot be written, there is nobody left to tell.
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }
}

extension String {
    /// The text with control and direction characters made visible: it may quote a file or a peer, and
    /// a terminal would obey.
    var printable: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar == "\t": result.unicodeScalars.append(scalar)
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
