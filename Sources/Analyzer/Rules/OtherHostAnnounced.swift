import FTP
import Net
import Policy

/// PH105: a 227 names another public host than the server.
enum OtherHostAnnounced: Rule {
    static let id = "PH105"
    static let title = "227 points to a different public host"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.internalAddresses, .sessionIntegrity]
    static let explanation = Explanation(
        checks: """
            The address of each 227: a public host other than the one on the control connection. \
            Addresses that the site gives the same server count as one.
            """,
        why: """
            Either the server has several addresses or stands behind a balancer, or somebody uses \
            it to make clients connect to a host of their choosing.
            """,
        remedy: """
            Have the server announce the address by which clients reach it, or state all its \
            addresses in the site. Clients should ignore a foreign address.
            """,
        refutation: "An owner's word that both addresses are the same service.",
        references: ["RFC 2577 section 3", "CVE-2020-8284"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        let own = Set(server.addresses)
        let isForeign = { (address: IPAddress) in
            !Prefix.isPrivate(address) && !Prefix.isUnusable(address) && !own.contains(address)
        }
        // Whether an address of the other family is another host can't be told by the address.
        let isKnown = server.addresses.contains { $0.family == .v4 }
        let isOfEither = { (session: SeenSession) in
            let address = session.server.address
            let inner = IPAddress(v4: UInt32(truncatingIfNeeded: address.bits))
            return address.family == .v6 && !isKnown && !Prefix.embeds(address, inner)
        }
        let judgement = AddressJudging(server, audit).judge(
            { offer, address in
                isForeign(address) && !server.mayBeTranslated(offer.session)
                    && !isOfEither(offer.session)
            },
            passed: "no 227 names another public host"
        ) { hit, names, reached in
            Fault(
                key: names,
                message:
                    "The server at \(reached) tells clients to connect to \(names), another host.",
                expected: "\(reached)", observed: names, count: hit.count,
                packets: hit.lazy.flatMap {
                    $0.failedOnTheWire ? $0.failureEvidence : [$0.announcement]
                },
                offers: Set(hit.map(\.id)), sessions: hit.lazy.map(\.session),
                changes: server.advertising(reached))
        }
        guard !judgement.isFailed else { return judgement }
        let foreign = server.offers.filter { offer in
            offer.channel.announcedBy == .passive
                && offer.channel.advertised.map {
                    isForeign($0.address)
                        && !Prefix.embeds(offer.session.server.address, $0.address)
                } ?? false
        }
        if foreign.contains(where: { isOfEither($0.session) }) {
            return .cannotTell(
                "227s on IPv6 connections name an IPv4 address: whether it is the server's nobody says"
            )
        }
        guard foreign.contains(where: { server.mayBeTranslated($0.session) }) else {
            return judgement
        }
        return .cannotTell(
            "227s name a public address, and the capture shows a private one of the server: whether a translation leads from one to the other nobody says"
        )
    }
}
