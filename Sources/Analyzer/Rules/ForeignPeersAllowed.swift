import Policy

/// PH219: the server takes data connections from, or makes them to, other hosts than the client.
enum ForeignPeersAllowed: Rule {
    static let id = "PH219"
    static let title = "Foreign data connections allowed"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.sessionIntegrity]
    static let explanation = Explanation(
        checks: """
            Whether the server's configuration takes a passive data connection from another host \
            than the client's, and whether PORT and EPRT may name one.
            """,
        why: """
            Whoever connects to an announced port first gets the file, or delivers another one. A \
            PORT that may name any host makes the server connect to hosts that only it can reach.
            """,
        remedy: "Have the server match the peer of each data connection with its client.",
        refutation: """
            A need of transfers between two servers, and filters that let none but those servers \
            reach the data ports.
            """,
        references: ["RFC 2577 sections 3 and 4", "CERT CA-1997-27"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        // What isn't served lets nobody in.
        var asked: [(mode: String, what: String, allowed: Setting<Bool>?)] = []
        if settings.passiveDisabled == nil {
            asked.append(
                (
                    "passive", "a passive data connection may come from any host",
                    settings.foreignPassivePeers
                ))
        }
        if settings.active.value {
            asked.append(("active", "PORT may name any host", settings.foreignActivePeers))
        }
        let open = asked.filter { $0.allowed?.value == true }
        guard open.isEmpty else {
            return .failed([
                Fault(
                    key: open.map(\.mode).joined(separator: " "),
                    message: """
                        \(settings.behaviour.product) does not match the peers of data connections \
                        with the client: \(open.map(\.what).joined(separator: ", and ")).
                        """,
                    expected: "data connections of the client's own address alone",
                    observed: open.compactMap { $0.allowed?.source.text }.first ?? "any host",
                    config: open.compactMap { $0.allowed?.source },
                    changes: [
                        ProposedChange(.server, .refuseForeignPeers),
                        ProposedChange(.server, .restart),
                    ])
            ])
        }
        guard let unknown = asked.first(where: { $0.allowed == nil }) else {
            return .passed("peers of data connections are matched with the client")
        }
        return .cannotTell(
            "nothing that was read says whether the peers of \(unknown.mode) data connections are matched"
        )
    }
}
