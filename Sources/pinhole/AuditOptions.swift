import Analyzer
import ArgumentParser
import Foundation
import Reporter

/// Where results go, and which of them make a pipeline stop: the same for `audit` and `check`.
struct ResultOptions: ParsableArguments {
    @Option(
        name: .customShort("o"),
        help: ArgumentHelp(
            "Write reports into this folder; without it the answer is printed.", valueName: "dir"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Report formats, separated by commas: html,markdown,json (all of them without this). One format without -o goes to standard output.",
            valueName: "html,markdown,json"))
    var format: String?

    @Option(
        help: ArgumentHelp(
            "Exit with 1 where a finding is at least this severe: never, info, low, medium, high, critical.",
            valueName: "severity"))
    var failOn: String = "never"

    @OptionGroup var saying: OutputOptions

    /// The severity named by `--fail-on`; nil for `never`.
    func threshold() throws(Failure) -> Severity? { try Self.threshold(failOn) }

    static func threshold(_ failOn: String) throws(Failure) -> Severity? {
        if failOn == "never" { return nil }
        guard let severity = Severity(rawValue: failOn) else {
            throw .unusable(
                "--fail-on: '\(failOn)' is not never, info, low, medium, high or critical")
        }
        return severity
    }

    /// The writers named by `--format`; all of them without it.
    func writers() throws(Failure) -> [any ReportWriter.Type] {
        if output == "" { throw .unusable("-o: expected a folder") }
        guard let format else { return ReportWriters.all }
        var writers: [any ReportWriter.Type] = []
        for name in format.split(separator: ",", omittingEmptySubsequences: false)
            .map({ $0.filter { $0 != " " } })
        {
            guard let writer = ReportWriters.named(name) else {
                let known = ReportWriters.all.map { $0.name }.joined(separator: ", ")
                throw .unusable("--format: '\(name)' is not one of \(known)")
            }
            if !writers.contains(where: { $0 == writer }) { writers.append(writer) }
        }
        if output == nil, writers.count != 1 {
            throw .unusable("--format: several formats need a folder to go to: -o")
        }
        return writers
    }

    /// Says what could not be taken, unless the answer says it on the same screen.
    func complain(of problems: [String]) {
        let isAnswered = output == nil && format == nil
        if isAnswered, isatty(STDOUT_FILENO) == 1, isatty(STDERR_FILENO) == 1 { return }
        for problem in problems { Complaints.say(problem) }
    }

    /// Writes the report into the folder, or prints the answer.
    func write(_ report: AuditReport, by writers: [any ReportWriter.Type]) throws(Failure) {
        guard let output else {
            if format != nil, let writer = writers.first {
                try Results.write(writer.write(report))
            } else {
                let text = TerminalReport.write(
                    report, color: saying.color, width: saying.width)
                try Results.write(text)
            }
            return
        }
        let folder = try OutputFile.folder(output)
        func file(_ writer: any ReportWriter.Type) -> URL {
            folder.appending(path: "pinhole-report.\(writer.fileExtension)")
        }
        try OutputFile.write(writers.lazy.map { (file: file($0), text: $0.write(report)) })
        for writer in writers { saying.tell("wrote \(file(writer).relativePath)") }
    }

    /// Ends the command with the code that the report asks for.
    func end(_ report: AuditReport, _ threshold: Severity?, partly: Bool) throws {
        if let threshold,
            report.findings.contains(where: { $0.status == .failed && $0.severity >= threshold })
        {
            throw Exit.findings
        }
        if partly { throw Exit.partly }
    }
}
