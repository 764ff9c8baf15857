import FTP
import Net
import Policy

/// PH104: a 227 names a private address to a client that is not inside.
enum PrivateAddressAnnounced: Rule {
    static let id = "PH104"
    static let title = "227 carries a private address to a public client"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.internalAddresses, .availability]
    static let explanation = Explanation(
        checks: """
            The address of each 227: private (RFC 1918, shared, link-local), other than the server's \
            address on the control connection, and told to a client that is not private itself.
            """,
        why: """
            A client that believes it connects to nowhere, or to a host of its own network. It also \
            tells outsiders how the inside is numbered.
            """,
        remedy: "Have the server announce the address by which clients reach it.",
        refutation: "A route from the client to the private address, as in a VPN.",
        references: ["RFC 959 section 4.1.2", "RFC 1918 section 3"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        AddressJudging(server, audit).judge(
            { offer, address in
                Prefix.isPrivate(address) && !Prefix.isPrivate(offer.session.client.address)
            },
            passed: "no 227 names a private address to a public client"
        ) { hit, names, reached in
            Fault(
                key: names,
                message: """
                    The server tells clients to connect to \(names), a private address; they \
                    reach it at \(reached).
                    """,
                expected: "\(reached)", observed: names, count: hit.count,
                packets: hit.lazy.flatMap {
                    $0.failedOnTheWire ? $0.failureEvidence : [$0.announcement]
                },
                offers: Set(hit.map(\.id)), sessions: hit.lazy.map(\.session),
                changes: server.advertising(reached))
        }
    }
}
