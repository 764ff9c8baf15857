/// Commands as people type them: `int`, `ip access-g 101 in`, `perm tcp any ho 10.1.1.1`. IOS takes a
/// keyword cut at the end as long as it can mean but one.
///
/// https://www.cisco.com/c/en/us/td/docs/ios/fundamentals/command/reference/cf_book/cf_cli-basics.html
enum IOSAbbreviations {
    /// The keywords at the head of a command, written out.
    static func command(_ words: [String]) -> [String] {
        guard let first = words.first, begins.contains(first.prefix(2).lowercased()) else {
            return words
        }
        var words = words
        func write(_ place: Int, _ known: [String: Int]) {
            if let meant = word(words[place], known) { words[place] = meant }
        }
        write(0, words.count > 1 && Int(words[1]) != nil ? ["access-list": 3] : heads)
        guard words[0].lowercased() == "ip", words.count > 2 else { return words }
        let isList = words.count == 4 && word(words[2], kinds) != nil
        let isBinding = words.count == 4 && ["in", "out"].contains(words[3].lowercased())
        write(1, isList ? ["access-list": 3] : isBinding ? ["access-group": 3] : below)
        switch words[1].lowercased() {
        case "access-list": write(2, kinds)
        case "nat":
            write(2, ["inside": 2, "outside": 3])
            guard words.count > 4, words[2].lowercased().hasSuffix("side") else { break }
            write(3, ["source": 2, "destination": 3])
            write(4, ["static": 2])
        default: break
        }
        return words
    }

    /// What follows `permit` or `deny`, or is a group's member: keywords written out and in lower case.
    static func entry(_ words: [String]) -> [String] {
        var isName = false
        return words.map { text in
            let written = isName ? text : word(text, entries) ?? text.lowercased()
            isName = !isName && named.contains(written)
            return written
        }
    }

    /// The one of these keywords, each with the letters that it takes at least, that `text` is.
    static func word(_ text: String, _ known: [String: Int]) -> String? {
        guard let first = text.utf8.first, first > 0x39 else { return nil }
        let text = text.lowercased()
        if known[text] != nil { return text }
        let meant = known.filter { $0.key.hasPrefix(text) && text.utf8.count >= $0.value }
        return meant.count == 1 ? meant.first?.key : nil
    }

    private static let begins: Set<String> = ["in", "ac", "ip", "ob", "pe", "de", "re", "sh"]
    private static let heads = [
        "interface": 3, "access-list": 8, "access-group": 8, "object-group": 8, "permit": 3,
        "deny": 3, "remark": 3, "shutdown": 4,
    ]
    private static let below = ["access-group": 8, "access-list": 8, "address": 3]
    private static let kinds = ["extended": 2, "standard": 2]
    private static let entries = [
        "host": 2, "any": 2, "range": 3, "established": 3, "object-group": 8, "fragments": 4,
        "log": 3, "log-input": 4, "time-range": 6,
    ]
    /// After these stands a name of the user's.
    private static let named: Set<String> = [
        "object-group", "group-object", "portgroup", "time-range", "reflect", "log", "log-input",
    ]
}
