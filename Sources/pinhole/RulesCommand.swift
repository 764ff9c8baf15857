import Analyzer
import ArgumentParser

/// `pinhole rules`: every rule, a line each.
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "List the rules.")

    func run() {
        for rule in Rules.all {
            let severity = rule.severity.rawValue
            let pad = String(repeating: " ", count: max(1, 10 - severity.utf8.count))
            print("\(rule.id)  \(severity)\(pad)\(rule.title)")
        }
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
        print("\(found.id)  \(found.title)  (\(found.severity.rawValue))")
        print("\nWhat it checks\n\(Self.wrap(text.checks))")
        print("\nWhy it matters\n\(Self.wrap(text.why))")
        print("\nWhat to do\n\(Self.wrap(text.remedy))")
        print("\nWhat would prove it wrong\n\(Self.wrap(text.refutation))")
        if !text.references.isEmpty {
            print("\nReferences")
            for reference in text.references { print("  \(reference)") }
        }
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
