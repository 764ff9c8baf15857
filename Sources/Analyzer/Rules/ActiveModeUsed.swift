import FTP
import Net
import Policy

/// PH111: clients have the server connect to them.
enum ActiveModeUsed: Rule {
    static let id = "PH111"
    static let title = "Active mode in use"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.neededPorts]
    static let explanation = Explanation(
        checks:
            "PORT and EPRT that the server accepted, and the connections that it opened for them.",
        why: """
            Active mode needs a hole towards the clients: they must let in connections that a \
            server opens. Opening ports 20 and 21 at the server does not help passive mode.
            """,
        remedy: "Have clients use passive mode, and refuse PORT where nobody needs it.",
        refutation: "An agreement that names these clients and active mode.",
        references: ["RFC 959 section 5.2", "RFC 1579"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        let active = server.offers.filter { !$0.isPassive && $0.channel.advertised != nil }
        let used = active.filter {
            $0.channel.reply.map { (200..<300).contains($0) }
                ?? ($0.channel.outcome == .established)
        }
        guard !used.isEmpty else {
            guard !server.sessions.isEmpty else { return .cannotTell("no session was seen") }
            if server.sessions.allSatisfy({ $0.isEncrypted && $0.channelCount == 0 }) {
                return .cannotTell("every session was encrypted")
            }
            return server.sessions.allSatisfy(\.isOneSided)
                ? .cannotTell("every session was seen in one direction only")
                : .passed("no client used PORT or EPRT with success")
        }
        let clients = Set(used.map(\.session.client.address)).count
        let opened = used.count { $0.channel.dataFrame != nil }
        return .failed([
            Fault(
                key: "active",
                message: """
                    \(used.count) \(used.count == 1 ? "transfer" : "transfers") of \(clients) \
                    \(clients == 1 ? "client" : "clients") in active mode; the server opened \
                    \(opened) \(opened == 1 ? "connection" : "connections") towards clients.
                    """,
                expected: "passive mode", observed: "PORT or EPRT", count: used.count,
                packets: used.lazy.flatMap { offer in
                    [
                        PacketEvidence(
                            offer.channel.frame,
                            "\(offer.channel.announcedBy.rawValue) \(offer.channel.advertised.map { "\($0)" } ?? "")"
                        )
                    ]
                        + [offer.channel.dataFrame].compactMap(\.self).map {
                            PacketEvidence(
                                $0, "SYN of the server, \(offer.channel.outcome.rawValue)")
                        }
                },
                offers: Set(used.map(\.id)), sessions: used.lazy.map(\.session),
                changes: [ProposedChange(.server, .refuseActive)])
        ])
    }
}
