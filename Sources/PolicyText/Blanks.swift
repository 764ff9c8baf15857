extension String {
    /// Without blanks and line breaks at both ends.
    package var trimmingBlanks: String {
        // Almost every text begins and ends with a plain letter.
        if let first = utf8.first, let last = utf8.last, Self.isPlain(first), Self.isPlain(last) {
            return self
        }
        let blank: (Unicode.Scalar) -> Bool = {
            $0 == " " || $0 == "\t" || Character($0).isNewline
        }
        var rest = unicodeScalars[...]
        while let first = rest.first, blank(first) { rest.removeFirst() }
        while let last = rest.last, blank(last) { rest.removeLast() }
        return String(rest)
    }

    /// Whether a line is a shell's prompt, `root@edge:~#` or `[root@edge ~]$`, with nothing behind it
    /// or one of these commands, which only show.
    package func isPrompt(before commands: [String] = []) -> Bool {
        let bare = trimmingBlanks
        guard let sign = bare.firstIndex(where: { "#$%".contains($0) }) else { return false }
        let name = bare[..<sign].drop { $0 == "[" }.prefix { !":] ".contains($0) }
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ part in
                !part.isEmpty
                    && part.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
            })
        else { return false }
        var command = String(bare[bare.index(after: sign)...]).trimmingBlanks
        if command.hasPrefix("sudo ") { command.removeFirst("sudo ".count) }
        return command.isEmpty || commands.contains { command.hasPrefix($0) }
    }

    /// Whether a byte stands for a visible ASCII character.
    private static func isPlain(_ byte: UInt8) -> Bool { (0x21...0x7e).contains(byte) }
}
