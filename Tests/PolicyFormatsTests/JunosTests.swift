import Net
import Policy
import PolicyFormats
import Testing

@Suite struct JunosTests {
    static let set = """
        set version 20.4R3
        set system host-name edge
        set interfaces ge-0/0/0 unit 0 family inet address 203.0.113.2/24
        set interfaces ge-0/0/0 unit 0 family inet filter input guard
        set interfaces ge-0/0/1 unit 0 family inet address 10.1.1.1/24
        set firewall family inet filter guard term bad from source-address 192.0.2.0/24
        set firewall family inet filter guard term bad from source-address 192.0.2.9/32 except
        set firewall family inet filter guard term bad then discard
        set firewall family inet filter guard term rest then accept
        set security zones security-zone untrust interfaces ge-0/0/0.0
        set security zones security-zone trust interfaces ge-0/0/1.0
        set security address-book global address ftp 10.1.1.10/32
        set security address-book global address-set servers address ftp
        set applications application passive protocol tcp
        set applications application passive destination-port 5001-5201
        set applications application-set all-ftp application junos-ftp
        set applications application-set all-ftp application passive
        set security nat destination pool ftp address 10.1.1.10/32
        set security nat destination pool other address 10.1.1.10/32 port 21
        set security nat destination rule-set in from zone untrust
        set security nat destination rule-set in rule one match destination-address 203.0.113.10/32
        set security nat destination rule-set in rule one match destination-port 2121
        set security nat destination rule-set in rule one then destination-nat pool other
        set security nat destination rule-set in rule two match destination-address 203.0.113.10/32
        set security nat destination rule-set in rule two then destination-nat pool ftp
        set security policies from-zone untrust to-zone trust policy no match source-address any
        set security policies from-zone untrust to-zone trust policy no match destination-address any
        set security policies from-zone untrust to-zone trust policy no match application junos-telnet
        set security policies from-zone untrust to-zone trust policy no then reject
        set security policies from-zone untrust to-zone trust policy ftp match source-address any
        set security policies from-zone untrust to-zone trust policy ftp match destination-address servers
        set security policies from-zone untrust to-zone trust policy ftp match application all-ftp
        set security policies from-zone untrust to-zone trust policy ftp then permit
        """
    static let braces = """
        ## Last commit: today
        interfaces {
            ge-0/0/0 { unit 0 { family inet { address 203.0.113.2/24; } } }
            ge-0/0/1 { unit 0 { family inet { address 10.1.1.1/24; } } }
        }
        security {
            zones {
                security-zone untrust { interfaces { ge-0/0/0.0; } }
                security-zone trust {
                    address-book { address ftp 10.1.1.10/32; }
                    interfaces { ge-0/0/1.0; }
                }
            }
            policies {
                from-zone untrust to-zone trust {
                    policy ftp {
                        match {
                            source-address any;
                            destination-address ftp;
                            application [ junos-ftp junos-ssh ];
                        }
                        then { permit; }
                    }
                    inactive: policy all {
                        match { source-address any; destination-address any; application any; }
                        then { permit; }
                    }
                }
            }
        }
        """

    private func ask(_ text: String) -> FirewallVerdicts { FirewallVerdicts(Junos.self, text) }

    @Test func `recognises itself in both forms`() {
        for text in [Self.set, Self.braces] {
            let text = ConfigText(file: "x", text)
            #expect(Formats.all.filter { $0.recognise(text) > .no }.map { $0.name } == ["junos"])
        }
    }

    @Test func `filters, translates, then asks the policies`() throws {
        #expect(try ask(Self.set).ports(.permitted, "203.0.113.10") == "21,2121,5001-5201")
        #expect(try ask(Self.set).delivered("203.0.113.10", 2121) == "10.1.1.10:21")
        #expect(try ask(Self.set).delivered("203.0.113.10", 5001) == "10.1.1.10")
        #expect(try ask(Self.set).ports(.permitted, "203.0.113.10", from: "192.0.2.8") == "")
        #expect(
            try ask(Self.set).ports(.permitted, "203.0.113.10", from: "192.0.2.9")
                == "21,2121,5001-5201")
        #expect(try ask(Self.set).ports(.permittedByInspection, "203.0.113.10", control: 21) != "")
    }

    @Test func `reads braces, without what is inactive`() throws {
        #expect(try ask(Self.braces).ports(.permitted, "10.1.1.10") == "21-22")
    }

    @Test(arguments: [
        ("application all-ftp", "application nobody"),
        ("destination-address servers", "destination-address gone"),
        (
            "policy ftp then permit",
            "policy ftp scheduler-name night\nset security policies from-zone untrust to-zone trust policy ftp then permit"
        ),
        ("set version 20.4R3", "set groups x security\nset apply-groups x"),
        ("set version 20.4R3", "bogus"),
    ])
    func `what isn't in the file is unknown`(_ old: String, _ new: String) throws {
        let text = Self.set.replacing(old, with: new)
        try #require(text != Self.set)
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "")
        #expect(try ask(text).ports(.unknown, "203.0.113.10") != "")
    }

    private static let nodes = """
        set groups node0 system host-name edge0
        set groups node0 interfaces fxp0 unit 0 family inet address 192.0.2.2/24
        set groups node1 system host-name edge1
        set apply-groups "${node}"

        """

    @Test func `names of a cluster's nodes make nothing unknown`() throws {
        let text = Self.nodes + Self.set
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "21,2121,5001-5201")
        #expect(try ask(text).ports(.unknown, "203.0.113.10") == "")
    }

    @Test(arguments: [
        "set groups node1 interfaces ge-0/0/0 unit 0 family inet filter input F",
        "set groups node1 security policies default-policy permit-all",
        "set security policies apply-groups gone", "set apply-groups gone",
    ])
    func `a group with more, or one that isn't there, leaves everything unknown`(
        _ line: String
    ) throws {
        let text = Self.nodes + line + "\n" + Self.set
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "")
    }

    /// Zones in lines; `ask(oneLine)` adds policies.
    static let zones = """
        set interfaces ge-0/0/0 unit 0 family inet address 203.0.113.2/24
        set interfaces ge-0/0/1 unit 0 family inet address 10.1.1.1/24
        set security zones security-zone untrust interfaces ge-0/0/0.0
        set security zones security-zone trust interfaces ge-0/0/1.0

        """
    static let policy = "set security policies from-zone untrust to-zone trust policy p"
    static let match =
        "\(policy) match source-address any destination-address any application"

    @Test(arguments: [
        ("protocol tcp destination-port 5001-5100", "5001-5100"),
        ("term a protocol tcp destination-port 7000", "7000"),
        ("term a protocol tcp source-port 1024-65535 destination-port 7001 alg ftp", "7001"),
        ("protocol tcp", "1-65535"),
        ("protocol udp destination-port 7", ""),
        ("protocol tcp foo destination-port 7", nil), ("protocol tcp destination-port 7 foo", nil),
        ("protocol tcp uuid 7", nil), ("description tcp", nil),
        ("protocol tcp destination-port [ 7 8 ]", nil),
    ])
    func `an application on one line`(_ words: String, _ ports: String?) throws {
        let text = ask(
            Self.zones + "set applications application X \(words)\n\(Self.match) X\n"
                + "\(Self.policy) then permit")
        #expect(try text.ports("10.1.1.10") == ports ?? "")
        #expect(try text.ports(.unknown, "10.1.1.10").isEmpty == (ports != nil))
        if ports == nil { #expect(text.state(7) == .notModelled) }
    }

    @Test(arguments: [
        ("any\n\(policy) then permit", "1-65535"),
        ("[ junos-ftp junos-ssh ] dynamic-application any\n\(policy) then permit", "21-22"),
        ("any source-identity joe\n\(policy) then permit", nil),
        ("any then permit", nil), ("any", nil), ("any\n\(policy) then permit tunnel x", nil),
        ("any\n\(policy) then permit destination-address drop-translated", nil),
        ("any\n\(policy) then permit log session-init", nil),
        ("any\n\(policy) then permit\n\(policy) then deny", nil),
    ])
    func `a policy's conditions on one line`(_ rest: String, _ ports: String?) throws {
        let text = ask("\(Self.zones)\(Self.match) \(rest)")
        #expect(try text.ports("10.1.1.10") == ports ?? "")
        #expect(try text.ports(.unknown, "10.1.1.10") == (ports == nil ? "1-65535" : ""))
    }

    @Test(arguments: [
        ("from protocol tcp destination-port 21", "21"),
        ("from destination-port [ 21 5001-5010 ] protocol tcp", "21,5001-5010"),
        ("from source-address 0.0.0.0/0 source-address 198.51.100.0/24 except protocol tcp", ""),
        ("from destination-port 21 protocol udp", ""),
        ("from destination-port 21 ttl 5", nil), ("from destination-port 21 then accept", nil),
        ("then count x accept", "1-65535"), ("then accept\n\(term) then discard", nil),
    ])
    func `a term's conditions on one line`(_ words: String, _ ports: String?) throws {
        let text = ask(
            "\(Self.zones)\(Self.term) \(words)\n"
                + "set interfaces ge-0/0/0 unit 0 family inet filter input F output F\n"
                + "\(Self.match) any\n\(Self.policy) then permit")
        #expect(try text.ports("10.1.1.10") == ports ?? "")
        #expect(try text.ports(.unknown, "10.1.1.10").isEmpty == (ports != nil))
    }
    static let term = "set firewall family inet filter F term a"

    @Test(arguments: [
        ("address 10.1.1.10/32 port 21", "10.1.1.10:21"),
        (
            "address 10.1.1.10/32\nset security nat destination pool P address port 21",
            "10.1.1.10:21"
        ),
        ("address 10.1.1.10/32 to 10.1.1.12/32", nil),
    ])
    func `a translation's conditions on one line`(_ pool: String, _ to: String?) throws {
        let rule = "set security nat destination rule-set S rule r"
        let text = ask(
            """
            \(Self.zones)set security nat destination pool P \(pool)
            set security nat destination rule-set S from zone untrust
            \(rule) match destination-address 203.0.113.10/32 destination-port 2121
            \(rule) then destination-nat pool P
            \(Self.match) any
            \(Self.policy) then permit
            """)
        #expect(try text.ports("203.0.113.10") == (to == nil ? "" : "2121"))
        if let to { #expect(try text.delivered("203.0.113.10", 2121) == to) }
        #expect(try text.ports(.unknown, "203.0.113.10").contains("2121") == (to == nil))
    }

    @Test func `statements on one line within braces`() throws {
        let text =
            Self.braces.replacing(
                "application [ junos-ftp junos-ssh ]", with: "application [ X Y Z ]")
                + """

                applications {
                    application X {
                        term a protocol tcp destination-port 7000;
                        term b protocol tcp source-port 1024-65535 destination-port 7001-7002;
                        inactive: term c protocol tcp destination-port 7003;
                    }
                    application Y { protocol tcp; destination-port 8000; }
                    application Z { term a { protocol tcp; destination-port 9000; } }
                }
                """
        #expect(try ask(text).ports("10.1.1.10") == "7000-7002,8000,9000")
        #expect(try ask(text).ports(.unknown, "10.1.1.10") == "")
    }

    @Test(arguments: [
        ("groups { G { firewall { family inet { filter F { term z { then accept; } } } } } }", ""),
        ("", "apply-groups G;"),
    ])
    func `no filter denies for certain what a group may accept`(
        _ top: String, _ inside: String
    ) throws {
        let text = """
            \(top)
            interfaces {
                ge-0/0/0 { unit 0 { family inet { filter { input F; } address 203.0.113.2/24; } } }
                ge-0/0/1 { unit 0 { family inet { address 10.1.1.1/24; } } }
            }
            firewall { family inet { filter F { \(inside)
                term a { from { protocol tcp; destination-port 21; } then accept; }
            } } }
            """
        var asked = ask(text)
        asked.entering = "ge-0/0/0.0"
        #expect(try asked.ports(.unknown, "10.1.1.10") == "1-65535")
        var plain = ask(text.replacing(top, with: "").replacing(inside, with: ""))
        plain.entering = "ge-0/0/0.0"
        #expect(try plain.ports(.denied, "10.1.1.10") == "1-20,22-65535")
    }

    @Test func `a policy of its own opens ports`() throws {
        let to = try #require(IPAddress("203.0.113.10"))
        let open = try ask(Self.set).mended(Junos.self, .permit(PortSet(6000...6010), to: to))
        #expect(try open.ports(.permitted, "203.0.113.10") == "21,2121,5001-5201,6000-6010")
    }

    @Test func `no bytes trap it`() {
        FirewallVerdicts.batter(Junos.self, Self.set)
        FirewallVerdicts.batter(Junos.self, Self.braces)
    }
}
