import FTP
import Net
import Policy

/// PH113: a client has the server connect to somebody else, or to a privileged port.
enum BounceAttempt: Rule {
    static let id = "PH113"
    static let title = "FTP bounce attempted or accepted"
    static let severity = Severity.high
    static let grades: Grades? = Grades(
        Severity.low...Severity.critical,
        "Critical where the server accepted and connected, high where it accepted, low where it refused, or its answer wasn't seen."
    )
    static let controls: [ControlSet] = [.sessionIntegrity, .monitoring]
    static let explanation = Explanation(
        checks: """
            PORT and EPRT that name another host than the client, or a port below 1024, whether \
            the server accepted them, and whether it connected.
            """,
        why: """
            The server then speaks for the client: it scans, mails or delivers from its own \
            address, past the filters that trust it.
            """,
        remedy: "Have the server refuse PORT and EPRT that name another host than the client.",
        refutation: "A NAT that hides the client behind the address that it named.",
        references: ["RFC 2577 section 3", "CERT CA-1997-27"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        let active = server.offers.filter { !$0.isPassive }
        guard !active.isEmpty else {
            guard !server.sessions.isEmpty else { return .cannotTell("no session was seen") }
            return server.sessions.allSatisfy(\.isOneSided)
                ? .cannotTell("every session was seen in one direction only")
                : .passed("no client sent PORT or EPRT in clear text")
        }
        let hit = active.filter { offer in
            guard let named = offer.channel.advertised else { return false }
            // A private address behind NAT is the client's own mistake, not another host.
            let isForeign =
                named.address != offer.session.client.address && !Prefix.isPrivate(named.address)
            return isForeign || named.port < 1024
        }
        guard !hit.isEmpty else {
            return .passed("\(active.count) PORT or EPRT named the client's own address")
        }
        let faults = [true, false, nil].compactMap { accepted in
            fault(hit.filter { isAccepted($0, server) == accepted }, server, accepted)
        }
        return .failed(faults)
    }

    /// Nil where neither the answer nor a connection was seen.
    private static func isAccepted(_ offer: Offer, _ server: ServerView) -> Bool? {
        if let reply = offer.channel.reply { return reply < 400 }
        return server.connection(to: offer) == nil ? nil : true
    }

    private static func fault(
        _ hit: [Offer], _ server: ServerView, _ answer: Bool?
    ) -> Fault? {
        let accepted = answer ?? false
        guard !hit.isEmpty else { return nil }
        let targets = Set(hit.compactMap(\.channel.advertised)).listed
        let connected = hit.contains { server.connection(to: $0) != nil }
        let what =
            !accepted
            ? answer == nil ? "the server's answer wasn't seen" : "the server refused"
            : connected ? "the server accepted and connected" : "the server accepted"
        let isForeign = hit.contains {
            $0.channel.advertised?.address != $0.session.client.address
        }
        let wrong = isForeign ? "not their own" : "their own privileged ports"
        return Fault(
            key: (accepted ? "accepted " : answer == nil ? "open " : "refused ") + targets,
            message: "Clients had the server connect to \(targets), \(wrong); \(what).",
            expected: "PORT of the client's own address, refused otherwise", observed: what,
            count: hit.count, severity: accepted ? (connected ? .critical : .high) : .low,
            packets: hit.lazy.flatMap { offer in
                [
                    PacketEvidence(
                        offer.channel.frame,
                        "\(offer.channel.announcedBy.rawValue) \(offer.channel.advertised.map { "\($0)" } ?? "") of \(offer.session.client)"
                            + (offer.channel.reply.map { ", answered \($0)" } ?? ""))
                ]
                    + [server.connection(to: offer)].compactMap(\.self).map {
                        PacketEvidence($0, "SYN of the server to it")
                    }
            },
            config: accepted
                ? [server.settings?.foreignActivePeers?.source].compactMap(\.self) : [],
            offers: Set(hit.map(\.id)), sessions: hit.lazy.map(\.session),
            changes: accepted
                ? [
                    ProposedChange(.server, .refuseForeignPeers), ProposedChange(.server, .restart),
                ] : [])
    }
}
