import Analyzer
import Net

extension PortRuler {
    /// A way in which the lanes disagree at a port.
    enum Mismatch: String, CaseIterable {
        /// Configured or offered, and not permitted.
        case closed
        /// Configured or offered, and permitted to some clients only, or at some addresses.
        case narrow
        /// Configured or offered, and not delivered to the server.
        case untranslated
        /// Offered, and not in the configured range.
        case outside
        /// Offered with an address that clients can't use.
        case wrongAddress
        /// Permitted, and neither configured nor offered, nor a control port.
        case wide
    }

    /// A maximal interval of ports with the same disagreement.
    struct Band: Hashable {
        var ports: ClosedRange<UInt16>
        var mismatches: Set<Mismatch>
        /// Offers of its ports.
        var offers: Int
        /// Offers of its ports that came to nothing.
        var failed: Int
        /// Empty for a band that is only listed in the key.
        var letter: String

        /// Clients are hurt; otherwise it is only open too wide.
        var hurts: Bool { mismatches != [.wide] }
    }

    /// How many bands are drawn.
    static let drawnBands = 4

    /// The sets of ports of each disagreement.
    static func mismatches(
        _ server: AuditReport.ServerSummary, findings: [Finding], observed: PortSet
    ) -> [(Mismatch, PortSet)] {
        let control = PortSet(ports: server.control)
        let handedOut = (server.configured ?? PortSet()).union(observed)
        var result: [(Mismatch, PortSet)] = []
        if let permitted = server.permitted {
            let known = permitted.union(server.inspected).union(server.undecided)
            let closed = handedOut.subtracting(known)
            result.append((.closed, closed.subtracting(server.openToSome)))
            result.append((.narrow, closed.intersection(server.openToSome)))
            if let configured = server.configured {
                let wide = permitted.subtracting(configured).subtracting(control)
                    .subtracting(observed)
                result.append((.wide, wide.intersection(.asked)))
            }
        }
        if let translated = server.translated {
            result.append((.untranslated, handedOut.subtracting(translated)))
        }
        if let configured = server.configured {
            result.append((.outside, observed.subtracting(configured)))
        }
        let addressed = findings.filter {
            $0.server == server.name && $0.status == .failed
                && ["PH104", "PH105", "PH106"].contains($0.rule)
        }
        let wrong = addressed.reduce(PortSet()) { $0.union($1.ports) }
        if !wrong.isEmpty { result.append((.wrongAddress, wrong.intersection(handedOut))) }
        return result
    }

    static func bands(
        _ server: AuditReport.ServerSummary, findings: [Finding], observed: PortSet
    ) -> [Band] {
        let sets = mismatches(server, findings: findings, observed: observed)
        let all = sets.reduce(PortSet()) { $0.union($1.1) }
        var bands: [Band] = []
        for range in cut(sets.map(\.1), all) {
            let kinds = Set(sets.filter { $0.1.contains(range.lowerBound) }.map(\.0))
            if let last = bands.last, last.mismatches == kinds,
                Int(last.ports.upperBound) + 1 == Int(range.lowerBound)
            {
                bands[bands.count - 1].ports = last.ports.lowerBound...range.upperBound
            } else {
                bands.append(
                    Band(ports: range, mismatches: kinds, offers: 0, failed: 0, letter: ""))
            }
        }
        count(server.observed, into: &bands)
        let order = bands.indices.sorted { left, right in
            let (a, b) = (bands[left], bands[right])
            if a.hurts != b.hurts { return a.hurts }
            if a.offers != b.offers { return a.offers > b.offers }
            if a.ports.count != b.ports.count { return a.ports.count > b.ports.count }
            return left < right
        }
        for (place, index) in order.prefix(drawnBands).sorted().enumerated() {
            bands[index].letter = ["A", "B", "C", "D"][place]
        }
        return bands
    }

    private static func count(_ ports: [AuditReport.ObservedPort], into bands: inout [Band]) {
        var index = 0
        for port in ports.sorted(by: { $0.port < $1.port }) {
            while index < bands.count, bands[index].ports.upperBound < port.port { index += 1 }
            guard index < bands.count else { return }
            guard bands[index].ports.contains(port.port) else { continue }
            bands[index].offers += port.outcomes.values.reduce(0, +)
            bands[index].failed += ["refused", "unanswered", "prohibited"]
                .compactMap { port.outcomes[$0] }.reduce(0, +)
        }
    }
}

extension PortRuler.Band {
    /// A few words for the head of the band.
    var label: String {
        if mismatches.contains(.outside) {
            return mismatches.contains(.closed) ? "outside, closed" : "outside the range"
        }
        if mismatches.contains(.closed) {
            return offers > 0 ? "handed out, but closed" : "configured, but closed"
        }
        if mismatches.contains(.narrow) { return "not open to all" }
        if mismatches.contains(.untranslated) { return "not translated" }
        if mismatches.contains(.wrongAddress) { return "wrong address" }
        return "open without use"
    }

    /// What the key says of it, after its ports.
    var sentence: String {
        var parts: [String] = []
        if mismatches.contains(.outside) {
            parts.append("offered, and outside the configured range")
        }
        if mismatches.contains(.closed) { parts.append("not permitted on the way") }
        if mismatches.contains(.narrow) { parts.append("permitted to some clients only") }
        if mismatches.contains(.untranslated) { parts.append("not translated to the server") }
        if mismatches.contains(.wrongAddress) {
            parts.append("offered with an address that clients can't use")
        }
        if mismatches.contains(.wide) {
            parts.append("permitted, and neither configured nor offered")
        }
        let first = "\(Figures.count(ports.count, "port")): \(parts.joined(separator: "; "))."
        guard offers > 0 else { return first }
        let hurt = failed > 0 ? ", of which \(Figures.count(failed)) failed" : ""
        return first + " \(Figures.count(offers, "offer"))\(hurt)."
    }
}
