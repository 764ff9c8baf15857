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
