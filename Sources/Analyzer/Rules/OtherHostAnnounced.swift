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
        let judgement = AddressJudging(server, audit).judge(
            { offer, address in isForeign(address) && !server.mayBeTranslated(offer.session) },
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
                changes: [
                    ProposedChange(.server, .advertise(reached)), ProposedChange(.server, .restart),
                ])
        }
        let doubtful = server.offers.contains { offer in
            offer.channel.announcedBy == .passive && server.mayBeTranslated(offer.session)
                && offer.channel.advertised.map { isForeign($0.address) } ?? false
        }
        guard doubtful, !judgement.isFailed else { return judgement }
        return .cannotTell(
            "227s name a public address, and the capture shows a private one of the server: whether a translation leads from one to the other nobody says"
        )
    }
}
