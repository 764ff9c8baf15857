import FTP
import Net
import Policy

/// PH216: the host's firewall follows FTP by itself, and the server speaks TLS.
enum StatefulFTPWithTLS: Rule {
    static let id = "PH216"
    static let title = "Windows StatefulFTP enabled with FTPS"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            Where the server offers TLS, or was seen to use it, whether the Windows firewall before \
            it has its stateful FTP filter enabled (`netsh advfirewall show global`).
            """,
        why: """
            The filter follows the control connection at port 21 and expects FTP's clear text. Once \
            TLS begins it cuts the connection or opens nothing: log-in or the first listing hangs.
            """,
        remedy: "Disable StatefulFTP, and permit the passive range by a rule of its own.",
        refutation: "`netsh advfirewall show global` that shows StatefulFTP disabled.",
        references: [
            "Microsoft: netsh advfirewall set global, statefulftp",
            "Microsoft: Configuring FTP firewall settings in IIS 7", "RFC 4217 section 16",
        ])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard server.site != nil, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let hosts = server.path.compactMap { hop in
            hop.configuration.device?.followsFTP.map { (hop: hop, setting: $0) }
        }
        guard !hosts.isEmpty else {
            return .notApplicable("no firewall with a stateful FTP filter of its own is known")
        }
        let session = server.sessions.first { $0.isEncrypted }
        let speaksTLS = session != nil || (server.settings.map { $0.tls.value != .none } ?? false)
        let on = hosts.filter { $0.setting.value == true }
        guard !on.isEmpty || hosts.contains(where: { $0.setting.value == nil }) else {
            return .passed("the firewall's stateful FTP filter is disabled")
        }
        guard speaksTLS else {
            return server.settings.map { $0.tlsProblem != nil } ?? true
                ? .cannotTell("whether the server offers TLS isn't known")
                : .notApplicable("the server does not offer TLS")
        }
        guard let first = on.first else {
            return .cannotTell(
                "\(hosts[0].hop.configuration.file) doesn't say whether StatefulFTP is enabled")
        }
        guard server.control.contains(21) else {
            return .cannotTell("whether it follows another control port than 21 isn't known")
        }
        let tls = server.settings.map { [$0.tls.source] } ?? []
        return .failed([
            Fault(
                key: "statefulftp",
                message: """
                    "\(first.hop.name)" has StatefulFTP enabled, which expects clear text at port 21, \
                    and the server speaks TLS there.
                    """,
                expected: "StatefulFTP disabled", observed: "enabled",
                config: on.map(\.setting.source) + tls, sessions: session.map { [$0] } ?? [],
                changes: on.map { ProposedChange(.hop($0.hop.name), .set(.ignoreControl)) },
                ports: PortSet(21...21))
        ])
    }
}
