import Policy

/// PH220: the server speaks no TLS, or leaves it to the client.
enum TLSNotDemanded: Rule {
    static let id = "PH220"
    static let title = "TLS off or optional"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.encryption]
    static let explanation = Explanation(
        checks: "Whether the server's configuration demands TLS for log-in and for data.",
        why: """
            Without it passwords and files cross the network in clear text. Where the client may \
            choose, one that is set up without TLS, or is led to believe that there is none, \
            goes on in clear text.
            """,
        remedy: """
            Demand TLS for log-in and data, and open the passive range by lines of its own: no \
            device can read the ports then. A server without TLS: SFTP or HTTPS in its place.
            """,
        refutation: "A tunnel (IPsec, VPN) around every network between clients and server.",
        references: ["RFC 4217 sections 4 and 10", "RFC 2577 section 6"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        if let problem = settings.tlsProblem {
            return .cannotTell("whether TLS is demanded isn't known: \(problem)")
        }
        let product = settings.behaviour.product
        let (key, message): (String, String)
        var source = settings.tls.source
        switch settings.tls.value {
        case .required: return .passed("TLS is demanded for log-in and data")
        case .implicit:
            guard let clear = settings.clearData else {
                return .passed("TLS begins with the connection")
            }
            source = clear
            (key, message) = (
                "data",
                "\(product) begins with TLS, and lets clients have data sent in clear text."
            )
        case .none:
            (key, message) = (
                "off",
                "\(product) offers no TLS: log-ins and files cross the network in clear text."
            )
        case .optional:
            (key, message) = (
                "optional", "\(product) offers TLS, and lets log-ins or data go without it."
            )
        }
        return .failed([
            Fault(
                key: key, message: message + server.cautionOfTLS,
                expected: "TLS demanded for log-in and data",
                observed: source.text, config: [source],
                changes: [
                    ProposedChange(.server, .requireTLS), ProposedChange(.server, .restart),
                ])
        ])
    }
}
