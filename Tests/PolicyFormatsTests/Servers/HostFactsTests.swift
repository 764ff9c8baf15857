import Policy
import Testing

@testable import PolicyFormats

/// Files of a host beside those of its server.
@Suite struct HostFactsTests {
    @Test(arguments: [
        ("getsebool -a", "abrt_anon_write --> off\nftpd_use_passive_mode --> off\n", true),
        (
            "semanage",
            "SELinux boolean                State  Default Description\n\nftpd_use_passive_mode (off , off) Allow ftpd to use passive mode\n",
            true
        ),
        ("commands", "#!/bin/sh\nsetsebool -P ftpd_use_passive_mode on\n", true),
        ("sysconfig", "# Modules\nIPTABLES_MODULES=\"ip_conntrack_ftp\"\n", true),
        ("/etc/modules", "loop\nip_conntrack_ftp\n", true),
        ("others' booleans", "abrt_anon_write --> off\n", false),
        ("a server's", "listen=YES\n# ftpd_use_passive_mode\n", false),
        ("a script", "modprobe ip_conntrack_ftp\niptables -F\n", false),
        ("nothing", "", false),
    ])
    func `takes its own files alone`(_ name: String, _ text: String, _ isOne: Bool) {
        #expect(HostFacts.recognise(ConfigText(file: name, text)) == isOne)
    }

    @Test func `is read beside the server's configuration, whichever comes first`() throws {
        let files = [
            (file: "booleans.txt", bytes: Array("ftpd_use_passive_mode --> off\n".utf8)),
            (file: "modules", bytes: Array("ip_conntrack_ftp\n".utf8)),
            (
                file: "vsftpd.conf",
                bytes: Array("listen=YES\npasv_min_port=50000\npasv_max_port=50009\n".utf8)
            ),
        ]
        for order in [files, files.reversed()] {
            let read = try Formats.read(together: order)
            #expect(read.format == "vsftpd")
            #expect(read.server?.hostPassive?.value == false)
            #expect(read.server?.hostPassive?.source.file == "booleans.txt")
            #expect(read.server?.helperModule?.value == "ip_conntrack_ftp")
        }
    }

    @Test func `alone it is no configuration`() {
        #expect(throws: Formats.Refusal.self) {
            try Formats.read(
                file: "booleans.txt", bytes: Array("ftpd_use_passive_mode --> off\n".utf8))
        }
    }
}

/// What leaves open whether TLS is demanded, and whose data connections are taken.
@Suite struct OpenQuestionTests {
    @Test(arguments: [
        ("vsftpd", "ssl_enable=YES\nlocal_enable=YES\nforce_local_data_ssl={{ x }}", true),
        ("vsftpd", "ssl_enable=NO\nforce_local_data_ssl={{ x }}", false),
        ("vsftpd-command", "/usr/sbin/vsftpd /etc/vsftpd.conf -ossl_enable=NO", false),
        ("vsftpd-command", "/usr/sbin/vsftpd /etc/vsftpd.conf -opasv_min_port=5000", true),
        ("proftpd", "ServerType standalone\nTLSEngine off\nInclude /etc/x", false),
        ("proftpd", "ServerType standalone\nTLSEngine on\nInclude /etc/x", true),
        ("pureftpd", "TLS 3\nInclude /etc/x", false),
        ("pureftpd", "TLS ${LEVEL}", true),
        ("pureftpd-command", "/usr/sbin/pure-ftpd-wrapper -Y 1", false),
        ("ftp-container", "services:\n  ftp:\n    image: fauria/vsftpd\n", false),
        (
            "ftp-container",
            "services:\n  ftp:\n    image: fauria/vsftpd\n    environment:\n      SSL_ENABLE: 'YES'\n",
            true
        ),
        ("ftp-container", "services:\n  ftp:\n    image: somebody/ftpd\n", true),
        (
            "iis7-powershell",
            "Set-ItemProperty 'IIS:\\Sites\\FTP' -Name ftpServer.security.ssl.controlChannelPolicy -Value 1",
            true
        ),
    ])
    func `says whether TLS is known`(_ format: String, _ text: String, _ isOpen: Bool) throws {
        let read = try Formats.read(file: "f", bytes: Array((text + "\n").utf8), as: format)
        let server = try #require(read.server)
        #expect((server.tlsProblem != nil) == isOpen, "\(server.tlsProblem ?? "known")")
    }

    @Test func `a script leaves the peers of data connections as they were`() throws {
        let text =
            "appcmd set config /section:system.ftpServer/firewallSupport /lowDataChannelPort:50000 /highDataChannelPort:50100\n"
        let read = try Formats.read(file: "f.cmd", bytes: Array(text.utf8), as: "iis7-appcmd")
        #expect(read.server?.foreignPassivePeers == nil)
        #expect(read.server?.foreignActivePeers == nil)
    }
}
