import Net
import Policy
import Testing

@testable import ServerFormats
@testable import PolicyFormats

@Suite struct FTPServerRoundTripTests {
    static let vsftpd = ServerTrip(format: VsftpdConf.self, file: "vsftpd.conf") {
        try SettingsFile { VsftpdSetting.key(of: $0.hasPrefix("#") ? "" : $0) }
            .carryOut($0, on: $1, takingBack: $2)
    }

    @Test(arguments: [
        "listen=YES\n", "listen=YES\npasv_min_port=40000\npasv_max_port=40010\n",
        "listen=YES\npasv_min_port=50\npasv_max_port=40010\npasv_address=192.0.2.1\n",
        "pasv_min_port=40000\npasv_max_port=40010\npasv_min_port=41000\npasv_max_port=41010\nlisten=YES\n",
        "anonymous_enable=NO\nssl_enable=YES\nforce_local_logins_ssl=NO\nforce_local_data_ssl=NO\nallow_anon_ssl=NO\nrsa_cert_file=/a.pem\nlisten_port=2121\nlisten=YES\n",
        "port_enable=YES\npasv_promiscuous=YES\nport_promiscuous=YES\npasv_addr_resolve=YES\npasv_address=ftp.example\nlisten=YES\n",
        "pasv_min_port=41000\npasv_max_port=40000\nssl_enable=NO\nport_enable=NO\nlisten=YES\n",
    ])
    func `vsftpd takes its lines`(_ text: String) throws {
        for change in ServerTrip.changes { try Self.vsftpd.check(change, on: text) }
    }

    @Test func `vsftpd with implicit TLS takes its data under TLS too`() throws {
        let text =
            "local_enable=YES\nssl_enable=YES\nimplicit_ssl=YES\nforce_local_data_ssl=NO\nlisten=YES\n"
        try Self.vsftpd.check(.requireTLS, on: text, wanted: ["clearData": ""])
    }

    static let proftpd = ServerTrip(format: ProFTPD.self, file: "proftpd.conf") {
        try SettingsFile(isPutOnTop: true) { line in
            line.hasPrefix("#") || line.hasPrefix("<") ? nil : line.fields.first
        }.carryOut($0, on: $1, takingBack: $2)
    }

    @Test(arguments: [
        "ServerName a\n", "PassivePorts 40000 40010\nMasqueradeAddress 192.0.2.1\nPort 2121\n",
        "<Global>\nPassivePorts 40000 40010\nAllowForeignAddress on\n</Global>\nServerName a\n",
        "<Global>\nPassivePorts 40000 40010\n</Global>\nPassivePorts 41000 41010\n",
        "MasqueradeAddress ftp.example\n<IfModule mod_tls.c>\nTLSEngine on\nTLSRequired off\nTLSRSACertificateFile /a.pem\n</IfModule>\nAllowForeignAddress on\n",
        "PassivePorts 40010 40000\n", "PassivePorts 40000 40010\nPassivePorts 41000 41010\n",
        "TLSEngine off\nTLSRequired ctrl\n<VirtualHost 192.0.2.9>\nPassivePorts 42000 42010\n</VirtualHost>\n",
    ])
    func `ProFTPD takes its directives`(_ text: String) throws {
        for change in ServerTrip.changes { try Self.proftpd.check(change, on: text) }
    }

    static let pure = ServerTrip(format: PureFTPd.self, file: "pure-ftpd.conf") {
        try SettingsFile { $0.hasPrefix("#") ? nil : $0.fields.first }.carryOut(
            $0, on: $1, takingBack: $2)
    }

    @Test(arguments: [
        "ChrootEveryone yes\n", "PassivePortRange 40000 40010\nForcePassiveIP 192.0.2.1\nTLS 1\n",
        "PassivePortRange 40000 40010\nPassivePortRange 41000 41010\nForcePassiveIP 192.0.2.1\nForcePassiveIP 192.0.2.2\n",
        "PassivePortRange 50 60\nTLS 0\nAllowUserFXP yes\nAllowAnonymousFXP yes\nBind ,2121\n",
        "AllowUserFXP yes\nNoAnonymous yes\nTLS 3\nMaxClientsNumber 50\n",
    ])
    func `Pure-FTPd takes its options`(_ text: String) throws {
        for change in ServerTrip.changes where change != .refuseActive {
            try Self.pure.check(change, on: text)
        }
    }

    static let folder = ServerTrip(format: PureFTPdFolder.self, file: "conf.txt") {
        commands, text, _ in
        try PureFolder.carryOut(commands, on: text)
    }

    @Test(arguments: [
        "/etc/pure-ftpd/conf/NoAnonymous:yes\n",
        "/etc/pure-ftpd/conf/PassivePortRange:40000 40010\n/etc/pure-ftpd/conf/ForcePassiveIP:192.0.2.1\n/etc/pure-ftpd/conf/TLS:1\n/etc/pure-ftpd/conf/AllowUserFXP:yes\n",
    ])
    func `the folder of Pure-FTPd takes its files`(_ text: String) throws {
        for change in ServerTrip.changes where change != .refuseActive {
            try Self.folder.check(change, on: text)
        }
    }

    static let wu = ServerTrip(format: WuFTPd.self, file: "ftpaccess") {
        try SettingsFile { line in
            let words = line.fields
            guard let first = words.first, first != "passive" else {
                return words.prefix(2).joined(separator: " ")
            }
            return first
        }.carryOut($0, on: $1, takingBack: $2)
    }
    static let gl = ServerTrip(format: GlFTPd.self, file: "glftpd.conf") {
        try SettingsFile { $0.hasPrefix("#") ? nil : $0.fields.first }.carryOut(
            $0, on: $1, takingBack: $2)
    }

    @Test func `WU-FTPD and glFTPd take their lines`() throws {
        let texts = [
            (Self.wu, "class all real,guest,anonymous *\nloginfails 5\n"),
            (
                Self.wu,
                "class all real *\npassive ports 0.0.0.0/0 40000 40010\npassive address 192.0.2.1 0.0.0.0/0\n"
            ),
            (Self.gl, "sitename_long a\nrootpath /glftpd\ndatapath /ftp-data\n"),
            (Self.gl, "rootpath /glftpd\npasv_ports 40000-40010\npasv_addr 192.0.2.1 1\n"),
        ]
        for (trip, text) in texts {
            for change in ServerTrip.changes.prefix(3) { try trip.check(change, on: text) }
        }
    }
}

/// Debian's folder of Pure-FTPd, as `grep -r .` prints it: files are written and taken away.
struct PureFolder {
    static func carryOut(_ commands: [String], on text: String) throws -> String {
        var lines = text.trippedLines
        for command in commands where !command.hasPrefix("# /etc/ssl/private/pure-ftpd.pem must") {
            if let match = command.wholeMatch(of: /echo '([^']*)' > (\/etc\/pure-ftpd\/conf\/\w+)/)
            {
                lines.removeAll { $0.hasPrefix("\(match.2):") }
                lines.append("\(match.2):\(match.1)")
            } else if let match = command.wholeMatch(of: /rm (\/etc\/pure-ftpd\/conf\/\w+)/) {
                let count = lines.count
                lines.removeAll { $0.hasPrefix("\(match.1):") }
                guard lines.count < count else { throw Refused("no such file: \(command)") }
            } else {
                throw Refused(command)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
