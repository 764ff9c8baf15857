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
        let used = server.offers.filter { isUsed($0) }
        guard !used.isEmpty else {
            guard !server.sessions.isEmpty else { return .cannotTell("no session was seen") }
            if server.sessions.allSatisfy({ $0.isEncrypted && $0.channelCount == 0 }) {
                return .cannotTell("every session was encrypted")
            }
            return server.sessions.allSatisfy(\.isOneSided)
                ? .cannotTell("every session was seen in one direction only")
                : .passed("no client used PORT or EPRT with success")
        }
        let (failed, fallen) = fallbacks(server)
        let chosen = used.filter { !fallen.contains($0.id) }
        // Where passive mode doesn't work, active mode may be all that does.
        let mayGo = fallen.isEmpty && server.passiveOff == nil
        return .failed(
            [
                chosen.isEmpty
                    ? nil
                    : fault(
                        chosen, server, key: "active", offers: Set(chosen.map(\.id)),
                        changes: mayGo ? [ProposedChange(.server, .refuseActive)] : []),
                fallen.isEmpty
                    ? nil
                    : fault(
                        server.offers.filter { fallen.contains($0.id) }, server, key: "fallback",
                        offers: failed, changes: [],
                        ", after passive ports that could not be reached"),
            ].compactMap(\.self))
    }

    /// Whether the server accepted it, or connected.
    private static func isUsed(_ offer: Offer) -> Bool {
        guard !offer.isPassive, offer.channel.advertised != nil else { return false }
        return offer.channel.reply.map { (200..<300).contains($0) }
            ?? (offer.channel.outcome == .established)
    }

    /// Passive ports that failed, and what clients fell back to after them, as long as no other
    /// passive port worked for the session.
    private static func fallbacks(
        _ server: ServerView
    ) -> (failed: Set<Offer.ID>, fallen: Set<Offer.ID>) {
        var failed: Set<Offer.ID> = []
        var fallen: Set<Offer.ID> = []
        var before: [Offer.ID] = []
        for offer in server.offers {
            if before.last.map({ $0.session != offer.id.session }) ?? false { before = [] }
            if offer.isPassive {
                if offer.failedOnTheWire { before.append(offer.id) }
                if offer.channel.outcome == .established { before = [] }
            } else if !before.isEmpty, isUsed(offer) {
                fallen.insert(offer.id)
                failed.formUnion(before)
            }
        }
        return (failed, fallen)
    }

    private static func fault(
        _ used: some Collection<Offer>, _ server: ServerView, key: String, offers: Set<Offer.ID>,
        changes: [ProposedChange], _ circumstance: String = ""
    ) -> Fault {
        let clients = Set(used.map(\.session.client.address)).count
        let opened = used.count { server.connection(to: $0) != nil }
        return Fault(
            key: key,
            message: """
                \(used.count) \(used.count == 1 ? "transfer" : "transfers") of \(clients) \
                \(clients == 1 ? "client" : "clients") in active mode\(circumstance); the server \
                opened \(opened) \(opened == 1 ? "connection" : "connections") towards clients.
                """,
            expected: "passive mode", observed: "PORT or EPRT", count: used.count,
            packets: used.lazy.flatMap { offer in
                [
                    PacketEvidence(
                        offer.channel.frame,
                        "\(offer.channel.announcedBy.rawValue) \(offer.channel.advertised.map { "\($0)" } ?? "")"
                    )
                ]
                    + [server.connection(to: offer)].compactMap(\.self).map {
                        PacketEvidence($0, "SYN of the server, \(offer.channel.outcome.rawValue)")
                    }
            },
            offers: offers, sessions: used.lazy.map(\.session), changes: changes)
    }
}
