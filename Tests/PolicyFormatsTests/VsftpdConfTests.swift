import Dice
import Net
import Policy
import PolicyFormats
import Testing

@Suite struct VsftpdConfTests {
    private func server(_ text: String) -> ServerSettings? {
        VsftpdConf.read(ConfigText(file: "vsftpd.conf", text)).server
    }

    @Test(
        arguments: [
            ("", 5001...65535), ("pasv_min_port=0", 1024...65535),
            ("pasv_min_port=50000", 50000...65535),
            ("pasv_max_port=30000", 5001...30000), ("pasv_max_port=2000", 5001...65535),
            ("pasv_min_port=1\npasv_max_port=2000", 1024...2000),
            ("pasv_min_port=50010\npasv_max_port=50000", 50010...65535),
            ("pasv_min_port=50000\npasv_max_port=70000", 50000...65535),
            ("pasv_min_port=500\npasv_max_port=600", 1024...65535),
            ("pasv_min_port=4295017296\npasv_max_port=99999999999", 50000...65535),
            ("pasv_min_port=50000\npasv_max_port=50000", 50000...50000),
            ("pasv_min_port=050000\npasv_max_port=050010", 20480...20488),
            ("pasv_min_port=50000\npasv_max_port=50010\npasv_min_port=50005", 50005...50010),
            ("pasv_min_port=50000\npasv_max_port=50010 # comment", 50000...50010),
            ("  pasv_min_port=50000\npasv_max_port=50003\r\n", 50000...50003),
        ] as [(String, ClosedRange<UInt16>)])
    func `takes the range that the server takes`(text: String, range: ClosedRange<UInt16>) {
        #expect(server(text)?.passive == .ports(range))
    }

    @Test func `a text needs no equals sign to be unset`() {
        let settings = server("pasv_min_port=50000\npasv_address\nanon_root\n")
        #expect(settings?.passive == .ports(50000...65535))
        #expect(settings?.advertisedAddress == nil)
        #expect(settings?.advertisedName == nil)
    }

    @Test(arguments: [
        "pasv_min_port = 50000", "PASV_MIN_PORT=50000", "pasv_enable=YES # yes", "pasv_min_port=",
        "no_such_setting=1", "pasv_min_port", "listen=YES\nlisten_ipv6=YES",
    ])
    func `a line that keeps the server from starting makes the range invalid`(text: String) {
        let configuration = VsftpdConf.read(ConfigText(file: "vsftpd.conf", text))
        #expect(configuration.server?.passiveFrom == .invalid)
        #expect(configuration.server?.passive == nil)
        #expect(configuration.notes.contains { $0.state == .invalid })
    }

    @Test(
        arguments: [
            ("ssl_enable=NO", .none), ("ssl_enable=YES", .optional),
            ("ssl_enable=YES\nanonymous_enable=NO\nlocal_enable=YES", .required),
            (
                "ssl_enable=YES\nanonymous_enable=NO\nlocal_enable=YES\nforce_local_data_ssl=NO",
                .optional
            ),
            ("ssl_enable=YES\nimplicit_ssl=YES\nlisten_port=990", .implicit),
        ] as [(String, ServerSettings.TLS)])
    func `TLS is required only where no login and no data may do without`(
        text: String, tls: ServerSettings.TLS
    ) {
        #expect(server(text)?.tls.value == tls)
    }

    @Test func `a placeholder leaves the range open`() {
        let settings = server("listen=YES\npasv_min_port=%%MIN%%\npasv_max_port={{ max }}\n")
        #expect(settings?.passiveFrom == .unknown)
        #expect(settings?.passive == nil)
    }

    @Test func `a name needs pasv_addr_resolve`() {
        let refused = VsftpdConf.read(ConfigText(file: "f", "pasv_address=ftp.example.com"))
        #expect(refused.notes.map(\.state) == [.invalid])
        let resolved = server("pasv_address=ftp.example.com\npasv_addr_resolve=YES")
        #expect(resolved?.advertisedName?.value == "ftp.example.com")
        #expect(
            server("pasv_address=192.0.2.7")?.advertisedAddress?.value == IPAddress("192.0.2.7"))
    }

    @Test(arguments: [
        ("010.1.2.3", "8.1.2.3"), ("0x0a.1.2.3", "10.1.2.3"), ("192.168.1", "192.168.0.1"),
        ("16909060", "1.2.3.4"), ("0", "0.0.0.0"), (" 1.2.3.4 # c", "1.2.3.4"),
        ("1.2.3.08", nil), ("1.2.3.256", nil), ("1.2.3.4.5", nil), ("256.1", nil), ("1..2", nil),
    ])
    func `an address is read as the C library reads it`(text: String, address: String?) {
        let read = VsftpdConf.read(ConfigText(file: "f", "pasv_address=\(text)"))
        #expect(
            read.server?.advertisedAddress?.value == address.flatMap { IPAddress($0) })
        #expect(read.notes.map(\.state) == [address == nil ? .invalid : .used])
    }

    @Test(arguments: [
        ("cmds_denied=PASV,EPSV", false, true), ("cmds_denied= EPSV,PASV,\r\n", false, true),
        ("cmds_denied=PASV", true, true), ("cmds_denied=pasv,epsv", true, true),
        ("cmds_denied=PASV, EPSV", true, true), ("cmds_denied=PASV EPSV", true, true),
        ("cmds_denied=PORT,EPRT", true, false), ("cmds_allowed=", true, true),
        ("cmds_allowed=USER,PASS,PASV", true, false),
        ("cmds_allowed=PASV,EPRT\ncmds_denied=PASV", false, true),
    ])
    func `commands that no session may use are switched off`(
        text: String, passive: Bool, active: Bool
    ) {
        #expect((server(text)?.passiveDisabled == nil) == passive)
        #expect(server(text)?.active.value == active)
    }

    @Test func `recognises its own and leaves a filter for its log alone`() {
        let own = ConfigText(file: "a", "# c\nlisten=YES\nlocal_enable=YES\npasv_min_port=50000\n")
        #expect(VsftpdConf.recognise(own) == .certain)
        let filter = ConfigText(file: "b", "[Definition]\nfailregex = ^FAIL LOGIN\nlisten=YES\n")
        #expect(VsftpdConf.recognise(filter) == .no)
        #expect(VsftpdConf.recognise(ConfigText(file: "c", "PASV_MIN_PORT=50000\n")) == .no)
    }

    @Test func `writes the range, and what takes it back`() {
        let read = VsftpdConf.read(ConfigText(file: "vsftpd.conf", "pasv_min_port=40000\n"))
        let same = "pasv_min_port=50000\npasv_max_port=50010\n"
        let longer = VsftpdConf.fix(
            .setPassiveRange(50000...50100),
            VsftpdConf.read(ConfigText(file: "vsftpd.conf", same)))
        // What stands there already is not written again.
        #expect(
            longer?.commands == [
                "# in vsftpd.conf", "# in place of line 2: pasv_max_port=50010",
                "pasv_max_port=50100",
            ])
        let fix = VsftpdConf.fix(.setPassiveRange(50000...50100), read)
        #expect(fix?.commands.contains("pasv_min_port=50000") == true)
        #expect(fix?.commands.contains("pasv_max_port=50100") == true)
        #expect(fix?.undo.contains("pasv_min_port=40000") == true)
        #expect(fix?.restart == ["systemctl restart vsftpd"])
        #expect(VsftpdConf.fix(.permit(PortSet(21...21), to: IPAddress(v4: 1)), read) == nil)
    }

    /// With a new range vsftpd would refuse to start as before.
    @Test func `of a line that keeps the server from starting it writes no range`() {
        for text in [
            "pasv_min_port=50000\npasv_enable=YES # on", "listen=YES\npasv_min_port =50000",
        ] {
            let read = VsftpdConf.read(ConfigText(file: "vsftpd.conf", text))
            let fatal = text.split(separator: "\n")[1]
            #expect(
                VsftpdConf.fix(.setPassiveRange(50000...50099), read)?.commands
                    == ["# in vsftpd.conf", "# mend or take out line 2: \(fatal)"])
        }
        let empty = VsftpdConf.read(ConfigText(file: "vsftpd.conf", "pasv_min_port=\nlisten=YES"))
        let fix = VsftpdConf.fix(.setPassiveRange(50000...50099), empty)
        #expect(fix?.commands.contains("pasv_min_port=50000") == true)
    }

    @Test func `no broken text makes it stumble`() {
        let good = "listen=YES\npasv_min_port=050000\npasv_max_port=50010\npasv_address=1.2.3.4\n"
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        for _ in 0..<2000 {
            let text = ConfigText(file: "f", bytes: dice.broken(good))
            let read = VsftpdConf.read(text)
            #expect(read.notes.count == text.lines.count, "seed \(seed)")
            _ = VsftpdConf.fix(.requireTLS, read)
        }
    }
}
