import FTP
import Net
import Policy

/// PH114: another host than the client opened a data connection.
enum DataFromForeignHost: Rule {
    static let id = "PH114"
    static let title = "Data connection from a foreign host"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.sessionIntegrity, .monitoring, .availability]
    static let explanation = Explanation(
        checks: """
            Whether each passive data connection comes from the address of the client's control \
            connection, and what the server answers where it does not.
            """,
        why: """
            A server that compares the two turns the transfer away. One that doesn't gives the \
            file to whoever connects first, or takes another one from there.
            """,
        remedy: """
            Where a NAT pool, several uplinks or a proxy give a client two addresses: have them \
            keep all connections of a client to one server on one address. Where nobody \
            explains the second address, have the server match the peers of data connections.
            """,
        refutation: "A transfer between two servers that its owners agreed on.",
        references: ["RFC 2577 section 4", "RFC 4787 section 4.1 (paired pooling)"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        let offers = server.passiveOffers.filter { offer in
            // Over the two families one host has two addresses.
            offer.channel.outcome == .established
                && offer.channel.client?.address.family == offer.session.client.address.family
        }
        guard !offers.isEmpty else {
            return .cannotTell("no passive data connection was seen whose announcement was read")
        }
        let hit = offers.filter { $0.channel.client?.address != $0.session.client.address }
        guard !hit.isEmpty else {
            return .passed(
                offers.count == 1
                    ? "the data connection came from its client's address"
                    : "\(offers.count) data connections came from their clients' addresses")
        }
        return .failed(
            Answer.allCases.compactMap { answer in
                fault(hit.filter { Answer($0) == answer }, answer, server)
            })
    }

    /// What the server made of the connection: another failure than 425 may have other reasons.
    private enum Answer: String, CaseIterable {
        case refused, taken, open

        init(_ offer: Offer) {
            switch offer.channel.transferReply {
            case 425: self = .refused
            case .some(let code) where code < 400: self = .taken
            default: self = .open
            }
        }

        var words: String {
            switch self {
            case .refused: "the server turned it away (425)"
            case .taken: "the server took it"
            case .open: "whether the server took it wasn't seen"
            }
        }
    }

    private static func fault(_ hit: [Offer], _ answer: Answer, _ server: ServerView) -> Fault? {
        guard !hit.isEmpty else { return nil }
        let peers = Set(hit.compactMap(\.channel.client?.address)).listed
        let clients = Set(hit.map(\.session.client.address)).listed
        let what = hit.count == 1 ? "The data connection" : "Each of \(hit.count) data connections"
        let allowed = server.settings?.foreignPassivePeers
        let mayChange = answer == .taken && allowed?.value == true
        var fault = Fault(
            key: answer.rawValue,
            message: """
                \(what) of a client at \(clients) came from \(peers), and \(answer.words): a NAT \
                pool, a second uplink or a proxy gives the client two addresses, or another host \
                was first.
                """,
            expected: "data connections from \(clients)", observed: peers, count: hit.count,
            confidence: answer == .refused ? .confirmed : .probable,
            packets: hit.lazy.flatMap(evidence),
            config: mayChange ? [allowed?.source].compactMap(\.self) : [],
            offers: Set(hit.map(\.id)), sessions: hit.lazy.map(\.session),
            changes: mayChange
                ? [ProposedChange(.server, .refuseForeignPeers), ProposedChange(.server, .restart)]
                : [])
        if answer == .refused { fault.attemptsHurt = hit.count }
        return fault
    }

    private static func evidence(_ offer: Offer) -> [PacketEvidence] {
        let channel = offer.channel
        var evidence = [offer.announcement]
        if let frame = channel.dataFrame, let peer = channel.client, let listener = channel.server {
            evidence.append(
                PacketEvidence(
                    frame, "SYN \(peer) → \(listener); the client is \(offer.session.client)"))
        }
        if let frame = channel.transferReplyFrame, let code = channel.transferReply {
            evidence.append(PacketEvidence(frame, "reply \(code)"))
        }
        return evidence
    }
}
