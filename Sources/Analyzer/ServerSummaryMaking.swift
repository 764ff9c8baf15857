import FTP
import Net
import Policy

extension ServerView {
    /// The server for the head of its section and for the port ruler.
    public var summary: AuditReport.ServerSummary {
        AuditReport.ServerSummary(
            name: name, known: site != nil, addresses: addresses, control: control,
            product: settings?.behaviour.product, configured: configured,
            configuredSources: configuredSources, hops: lanes,
            permitted: path.isEmpty ? nil : permitted, inspected: inspected, undecided: undecided,
            openToSome: openToSome, translated: isTranslated ? translated : nil, observed: observed,
            sessions: sessions.count,
            encryptedSessions: sessions.count { $0.isEncrypted },
            clients: Set(sessions.map(\.client.address)).count)
    }

    /// Whether clients reach it by another address than its own.
    public var isTranslated: Bool { site.map { $0.inside != $0.addresses } ?? false }

    private var lanes: [AuditReport.HopLane] {
        guard let site, let address = site.addresses.first else { return [] }
        let whole = PortSet(1...65535)
        if path.count == 1, let answer = reach.first {
            return [lane(path[0], answer)]
        }
        return path.enumerated().map { index, hop in
            // What earlier hops make of the address is what this one sees.
            let before = PathEvaluator(Array(path[..<index])).reach(
                ReachQuestion(from: .all, to: address, ports: whole))
            let seen =
                index == 0
                ? site.arrival(of: address, on: path) ?? address
                : before.segments.compactMap(\.translatedTo).first ?? address
            let answer = PathEvaluator([hop]).reach(
                ReachQuestion(
                    from: Self.clients(of: site, as: address.family), to: seen, ports: whole,
                    control: site.control.first, controlPorts: controlPorts))
            return lane(hop, answer)
        }
    }

    private func lane(_ hop: Hop, _ answer: Reach) -> AuditReport.HopLane {
        let closed = Self.ports(of: answer) { $0.verdict != .permitted }
        let shut = Self.ports(of: answer) {
            $0.verdict != .permitted && $0.verdict != .permittedByInspection
        }
        return AuditReport.HopLane(
            name: hop.name, file: hop.configuration.file,
            permitted: PortSet(1...65535).subtracting(closed), inspected: closed.subtracting(shut))
    }

    private var observed: [AuditReport.ObservedPort] {
        var counts: [PortOutcome: Int] = [:]
        for offer in passiveOffers {
            guard let port = offer.port else { continue }
            counts[PortOutcome(port: port, outcome: offer.channel.outcome), default: 0] += 1
        }
        var outcomes: [UInt16: [String: Int]] = [:]
        for (seen, count) in counts {
            outcomes[seen.port, default: [:]][seen.outcome.rawValue] = count
        }
        return outcomes.sorted { $0.key < $1.key }.map {
            AuditReport.ObservedPort(port: $0.key, outcomes: $0.value)
        }
    }

    private struct PortOutcome: Hashable {
        let port: UInt16
        let outcome: DataChannel.Outcome
    }
}
