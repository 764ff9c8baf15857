import FTP
import Net
import Policy

/// PH106: an announcement that names no host or port that anybody could connect to.
enum AnnouncementUnusable: Rule {
    static let id = "PH106"
    static let title = "Announced address invalid or ambiguous"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.configuration]
    static let explanation = Explanation(
        checks: """
            Each announcement: an unspecified, loopback or multicast address, an octet above 255, \
            port 0, or a line from which no endpoint can be read.
            """,
        why: """
            Clients and devices read such a line differently: some mask the numbers, some give up, \
            some ignore the address. What then happens depends on who reads it.
            """,
        remedy: "Have the server announce the address by which clients reach it.",
        refutation: "The line as the server sent it, with a usable endpoint.",
        references: ["RFC 959 section 4.1.2", "RFC 2428 section 3", "RFC 1122 section 3.2.1.3"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        guard !server.offers.isEmpty else {
            return .cannotTell("nothing was announced in clear text")
        }
        let hit = server.offers.filter { offer in
            guard let endpoint = offer.channel.advertised else { return !isCut(offer) }
            // On one machine a loopback address is where both ends are.
            return Prefix.isUnusable(endpoint.address) && endpoint.address != announcer(offer)
        }
        guard !hit.isEmpty else {
            let cut = server.offers.count { $0.channel.advertised == nil }
            guard cut == 0 else {
                return .cannotTell("\(cut) announcements may be cut by the snap length")
            }
            return .passed("all \(server.offers.count) announcements name a usable endpoint")
        }
        let names = Set(
            hit.map { $0.channel.advertised.map { "\($0.address)" } ?? "no endpoint at all" })
        let reached = server.reached(in: hit[0].session)
        let advises = hit.contains {
            $0.channel.announcedBy == .passive && $0.channel.advertised != nil
        }
        return .failed([
            Fault(
                key: names.sorted().prefix(7).joined(separator: " "),
                message: message(hit),
                expected: "\(reached)", observed: names.listed,
                count: hit.count,
                packets: hit.lazy.map {
                    $0.channel.advertised == nil
                        ? PacketEvidence(
                            $0.channel.frame,
                            "\($0.channel.announcedBy.rawValue) that can't be read")
                        : $0.announcement
                },
                offers: Set(hit.map(\.id)), sessions: hit.lazy.map(\.session),
                changes: advises
                    ? [
                        ProposedChange(.server, .advertise(reached)),
                        ProposedChange(.server, .restart),
                    ]
                    : [])
        ])
    }

    private static func message(_ hit: [Offer]) -> String {
        let named = hit.compactMap(\.channel.advertised)
        let unread = hit.count - named.count
        var parts: [String] = []
        if !named.isEmpty {
            parts.append(
                """
                \(named.count) \(named.count == 1 ? "announcement names" : "announcements name") \
                \(Set(named.map(\.address)).listed), to which no client can connect
                """)
        }
        if unread > 0 {
            parts.append(
                """
                \(unread) \(unread == 1 ? "announcement names" : "announcements name") no endpoint \
                that can be read: what clients make of it differs
                """)
        }
        return parts.joined(separator: "; ") + "."
    }

    /// The address of the end that announced, on the control connection.
    private static func announcer(_ offer: Offer) -> IPAddress {
        (offer.isPassive ? offer.session.server : offer.session.client).address
    }

    /// Whether what the server said there may have been longer than the capture holds.
    private static func isCut(_ offer: Offer) -> Bool {
        offer.session.isTruncated
    }
}
