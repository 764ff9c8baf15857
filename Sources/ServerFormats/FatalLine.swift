import Policy
import PolicyText

extension Fix {
    /// A range of its own mends nothing while a line that it doesn't stand in for keeps the server
    /// from starting: then that line is what a person is told to mend.
    func minding(_ configuration: Configuration?, for change: Change) -> Fix {
        guard case .setPassiveRange = change, let server = configuration?.server,
            server.passiveFrom == .invalid, let fatal = server.passiveSources.first,
            let line = fatal.line
        else { return self }
        let isReplaced =
            fatal.file == configuration?.file
            && commands.contains { $0.hasPrefix("# in place of line \(line):") }
        guard !isReplaced else { return self }
        var fix = self
        fix.commands = [
            "# in \(fatal.file)", "# mend or take out line \(line): \(fatal.text.bare)",
        ]
        fix.undo = []
        return fix
    }
}
