import Net
import Policy
import PolicyFormats
import Testing

@Suite struct RouterOSTests {
    static let text = """
        # nov/21/2026 10:00:00 by RouterOS 6.49
        /interface list member
        add interface=ether1 list=WAN
        add interface=bridge list=LAN
        /ip address
        add address=203.0.113.10/24 interface=ether1
        add address=10.1.1.1/24 interface=bridge
        /ip firewall address-list
        add address=192.0.2.0/24 list=bad
        /ip firewall filter
        add action=accept chain=forward connection-state=established,related,untracked
        add action=drop chain=forward connection-state=invalid
        add action=drop chain=forward comment="no \\"friends\\"" src-address-list=bad
        add action=jump chain=forward dst-address=10.1.1.10 jump-target=ftp protocol=\\
            tcp
        add action=drop chain=forward connection-nat-state=!dstnat \\
            connection-state=new in-interface-list=WAN
        add action=drop chain=forward
        add action=accept chain=ftp dst-port=21,5001-5100
        add chain=ftp dst-port=23 disabled=yes
        /ip firewall nat
        add action=masquerade chain=srcnat out-interface-list=WAN
        add action=dst-nat chain=dstnat dst-address=203.0.113.10 dst-port=2121 protocol=tcp \\
            to-addresses=10.1.1.10 to-ports=21
        add action=dst-nat chain=dstnat dst-address=203.0.113.10 protocol=tcp to-addresses=10.1.1.10
        """

    private func ask(_ text: String = text) -> FirewallVerdicts {
        FirewallVerdicts(RouterOS.self, text)
    }

    @Test func `recognises itself`() {
        let text = ConfigText(file: "x", Self.text)
        #expect(Formats.all.filter { $0.recognise(text) > .no }.map { $0.name } == ["routeros"])
    }

    @Test func `translates, then filters`() throws {
        #expect(try ask().ports(.permitted, "203.0.113.10") == "21,2121,5001-5100")
        #expect(try ask().delivered("203.0.113.10", 2121) == "10.1.1.10:21")
        #expect(try ask().delivered("203.0.113.10", 5001) == "10.1.1.10")
        #expect(try ask().ports(.permitted, "203.0.113.10", from: "192.0.2.8") == "")
        #expect(
            try ask().ports(.permittedByInspection, "203.0.113.10", control: 21)
                == "1-20,22-2120,2122-5000,5101-65535")
        let off = Self.text + "\n/ip firewall service-port\nset ftp disabled=yes"
        #expect(try ask(off).ports(.permittedByInspection, "203.0.113.10", control: 21) == "")
    }

    @Test(arguments: [
        ("dst-port=21,5001-5100", "dst-port=21,5001-5100 time=8h-17h,mon"),
        ("dst-port=21,5001-5100", "dst-port=ftp-x"),
        ("action=accept chain=ftp", "action=bogus chain=ftp"),
        ("dst-port=21,5001-5100", "dst-port=21,5001-5100 src-address=www.example.com"),
    ])
    func `what isn't in the file is unknown`(_ old: String, _ new: String) throws {
        let text = Self.text.replacing(old, with: new)
        try #require(text != Self.text)
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "")
        #expect(try ask(text).ports(.unknown, "203.0.113.10") != "")
    }

    /// Rules between those that let nothing else pass, neither to the router nor through it.
    private static func filtering(_ rules: String) -> String {
        """
        /interface list member
        add interface=ether1 list=WAN
        /ip address
        add address=203.0.113.1/24 interface=ether1
        add address=203.0.113.2/24 disabled=yes interface=ether1
        add address=10.1.1.1/24 interface=bridge
        /ip firewall nat
        add action=dst-nat chain=dstnat dst-address=203.0.113.1 dst-port=990 protocol=tcp \\
            to-addresses=10.1.1.10
        add action=dst-nat chain=dstnat dst-address=203.0.113.3 protocol=tcp to-addresses=10.1.1.1
        add action=dst-nat chain=dstnat dst-address=203.0.113.4 dst-port=21 protocol=tcp \\
            to-addresses=10.1.1.1-10.1.1.2
        /ip firewall filter
        \(rules)
        add action=drop chain=forward
        add action=drop chain=input
        """
    }

    @Test func `fasttrack leaves a first packet to the next rule`() throws {
        let mark = "add action=fasttrack-connection chain=forward protocol=tcp dst-port=21"
        #expect(try ask(Self.filtering(mark)).ports(.denied, "10.1.1.10") == "1-65535")
        let both = mark + "\n" + mark.replacing("fasttrack-connection", with: "accept")
        #expect(try ask(Self.filtering(both)).ports(.permitted, "10.1.1.10") == "21")
    }

    @Test(arguments: [
        ("203.0.113.1", "21,990"), ("10.1.1.1", "21"), ("203.0.113.3", "21"),
        ("203.0.113.2", "990"), ("10.1.1.10", "990"),
    ])
    func `input judges what is bound for the router, forward what isn't`(
        _ to: String, _ permitted: String
    ) throws {
        let text = Self.filtering(
            """
            add action=accept chain=input protocol=tcp dst-port=21
            add action=accept chain=forward protocol=tcp dst-port=990
            """)
        #expect(try ask(text).ports(.permitted, to) == permitted)
        #expect(try ask(text).ports(.unknown, to) == "")
        let device = try #require(ask(text).configuration.device)
        #expect(!device.seemsToStandBefore(try #require(IPAddress(to))))
    }

    @Test func `what goes to the router or to another by turns is unknown`() throws {
        let text = Self.filtering("add action=accept chain=input protocol=tcp dst-port=21")
        #expect(try ask(text).ports(.unknown, "203.0.113.4") == "21")
        #expect(try ask(text).lines("203.0.113.1", 21) == [4, 14])
    }

    @Test func `opens and closes the router's own ports in input`() throws {
        let text = Self.filtering("add action=accept chain=input protocol=tcp dst-port=21")
        let own = try #require(IPAddress("10.1.1.1"))
        let open = try ask(text).mended(RouterOS.self, .permit(PortSet(5000...5001), to: own))
        #expect(try open.ports(.permitted, "10.1.1.1") == "21,5000-5001")
        let shut = try ask(text).mended(RouterOS.self, .forbid(PortSet(21...21), to: own))
        #expect(try shut.ports(.permitted, "10.1.1.1") == "")
        // Of an address that is translated in part, the rest waits for its translation.
        let outside = try #require(IPAddress("203.0.113.1"))
        let mixed = try ask(text).mended(RouterOS.self, .permit(PortSet(5000...5001), to: outside))
        #expect(try mixed.ports(.permitted, "203.0.113.1") == "21")
        #expect(try mixed.ports(.permitted, "10.1.1.10") == "5000-5001")
    }

    @Test func `an excerpt without a filter is unknown`() throws {
        let text = Self.text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.contains("RouterOS") && !$0.contains("chain=f") }
            .joined(separator: "\n")
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "")
    }

    @Test func `opens, closes and translates by its commands`() throws {
        let to = try #require(IPAddress("203.0.113.10"))
        let open = try ask().mended(RouterOS.self, .permit(PortSet(6000...6010), to: to))
        #expect(try open.ports(.permitted, "203.0.113.10") == "21,2121,5001-5100,6000-6010")
        let shut = try ask().mended(RouterOS.self, .forbid(PortSet(5001...5050), to: to))
        #expect(try shut.ports(.permitted, "203.0.113.10") == "21,2121,5051-5100")
        let (outside, inside) = (
            try #require(IPAddress("203.0.113.11")), try #require(IPAddress("10.1.1.10"))
        )
        let moved = try ask().mended(
            RouterOS.self,
            .translate(PortSet(5001...5009), outside: outside, inside: inside))
        #expect(try moved.ports(.permitted, "203.0.113.11") == "5001-5009")
    }

    @Test func `no bytes trap it`() { FirewallVerdicts.batter(RouterOS.self, Self.text) }
}
