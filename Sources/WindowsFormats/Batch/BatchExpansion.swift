import PolicyText

/// How cmd.exe replaces `%name%`, `%1`, `!name!` and `%I` in a command line.
///
/// Order as cmd has it: percent signs when a line, or a whole block in parentheses, is read;
/// loop variables and exclamation marks when the command runs.
enum BatchExpansion {
    private static let percent = UInt8(ascii: "%")
    private static let bang = UInt8(ascii: "!")
    private static let tilde = UInt8(ascii: "~")

    /// Replaces what stands between percent signs. `prompted` are loop variables that the file
    /// writes with one sign, as at the prompt; they stay.
    static func percents(_ text: String, _ state: BatchState, prompted: Set<UInt8>) -> String {
        guard text.utf8.contains(percent) else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            guard bytes[at] == percent, at + 1 < bytes.count else {
                result.append(bytes[at])
                at += 1
                continue
            }
            let next = bytes[at + 1]
            if next == percent {
                result.append(percent)
                at += 2
            } else if let (value, end) = argument(bytes, at + 1, state) {
                result += value.utf8
                at = end
            } else if prompted.contains(next), at + 2 >= bytes.count || !isName(bytes[at + 2]) {
                result.append(percent)
                at += 1
            } else if let end = closing(bytes, at + 1, percent) {
                result += value(String(decoding: bytes[at + 1..<end], as: UTF8.self), state).utf8
                at = end + 1
            } else {
                result.append(percent)
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Replaces loop variables, and names between exclamation marks where that is switched on.
    static func late(_ text: String, _ state: BatchState) -> String {
        var bytes = Array(text.utf8)
        if !state.frame.loops.isEmpty, bytes.contains(percent) { bytes = loops(bytes, state) }
        guard state.delayed, bytes.contains(bang) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == bang, let end = closing(bytes, at + 1, bang) {
                result += value(String(decoding: bytes[at + 1..<end], as: UTF8.self), state).utf8
                at = end + 1
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func loops(_ bytes: [UInt8], _ state: BatchState) -> [UInt8] {
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            var name = at + 1
            // `%~nxI`: letters before the variable that is meant.
            if bytes[at] == percent, name < bytes.count, bytes[name] == tilde {
                name += 1
                while name + 1 < bytes.count, isLetter(bytes[name + 1]) { name += 1 }
            }
            if bytes[at] == percent, name < bytes.count, let value = state.frame.loops[bytes[name]]
            {
                let plain = name <= at + 2
                result +=
                    (plain
                    ? (name == at + 1 ? value : value.unquoted)
                    : Unknown.named("a part of a name")).utf8
                at = name + 1
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return result
    }

    /// `1`, `*`, `~1`, `~dp0` after a percent sign.
    private static func argument(
        _ bytes: [UInt8], _ start: Int, _ state: BatchState
    ) -> (String, Int)? {
        var at = start
        let marked = bytes[at] == tilde
        if marked { at += 1 }
        let letters = at
        while marked, at < bytes.count, isLetter(bytes[at]) { at += 1 }
        guard at < bytes.count else { return nil }
        if bytes[at] == UInt8(ascii: "*"), !marked {
            let all = state.frame.arguments?.joined(separator: " ")
            return (all ?? Unknown.named("%*"), at + 1)
        }
        guard (0x30...0x39).contains(bytes[at]) else { return nil }
        let number = Int(bytes[at] - 0x30)
        let name = "%" + String(decoding: bytes[start...at], as: UTF8.self)
        guard number > 0, letters == at, let arguments = state.frame.arguments else {
            return (Unknown.named(name), at + 1)
        }
        let value = number <= arguments.count ? arguments[number - 1] : ""
        return (marked ? value.unquoted : value, at + 1)
    }

    /// The value of `name`, or of `name:~1,2` and `name:a=b`, which aren't followed.
    private static func value(_ name: String, _ state: BatchState) -> String {
        let parts = name.split(separator: ":", maxSplits: 1)
        let key = parts.first.map { $0.lowercased() } ?? ""
        guard let value = state.variables[key], parts.count < 2 || value.isEmpty else {
            return Unknown.named("%\(name.filter { $0 != " " })%")
        }
        return value
    }

    /// Where a name that starts here is closed by `mark`; nil where it is no name.
    private static func closing(_ bytes: [UInt8], _ start: Int, _ mark: UInt8) -> Int? {
        var at = start
        var modified = false
        while at < bytes.count, bytes[at] != mark {
            if bytes[at] == UInt8(ascii: ":") { modified = true }
            guard modified || isName(bytes[at]) || "().#$@-".utf8.contains(bytes[at]) else {
                return nil
            }
            at += 1
        }
        return at < bytes.count && at > start ? at : nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }

    private static func isName(_ byte: UInt8) -> Bool {
        isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_") || byte > 0x7f
    }
}
