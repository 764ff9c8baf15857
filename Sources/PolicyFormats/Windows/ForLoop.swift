/// `FOR /L %I IN (start,step,end) DO command`, unrolled; loops may be nested on the line.
enum ForLoop {
    /// Commands that one line is unrolled to at most.
    static let limit = 200_000

    struct Unrolled {
        var commands: [String] = []
        /// The variable is written as at the prompt, `%I`.
        var promptStyle = false
        /// Nil: unrolled to its end.
        var fault: String?
    }

    /// Nil where the text isn't a counting loop.
    static func unroll(_ text: String) -> Unrolled? {
        guard text.prefixMatch(of: /(?i)\s*for\s+\/l\b/) != nil else { return nil }
        guard
            let head = text.prefixMatch(
                of:
                    /(?i)\s*for\s+\/l\s+(%%?)([a-z])\s+in\s*\(\s*(-?\d{1,9})[\s,;=]+(-?\d{1,9})[\s,;=]+(-?\d{1,9})\s*\)\s*do\s+/
            ), let start = Int(head.3), let step = Int(head.4), let end = Int(head.5)
        else { return Unrolled(fault: "not a loop that cmd understands") }
        var result = Unrolled(promptStyle: head.1 == "%")
        guard step != 0 else {
            result.fault = "a step of 0 never ends"
            return result
        }
        let body = String(text[head.range.upperBound...])
        var value = start
        while step > 0 ? value <= end : value >= end {
            guard result.commands.count < limit else {
                result.fault = "unrolled to \(limit) commands only"
                break
            }
            let command = body.replacing("%%\(head.2)", with: "\(value)")
                .replacing("%\(head.2)", with: "\(value)")
            if let inner = unroll(command) {
                result.commands += inner.commands.prefix(limit - result.commands.count)
                if let fault = inner.fault {
                    result.fault = fault
                    break
                }
            } else {
                result.commands.append(command)
            }
            value += step
        }
        return result
    }
}
