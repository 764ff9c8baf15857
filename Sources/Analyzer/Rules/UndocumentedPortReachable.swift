import FTP
import Net

/// PH307: data flowed on a port that no document opens or configures.
enum UndocumentedPortReachable: Rule {
    static let id = "PH307"
    static let title = "Port outside every document is reachable"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.neededPorts]
    static let explanation = Explanation(
        checks: """
            Data connections that were established on announced ports outside the configured range, \
            or on ports that the devices on the path deny by their configuration.
            """,
        why: """
            Something lets in what the documents do not know: an opening that nobody reviews, or \
            an export that is no longer the configuration in force.
            """,
        remedy:
            "Find what opens the port; close it, or document it. Export the configuration anew.",
        refutation: "A line of a device on the path, in force at the time, that permits the port.",
        references: ["NIST SP 800-41 Revision 1, section 4.2"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        guard server.range != nil || !server.path.isEmpty else {
            return .notApplicable("neither a range nor a device is known")
        }
        let established = server.ownOffers.only { $0.channel.outcome == .established }
        guard !established.isEmpty else { return .cannotTell("no data connection was established") }
        let used = established.ports
        let outside = server.range.map { used.subtracting($0) } ?? PortSet()
        let blocked = server.blocked(established, \.asked)
        let denied = blocked.reduce(PortSet()) { $0.union($1.blockade.ports) }
        let stray = outside.union(denied)
        guard !stray.isEmpty else {
            // What is configured is documented, whatever a device does.
            let unknown = server.range == nil ? server.undecided(established, \.asked) : []
            guard unknown.isEmpty else {
                let ports = PortSet(ports: unknown.map(\.port))
                return .cannotTell(
                    "\(ports.named) worked, and whether a device's line opens "
                        + "\(ports.count == 1 ? "it" : "them") isn't known")
            }
            return .passed("\(established.count) data connections used documented ports alone")
        }
        let deniedOffers = Set(blocked.flatMap(\.tries).map(\.id))
        let hit = established.filter {
            deniedOffers.contains($0.id) || ($0.port.map(outside.contains) ?? false)
        }
        var reasons: [String] = []
        if !outside.isEmpty { reasons.append("\(outside.named) outside the configured range") }
        for blockade in blocked.map(\.blockade) {
            reasons.append("\(blockade.ports.named) although \(blockade.sentence)")
        }
        return .failed([
            Fault(
                key: "\(stray)",
                message: "Data was transferred on " + reasons.joined(separator: "; and on ") + ".",
                expected: "no connection on \(stray.named)",
                observed: "\(hit.count) established", count: hit.count,
                packets: hit.lazy.flatMap { offer in
                    [offer.announcement]
                        + [offer.channel.dataFrame].compactMap(\.self).map {
                            PacketEvidence($0, "SYN to port \(offer.port ?? 0), established")
                        }
                },
                config: server.configuredSources + blocked.map(\.blockade.line),
                offers: Set(hit.map(\.id)), sessions: hit.lazy.map(\.session), ports: stray)
        ])
    }
}
