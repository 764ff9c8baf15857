import Net
import Policy
import Testing

@testable import HostFormats
@testable import PolicyFormats

@Suite struct FirewalldTests {
    static func zone(_ inner: String, target: String? = nil) -> String {
        """
        <?xml version="1.0" encoding="utf-8"?>
        <zone\(target.map { " target=\"\($0)\"" } ?? "")>
          <short>Test</short>
          \(inner)
        </zone>
        """
    }

    static func read(_ files: (String, String)...) -> Configuration {
        Firewalld.read(together: files.map { ConfigText(file: $0.0, $0.1) })
    }

    static func read(_ inner: String, target: String? = nil) -> Configuration {
        read(("public.xml", zone(inner, target: target)))
    }

    @Test(arguments: [
        (#"<port protocol="tcp" port="21"/>"#, "21"), (#"<port protocol="udp" port="21"/>"#, ""),
        (#"<port port="5001-5201" protocol="tcp"/>"#, "5001-5201"),
        (#"<service name="ftp"/>"#, "21"),
        (#"<service name="samba-client"/>"#, ""),
        (#"<service name="freeipa-4"/>"#, "80,88,389,443,464,636"),
        (#"<protocol value="tcp"/>"#, "1-65535"), (#"<protocol value="esp"/>"#, ""),
        (#"<source-port port="20" protocol="tcp"/>"#, ""), ("<masquerade/>", ""),
        ("<forward/>", ""),
        (
            #"<rule family="ipv4"><source address="198.51.100.0/24"/><port port="21" protocol="tcp"/><accept/></rule>"#,
            "21"
        ),
        (
            #"<rule family="ipv4"><source address="198.51.100.0/24" invert="true"/><port port="21" protocol="tcp"/><accept/></rule>"#,
            ""
        ),
        (#"<rule family="ipv6"><port port="21" protocol="tcp"/><accept/></rule>"#, ""),
        (
            #"<port protocol="tcp" port="20-22"/><rule><port port="21" protocol="tcp"/><drop/></rule>"#,
            "20,22"
        ),
        (
            #"<port protocol="tcp" port="20-22"/><rule priority="5"><port port="21" protocol="tcp"/><drop/></rule>"#,
            "20-22"
        ),
        (
            #"<rule><port port="21" protocol="tcp"/><drop/></rule><rule priority="-5"><port port="21" protocol="tcp"/><accept/></rule>"#,
            "21"
        ),
        (#"<rule family="ipv4"><source address="198.51.100.10"/><accept/></rule>"#, "1-65535"),
        (#"<rule><port port="21" protocol="tcp"/><log prefix="x"/></rule>"#, ""),
        (#"<rule><service name="ftp"/><accept><limit value="1/m"/></accept></rule>"#, "21"),
    ])
    func `permits what the zone does`(inner: String, permitted: String) {
        let reach = Verdicts.reach(Self.read(inner))
        #expect(Verdicts.ports(reach) == permitted)
        #expect(Verdicts.ports(reach, .unknown) == "")
    }

    @Test(arguments: [
        (#"<service name="ours"/>"#, "1-65535"), ("<nonsense/>", "1-65535"),
        (#"<port protocol="tcp" port="x"/>"#, "1-65535"), (#"<port port="21"/>"#, "1-65535"),
        (#"<rule><source ipset="x"/><port port="21" protocol="tcp"/><accept/></rule>"#, "21"),
        (
            #"<rule><port port="x" protocol="tcp"/><drop/></rule><port protocol="tcp" port="21"/>"#,
            "21"
        ),
        (#"<rule priority="x"><port port="21" protocol="tcp"/><accept/></rule>"#, "21"),
    ])
    func `what it doesn't understand is unknown`(inner: String, unknown: String) {
        let reach = Verdicts.reach(Self.read(inner))
        #expect(Verdicts.ports(reach) == "")
        #expect(Verdicts.ports(reach, .unknown) == unknown)
    }

    @Test(arguments: [
        (String?.none, "21"), ("DROP", "21"), ("%%REJECT%%", "21"), ("ACCEPT", "1-65535"),
    ])
    func `the target is for the rest`(target: String?, permitted: String) {
        let configuration = Self.read(#"<port protocol="tcp" port="21"/>"#, target: target)
        #expect(Verdicts.ports(Verdicts.reach(configuration)) == permitted)
        let odd = Self.read("", target: "MAYBE")
        #expect(Verdicts.ports(Verdicts.reach(odd), .unknown) == "1-65535")
    }

    @Test func `names the line that decides`() {
        let reach = Verdicts.reach(Self.read(#"<port protocol="tcp" port="21"/>"#))
        #expect(Verdicts.line(reach, 21) == 4)
        #expect(Verdicts.line(reach, 22) == nil)
        let accepting = Verdicts.reach(Self.read("", target: "ACCEPT"))
        #expect(Verdicts.line(accepting, 22) == 2)
    }

    @Test func `forwarded ports are delivered, and permitted`() {
        let configuration = Self.read(
            #"<forward-port port="2121" protocol="tcp" to-port="21" to-addr="10.0.0.5"/>"#)
        let reach = Verdicts.reach(configuration)
        #expect(Verdicts.ports(reach) == "2121")
        #expect(
            reach.segments.first { $0.verdict == .permitted }?.translatedTo
                == IPAddress(v4: 0x0a00_0005))
        #expect(configuration.kinds == [.firewall, .nat])
        let local = Self.read(#"<forward-port port="2121" protocol="tcp" to-port="21"/>"#)
        #expect(Verdicts.ports(Verdicts.reach(local)) == "2121")
    }

    @Test func `the FTP service assigns the helper, a port doesn't`() {
        let service = Verdicts.reach(Self.read(#"<service name="ftp"/>"#), control: 21)
        #expect(Verdicts.ports(service, .permittedByInspection) == "1-20,22-65535")
        let port = Verdicts.reach(Self.read(#"<port protocol="tcp" port="21"/>"#), control: 21)
        #expect(Verdicts.ports(port, .permittedByInspection) == "")
    }

    static let several = [
        ("public.xml", zone(#"<interface name="eth0"/><port protocol="tcp" port="21"/>"#)),
        (
            "work.xml",
            zone(#"<source address="198.51.100.129/25"/><port protocol="tcp" port="22"/>"#)
        ),
        ("internal.xml", zone(#"<interface name="eth1"/><port protocol="tcp" port="23"/>"#)),
    ]

    @Test func `sources, then interfaces, then the default zone choose`() {
        let configuration = Firewalld.read(
            together: Self.several.map { ConfigText(file: $0.0, $0.1) })
        func ports(_ client: UInt32, _ entering: String?, select: String? = nil) -> String {
            Verdicts.ports(
                Verdicts.reach(
                    configuration, select: select, from: AddressSet(IPAddress(v4: client)),
                    entering: entering))
        }
        #expect(ports(0xc633_640a, "eth0") == "21")
        #expect(ports(0xc633_64ff, "eth0") == "22")
        #expect(ports(0xc633_640a, "eth1") == "23")
        #expect(ports(0xc633_640a, "eth9") == "21")
        #expect(ports(0xc633_640a, nil) == "")
        #expect(ports(0xc633_640a, nil, select: "internal") == "23")
        let settings = ConfigText(
            file: "firewalld.conf", "# x\nDefaultZone=internal\nLogDenied=off\n")
        let with = Firewalld.read(
            together: Self.several.map { ConfigText(file: $0.0, $0.1) } + [settings])
        #expect(Verdicts.ports(Verdicts.reach(with, entering: "eth9")) == "23")
    }

    @Test(arguments: [(0, "21"), (-5, "22"), (5, "21")])
    func `a zone of lower ingress-priority takes packets first`(priority: Int, permitted: String) {
        let sources = Self.zone(
            #"<source address="198.51.100.0/24"/><port port="21" protocol="tcp"/>"#)
        let interface = Self.zone(#"<interface name="eth0"/><port port="22" protocol="tcp"/>"#)
            .replacing("<zone>", with: "<zone ingress-priority=\"\(priority)\">")
        let configuration = Self.read(("partners.xml", sources), ("wan.xml", interface))
        let reach = Verdicts.reach(configuration, entering: "eth0")
        #expect(Verdicts.ports(reach) == permitted)
    }

    @Test func `where zones drift, what a zone of sources leaves undecided is unknown`() {
        let sources = Self.zone(
            #"<source address="198.51.100.0/24"/><port port="21" protocol="tcp"/>"#)
        let interface = Self.zone(#"<interface name="eth0"/><port port="22" protocol="tcp"/>"#)
        for (word, unknown) in [("yes", "1-20,22-65535"), ("no", "")] {
            let configuration = Self.read(
                ("partners.xml", sources), ("wan.xml", interface),
                ("firewalld.conf", "DefaultZone=wan\nAllowZoneDrifting=\(word)\n"))
            let reach = Verdicts.reach(configuration, entering: "eth0")
            #expect(Verdicts.ports(reach) == "21")
            #expect(Verdicts.ports(reach, .unknown) == unknown)
        }
    }

    @Test func `without a default zone other packets are unknown`() {
        let files = Self.several.dropFirst().map { ConfigText(file: $0.0, $0.1) }
        let reach = Verdicts.reach(Firewalld.read(together: Array(files)), entering: "eth9")
        #expect(Verdicts.ports(reach, .unknown) == "1-65535")
    }

    @Test(arguments: [
        (-1, "CONTINUE", "20,22"), (10, "CONTINUE", "20-22"), (-1, "ACCEPT", "1-20,22-65535"),
    ])
    func `policies stand before or behind a zone`(priority: Int, target: String, permitted: String)
    {
        let policy = """
            <policy priority="\(priority)" target="\(target)">
              <ingress-zone name="ANY"/>
              <egress-zone name="HOST"/>
              <rule><port port="21" protocol="tcp"/><reject/></rule>
            </policy>
            """
        let configuration = Self.read(
            ("public.xml", Self.zone(#"<port protocol="tcp" port="20-22"/>"#)), ("p.xml", policy))
        #expect(Verdicts.ports(Verdicts.reach(configuration)) == permitted)
        let off = policy.replacing("<ingress-zone", with: "<disable/><ingress-zone")
        let without = Self.read(
            ("public.xml", Self.zone(#"<port protocol="tcp" port="20-22"/>"#)), ("p.xml", off))
        #expect(Verdicts.ports(Verdicts.reach(without)) == "20-22")
    }

    @Test func `services and helpers beside the zone are used`() {
        let service =
            #"<service><short>a</short><port protocol="tcp" port="2121"/><helper name="ours"/></service>"#
        let helper =
            #"<helper module="nf_conntrack_ftp"><port protocol="tcp" port="2121"/></helper>"#
        let configuration = Self.read(
            ("z.xml", Self.zone(#"<service name="ours"/>"#)), ("ours.xml", service))
        #expect(Verdicts.ports(Verdicts.reach(configuration)) == "2121")
        let helped = Firewalld.read(together: [
            ConfigText(file: "z.xml", Self.zone(#"<service name="s"/>"#)),
            ConfigText(file: "services/s.xml", service),
            ConfigText(file: "helpers/ours.xml", helper),
        ])
        let reach = Verdicts.reach(helped, control: 2121)
        #expect(Verdicts.ports(reach, .permittedByInspection) == "1-2120,2122-65535")
    }

    @Test func `a script that sets the default zone is no settings file`() {
        let settings = "# firewalld\nDefaultZone=public\nLogDenied=off\nRFC3964_IPv4=yes\n"
        #expect(Firewalld.recognise(ConfigText(file: "a", settings)) == .certain)
        let script = "#!/bin/sh\nDefaultZone=public\nfirewall-cmd --set-default-zone=$DefaultZone\n"
        #expect(Firewalld.recognise(ConfigText(file: "a", script)) == .no)
    }

    @Test func `a file that belongs to nothing isn't left unread`() {
        let zone = ("public.xml", Array(Self.zone("").utf8))
        for other in ["nothing", "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"] {
            #expect(throws: Formats.Refusal.notTogether(file: "public.xml", format: "firewalld")) {
                try Formats.read(together: [zone, ("x", Array(other.utf8))])
            }
        }
    }

    @Test func `direct rules make all unknown`() {
        let direct = """
            <direct>
              <rule ipv="ipv4" table="filter" chain="INPUT" priority="0">-p tcp --dport 21 -j DROP</rule>
            </direct>
            """
        let configuration = Self.read(
            ("public.xml", Self.zone(#"<port protocol="tcp" port="21"/>"#)), ("direct.xml", direct))
        #expect(Verdicts.ports(Verdicts.reach(configuration), .unknown) == "1-65535")
        #expect(
            FirewalldFile(ConfigText(file: "direct.xml", direct)).notes[1].state == .notModelled)
    }

    @Test func `lone services, helpers and policies say no rule of their own`() {
        let texts = [
            #"<service><port protocol="tcp" port="2121"/></service>"#,
            #"<helper module="nf_conntrack_ftp"><port protocol="tcp" port="21"/></helper>"#,
            #"<policy target="ACCEPT"><ingress-zone name="a"/><egress-zone name="b"/></policy>"#,
        ]
        for text in texts {
            #expect(Firewalld.recognise(ConfigText(file: "a.xml", text)) == .certain)
            #expect(Self.read(("a.xml", text)).device == nil)
        }
        #expect(
            Firewalld.recognise(ConfigText(file: "a.xml", "<configuration><zone/></configuration>"))
                == .no)
    }

    @Test func `the command's rule, read again, permits what was asked`() {
        let configuration = Self.read(
            #"<rule><port port="5001-5201" protocol="tcp"/><drop/></rule>"#)
        let fix = Firewalld.fix(.permit(PortSet(5001...5201), to: Verdicts.server), configuration)
        let command = fix?.commands.first ?? ""
        #expect(command.hasPrefix("firewall-cmd --permanent --zone=public --add-rich-rule='rule "))
        #expect(fix?.restart == ["firewall-cmd --reload"])
        let rule = command.split(separator: "'").last.map(String.init) ?? ""
        let listing = FirewallCmdTests.listing("rich rules:\n\t\(rule)")
        #expect(Verdicts.ports(Verdicts.reach(FirewallCmdTests.read(listing))) == "5001-5201")
    }

    @Test func `forwards of rich rules and of policies stand by their priority`() {
        func forward(_ host: String) -> String {
            #"<forward-port port="2121" protocol="tcp" to-port="21" to-addr="\#(host)"/>"#
        }
        func delivered(_ configuration: Configuration) -> IPAddress? {
            Verdicts.reach(configuration).segments.first { $0.verdict == .permitted }?.translatedTo
        }
        let early = #"<rule priority="-5" family="ipv4">\#(forward("10.0.0.9"))</rule>"#
        #expect(
            delivered(Self.read(forward("10.0.0.5") + early)) == IPAddress("10.0.0.9"))
        func policy(_ priority: Int) -> String {
            #"<policy priority="\#(priority)" target="CONTINUE">\#(forward("10.0.0.7"))"#
                + #"<ingress-zone name="public"/><egress-zone name="ANY"/></policy>"#
        }
        for (priority, host) in [(-1, "10.0.0.7"), (1, "10.0.0.5")] {
            let files = Self.read(
                ("public.xml", Self.zone(forward("10.0.0.5"))), ("p.xml", policy(priority)))
            #expect(delivered(files) == IPAddress(host))
        }
        let alone = Self.read(("public.xml", Self.zone("")), ("p.xml", policy(-1)))
        #expect(delivered(alone) == IPAddress("10.0.0.7"))
        #expect(alone.kinds == [.firewall, .nat])
    }

    @Test func `survives broken texts`() {
        let inner =
            #"<interface name="a"/><forward-port port="1-5" protocol="tcp" to-port="21"/><rule family="ipv4" priority="-3"><source address="1.2.3.4/23"/><service name="ftp"/><accept/></rule>"#
        Verdicts.survives(Self.zone(inner)) { Firewalld.read(ConfigText(file: "a.xml", bytes: $0)) }
    }
}

@Suite struct FirewallCmdTests {
    static func listing(_ fields: String, name: String = "public (active)") -> String {
        """
        \(name)
          target: default
          icmp-block-inversion: no
          interfaces: eth0
          sources:
          services: dhcpv6-client
          ports:
          protocols:
          forward: yes
          masquerade: no
          forward-ports:
          source-ports:
          icmp-blocks:
          \(fields)
        """
    }

    static func read(_ text: String) -> Configuration {
        FirewallCmd.read(ConfigText(file: "list", text))
    }

    @Test(arguments: [
        ("ports: 21/tcp 5001-5201/tcp 69/udp\n  rich rules:", "21,5001-5201"),
        ("services: ftp ssh\n  rich rules:", "21-22"),
        (
            "rich rules:\n\trule family=\"ipv4\" source address=\"198.51.100.0/24\" port port=\"21\" protocol=\"tcp\" accept",
            "21"
        ),
        (
            "rich rules:\n\trule family=\"ipv4\" source NOT address=\"198.51.100.0/24\" port port=\"21\" protocol=\"tcp\" accept",
            ""
        ),
        (
            "target: ACCEPT\n  rich rules:\n\trule port port=\"21\" protocol=\"tcp\" reject",
            "1-20,22-65535"
        ),
        ("forward-ports:\n\tport=2121:proto=tcp:toport=21:toaddr=\n  rich rules:", "2121"),
    ])
    func `permits what the listing does`(fields: String, permitted: String) {
        let configuration = Self.read(Self.listing(fields))
        let reach = Verdicts.reach(configuration, entering: "eth0")
        #expect(Verdicts.ports(reach) == permitted)
        #expect(Verdicts.ports(reach, .unknown) == "")
        #expect(Verdicts.states(configuration) == [.used, .irrelevant])
    }

    @Test(arguments: [
        "novelty: 1\n  rich rules:", "ports: x/tcp\n  rich rules:",
        "rich rules:\n\trule odd accept",
        "services: ours\n  rich rules:",
    ])
    func `what it doesn't understand is unknown`(fields: String) {
        let reach = Verdicts.reach(Self.read(Self.listing(fields)))
        #expect(Verdicts.ports(reach) == "")
        #expect(Verdicts.ports(reach, .unknown) == "1-65535")
    }

    @Test func `a zone that is listed with a lower ingress-priority takes packets first`() {
        let fields = "ingress-priority: -5\n  sources: \n  ports: 21/tcp\n  rich rules:"
        let text =
            Self.listing(fields, name: "wan (active)") + "\n\n"
            + Self.listing("ports: 22/tcp\n  rich rules:", name: "home").replacing(
                "interfaces: eth0", with: "sources: 198.51.100.0/24")
        let configuration = Self.read(text)
        #expect(Verdicts.ports(Verdicts.reach(configuration, entering: "eth0")) == "21")
        #expect(Verdicts.ports(Verdicts.reach(configuration, entering: "eth7")) == "22")
    }

    @Test func `several zones, and which is the default`() {
        let text =
            Self.listing("ports: 21/tcp\n  rich rules:", name: "dmz (default, active)") + "\n\n"
            + Self.listing("ports: 22/tcp\n  rich rules:", name: "home").replacing(
                "eth0", with: "eth1")
        let configuration = Self.read(text)
        #expect(Verdicts.ports(Verdicts.reach(configuration, entering: "eth7")) == "21")
        #expect(Verdicts.ports(Verdicts.reach(configuration, entering: "eth1")) == "22")
        #expect(Verdicts.ports(Verdicts.reach(configuration, select: "home")) == "22")
        #expect(FirewallCmd.recognise(ConfigText(file: "a", text)) == .certain)
        #expect(Formats.all.filter { $0.recognise(ConfigText(file: "a", text)) > .no }.count == 1)
    }

    @Test func `survives broken texts`() {
        let text = Self.listing(
            "forward-ports: port=1:proto=tcp:toaddr=::1\n  rich rules:\n\trule service name=\"ftp\" accept"
        )
        Verdicts.survives(text) { FirewallCmd.read(ConfigText(file: "a", bytes: $0)) }
    }
}
