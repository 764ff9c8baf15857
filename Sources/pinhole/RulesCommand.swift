import Analyzer
import ArgumentParser

/// `pinhole rules`: every rule, a line each.
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "List the rules.")

    func run() throws {
        let words = Rules.all.map { $0.severities.words }
        let column = words.map(\.count).max() ?? 0
        let results = Results()
        try Failure.orExit { () throws(Failure) in
            for (rule, severity) in zip(Rules.all, words) {
                let pad = String(repeating: " ", count: column - severity.count)
                try results.line("\(rule.id)  \(severity)\(pad)  \(rule.title)")
            }
            try results.finish()
        }
    }
}

extension ClosedRange<Severity> {
    /// `medium`, or `medium to high`.
    var words: String {
        lowerBound == upperBound
            ? lowerBound.rawValue : "\(lowerBound.rawValue) to \(upperBound.rawValue)"
    }
}

/// `pinhole explain PH301`: one rule of the manual.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain a rule: what it checks, why, what to do.")

    @Argument(help: "The rule's number: PH301.") var rule: String

    func run() throws {
        guard let found = Rules.named(rule) else {
            Complaints.say("no rule is named '\(rule)'; `pinhole rules` lists them")
            throw Exit.unusable
        }
        let text = found.explanation
        var page = "\(found.id)  \(found.title)  (\(found.severities.words))\n"
        func section(_ title: String, _ words: String) {
            page += "\n\(title)\n\(Self.wrap(words))\n"
        }
        section("What it checks", text.checks)
        section("Why it matters", text.why)
        if let grades = found.grades { section("How severe", grades.decided) }
        section("What to do", text.remedy)
        section("What would prove it wrong", text.refutation)
        if !text.references.isEmpty {
            page += "\nReferences\n" + text.references.map { "  \($0)\n" }.joined()
        }
        try Failure.orExit { () throws(Failure) in try Results.write(page) }
    }

    /// The text in lines of at most 78 characters, indented by two.
    private static func wrap(_ text: String) -> String {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n") {
            var line = " "
            for word in paragraph.split(separator: " ") {
                if line.count + word.count + 1 > 78 {
                    lines.append(line)
                    line = " "
                }
                line += " " + word
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }
}
