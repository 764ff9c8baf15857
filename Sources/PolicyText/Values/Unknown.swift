/// Text that stands for a value which the script doesn't tell, with its name: `%1`.
package enum Unknown {
    private static let opening: Character = "\u{f8fe}"
    private static let closing: Character = "\u{f8ff}"
    /// The first byte of the opening mark in UTF-8, for a cheap look.
    private static let lead: UInt8 = 0xef

    package static func named(_ name: String) -> String { "\(opening)\(name)\(closing)" }

    package static func isIn(_ text: String) -> Bool {
        text.utf8.contains(lead) && text.contains(opening)
    }

    /// The text with names in place of unknown values.
    package static func shown(_ text: String) -> String {
        isIn(text) ? text.filter { $0 != opening && $0 != closing } : text
    }

    /// The first unknown value in it.
    package static func name(in text: String) -> String? {
        guard isIn(text), let start = text.firstIndex(of: opening) else { return nil }
        return String(text[text.index(after: start)...].prefix { $0 != closing })
    }
}
