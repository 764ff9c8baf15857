/// What a terminal's pager left in a configuration that was copied from its screen.
///
/// The pager prints its mark, wipes it with backspaces or blanks once a key is hit, and prints the
/// next line over it: ` --More-- ` of IOS and FortiOS, `<--- More --->` of ASA, `---(more 45%)---`
/// of Junos.
enum PagerMark {
    /// The line without a mark at its beginning; nil where it has none.
    static func cut(from line: String) -> String? {
        let head = line.utf8.drop { $0 == 0x20 || $0 == 0x08 }
        guard head.starts(with: "--".utf8) || head.starts(with: "<-".utf8) else { return nil }
        let text = line[head.startIndex...]
        guard let mark = marks.first(where: { text.hasPrefix($0.begin) }),
            let end = text.dropFirst(mark.begin.count).firstRange(of: mark.end)
        else { return nil }
        let rest = line[end.upperBound...]
        if let wiped = rest.lastIndex(of: "\u{8}") { return String(rest[wiped...].dropFirst()) }
        let blanks = rest.prefix { $0 == " " }.count
        return String(rest.dropFirst(min(blanks, mark.wiped)))
    }

    /// How a mark begins and ends, and the blanks that wipe it, where backspaces got lost.
    private static let marks: [(begin: String, end: String, wiped: Int)] = [
        ("--More", "--", 9), ("<--- More", "--->", 14), ("---(more", ")---", 40),
    ]
}
