import PolicyText

/// The arguments of a netsh command: positional and tagged, blanks around `=` allowed.
struct NetshArguments {
    /// By slot name in small letters, quotation marks taken off.
    private(set) var values: [String: String] = [:]
    /// Nil where every argument found its slot.
    private(set) var fault: String?

    subscript(_ slot: String) -> String? { values[slot] }

    init(_ words: [String], slots: [String]) {
        var queue = Self.joined(words, slots)[...]
        while let word = queue.popFirst() {
            if let (slot, value) = Self.tagged(word, slots) {
                values[slot] = value
            } else if let slot = slots.first(where: { values[$0] == nil }) {
                values[slot] = word.unquoted
            } else {
                fault = "more arguments than the command takes"
            }
        }
    }

    /// Arguments that all carry their tag, as those of `netsh advfirewall`.
    init(tagged words: [String], tags: [String]) {
        for word in Self.joined(words, tags) {
            if let (tag, value) = Self.tagged(word, tags) {
                values[tag] = value
            } else {
                fault = "\(Unknown.shown(word).excerpt) isn't an argument of it"
            }
        }
    }

    /// The first value that the script doesn't tell, in other slots than `slots`.
    func unknown(but slots: Set<String>) -> String? {
        values.lazy.filter { !slots.contains($0.key) }.compactMap { Unknown.name(in: $0.value) }
            .min()
    }

    private static func tagged(_ word: String, _ slots: [String]) -> (String, String)? {
        guard let equals = word.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let tag = word[..<equals].lowercased()
        guard slots.contains(tag) else { return nil }
        return (tag, String(word[word.utf8.index(after: equals)...]).unquoted)
    }

    /// Puts `protocol`, `=`, `all` together.
    private static func joined(_ words: [String], _ slots: [String]) -> [String] {
        var result: [String] = []
        for word in words {
            if let last = result.last,
                last.utf8.last == UInt8(ascii: "=")
                    && slots.contains(String(last.dropLast()).lowercased())
                    || word.utf8.first == UInt8(ascii: "=") && slots.contains(last.lowercased())
            {
                result[result.count - 1] = last + word
            } else {
                result.append(word)
            }
        }
        return result
    }

    /// Words of a command line; blanks inside quotation marks don't part them.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var inside = false
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "“" || scalar == "”" { inside.toggle() }
            if !inside, scalar == " " || scalar == "\t" {
                if !word.isEmpty { words.append(String(word)) }
                word = String.UnicodeScalarView()
            } else {
                word.append(scalar)
            }
        }
        return word.isEmpty ? words : words + [String(word)]
    }
}
