/// Makes a text that shows a fault small.
enum Shrinker {
    /// The text without the lines that it doesn't need to show the fault; tries no more than `most`.
    static func shrunk(
        _ text: String, most: Int = 600, shows: (String) throws -> Bool
    ) rethrows -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var tries = 0
        var size = max(1, lines.count / 2)
        while tries < most {
            var smaller = false
            var start = 0
            while start + size <= lines.count, tries < most {
                var fewer = lines
                fewer.removeSubrange(start..<start + size)
                tries += 1
                if try shows(fewer.joined(separator: "\n")) {
                    lines = fewer
                    smaller = true
                } else {
                    start += 1
                }
            }
            // Two lines may go together where neither can alone: a chain's head and its end.
            if size > 3 {
                size /= 2
            } else if size > 1 {
                size -= 1
            } else if smaller {
                size = min(3, max(1, lines.count))
            } else {
                break
            }
        }
        return lines.joined(separator: "\n")
    }
}
