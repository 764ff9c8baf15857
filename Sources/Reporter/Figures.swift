import Net

/// Numbers and ports as people read them.
enum Figures {
    /// `4,821`.
    static func count(_ value: Int) -> String { count(UInt64(max(0, value))) }

    static func count(_ value: UInt64) -> String {
        let digits = Array(String(value))
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return result
    }

    /// `1 offer`, `4,821 offers`.
    static func count(_ value: Int, _ noun: String) -> String {
        "\(count(value)) \(noun)\(value == 1 ? "" : "s")"
    }

    /// `49 %`; never 0 % or 100 % of something that is only nearly so.
    static func share(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "0 %" }
        let percent = Double(part) / Double(whole) * 100
        if part > 0, percent < 1 { return "under 1 %" }
        if part < whole, percent > 99 { return "over 99 %" }
        return "\(Int(percent.rounded())) %"
    }

    /// `5001–5201`, or `5001–5100, 5150 and 12 more ranges`.
    static func ports(_ set: PortSet, most: Int = 6) -> String {
        guard !set.isEmpty else { return "none" }
        let shown = set.ranges.prefix(most).map(range).joined(separator: ", ")
        let rest = set.ranges.count - most
        return rest > 0 ? "\(shown) and \(count(rest, "more range"))" : shown
    }

    static func range(_ range: ClosedRange<UInt16>) -> String {
        range.lowerBound == range.upperBound
            ? "\(range.lowerBound)" : "\(range.lowerBound)–\(range.upperBound)"
    }

    /// `2026-11-20`.
    static func day(_ time: Timestamp) -> String { String(time.description.prefix(10)) }

    /// `2026-11-20 10:00:00 UTC`.
    static func moment(_ time: Timestamp) -> String {
        let text = time.description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
    }

    /// `10:00:00.000`.
    static func clock(_ time: Timestamp) -> String {
        String(time.description.dropFirst(11).prefix(12))
    }
}

extension PortSet {
    /// Numbers of ports fixed by a configuration, 1 to 65535: no question is asked of port 0.
    static let asked = PortSet(1...65535)
}
