/// The arguments of a netsh command: positional and tagged, blanks around `=` allowed.
struct NetshArguments {
    /// By slot name, quotation marks taken off.
    private(set) var values: [String: String] = [:]
    /// Nil where every argument found its slot.
    private(set) var fault: String?

    subscript(_ slot: String) -> String? { values[slot] }

    init(_ words: [String], slots: [String]) {
        var queue = Self.joined(words, slots)[...]
        while let word = queue.popFirst() {
            if let equals = word.firstIndex(of: "="),
                let slot = slots.first(where: { $0.same(String(word.prefix(upTo: equals))) })
            {
                values[slot] = String(word[word.index(after: equals)...]).unquoted
            } else if let slot = slots.first(where: { values[$0] == nil }) {
                values[slot] = word.unquoted
            } else {
                fault = "more arguments than the command takes"
            }
        }
    }

    /// Puts `protocol`, `=`, `all` together.
    private static func joined(_ words: [String], _ slots: [String]) -> [String] {
        var result: [String] = []
        for word in words {
            if let last = result.last,
                last.hasSuffix("=") && slots.contains(where: { last.same($0 + "=") })
                    || word.hasPrefix("=") && slots.contains(where: { last.same($0) })
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
        var word = ""
        var inside = false
        for character in text {
            if "\"“”".contains(character) { inside.toggle() }
            if !inside, character == " " || character == "\t" {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? words : words + [word]
    }
}
