import FTP
import Net
import Policy
import Testing

@testable import Analyzer

/// Rules on firewalls and NAT, on configurations as users have them: each answer that they can give.
@Suite struct NetworkRuleTests {
    struct Row: Sendable {
        var rule: any Rule.Type
        var what: String
        var mark: String
        var vsftpd: String? = "pasv_min_port=5500\npasv_max_port=5502"
        var path: [String] = []
        var edit: @Sendable (inout Site) -> Void = { _ in }
        var sessions: [SessionRecord]?
    }

    static let range = "pasv_min_port=5500\npasv_max_port=5502"
    static let noRange = "listen=YES\npasv_enable=YES"
    static let tls = range + "\nssl_enable=YES"
    static let tlsOnly =
        tls + "\nforce_local_logins_ssl=YES\nforce_local_data_ssl=YES"
        + "\nforce_anon_logins_ssl=YES\nforce_anon_data_ssl=YES"
    static let v6 = IPAddress("2001:db8:5::10")

    static func isBehindNAT(_ site: inout Site) { site.servers[0].inside = [Made.inside] }

    /// A host firewall: related connections are accepted, and these ports.
    static func host(_ rules: String..., related: Bool = true, raw: String? = nil) -> String {
        ((raw.map { ["*raw", ":PREROUTING ACCEPT [0:0]", $0, "COMMIT"] } ?? [])
            + ["*filter", ":INPUT DROP [0:0]"]
            + [
                "-A INPUT -m conntrack --ctstate "
                    + (related ? "RELATED,ESTABLISHED" : "ESTABLISHED") + " -j ACCEPT"
            ] + rules.map { "-A INPUT -p tcp -m tcp --dport \($0) -j ACCEPT" } + ["COMMIT"])
            .joined(separator: "\n")
    }

    @Test(arguments: rows)
    func `says what the files allow`(_ row: Row) throws {
        var site =
            try row.vsftpd.map { try Made.site(vsftpd: $0, path: row.path) }
            ?? Made.site("5500-5502", path: row.path)
        row.edit(&site)
        let judgement = Made.judge(row.rule, site, row.sessions)
        #expect(judgement.mark == row.mark, "\(row.rule.id), \(row.what): \(judgement)")
    }

    static let rows: [Row] =
        sides + answers + controlPorts + windows + helpers + families + sources + timeouts

    // MARK: PH212

    static let outsideLines = [
        "permit tcp any host 203.0.113.10 eq 21",
        "permit tcp any host 203.0.113.10 range 5500 5502",
    ]
    static let insideLines = [
        "permit tcp any host 203.0.113.10 eq 21",
        "permit tcp any host 10.1.1.10 range 5500 5502",
    ]
    static let carried = PolicyRuleTests.carried(to: "10.1.1.10")

    static func asa(_ address: String) -> String {
        """
        ASA Version 9.1(7)
        !
        interface GigabitEthernet0/0
         nameif outside
         security-level 0
         ip address 203.0.113.2 255.255.255.0
        !
        interface GigabitEthernet0/1
         nameif inside
         security-level 100
         ip address 10.1.1.1 255.255.255.0
        !
        object network ftp
         host 10.1.1.10
        access-list in extended permit tcp any host \(address) eq ftp
        access-list in extended permit tcp any host \(address) range 5500 5502
        object network ftp
         nat (inside,outside) static 203.0.113.10
        access-group in in interface outside
        """
    }

    /// The inside address is let in, and the control port alone is translated to it.
    static let halfCarried = """
        *nat
        :PREROUTING ACCEPT [0:0]
        -A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 21 -j DNAT --to-destination 10.1.1.10
        COMMIT
        *filter
        :FORWARD DROP [0:0]
        -A FORWARD -d 10.1.1.10/32 -p tcp -m tcp --dport 21 -j ACCEPT
        -A FORWARD -d 10.1.1.10/32 -p tcp -m tcp --dport 5500:5502 -j ACCEPT
        COMMIT
        """

    static let sides: [Row] = [
        Row(
            rule: WrongSideOfTranslation.self, what: "IOS names the inside address",
            mark: "failed", path: [Made.router(insideLines, carried)], edit: isBehindNAT),
        Row(
            rule: WrongSideOfTranslation.self, what: "IOS names the outside address",
            mark: "passed", path: [Made.router(outsideLines, carried)], edit: isBehindNAT),
        Row(
            rule: WrongSideOfTranslation.self, what: "ASA names the mapped address",
            mark: "failed", path: [asa("203.0.113.10")], edit: isBehindNAT),
        Row(
            rule: WrongSideOfTranslation.self, what: "ASA names the real address",
            mark: "passed", path: [asa("10.1.1.10")], edit: isBehindNAT),
        Row(
            rule: WrongSideOfTranslation.self, what: "what isn't carried lacks a translation",
            mark: "passed", path: [halfCarried],
            edit: {
                isBehindNAT(&$0)
                $0.hops[0].place = .through
            }),
        Row(
            rule: WrongSideOfTranslation.self, what: "the list's fate isn't known", mark: "?",
            path: [
                Made.router(["permit tcp any host 203.0.113.10 time-range work"], carried)
            ], edit: isBehindNAT),
        Row(
            rule: WrongSideOfTranslation.self, what: "nothing translates", mark: "n/a",
            path: [Made.router(outsideLines)]),
        Row(rule: WrongSideOfTranslation.self, what: "no path", mark: "n/a", edit: isBehindNAT),
    ]

    // MARK: PH213

    /// A network ACL that lets all in, and these entries out.
    static func networkACL(_ out: String...) -> String {
        func entry(_ number: Int, _ action: String, _ ports: String?, egress: Bool) -> String {
            let range = ports.map { text in
                let ends = text.split(separator: "-")
                return #", "PortRange": {"From": \#(ends[0]), "To": \#(ends[1])}"#
            }
            return
                #"{"CidrBlock": "0.0.0.0/0", "Egress": \#(egress), "Protocol": "6", "RuleAction": "\#(action)", "RuleNumber": \#(number)\#(range ?? "")}"#
        }
        let entries =
            [entry(100, "allow", "21-21", egress: false)]
            + [entry(110, "allow", "5500-5502", egress: false)]
            + out.enumerated().map { entry(200 + $0.offset, "allow", $0.element, egress: true) }
        return """
            {"NetworkAcls": [{
              "NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": false,
              "Associations": [], "Tags": [],
              "Entries": [
                \(entries.joined(separator: ",\n    "))
              ]
            }]}
            """
    }

    /// A router without translation, with this list on its inside interface.
    static func stateless(_ list: [String]) -> String {
        ([
            "version 12.4", "interface FastEthernet0/0", " ip address 198.51.100.2 255.255.255.0",
            " ip access-group 100 in", "interface FastEthernet0/1",
            " ip address 203.0.113.1 255.255.255.0", " ip access-group 101 in", "!",
        ] + outsideLines.map { "access-list 100 \($0)" } + list.map { "access-list 101 \($0)" }
            + ["end"]).joined(separator: "\n")
    }

    static func entersOutside(_ site: inout Site) {
        site.hops[0].outside = "FastEthernet0/0"
        site.hops[0].inside = "FastEthernet0/1"
    }

    static let answers: [Row] = [
        Row(
            rule: AnswersDenied.self, what: "no entry for answers", mark: "failed",
            path: [networkACL()]),
        Row(
            rule: AnswersDenied.self, what: "answers to all ports of clients", mark: "passed",
            path: [networkACL("1024-65535")]),
        Row(
            rule: AnswersDenied.self, what: "answers to some ports of clients", mark: "?",
            path: [networkACL("32768-61000")]),
        Row(
            rule: AnswersDenied.self, what: "a device that remembers", mark: "n/a",
            path: [host("21", "5500:5502")]),
        Row(rule: AnswersDenied.self, what: "no path", mark: "n/a"),
        Row(
            rule: AnswersDenied.self, what: "nothing is sent to groups", mark: "passed",
            path: [
                host("21", "5500:5502")
                    .replacing("*filter\n", with: "*filter\n-A OUTPUT -d 224.0.0.0/4 -j DROP\n")
            ]),
        Row(
            rule: AnswersDenied.self, what: "a router that forgot the data ports",
            mark: "failed",
            path: [stateless(["permit tcp host 203.0.113.10 eq 21 any established"])],
            edit: entersOutside),
        Row(
            rule: AnswersDenied.self, what: "a router that lets answers out", mark: "passed",
            path: [stateless(["permit tcp host 203.0.113.10 any established"])],
            edit: entersOutside),
    ]

    // MARK: PH214

    static let list2121 = [
        "permit tcp any host 203.0.113.10 eq 2121",
        "permit tcp any host 203.0.113.10 range 5500 5502",
    ]
    static let carried2121 = carried.map { $0.replacing(" 21 ", with: " 2121 ") }
        .map { $0.hasSuffix(" 21") ? $0.dropLast(2) + "2121" : $0 }
    static let mapped2121 =
        carried2121 + [
            "ip nat service list 10 ftp tcp port 2121", "access-list 10 permit 10.1.1.10",
        ]
    static let helper21 = "-A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp"
    static let at2121 = range + "\nlisten_port=2121"

    static let controlPorts: [Row] = [
        Row(
            rule: ControlPortUnread.self, what: "IOS isn't told of the port", mark: "failed",
            vsftpd: at2121, path: [Made.router(list2121, carried2121)], edit: isBehindNAT),
        Row(
            rule: ControlPortUnread.self, what: "IOS is told of the port", mark: "passed",
            vsftpd: at2121, path: [Made.router(list2121, mapped2121)], edit: isBehindNAT),
        Row(
            rule: ControlPortUnread.self, what: "the server announces the outside address",
            mark: "passed", vsftpd: at2121 + "\npasv_address=203.0.113.10",
            path: [Made.router(list2121, carried2121)], edit: isBehindNAT),
        Row(
            rule: ControlPortUnread.self, what: "a helper on another port", mark: "failed",
            vsftpd: at2121, path: [host("2121", raw: helper21)]),
        Row(
            rule: ControlPortUnread.self, what: "a helper on another port, and not needed",
            mark: "passed", vsftpd: at2121, path: [host("2121", "5500:5502", raw: helper21)]),
        Row(
            rule: ControlPortUnread.self, what: "no range is known", mark: "?",
            vsftpd: nil, path: [host("2121", raw: helper21)],
            edit: {
                $0.servers[0].statedPassive = nil
                $0.servers[0].control = [2121]
            }),
        Row(
            rule: ControlPortUnread.self, what: "it listens at 21", mark: "n/a",
            path: [host("21", raw: helper21)]),
        Row(
            rule: ControlPortUnread.self, what: "nobody reads FTP", mark: "n/a",
            vsftpd: at2121, path: [host("2121")]),
        Row(
            rule: ControlPortUnread.self, what: "TLS is demanded", mark: "n/a",
            vsftpd: tlsOnly + "\nlisten_port=2121", path: [host("2121", raw: helper21)]),
        Row(rule: ControlPortUnread.self, what: "no path", mark: "n/a", vsftpd: at2121),
    ]

    // MARK: PH216

    static func netsh(_ more: String...) -> String {
        ([
            "netsh advfirewall firewall add rule name=\"FTP\" dir=in action=allow protocol=TCP localport=21",
            "netsh advfirewall firewall add rule name=\"data\" dir=in action=allow protocol=TCP localport=5500-5502",
        ] + more).joined(separator: "\n")
    }

    static let stateful = "netsh advfirewall set global StatefulFTP "

    static let windows: [Row] = [
        Row(
            rule: StatefulFTPWithTLS.self, what: "on, and TLS offered", mark: "failed",
            vsftpd: tls, path: [netsh(stateful + "enable")]),
        Row(
            rule: StatefulFTPWithTLS.self, what: "on, and TLS seen", mark: "failed",
            path: [netsh(stateful + "enable")], sessions: [Made.encrypted(nil)]),
        Row(
            rule: StatefulFTPWithTLS.self, what: "off", mark: "passed",
            vsftpd: tls, path: [netsh(stateful + "disable")]),
        Row(
            rule: StatefulFTPWithTLS.self, what: "not said", mark: "?", vsftpd: tls,
            path: [netsh()]),
        Row(
            rule: StatefulFTPWithTLS.self, what: "TLS not known", mark: "?", vsftpd: nil,
            path: [netsh(stateful + "enable")]),
        Row(
            rule: StatefulFTPWithTLS.self, what: "no TLS", mark: "n/a",
            path: [netsh(stateful + "enable")]),
        Row(
            rule: StatefulFTPWithTLS.self, what: "another firewall", mark: "n/a", vsftpd: tls,
            path: [host("21")]),
        Row(
            rule: StatefulFTPWithTLS.self, what: "the old firewall", mark: "n/a", vsftpd: tls,
            path: ["netsh firewall add portopening TCP 21 \"FTP\""]),
        Row(rule: StatefulFTPWithTLS.self, what: "no path", mark: "n/a", vsftpd: tls),
    ]

    // MARK: PH217

    static let helpers: [Row] = [
        Row(
            rule: HelperNotAttached.self, what: "RELATED alone", mark: "failed",
            path: [host("21")]),
        Row(
            rule: HelperNotAttached.self, what: "a helper", mark: "passed",
            path: [host("21", raw: helper21)]),
        Row(
            rule: HelperNotAttached.self, what: "none needed", mark: "passed",
            path: [host("21", "5500:5502")]),
        Row(
            rule: HelperNotAttached.self, what: "some of the range forgotten", mark: "passed",
            path: [host("21", "5500:5501")]),
        Row(
            rule: HelperNotAttached.self, what: "no range is known", mark: "?", vsftpd: nil,
            path: [host("21")], edit: { $0.servers[0].statedPassive = nil }),
        Row(
            rule: HelperNotAttached.self, what: "RELATED isn't accepted", mark: "n/a",
            path: [host("21", related: false)]),
        Row(
            rule: HelperNotAttached.self, what: "TLS is demanded", mark: "n/a",
            vsftpd: tlsOnly, path: [host("21")]),
        Row(rule: HelperNotAttached.self, what: "no path", mark: "n/a"),
    ]

    /// Two servers at one address, the second on 2121.
    private static func pair(_ second: String?) -> Site {
        var site = Made.site("5001-5100", open: PortSet([21...21, 2121...2121, 5001...5201]))
        var other = SiteServer(
            name: "other", addresses: [Made.server], control: [2121], source: Made.line)
        other.statedPassive = second.flatMap { PortSet($0) }.map { Setting($0, Made.line) }
        site.servers.append(other)
        return site
    }

    @Test(arguments: [
        ("5101-5201" as String?, "passed"), ("5101-5200", "failed"), (nil, "?"),
    ])
    func `ports of another server at the address are not too many`(
        _ second: String?, _ mark: String
    ) throws {
        let site = Self.pair(second)
        let judgement = Made.judge(TooManyPortsOpen.self, site, nil)
        #expect(judgement.mark == mark, "\(judgement)")
        var asked = site
        asked.servers.removeLast()
        let audit = Audit(site: asked, traffic: nil, inventory: site.servers)
        let server = try #require(audit.context.servers.first)
        #expect(TooManyPortsOpen.judge(server, in: audit.context).mark == mark)
        guard mark == "failed" else { return }
        #expect(judgement.faults.map(\.ports) == [PortSet(ports: [5201])])
        #expect(judgement.faults.first?.message.contains("and the ports of other are open") == true)
    }

    @Test func `an address at which nobody must get in is not open`() throws {
        let client = AddressSet(try #require(Prefix("198.51.100.0/24")))
        let site = Made.site(open: PortSet([21...21, 5001...5201])) {
            $0.addresses = [Made.server, IPAddress(v6: 0x2001_0db8 << 96 | 0x10)]
            $0.clients = client
        }
        #expect(Made.judge(TooManyPortsOpen.self, site, nil).mark == "passed")
    }
}
