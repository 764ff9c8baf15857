import Analyzer
import Net

/// The geometry of a port ruler: what was meant, opened, translated and seen, on one axis of ports.
///
/// Positions are percentages of the figure's width. The axis is cut into stretches; inside one the
/// scale is linear, between two that don't touch stands a break.
struct PortRuler {
    struct Stretch: Hashable {
        var ports: ClosedRange<UInt16>
        var x: Double
        var width: Double
    }

    struct Lane: Hashable {
        enum Kind: String { case configured, permitted, inspected, translated }

        var kind: Kind
        /// The hop's name on a permitted lane.
        var name: String
        var ports: PortSet
    }

    struct Row: Hashable {
        var outcome: String
        var words: String
        /// Offers.
        var count: Int
        var ports: PortSet
    }

    static let margin = 0.4
    static let gap = 2.6
    static let minimum = 10.4
    /// More stretches than this can't be told apart; the least separate ones are joined.
    static let most = 9

    /// What became of offers, in the order of the rows.
    static let outcomes = [
        ("established", "established"), ("refused", "refused (RST)"),
        ("prohibited", "prohibited (ICMP)"), ("unanswered", "unanswered"),
        ("unused", "no SYN seen"), ("unseen", "not visible"),
    ]

    var stretches: [Stretch]
    /// Middles of the breaks.
    var breaks: [Double]
    var lanes: [Lane]
    var rows: [Row]
    var bands: [Band]

    init(_ server: AuditReport.ServerSummary, findings: [Finding]) {
        let control = PortSet(ports: server.control)
        var lanes: [Lane] = []
        if let configured = server.configured {
            lanes.append(Lane(kind: .configured, name: "", ports: configured.union(control)))
        }
        let observed = PortSet(ports: server.observed.map(\.port))
        let handedOut = observed.union(server.configured ?? PortSet())
        for hop in server.hops {
            lanes.append(Lane(kind: .permitted, name: hop.name, ports: hop.permitted))
            // A helper opens any port: those that it may be asked for are shown.
            let asked = hop.inspected.intersection(handedOut)
            if !asked.isEmpty { lanes.append(Lane(kind: .inspected, name: hop.name, ports: asked)) }
        }
        if server.hops.isEmpty, let permitted = server.permitted {
            lanes.append(Lane(kind: .permitted, name: "", ports: permitted))
        }
        let drawn = lanes.reduce(observed.union(control)) { $0.union($1.ports) }
            .intersection(.asked)
        // What translates all ports makes no stretch of its own; it fills those that exist.
        if let translated = server.translated {
            lanes.append(Lane(kind: .translated, name: "", ports: translated))
        }
        self.lanes = lanes
        rows = Self.outcomes.compactMap { outcome, words in
            let ports = server.observed.filter { ($0.outcomes[outcome] ?? 0) > 0 }
            guard !ports.isEmpty else { return nil }
            return Row(
                outcome: outcome, words: words,
                count: ports.reduce(0) { $0 + ($1.outcomes[outcome] ?? 0) },
                ports: PortSet(ports: ports.map(\.port)))
        }
        let planned = lanes.map { $0.ports.intersection(drawn) }
        let meant = planned.reduce(PortSet()) { $0.union($1) }
        let cut = Self.cut(planned + [observed.subtracting(meant), control], drawn)
        (stretches, breaks) = Self.place(Self.joined(cut))
        bands = Self.bands(server, findings: findings, observed: observed)
    }

    /// Where the port begins, in percent; nil where the axis doesn't show it.
    func x(of port: UInt16) -> Double? {
        stretches.first { $0.ports.contains(port) }.map { $0.x(of: port) }
    }

    /// The parts of a set as the axis shows them: start and width, one part a run that no break cuts.
    func spans(of set: PortSet) -> [(ports: ClosedRange<UInt16>, x: Double, width: Double)] {
        var result: [(ports: ClosedRange<UInt16>, x: Double, width: Double)] = []
        for stretch in stretches {
            for range in set.intersection(PortSet(stretch.ports)).ranges {
                let x = stretch.x(of: range.lowerBound)
                let width = stretch.perPort * Double(range.count)
                if let last = result.last, Int(last.ports.upperBound) + 1 == Int(range.lowerBound),
                    abs(last.x + last.width - x) < 0.001
                {
                    result[result.count - 1].ports = last.ports.lowerBound...range.upperBound
                    result[result.count - 1].width += width
                } else {
                    result.append((range, x, width))
                }
            }
        }
        return result
    }

    /// Cuts the axis at every start and end of every set, and drops what none of them holds.
    static func cut(_ sets: [PortSet], _ drawn: PortSet) -> [ClosedRange<UInt16>] {
        var starts = Set<Int>()
        for range in sets.flatMap(\.ranges) {
            starts.insert(Int(range.lowerBound))
            starts.insert(Int(range.upperBound) + 1)
        }
        let sorted = starts.sorted()
        return zip(sorted, sorted.dropFirst()).compactMap { low, next in
            guard let low = UInt16(exactly: low), let high = UInt16(exactly: next - 1),
                drawn.contains(low)
            else { return nil }
            return low...high
        }
    }

    /// Joins neighbours until few enough are left: the widest gaps are kept as breaks first.
    static func joined(_ stretches: [ClosedRange<UInt16>]) -> [ClosedRange<UInt16>] {
        guard stretches.count > most, var current = stretches.first else { return stretches }
        let scores = zip(stretches, stretches.dropFirst()).enumerated().map { index, pair in
            let gap = Int(pair.1.lowerBound) - Int(pair.0.upperBound) - 1
            let size = gap > 0 ? gap + 65536 : min(pair.0.count, pair.1.count)
            return (size: size, index: index)
        }
        let kept = Set(
            scores.sorted { ($0.size, $1.index) > ($1.size, $0.index) }.prefix(most - 1)
                .map(\.index))
        var result: [ClosedRange<UInt16>] = []
        for (index, next) in stretches.dropFirst().enumerated() {
            if kept.contains(index) {
                result.append(current)
                current = next
            } else {
                current = current.lowerBound...next.upperBound
            }
        }
        return result + [current]
    }

    /// Widths by the logarithm of the number of ports, none below the minimum.
    static func place(_ ranges: [ClosedRange<UInt16>]) -> ([Stretch], [Double]) {
        let separate = zip(ranges, ranges.dropFirst()).map {
            Int($0.upperBound) + 1 < Int($1.lowerBound)
        }
        let room = 100 - 2 * margin - gap * Double(separate.filter(\.self).count)
        let least = min(minimum, room / Double(max(1, ranges.count)))
        let weights = ranges.map { Self.log2(1 + Double($0.count)) }
        var fixed = Set<Int>()
        var unit = 0.0
        while true {
            let free = ranges.indices.filter { !fixed.contains($0) }
            let weight = free.reduce(0) { $0 + weights[$1] }
            guard weight > 0 else { break }
            unit = (room - least * Double(fixed.count)) / weight
            let small = free.filter { weights[$0] * unit < least }
            if small.isEmpty { break }
            fixed.formUnion(small)
        }
        var stretches: [Stretch] = []
        var breaks: [Double] = []
        var x = margin
        for (index, range) in ranges.enumerated() {
            if index > 0, separate[index - 1] {
                breaks.append(x + gap / 2)
                x += gap
            }
            let width = fixed.contains(index) ? least : weights[index] * unit
            stretches.append(Stretch(ports: range, x: x, width: width))
            x += width
        }
        return (stretches, breaks)
    }

    /// By bisection of the exponent and four steps of the series: the same on every machine.
    private static func log2(_ value: Double) -> Double {
        var whole = 0.0
        var rest = value
        while rest >= 2 {
            rest /= 2
            whole += 1
        }
        var part = 0.5
        for _ in 0..<24 {
            rest *= rest
            if rest >= 2 {
                rest /= 2
                whole += part
            }
            part /= 2
        }
        return whole
    }
}

extension PortRuler.Stretch {
    var perPort: Double { width / Double(ports.count) }

    func x(of port: UInt16) -> Double {
        x + perPort * (Double(port) - Double(ports.lowerBound))
    }
}
