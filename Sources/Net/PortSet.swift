/// A set of TCP ports.
public typealias PortSet = IntervalSet<UInt16>

extension IntervalSet where Element == UInt16 {
    public init(ports: some Sequence<UInt16>) {
        var ranges: [ClosedRange<UInt16>] = []
        for port in Array(ports).sorted() {
            if let last = ranges.last, Int(port) <= Int(last.upperBound) + 1 {
                ranges[ranges.count - 1] = last.lowerBound...port
            } else {
                ranges.append(port...port)
            }
        }
        self.init(ranges)
    }

    /// How many ports it holds, up to 65536.
    public var count: Int { ranges.reduce(0) { $0 + $1.count } }

    /// The ports in ascending order.
    public var ports: some Sequence<UInt16> { ranges.lazy.joined() }

    /// Reads ports and ascending ranges separated by commas, `21,5001-5201`; blanks are allowed.
    public init?(_ text: String) {
        var ranges: [ClosedRange<UInt16>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.filter { $0 != " " } }
            guard let low = UInt16(bounds[0]), let high = UInt16(bounds[bounds.count - 1]),
                low <= high, bounds.allSatisfy({ $0.allSatisfy(\.isNumber) })
            else { return nil }
            ranges.append(low...high)
        }
        self.init(ranges)
    }
}

extension IntervalSet: CustomStringConvertible {
    /// Ranges separated by commas, `21,5001-5201`; empty for the empty set. Whole prefixes of
    /// addresses are written as such.
    public var description: String {
        ranges.map(Self.text).joined(separator: ",")
    }

    private static func text(_ range: ClosedRange<Element>) -> String {
        if range.lowerBound == range.upperBound { return range.lowerBound.description }
        if let addresses = range as? ClosedRange<IPAddress>, let prefix = Prefix(exactly: addresses)
        {
            return prefix.description
        }
        return range.lowerBound.description + "-" + range.upperBound.description
    }
}
