import Net
import Policy
import Testing

/// What a device's policy comes to for one address, told so that two policies can be compared:
/// for every port, which clients meet which verdict, and where they are delivered.
struct Meaning: Hashable {
    /// A verdict, and what is done to the packet where it passes.
    struct Fate: Hashable {
        var verdict: Reach.Verdict
        /// Empty where it is delivered to the address asked for.
        var delivery = ""
    }

    /// Ports with the same clients for each fate.
    struct Run: Hashable {
        var ports: ClosedRange<UInt16>
        var clients: [Fate: AddressSet]
    }

    /// Ascending, over all ports.
    private(set) var runs: [Run] = []

    init(_ reach: Reach) {
        var starts: Set<UInt16> = [0]
        for range in reach.segments.flatMap(\.ports.ranges) {
            starts.insert(range.lowerBound)
            if range.upperBound < .max { starts.insert(range.upperBound + 1) }
        }
        let ascending = starts.sorted()
        for (index, start) in ascending.enumerated() {
            let end = index + 1 < ascending.count ? ascending[index + 1] - 1 : .max
            var clients: [Fate: AddressSet] = [:]
            for segment in reach.segments where segment.ports.contains(start) {
                clients[Fate(segment), default: AddressSet()] =
                    clients[Fate(segment), default: AddressSet()].union(segment.from)
            }
            append(Run(ports: start...end, clients: clients))
        }
    }

    private mutating func append(_ run: Run) {
        guard let last = runs.last, last.clients == run.clients else { return runs.append(run) }
        runs[runs.count - 1].ports = last.ports.lowerBound...run.ports.upperBound
    }

    /// The same with another fate for some ports.
    private func changed(
        _ ports: PortSet, _ change: ([Fate: AddressSet]) -> [Fate: AddressSet]
    ) -> Meaning {
        var result = self
        result.runs = []
        for run in runs {
            let inner = ports.intersection(PortSet(run.ports))
            let outer = PortSet(run.ports).subtracting(ports)
            let pieces =
                inner.ranges.map { Run(ports: $0, clients: change(run.clients)) }
                + outer.ranges.map { Run(ports: $0, clients: run.clients) }
            for piece in pieces.sorted(by: { $0.ports.lowerBound < $1.ports.lowerBound }) {
                result.append(piece)
            }
        }
        return result
    }

    /// The same with these ports permitted to all whom it judges; where they are delivered isn't
    /// told, for what was denied says nothing of it.
    func permitting(_ ports: PortSet) -> Meaning {
        changed(ports) { clients in
            [Fate(verdict: .permitted): AddressSet(clients.values.flatMap(\.ranges))]
        }
    }

    /// The same with these ports denied to all whom it judges.
    func denying(_ ports: PortSet) -> Meaning {
        changed(ports) { clients in
            [Fate(verdict: .denied): AddressSet(clients.values.flatMap(\.ranges))]
        }
    }

    /// The same with these ports permitted to all whom it judges, and delivered to an address.
    func delivering(_ ports: PortSet, to address: IPAddress) -> Meaning {
        changed(ports) { clients in
            let fate = Fate(verdict: .permitted, delivery: "\(address)")
            return [fate: AddressSet(clients.values.flatMap(\.ranges))]
        }
    }

    /// Where packets to these ports are delivered, of those that pass: `21 to 10.1.1.10`.
    func permittedDeliveries(of ports: PortSet) -> Set<String> {
        var result: Set<String> = []
        for run in runs {
            for (fate, _) in run.clients where fate.verdict == .permitted {
                for port in ports.intersection(PortSet(run.ports)).ports {
                    result.insert("\(port) to \(fate.delivery)")
                }
            }
        }
        return result
    }

    /// The same without telling where packets to these ports are delivered.
    func withoutDelivery(of ports: PortSet) -> Meaning {
        changed(ports) { clients in
            var result: [Fate: AddressSet] = [:]
            for (fate, set) in clients {
                let plain = Fate(verdict: fate.verdict)
                result[plain] = (result[plain] ?? AddressSet()).union(set)
            }
            return result
        }
    }
}

extension Meaning.Fate {
    init(_ segment: Reach.Segment) {
        self.init(verdict: segment.verdict)
        guard segment.verdict != .denied else { return }
        let targets = segment.alternatives.isEmpty ? [] : segment.alternatives
        delivery = (segment.translatedTo.map { [$0] } ?? targets).map { "\($0)" }
            .joined(separator: "|")
        if let ports = segment.translatedPorts {
            delivery += ":\(ports.lowerBound)-\(ports.upperBound)"
        }
    }
}

extension Meaning: CustomStringConvertible {
    var description: String {
        runs.map { run in
            let parts = run.clients.map { fate, clients in
                let place = fate.delivery.isEmpty ? "" : " to \(fate.delivery)"
                return "\(fate.verdict.rawValue)\(place) from \(clients)"
            }
            return "\(PortSet(run.ports)): \(parts.sorted().joined(separator: ", "))"
        }.joined(separator: "\n")
    }
}
