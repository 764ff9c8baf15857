import Net
import Policy

/// PH224: the host is hardened by advice that is meant for hosts without an FTP server.
enum HostAdviceContradicts: Rule {
    static let id = "PH224"
    static let title = "Host scanner's advice contradicts the FTP role"
    static let severity = Severity.info
    static let controls: [ControlSet] = [.configuration]
    static let explanation = Explanation(
        checks: """
            SELinux's `ftpd_use_passive_mode`, and the name by which the kernel's FTP helper is \
            loaded, where files of the host lie beside the server's configuration.
            """,
        why: """
            Hardening guides switch the boolean off, and name the helper as kernels before 2.6.20 \
            did. On a host that serves FTP the first keeps the server from its passive ports; the \
            second works by an alias alone.
            """,
        remedy: """
            `setsebool -P ftpd_use_passive_mode on`, and an exception for this host in the \
            scanner's profile; `nf_conntrack_ftp` in place of `ip_conntrack_ftp`.
            """,
        refutation: """
            A label that gives the passive ports to FTP (`semanage port -l`), a domain that isn't \
            confined, or SELinux in permissive mode.
            """,
        references: [
            "ftpd_selinux(8)", "SCAP Security Guide: sebool_ftpd_use_passive_mode",
        ])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        guard settings.hostPassive != nil || settings.helperModule != nil else {
            return .notApplicable("no file of the host tells")
        }
        var faults: [Fault] = []
        if let module = settings.helperModule, module.value == "ip_conntrack_ftp" {
            faults.append(
                Fault(
                    key: "module",
                    message: """
                        The FTP helper is loaded by its old name, ip_conntrack_ftp: kernels since \
                        2.6.20 know it by an alias only.
                        """,
                    expected: "nf_conntrack_ftp", observed: "ip_conntrack_ftp",
                    config: [module.source],
                    refutedBy: "A kernel before 2.6.20."))
        }
        if let passive = settings.hostPassive, !passive.value,
            settings.passiveDisabled == nil
        {
            guard let needed = server.range else {
                return faults.isEmpty
                    ? .cannotTell(
                        "SELinux's ftpd_use_passive_mode is off, and which ports are offered isn't known"
                    ) : .failed(faults)
            }
            faults.append(
                Fault(
                    key: "boolean",
                    message: """
                        SELinux's ftpd_use_passive_mode is off, and the server is to offer the \
                        ports \(needed.brief).
                        """,
                    expected: "ftpd_use_passive_mode on", observed: passive.source.text,
                    confidence: .probable, config: [passive.source] + server.configuredSources,
                    ports: needed))
        }
        return faults.isEmpty
            ? .passed("what the host's files say fits a server of FTP") : .failed(faults)
    }
}
