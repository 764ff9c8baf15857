import FTP
import Net
import Policy

/// PH107: the transfer worked only because the client ignored the address of the 227.
enum AddressIgnoredByClient: Rule {
    static let id = "PH107"
    static let title = "Works only because clients ignore the announced address"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.configuration]
    static let explanation = Explanation(
        checks: """
            Data connections that were established at the control connection's address although \
            the 227 named another one.
            """,
        why: "Lenient clients hide the fault. The next strict client, or a newer version, fails.",
        remedy: "Have the server announce the address by which clients reach it.",
        refutation: "A client that was told by its user to connect to this address.",
        references: ["RFC 959 section 3.2", "CVE-2020-8284"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        let established = server.offers.filter {
            $0.channel.announcedBy == .passive && $0.channel.outcome == .established
        }
        guard !established.isEmpty else {
            return .cannotTell("no data connection of a 227 was established")
        }
        let differing = established.filter { offer in
            guard let named = offer.channel.advertised?.address,
                let used = offer.channel.server?.address
            else { return false }
            // Behind the translation the announced address has become the server's own.
            let isTranslated =
                server.addresses.contains(named) && server.site?.inside.contains(used) ?? false
            return used != named && !isTranslated && !Prefix.embeds(used, named)
        }
        let hit = differing.filter { offer in
            let named = offer.channel.advertised?.address
            return Prefix.isPrivate(named ?? offer.session.server.address)
                || !server.mayBeTranslated(offer.session)
        }
        guard let first = hit.first else {
            guard differing.isEmpty else {
                return .cannotTell(
                    "whether clients ignored the announced address or a translation led them on isn't known"
                )
            }
            return .passed("\(established.count) data connections went to the announced address")
        }
        let names = Set(hit.compactMap { $0.channel.advertised?.address }).listed
        let reached = server.reached(in: first.session)
        return .failed([
            Fault(
                key: names,
                message: """
                    \(hit.count) \(hit.count == 1 ? "transfer" : "transfers") worked only because \
                    clients ignored the announced \(names) and connected to \(reached).
                    """,
                expected: "\(reached)", observed: names, count: hit.count,
                packets: hit.lazy.flatMap { offer in
                    [offer.announcement]
                        + [offer.channel.dataFrame].compactMap(\.self).map {
                            PacketEvidence(
                                $0, "SYN to \(Endpoint(reached, offer.port ?? 0)) all the same")
                        }
                },
                offers: Set(hit.map(\.id)), sessions: hit.lazy.map(\.session),
                changes: server.advertising(reached))
        ])
    }
}
