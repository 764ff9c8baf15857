import Policy
import PolicyFormats
import Testing

/// Families, alternatives and exclusions, and what goes to the device itself.
@Suite struct JunosFilterTests {
    private func ask(_ lines: String, zones: Bool = true) -> FirewallVerdicts {
        FirewallVerdicts(
            Junos.self,
            """
            set version 20.4R3
            set interfaces ge-0/0/0 unit 0 family inet address 203.0.113.2/24
            set interfaces ge-0/0/0 unit 0 family inet6 address 2001:db8:0:1::2/64
            set interfaces ge-0/0/1 unit 0 family inet address 10.1.1.1/24
            set interfaces ge-0/0/1 unit 0 family inet6 address 2001:db8:0:2::1/64
            \(zones ? Self.zones : "")
            \(lines)
            """)
    }
    private static let zones = """
        set security zones security-zone untrust interfaces ge-0/0/0.0
        set security zones security-zone trust interfaces ge-0/0/1.0
        """
    private static let policy = "set security policies from-zone untrust to-zone trust policy"
    private static let open = """
        \(policy) ftp match source-address any destination-address any application junos-ftp
        \(policy) ftp then permit
        """
    private static let inner6 = "2001:db8:0:2::10"

    private static func bound(_ family: String, _ name: String = "guard") -> String {
        "set interfaces ge-0/0/0 unit 0 family \(family) filter input \(name)"
    }

    @Test(arguments: ["inet", "inet6"])
    func `a filter judges its own family`(_ family: String) throws {
        let other = family == "inet" ? "inet6" : "inet"
        let asked = ask(
            """
            \(Self.open)
            set security forwarding-options family inet6 mode flow-based
            \(Self.bound(family))
            set firewall family \(family) filter guard term all then discard
            set firewall family \(other) filter guard term all then accept
            """)
        let (four, six) = family == "inet" ? ("", "21") : ("21", "")
        #expect(try asked.ports(.permitted, "10.1.1.10") == four)
        #expect(try asked.ports(.permitted, Self.inner6, from: "2001:db8:9::1") == six)
        #expect(try asked.ports(.unknown, "10.1.1.10") == "")
    }

    @Test(arguments: [
        ("source-prefix-list friends", "source-address 198.51.100.0/24"),
        ("source-address 198.51.100.0/24", "source-prefix-list friends"),
    ])
    func `addresses and lists of one side are alternatives`(
        _ first: String, _ second: String
    ) throws {
        let term = "set firewall family inet filter guard term some from"
        let asked = ask(
            """
            \(Self.open)
            set policy-options prefix-list friends 192.0.2.0/24
            \(Self.bound("inet"))
            \(term) \(first)
            \(term) \(second)
            set firewall family inet filter guard term some then discard
            set firewall family inet filter guard term rest then accept
            """)
        #expect(try asked.ports(.permitted, "10.1.1.10", from: "192.0.2.7") == "")
        #expect(try asked.ports(.permitted, "10.1.1.10", from: "198.51.100.7") == "")
        #expect(try asked.ports(.permitted, "10.1.1.10", from: "203.0.113.77") == "21")
    }

    @Test(arguments: [
        "source-address 192.0.2.0/24 except", "source-prefix-list friends except",
        "source-prefix-list gone", "source-prefix-list applied", "source-address nonsense",
    ])
    func `addresses that aren't known may be any`(_ condition: String) throws {
        let asked = ask(
            """
            \(Self.open)
            set policy-options prefix-list friends 192.0.2.0/24
            set policy-options prefix-list applied apply-path "system ntp server <*>"
            \(Self.bound("inet"))
            set firewall family inet filter guard term some from \(condition)
            set firewall family inet filter guard term some then discard
            set firewall family inet filter guard term rest then accept
            """)
        #expect(try asked.ports(.permitted, "10.1.1.10") == "")
        #expect(try asked.ports(.unknown, "10.1.1.10") == "21")
    }

    @Test func `what is excluded is left out, all else is meant`() throws {
        let match = "\(Self.policy) bad match"
        let lines = """
            set security address-book global address bad 192.0.2.0/24
            set security address-book global address other 10.1.1.11/32
            set security address-book global address named dns-name www.example.com
            \(match) source-address bad destination-address any application junos-ftp
            \(Self.policy) bad then deny
            \(match) source-address-excluded
            \(Self.open)
            """
        #expect(try ask(lines).ports(.permitted, "10.1.1.10", from: "192.0.2.7") == "21")
        #expect(try ask(lines).ports(.permitted, "10.1.1.10") == "")
        let named = ask(lines.replacing("source-address bad", with: "source-address named"))
        #expect(try named.ports(.unknown, "10.1.1.10") == "21")
        let destinations = ask(
            """
            set security address-book global address other 10.1.1.11/32
            \(Self.policy) ftp match source-address any destination-address other
            \(Self.policy) ftp match destination-address-excluded
            \(Self.policy) ftp match application junos-ftp
            \(Self.policy) ftp then permit
            """)
        #expect(try destinations.ports(.permitted, "10.1.1.10") == "21")
        #expect(try destinations.ports(.permitted, "10.1.1.11") == "")
    }

    @Test func `policies don't let through to the device itself`() throws {
        #expect(try ask(Self.open).ports(.permitted, "10.1.1.1") == "")
        #expect(try ask(Self.open).ports(.unknown, "10.1.1.1") == "21")
        #expect(try ask(Self.open).ports(.permitted, "10.1.1.10") == "21")
    }

    @Test func `a zone of all interfaces has those that no other has`() throws {
        let zones = """
            set security zones security-zone untrust interfaces ge-0/0/0.0
            set security zones security-zone trust interfaces all
            """
        let asked = ask(zones + "\n" + Self.open, zones: false)
        #expect(try asked.ports(.permitted, "10.1.1.10") == "21")
        #expect(asked.configuration.device?.interfaces.count == 2)
    }

    @Test func `where the file doesn't say that IPv6 is forwarded, it isn't permitted`() throws {
        let to = Self.inner6
        #expect(try ask(Self.open).ports(.unknown, to, from: "2001:db8:9::1") == "21")
        #expect(try ask(Self.open).ports(.permitted, to, from: "2001:db8:9::1") == "")
        #expect(try ask(Self.open).ports(.permitted, "10.1.1.10") == "21")
        let dropped = ask("\(Self.open)\nset security forwarding-options family inet6 mode drop")
        #expect(try dropped.ports(.denied, to, from: "2001:db8:9::1") == "1-65535")
        #expect(try dropped.ports(.permitted, "10.1.1.10") == "21")
    }

    @Test(arguments: [
        ("inet6 mode packet-based", "21", ""),
        ("inet6 mode flow-based", "21", "21"), ("mpls mode packet-based", "", ""),
    ])
    func `what passes by the policies is unknown`(
        _ mode: String, _ four: String, _ six: String
    ) throws {
        let asked = ask("\(Self.open)\nset security forwarding-options family \(mode)")
        #expect(try asked.ports(.permitted, "10.1.1.10") == four)
        #expect(try asked.ports(.permitted, Self.inner6, from: "2001:db8:9::1") == six)
        let unknown = six.isEmpty ? "1-65535" : ""
        #expect(try asked.ports(.unknown, Self.inner6, from: "2001:db8:9::1") == unknown)
    }

    @Test func `a term that passes by the policies is unknown`() throws {
        let asked = ask(
            """
            \(Self.open)
            \(Self.bound("inet"))
            set firewall family inet filter guard term all then packet-mode
            set firewall family inet filter guard term all then accept
            """)
        #expect(try asked.ports(.unknown, "10.1.1.10") == "1-65535")
    }
}
