import FTP
import Net
import Policy
import PolicyFormats
import Testing

@testable import Analyzer

/// Rules of the server's own configuration, on files as users have them.
@Suite struct ServerRuleTests {
    struct Row: Sendable {
        var rule: any Rule.Type
        /// The format's name; nil: no configuration.
        var format: String?
        var text = ""
        /// A file of the host that lies beside it.
        var host: String?
        var inside = false
        var sessions: Int?
        var stated: String?
        var mark: String
    }

    static let rows: [Row] = foreign + encryption + dynamic + host + names + single + users

    // PH219
    static let foreign: [Row] = [
        vsftpd(ForeignPeersAllowed.self, "pasv_promiscuous=YES", "failed"),
        vsftpd(ForeignPeersAllowed.self, "port_promiscuous=YES", "failed"),
        vsftpd(ForeignPeersAllowed.self, "listen=YES", "passed"),
        vsftpd(ForeignPeersAllowed.self, "pasv_promiscuous=YES\npasv_enable=NO", "passed"),
        vsftpd(ForeignPeersAllowed.self, "port_promiscuous=YES\nport_enable=NO", "passed"),
        vsftpd(ForeignPeersAllowed.self, "pasv_promiscuous={{ fxp }}", "?"),
        proftpd(ForeignPeersAllowed.self, "AllowForeignAddress on", "failed"),
        proftpd(ForeignPeersAllowed.self, "AllowForeignAddress off", "passed"),
        proftpd(ForeignPeersAllowed.self, "AllowForeignAddress partners", "?"),
        proftpd(ForeignPeersAllowed.self, "Include /etc/proftpd/conf.d/", "?"),
        pureftpd(ForeignPeersAllowed.self, "AllowUserFXP yes", "failed"),
        pureftpd(ForeignPeersAllowed.self, "AllowUserFXP no\nAllowAnonymousFXP no", "passed"),
        registry(ForeignPeersAllowed.self, "\"EnablePasvTheft\"=dword:00000001", "failed"),
        registry(ForeignPeersAllowed.self, "\"PassivePortRange\"=\"5001-5201\"", "?"),
        Row(rule: ForeignPeersAllowed.self, stated: "5001-5201", mark: "n/a"),
    ]

    // PH220
    static let encryption: [Row] = [
        vsftpd(TLSNotDemanded.self, "listen=YES", "failed"),
        // Anonymous log-ins are let in, and not made to use TLS.
        vsftpd(TLSNotDemanded.self, "ssl_enable=YES\nlocal_enable=YES", "failed"),
        vsftpd(
            TLSNotDemanded.self, "ssl_enable=YES\nlocal_enable=YES\nanonymous_enable=NO", "passed"),
        vsftpd(
            TLSNotDemanded.self,
            "ssl_enable=YES\nlocal_enable=YES\nanonymous_enable=NO\nforce_local_data_ssl=NO",
            "failed"),
        vsftpd(TLSNotDemanded.self, "ssl_enable=YES\nimplicit_ssl=YES", "passed"),
        vsftpd(
            TLSNotDemanded.self,
            "ssl_enable=YES\nimplicit_ssl=YES\nlocal_enable=YES\nforce_local_data_ssl=NO", "failed"),
        vsftpd(
            TLSNotDemanded.self, "ssl_enable=YES\nimplicit_ssl=YES\nallow_anon_ssl=YES", "failed"),
        vsftpd(TLSNotDemanded.self, "ssl_enable={{ tls }}", "?"),
        // Of no weight without TLS.
        vsftpd(TLSNotDemanded.self, "ssl_enable=NO\nforce_local_data_ssl={{ tls }}", "failed"),
        proftpd(TLSNotDemanded.self, "TLSEngine on\nTLSRequired on", "passed"),
        proftpd(TLSNotDemanded.self, "TLSEngine on\nTLSRequired auth", "failed"),
        proftpd(TLSNotDemanded.self, "Include /etc/proftpd/tls.conf", "?"),
        pureftpd(TLSNotDemanded.self, "TLS 3", "passed"),
        pureftpd(TLSNotDemanded.self, "TLS 1", "failed"),
        pureftpd(TLSNotDemanded.self, "MaxClientsNumber 50", "failed"),
        pureftpd(TLSNotDemanded.self, "MaxClientsNumber 50\nInclude /etc/more.conf", "?"),
        registry(TLSNotDemanded.self, "\"PassivePortRange\"=\"5001-5201\"", "failed"),
        // A script leaves what it doesn't set as it was.
        Row(
            rule: TLSNotDemanded.self, format: "iis7-appcmd",
            text:
                "appcmd set config /section:system.ftpServer/firewallSupport /lowDataChannelPort:50000 /highDataChannelPort:50100",
            mark: "?"),
        windows(TLSNotDemanded.self, 49152, 16384, "?"),
        Row(rule: TLSNotDemanded.self, stated: "5001-5201", mark: "n/a"),
    ]

    // PH223
    static let dynamic: [Row] = [
        windows(DynamicRangeShrunk.self, 50000, 1000, "failed"),
        windows(DynamicRangeShrunk.self, 49152, 16384, "passed"),
        windows(DynamicRangeShrunk.self, 1025, 64511, "passed"),
        Row(
            rule: DynamicRangeShrunk.self, format: "windows-dynamicport",
            text: "netsh int ipv4 set dynamicport tcp start=50000 num=255", mark: "failed"),
        Row(
            rule: DynamicRangeShrunk.self, format: "windows-dynamicport",
            text:
                "Set-NetTCPSetting -DynamicPortRangeStartPort 50000 -DynamicPortRangeNumberOfPorts 255",
            mark: "failed"),
        Row(
            rule: DynamicRangeShrunk.self, format: "iis7-appcmd",
            text: """
                netsh interface ipv4 set dynamicportrange protocol=tcp startport=50000 numberofports=300
                appcmd set config /section:system.ftpServer/firewallSupport /lowDataChannelPort:0 /highDataChannelPort:0
                """, mark: "failed"),
        Row(
            rule: DynamicRangeShrunk.self, format: "iis7-apphost",
            text: """
                <configuration><system.ftpServer><firewallSupport lowDataChannelPort="0" \
                highDataChannelPort="0" /></system.ftpServer></configuration>
                """, mark: "?"),
        vsftpd(DynamicRangeShrunk.self, "listen=YES", "n/a"),
        Row(rule: DynamicRangeShrunk.self, stated: "5001-5201", mark: "n/a"),
    ]

    // PH224
    static let host: [Row] = [
        beside("ftpd_use_passive_mode --> off", "failed"),
        beside("ftpd_use_passive_mode --> on", "passed"),
        beside("ftpd_anon_write --> off\nftpd_use_passive_mode --> off", "failed"),
        beside("ftpd_use_passive_mode     (on   ,   off)  Allow ftpd to", "passed"),
        beside("setsebool -P ftpd_use_passive_mode=0", "failed"),
        beside("IPTABLES_MODULES=\"ip_conntrack_ftp\"", "failed"),
        beside("IPTABLES_MODULES=\"nf_conntrack_ftp\"", "passed"),
        beside("ftpd_use_passive_mode --> off", of: "pasv_enable=NO", "passed"),
        beside("ftpd_use_passive_mode --> off", of: "pasv_min_port={{ low }}", "?"),
        vsftpd(HostAdviceContradicts.self, "listen=YES", "n/a"),
        Row(rule: HostAdviceContradicts.self, stated: "5001-5201", mark: "n/a"),
    ]

    // PH225
    static let names: [Row] = [
        named("ftp.example.com", inside: true, "failed"),
        named("ftp.example.com", inside: false, "passed"),
        Row(
            rule: AdvertisedNameInside.self, format: "proftpd",
            text: "ServerType standalone\nMasqueradeAddress %{env:PUBLIC}", inside: true, mark: "?"),
        Row(
            rule: AdvertisedNameInside.self, format: "vsftpd", text: "pasv_address=203.0.113.10",
            inside: true, mark: "n/a"),
        Row(rule: AdvertisedNameInside.self, stated: "5001-5201", mark: "n/a"),
    ]

    // PH226
    static let single: [Row] = [
        proftpd(OnePortRefused.self, "PassivePorts 5001 5001", "failed"),
        proftpd(OnePortRefused.self, "PassivePorts 5001 5010", "n/a"),
        proftpd(OnePortRefused.self, "PassivePorts 5010 5001", "n/a"),
        proftpd(OnePortRefused.self, "PassivePorts %{env:LOW} %{env:HIGH}", "?"),
        Row(
            rule: OnePortRefused.self, format: "proftpd",
            text: "ServerType standalone\nPassivePorts 5001 5010", stated: "5001", mark: "failed"),
        Row(
            rule: OnePortRefused.self, format: "pyftpdlib-command",
            text: "python3 -m pyftpdlib -r 5001-5001", mark: "failed"),
        vsftpd(OnePortRefused.self, "pasv_min_port=5001\npasv_max_port=5001", "passed"),
        pureftpd(OnePortRefused.self, "PassivePortRange 5001 5001", "passed"),
        Row(rule: OnePortRefused.self, stated: "5001", mark: "n/a"),
        // The same cause is not told twice.
        proftpd(RangeInvalid.self, "PassivePorts 5001 5001", "n/a"),
        proftpd(RangeInvalid.self, "PassivePorts 5010 5001", "failed"),
    ]

    // PH227
    static let users: [Row] = [
        pureftpd(UsersCappedByRange.self, "PassivePortRange 50000 50009", sessions: 8, "failed"),
        pureftpd(UsersCappedByRange.self, "PassivePortRange 50000 50009", sessions: 5, "passed"),
        pureftpd(UsersCappedByRange.self, "PassivePortRange 50000 50009", "?"),
        pureftpd(
            UsersCappedByRange.self, "PassivePortRange 50000 50009\nMaxClientsNumber 50", "failed"),
        pureftpd(
            UsersCappedByRange.self, "PassivePortRange 50000 50009\nMaxClientsNumber 5", "passed"),
        pureftpd(
            UsersCappedByRange.self, "PassivePortRange 50000 50009\nMaxClientsNumber 50",
            sessions: 4, "passed"),
        pureftpd(UsersCappedByRange.self, "MaxClientsNumber 50", "passed"),
        pureftpd(UsersCappedByRange.self, "PassivePortRange {{ range }}", "?"),
        // Fewer ports than transfers: that is PH206, and PH206 alone.
        pureftpd(UsersCappedByRange.self, "PassivePortRange 50000 50009", sessions: 20, "n/a"),
        pureftpd(RangeTooSmall.self, "PassivePortRange 50000 50009", sessions: 20, "failed"),
        pureftpd(RangeTooSmall.self, "PassivePortRange 50000 50009", sessions: 8, "passed"),
        pureftpd(
            UsersCappedByRange.self, "PassivePortRange 5001 5001\nMaxClientsNumber 50", "n/a"),
        vsftpd(UsersCappedByRange.self, "pasv_min_port=50000\npasv_max_port=50009", "n/a"),
        Row(rule: UsersCappedByRange.self, stated: "5001-5201", mark: "n/a"),
    ]

    private static func vsftpd(_ rule: any Rule.Type, _ text: String, _ mark: String) -> Row {
        Row(rule: rule, format: "vsftpd", text: text, mark: mark)
    }

    private static func proftpd(_ rule: any Rule.Type, _ text: String, _ mark: String) -> Row {
        Row(rule: rule, format: "proftpd", text: "ServerType standalone\n" + text, mark: mark)
    }

    private static func pureftpd(
        _ rule: any Rule.Type, _ text: String, sessions: Int? = nil, _ mark: String
    ) -> Row {
        Row(rule: rule, format: "pureftpd", text: text, sessions: sessions, mark: mark)
    }

    private static func registry(_ rule: any Rule.Type, _ value: String, _ mark: String) -> Row {
        Row(
            rule: rule, format: "iis5-registry",
            text: """
                REGEDIT4

                [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Msftpsvc\\Parameters]
                \(value)
                """, mark: mark)
    }

    private static func windows(
        _ rule: any Rule.Type, _ start: Int, _ count: Int, _ mark: String
    ) -> Row {
        Row(
            rule: rule, format: "windows-dynamicport",
            text: """
                Protocol tcp Dynamic Port Range
                ---------------------------------
                Start Port      : \(start)
                Number of Ports : \(count)
                """, mark: mark)
    }

    private static func beside(
        _ host: String, of text: String = "pasv_min_port=50000\npasv_max_port=50009", _ mark: String
    ) -> Row {
        Row(
            rule: HostAdviceContradicts.self, format: "vsftpd", text: "listen=YES\n" + text,
            host: host, mark: mark)
    }

    private static func named(_ name: String, inside: Bool, _ mark: String) -> Row {
        Row(
            rule: AdvertisedNameInside.self, format: "vsftpd",
            text: "pasv_addr_resolve=YES\npasv_address=\(name)", inside: inside, mark: mark)
    }

    private static func site(_ row: Row) throws -> Site {
        var site = Made.site(row.stated) { server in
            server.inside = row.inside ? [Made.inside] : server.inside
            server.sessions = row.sessions
        }
        if let format = row.format {
            let files = [("server.conf", row.text)] + (row.host.map { [("host.txt", $0)] } ?? [])
            site.servers[0].configuration = try Formats.read(
                together: files.map { (file: $0.0, bytes: Array(($0.1 + "\n").utf8)) }, as: format)
        }
        return site
    }

    @Test(arguments: [("0", true), ("%1", false)])
    func `whether FTP takes the system's few ports is said where it is known`(
        _ low: String, _ isKnown: Bool
    ) throws {
        let site = try Self.site(
            Row(
                rule: DynamicRangeShrunk.self, format: "iis7-appcmd",
                text: """
                    netsh int ipv4 set dynamicport tcp start=50000 num=255
                    appcmd set config /section:system.ftpServer/firewallSupport \
                    /lowDataChannelPort:\(low) /highDataChannelPort:0
                    """, mark: "failed"))
        guard case .failed(let faults) = Made.judge(DynamicRangeShrunk.self, site, nil) else {
            Issue.record("not failed")
            return
        }
        #expect(faults[0].message.contains("FTP among them") == isKnown)
        #expect(faults[0].changes.isEmpty == !isKnown)
    }

    @Test(arguments: rows)
    func `says what the files allow`(_ row: Row) throws {
        let judgement = Made.judge(row.rule, try Self.site(row), nil)
        #expect(judgement.mark == row.mark, "\(row.rule.id), \(row.text): \(judgement)")
    }

    private static func fault(_ row: Row) throws -> Fault {
        try #require(Made.judge(row.rule, try site(row), nil).faults.first)
    }

    @Test func `names the line and what mends it`() throws {
        let peers = try Self.fault(
            Self.vsftpd(
                ForeignPeersAllowed.self, "port_promiscuous=YES\npasv_promiscuous=YES", "failed"))
        #expect(peers.config.map(\.line) == [2, 1])
        #expect(peers.changes.map(\.change) == [.refuseForeignPeers, .restart])
        let tls = try Self.fault(Self.vsftpd(TLSNotDemanded.self, "ssl_enable=NO", "failed"))
        #expect(tls.config.map(\.line) == [1])
        #expect(tls.changes.map(\.change) == [.requireTLS, .restart])
        let shrunk = try Self.fault(Self.windows(DynamicRangeShrunk.self, 50000, 1000, "failed"))
        #expect(shrunk.changes.map(\.change) == [.setPassiveRange(50000...50999), .restart])
        let single = try Self.fault(
            Self.proftpd(OnePortRefused.self, "PassivePorts 5001 5001", "failed"))
        #expect(single.config.map(\.line) == [2])
        #expect(single.changes.map(\.change) == [.setPassiveRange(5001...5003), .restart])
    }

    @Test func `ports for users are enough for their transfers too`() throws {
        let range = "PassivePortRange 50000 50009"
        let capped = try Self.fault(
            Self.pureftpd(UsersCappedByRange.self, range, sessions: 8, "failed"))
        #expect(capped.changes.map(\.change) == [.setPassiveRange(50000...50015), .restart])
        let small = try Self.fault(
            Self.pureftpd(RangeTooSmall.self, range, sessions: 20, "failed"))
        #expect(small.changes.map(\.change) == [.setPassiveRange(50000...50039), .restart])
    }

    @Test(arguments: [("ftp.example.com", Severity.low), ("files.corp.local", nil)])
    func `a name of inside networks weighs more`(_ name: String, _ severity: Severity?) throws {
        let fault = try Self.fault(Self.named(name, inside: true, "failed"))
        #expect(fault.severity == severity)
        #expect(fault.confidence == .probable)
    }

    /// What the wire showed of the name: the inside address, or the outside one.
    @Test func `what a 227 carried settles what the name stood for`() throws {
        let site = try Self.site(Self.named("ftp.example.com", inside: true, "failed"))
        let good = Made.session([Made.channel(5005, .established)])
        #expect(Made.judge(AdvertisedNameInside.self, site, [good]).mark == "passed")
        let bad = Made.session([Made.channel(5005, .unanswered, address: Made.inside)])
        let audit = Audit(site: site, traffic: Traffic([bad]))
        let failed = audit.findings(now: Timestamp(seconds: 0)) { _, _ in [] }
            .filter { $0.status == .failed }
        let cause = try #require(failed.first { $0.rule == "PH225" })
        #expect(cause.severity == .high)
        #expect(cause.symptoms.contains { $0.hasPrefix("PH104") })
        #expect(cause.symptoms.contains { $0.hasPrefix("PH101") })
        #expect(!failed.contains { $0.rule == "PH104" || $0.rule == "PH101" })
    }

    /// Demanding TLS would shut what the kernel's helper opens.
    @Test(arguments: [
        (Made.helper, true), (PolicyRuleTests.host("21", "5500:5502"), false),
    ])
    func `who is to demand TLS hears which ports depend on clear text`(
        _ firewall: String, _ depends: Bool
    ) throws {
        let site = try Made.site(vsftpd: PolicyRuleTests.range, path: [firewall])
        var session = Made.session()
        session.clearPassword = Made.frame(7)
        for rule in [TLSNotDemanded.self, CleartextLogin.self] as [any Rule.Type] {
            let fault = try #require(Made.judge(rule, site, [session]).faults.first)
            #expect(
                fault.message.contains("Before TLS is demanded, ports 5500-5502 must be open")
                    == depends, "\(fault.message)")
        }
    }
}
