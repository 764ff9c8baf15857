import FTP
import Net
import Policy
import Testing

@testable import Analyzer

/// Rules of configuration against configuration, on files as users have them.
@Suite struct PolicyRuleTests {
    struct Row: Sendable {
        var rule: any Rule.Type
        var vsftpd: String?
        var range: String?
        var path: [String]
        var inside: IPAddress?
        var mark: String
    }

    static let control = "ip nat inside source static tcp 10.1.1.10 21 203.0.113.10 21"
    static let range = "pasv_min_port=5500\npasv_max_port=5502"
    static let open = "permit tcp any host 203.0.113.10"

    /// Ports 5500 to 5502 carried to this address, one line each.
    static func carried(to address: String) -> [String] {
        [control]
            + (5500...5502).map {
                "ip nat inside source static tcp \(address) \($0) 203.0.113.10 \($0)"
            }
    }

    static let off = range + "\npasv_enable=NO"

    /// A host that lets these ports in.
    static func host(_ ports: String...) -> String {
        (["*filter", ":INPUT DROP [0:0]"]
            + ports.map { "-A INPUT -p tcp -m tcp --dport \($0) -j ACCEPT" } + ["COMMIT"])
            .joined(separator: "\n")
    }

    /// What needs a range is none of a server whose passive mode is switched off.
    static let switchedOff: [Row] = [
        row(RangeMissing.self, vsftpd: "pasv_enable=NO", "n/a"),
        row(RangeMissing.self, vsftpd: "cmds_denied=PASV,EPSV", "n/a"),
        row(RangeNotPermitted.self, vsftpd: off, path: [host("21")], "passed"),
        row(RangeNotPermitted.self, vsftpd: off, path: [host("22")], "failed"),
        row(TooManyPortsOpen.self, vsftpd: off, path: [host("21")], "passed"),
        row(TooManyPortsOpen.self, vsftpd: off, path: [host("21", "5500:5502")], "failed"),
        row(
            RangeCollides.self, vsftpd: "pasv_min_port=5430\npasv_max_port=5440\npasv_enable=NO",
            "n/a"),
        row(
            TranslationMissing.self, vsftpd: off, path: [Made.router([open], [control])],
            inside: Made.inside, "passed"),
        row(
            AdvertisedAddressWrong.self, vsftpd: off,
            path: [
                Made.router([open], [control, "no ip nat service ftp tcp port 21"])
            ],
            inside: Made.inside, "n/a"),
        row(
            TLSBehindInspection.self, vsftpd: off + "\nssl_enable=YES", path: [Made.helper], "n/a"),
    ]

    /// A template has yet to say whether TLS is offered.
    static let unknownTLS: [Row] = [
        row(
            TLSBehindInspection.self, vsftpd: range + "\nssl_enable={{ tls }}",
            path: [Made.helper], "?"),
        row(
            TLSBehindInspection.self, vsftpd: range + "\nssl_enable={{ tls }}",
            path: [host("21", "5500:5502")], "passed"),
        row(
            AdvertisedAddressWrong.self, vsftpd: "ssl_enable={{ tls }}",
            path: [Made.router([open], carried(to: "10.1.1.10"))], inside: Made.inside, "?"),
        row(
            StatefulFTPWithTLS.self, vsftpd: "ssl_enable={{ tls }}",
            path: ["netsh advfirewall set global StatefulFTP enable"], "?"),
    ]

    static let rows: [Row] = switchedOff + unknownTLS + others

    private static let others: [Row] = [
        // PH201
        row(RangeMissing.self, vsftpd: "listen=YES", "failed"),
        row(RangeMissing.self, vsftpd: range, "passed"),
        row(RangeMissing.self, "5001-5201", "n/a"),
        // PH204
        // vsftpd takes a maximum below its minimum for none.
        row(RangeInvalid.self, vsftpd: "pasv_min_port=6000\npasv_max_port=5000", "passed"),
        row(RangeInvalid.self, vsftpd: range, "passed"),
        row(RangeInvalid.self, "5001-5201", "n/a"),
        // PH205
        row(RangeCollides.self, "5430-5440", "failed"),
        row(RangeCollides.self, "5001-5004", "passed"),
        row(RangeCollides.self, nil, "n/a"),
        // PH207
        row(RangeTooLarge.self, vsftpd: "listen=YES", "?"),
        // PH208
        row(
            TranslationMissing.self, vsftpd: range, path: [Made.router([open], [control])],
            inside: Made.inside, "failed"),
        row(
            TranslationMissing.self, vsftpd: range,
            path: [Made.router([open], carried(to: "10.1.1.10"))], inside: Made.inside, "passed"),
        row(
            TranslationMissing.self, vsftpd: range,
            path: [Made.router([open + " time-range night"], carried(to: "10.1.1.10"))],
            inside: Made.inside, "?"),
        // PH209
        row(
            TranslationToWrongHost.self, vsftpd: range,
            path: [Made.router([open], carried(to: "10.1.1.99"))], inside: Made.inside, "failed"),
        row(
            TranslationToWrongHost.self, vsftpd: range,
            path: [Made.router([open], carried(to: "10.1.1.10"))], inside: Made.inside, "passed"),
        row(
            TranslationToWrongHost.self, vsftpd: range,
            path: [
                Made.router(
                    [open + " eq 21", open + " time-range night"], carried(to: "10.1.1.10"))
            ], inside: Made.inside, "?"),
        // Nobody says which address is the server's own.
        row(
            TranslationToWrongHost.self, vsftpd: range,
            path: [Made.router([open], carried(to: "10.1.1.10"))], "?"),
        row(
            TranslationToWrongHost.self, vsftpd: range,
            path: [Made.router([open], carried(to: "10.1.1.99"))], "failed"),
        row(TranslationToWrongHost.self, vsftpd: range, path: [Made.router([open])], "n/a"),
        row(TranslationToWrongHost.self, vsftpd: range, "n/a"),
        // PH210
        row(AdvertisedAddressWrong.self, vsftpd: "pasv_address=203.0.113.99", "failed"),
        row(AdvertisedAddressWrong.self, vsftpd: "pasv_address=203.0.113.10", "passed"),
        row(AdvertisedAddressWrong.self, vsftpd: "listen=YES", "passed"),
        row(
            AdvertisedAddressWrong.self, vsftpd: "listen=YES",
            path: [
                Made.router(
                    [open], carried(to: "10.1.1.10") + ["no ip nat service ftp tcp port 21"])
            ],
            inside: Made.inside, "failed"),
        row(
            AdvertisedAddressWrong.self, vsftpd: "listen=YES",
            path: [Made.router([open], carried(to: "10.1.1.10"))], inside: Made.inside, "passed"),
        row(
            AdvertisedAddressWrong.self, vsftpd: "ssl_enable=YES",
            path: [Made.router([open], carried(to: "10.1.1.10"))], inside: Made.inside, "failed"),
        row(
            AdvertisedAddressWrong.self,
            vsftpd: "pasv_addr_resolve=YES\npasv_address=ftp.example.com", "?"),
        row(AdvertisedAddressWrong.self, "5001-5201", "n/a"),
        // PH211
        row(
            PermitNeverReached.self, vsftpd: range,
            path: [
                Made.router([
                    "permit tcp any host 203.0.113.10 eq 21", "deny ip any any",
                    "permit tcp any host 203.0.113.10 range 5500 5502",
                ])
            ], "failed"),
        row(
            PermitNeverReached.self, vsftpd: range,
            path: [
                Made.router([
                    "permit tcp any host 203.0.113.10 range 5500 5502",
                    "permit tcp any host 203.0.113.10 eq 21", "deny ip any any",
                ])
            ], "passed"),
        row(
            PermitNeverReached.self, vsftpd: range,
            path: [
                Made.router([
                    "permit tcp any host 203.0.113.10 eq 21", "deny ip any any",
                    "permit tcp any host 203.0.113.77 range 5500 5502",
                ])
            ], "passed"),
        // Where a denial counts before a permission, the order of the lines is none.
        row(
            PermitNeverReached.self, vsftpd: range,
            path: [
                """
                netsh advfirewall firewall add rule name=b dir=in action=block protocol=TCP localport=5501
                netsh advfirewall firewall add rule name=a dir=in action=allow protocol=TCP localport=21,5500-5502
                """
            ], "passed"),
        row(
            PermitNeverReached.self, vsftpd: range,
            path: [
                """
                <zone><rule><port port="5501" protocol="tcp"/><drop/></rule>
                <port port="5500-5502" protocol="tcp"/><port port="21" protocol="tcp"/></zone>
                """
            ], "passed"),
        row(PermitNeverReached.self, vsftpd: range, "n/a"),
        // PH215
        row(
            TLSBehindInspection.self, vsftpd: range + "\nssl_enable=YES", path: [Made.helper],
            "failed"),
        row(TLSBehindInspection.self, vsftpd: range, path: [Made.helper], "n/a"),
        row(
            TLSBehindInspection.self, vsftpd: range + "\nssl_enable=YES",
            path: [
                Made.helper.replacing(
                    "-A INPUT -p tcp -m tcp --dport 21 -j ACCEPT",
                    with: """
                        -A INPUT -p tcp -m tcp --dport 21 -j ACCEPT
                        -A INPUT -p tcp -m tcp --dport 5500:5502 -j ACCEPT
                        """)
            ], "passed"),
        row(
            TLSBehindInspection.self, vsftpd: "listen=YES\nssl_enable=YES", path: [Made.helper],
            "failed"),
        row(TLSBehindInspection.self, vsftpd: range + "\nssl_enable=YES", "n/a"),
        row(TLSBehindInspection.self, "5001-5201", path: [Made.helper], "n/a"),
    ]

    private static func row(
        _ rule: any Rule.Type, vsftpd: String, path: [String] = [], inside: IPAddress? = nil,
        _ mark: String
    ) -> Row {
        Row(rule: rule, vsftpd: vsftpd, range: nil, path: path, inside: inside, mark: mark)
    }

    private static func row(
        _ rule: any Rule.Type, _ range: String?, path: [String] = [], _ mark: String
    ) -> Row {
        Row(rule: rule, vsftpd: nil, range: range, path: path, inside: nil, mark: mark)
    }

    @Test(arguments: rows)
    func `says what the files allow`(_ row: Row) throws {
        let site =
            try row.vsftpd.map {
                try Made.site(vsftpd: $0, path: row.path) { server in
                    server.inside = row.inside.map { [$0] } ?? server.inside
                }
            } ?? Made.site(row.range, path: row.path)
        let judgement = Made.judge(row.rule, site, nil)
        #expect(judgement.mark == row.mark, "\(row.rule.id): \(judgement)")
    }

    @Test(arguments: [("4000-4100", "failed"), ("5001-5201", "passed")])
    func `a range below what IIS takes is not in force`(_ range: String, _ mark: String) throws {
        var site = Made.site(nil)
        site.servers[0].configuration = try Made.read(
            "msftpsvc.reg",
            """
            REGEDIT4

            [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Msftpsvc\\Parameters]
            "PassivePortRange"="\(range)"
            """, as: nil)
        #expect(Made.judge(RangeInvalid.self, site, nil).mark == mark)
    }

    /// PH303: a port outside the range while all of it is taken, while some is free, and never.
    @Test(arguments: [
        ("5001-5002", [5001, 5002, 1063], "failed"), ("5001-5003", [5001, 5002, 1063], "?"),
        ("5001-5002", [5001, 5002], "passed"),
    ])
    func `leaves a full range`(_ range: String, _ ports: [UInt16], _ mark: String) {
        let channels = ports.enumerated().map { number, port in
            Made.channel(port, .established, at: 10 + number)
        }
        let judgement = Made.judge(
            RangeExhaustedFallback.self, Made.site(range), [Made.session(channels)])
        #expect(judgement.mark == mark, "\(judgement)")
    }

    /// Two ports, held from 10 to 14 and from 12 to 16 s.
    @Test(arguments: [
        (11, false), (12, true), (13, true), (14, true), (15, false), (40, false),
    ])
    func `a range is full as long as all of it is held`(_ moment: Int, _ isFull: Bool) {
        let taken = [5001, 5002].enumerated().map { number, port in
            Made.channel(UInt16(port), .established, at: 10 + 2 * number)
        }
        let sessions = [
            Made.session([Made.channel(1063, .unanswered, at: moment)]), Made.session(taken),
            Made.session([Made.channel(1064, .unanswered, at: 13)]),
        ]
        let judgement = Made.judge(
            RangeExhaustedFallback.self, Made.site("5001-5002"), sessions)
        #expect(judgement.faults.first?.count == (isFull ? 2 : 1), "\(judgement)")
    }

    @Test func `a server that stays within its range did not leave it for want of ports`() throws {
        let site = try Made.site(vsftpd: "pasv_min_port=5001\npasv_max_port=5001")
        let channels = [
            Made.channel(5001, .established), Made.channel(1063, .established, at: 11),
        ]
        let judgement = Made.judge(
            RangeExhaustedFallback.self, site, [Made.session(channels)])
        #expect(judgement.mark == "n/a")
    }

    @Test func `whoever asks for more ports asks for as many`() throws {
        let site = try Made.site(vsftpd: "pasv_min_port=5001\npasv_max_port=5001") {
            $0.sessions = 4
        }
        let session = Made.session {
            $0.failures = [
                .init(frame: Made.frame(9), command: "PASV", code: 425, text: "425 busy")
            ]
        }
        let rules: [any Rule.Type] = [RangeTooSmall.self, RangeExhausted.self]
        let asked = rules.map { rule in
            Made.judge(rule, site, [session]).faults.first?.changes.map(\.change)
        }
        #expect(asked[0] == [.setPassiveRange(5001...5005), .restart])
        #expect(asked[0] == asked[1])
    }

    @Test func `no passive port is due where passive mode is off`() throws {
        let site = try Made.site(vsftpd: Self.off)
        let offer = Made.session([Made.channel(5501, .established)])
        let judgement = Made.judge(PortOutsideRange.self, site, [offer])
        #expect(judgement.mark == "failed")
        let fault = try #require(judgement.faults.first)
        #expect(fault.message.contains("switches passive mode off"))
        #expect(fault.config.map(\.line) == [3])
        #expect(Made.judge(PortOutsideRange.self, site, [Made.session()]).mark == "?")
        #expect(Made.judge(PortOutsideRange.self, site, nil).mark == "n/a")
    }

    /// A router that carries port 22 to another host, in front of the server's own firewall.
    private static let twoDevices = [
        Made.router(
            ["permit tcp any host 203.0.113.10 eq 21"],
            ["ip nat inside source static tcp 10.1.1.77 5 203.0.113.10 5"]
                + carried(to: "10.1.1.10")), host("21"),
    ]

    @Test func `each device that denies is told of, with the server's address as it sees it`()
        throws
    {
        let site = try Made.site(vsftpd: Self.range, path: Self.twoDevices) {
            $0.inside = [Made.inside]
        }
        let faults = Made.judge(RangeNotPermitted.self, site, nil).faults
        let ports = PortSet(5500...5502)
        #expect(
            faults.flatMap(\.changes) == [
                ProposedChange(.hop("hop0"), .permit(ports, to: Made.server)),
                ProposedChange(.hop("hop1"), .permit(ports, to: Made.inside)),
            ])
    }

    @Test func `a wider range is carried and opened all the way`() throws {
        let site = try Made.site(vsftpd: Self.range, path: Self.twoDevices) {
            $0.inside = [Made.inside]
            $0.sessions = 4
        }
        let more = PortSet(5503...5504)
        let all = PortSet(5500...5504)
        #expect(
            Made.judge(RangeTooSmall.self, site, nil).faults.flatMap(\.changes) == [
                ProposedChange(.server, .setPassiveRange(5500...5504)),
                ProposedChange(
                    .hop("hop0"), .translate(more, outside: Made.server, inside: Made.inside)),
                ProposedChange(.hop("hop0"), .permit(all, to: Made.server)),
                ProposedChange(.hop("hop1"), .permit(all, to: Made.inside)),
                ProposedChange(.server, .restart),
            ])
    }

    @Test(arguments: [("198.51.100.0/24", true), ("0.0.0.0/0", false)])
    func `says whom the commands should name`(_ clients: String, _ isSaid: Bool) throws {
        let prefix = try #require(Prefix(clients))
        let site = try Made.site(vsftpd: Self.range, path: [Self.host("21")]) {
            $0.clients = AddressSet(prefix)
        }
        let audit = Audit(site: site, traffic: nil)
        let findings = audit.findings(
            by: [RangeNotPermitted.self], now: Timestamp(seconds: 0)
        ) { _, _ in [Fix(platform: "any", commands: ["open"])] }
        #expect(findings.first?.message.contains("name 198.51.100.0/24") == isSaid)
    }

    @Test func `every rule has a row that fails and one that passes`() {
        let all =
            (JudgementTests.wire + JudgementTests.meant + WireRuleTests.rows)
            .map { ($0.rule.id, $0.mark) } + Self.rows.map { ($0.rule.id, $0.mark) }
            + NetworkRuleTests.rows.map { ($0.rule.id, $0.mark) }
            + ServerRuleTests.rows.map { ($0.rule.id, $0.mark) }
            + [("PH303", "failed"), ("PH303", "passed"), ("PH309", "failed"), ("PH204", "failed")]
            + [("PH306", "failed"), ("PH306", "passed")]
        for rule in Rules.all {
            for mark in ["failed", "passed"] {
                #expect(all.contains { $0 == (rule.id, mark) }, "\(rule.id) \(mark)")
            }
        }
    }

    @Test func `a server that the site doesn't name is told of`() {
        let stranger = Made.session { $0.server = Endpoint(WireRuleTests.other, 21) }
        let audit = Audit(site: Made.site(), traffic: Traffic([stranger]))
        let marks = audit.context.servers.map {
            ServerNotInInventory.judge($0, in: audit.context).mark
        }
        #expect(marks == ["passed", "failed"])
    }

    @Test func `that no address is announced is told of what the file lacks`() throws {
        let site = try Made.site(
            vsftpd: "listen=YES\nssl_enable=YES",
            path: [Made.router([Self.open], Self.carried(to: "10.1.1.10"))]
        ) { $0.inside = [Made.inside] }
        let fault = try #require(Made.judge(AdvertisedAddressWrong.self, site, nil).faults.first)
        #expect(fault.config.map(\.text) == ["no address to announce is set"])
        #expect(fault.config.map(\.line) == [nil])
    }
}
