import Capture
import Foundation

/// Captures that can be read more than once: what comes through a pipe is kept in a temporary file.
final class SpooledCaptures {
    /// The captures, folders listed once: what an earlier run wrote to the same output is left out.
    private(set) var set: CaptureSet
    /// What the user called a temporary file.
    private var names: [String: String] = [:]

    /// - Parameters:
    ///   - given: files, folders, or `-`.
    ///   - output: the file that is to be written; `-` for standard output.
    /// - Throws: where writing the output would take a capture away, or a pipe can't be kept.
    init(_ given: [String], output: String) throws(Failure) {
        let written = output == "-" ? nil : FileIdentity(path: output)
        if let written, let same = given.first(where: { FileIdentity(path: $0) == written }) {
            let other = same == output ? "" : " by another name"
            throw .unusable(
                "-o \(output): the capture \(same)\(other); what is read is never overwritten")
        }
        set = CaptureSet([])
        var arguments: [String] = []
        for argument in given {
            arguments.append(
                argument == "-" || FileIdentity.isStream(argument) ? try spool(argument) : argument)
        }
        var isTaken = false
        set = CaptureSet(arguments) { path in
            guard let written, FileIdentity(path: path) == written else { return false }
            isTaken = true
            return true
        }
        if isTaken, !CaptureSet.isDistilled(output) {
            throw .unusable(
                "-o \(output): a capture of a folder that is read; what is read is never overwritten"
            )
        }
    }

    deinit {
        for path in names.keys { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The name that the user knows.
    func name(_ path: String) -> String { names[path] ?? path }

    func named(_ problem: CaptureProblem) -> CaptureProblem {
        var problem = problem
        problem.path = name(problem.path)
        return problem
    }

    private func spool(_ path: String) throws(Failure) -> String {
        let copy = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-\(UUID().uuidString).capture")
        names[copy.path(percentEncoded: false)] = path
        do {
            let input =
                path == "-"
                ? FileHandle.standardInput
                : try FileHandle(forReadingFrom: URL(filePath: path))
            try Data().write(to: copy)
            let output = try FileHandle(forWritingTo: copy)
            while let data = try input.read(upToCount: 1 << 20), !data.isEmpty {
                try output.write(contentsOf: data)
            }
            try output.close()
        } catch {
            throw .unusable("\(path): cannot be kept in \(copy.path(percentEncoded: false))")
        }
        return copy.path(percentEncoded: false)
    }
}
