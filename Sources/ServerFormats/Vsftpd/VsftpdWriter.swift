import Net
import Policy

/// Writes the lines of a `vsftpd.conf` that carry out a change.
struct VsftpdWriter {
    private let configuration: Configuration?
    /// Key to its setting in force.
    private var present: [String: VsftpdSetting] = [:]

    init(_ configuration: Configuration?) {
        self.configuration = configuration
        for note in configuration?.notes ?? [] where note.state == .used || note.state == .invalid {
            let setting = VsftpdSetting(line: note.line, text: note.text)
            present[setting.key] = setting
        }
    }

    func fix(_ change: Change) -> Fix? {
        switch change {
        case .setPassiveRange(let range):
            guard range.lowerBound >= 1024 else { return nil }
            return set([
                ("pasv_min_port", "\(range.lowerBound)"), ("pasv_max_port", "\(range.upperBound)"),
            ])
        case .advertise(let address):
            // pasv_address shapes the 227 alone, which can carry no IPv6 address.
            return address.family == .v4 ? set([("pasv_address", "\(address)")]) : nil
        case .requireTLS: return requireTLS()
        case .refuseForeignPeers:
            return set([("pasv_promiscuous", "NO"), ("port_promiscuous", "NO")])
        case .refuseActive: return set([("port_enable", "NO")])
        case .restart: return Fix(platform: VsftpdConf.platform, commands: [], restart: restart)
        case .permit, .forbid, .translate, .set: return nil
        }
    }

    private let restart = ["systemctl restart vsftpd"]

    private func requireTLS() -> Fix {
        var keys = [
            ("ssl_enable", "YES"), ("force_local_logins_ssl", "YES"),
            ("force_local_data_ssl", "YES"), ("ssl_sslv2", "NO"), ("ssl_sslv3", "NO"),
        ]
        if present["anonymous_enable"]?.bool ?? true {
            keys += [
                ("allow_anon_ssl", "YES"), ("force_anon_logins_ssl", "YES"),
                ("force_anon_data_ssl", "YES"),
            ]
        }
        var fix = set(keys)
        let certificate = configuration?.notes.contains { $0.text.hasPrefix("rsa_cert_file=") }
        if certificate != true {
            fix.commands.append(
                "# rsa_cert_file= and rsa_private_key_file= must name a certificate")
        }
        return fix
    }

    /// A later line wins over an earlier one, but one line a setting keeps the file readable: so
    /// each comes with the line that it stands in for. What stands there already is left out.
    private func set(_ keys: [(String, String)]) -> Fix {
        let missing = keys.filter { key, value in
            present[key]?.value?.lowercased() != value.lowercased()
        }
        guard !missing.isEmpty else {
            return Fix(platform: VsftpdConf.platform, commands: [], restart: restart)
        }
        var commands = ["# in \(configuration?.file ?? "vsftpd.conf")"]
        var undo = commands
        for (key, value) in missing {
            if let old = present[key] {
                commands.append("# in place of line \(old.line): \(old.key)=\(old.value ?? "")")
                undo.append("\(old.key)=\(old.value ?? "")")
            } else {
                undo.append("# take out the line that sets \(key)")
            }
            commands.append("\(key)=\(value)")
        }
        return Fix(
            platform: VsftpdConf.platform, commands: commands, undo: undo, restart: restart)
    }
}
