import Net
import Policy
import PolicyFormats
import Testing

@Suite struct FortiOSTests {
    static let text = """
        #config-version=FGT60F-7.0.5
        config system interface
            edit "wan1"
                set ip 203.0.113.2 255.255.255.0
                set role wan
            next
            edit "internal"
                set ip 10.1.1.1 255.255.255.0
            next
        end
        config system session-helper
            edit 8
                set name ftp
                set protocol 6
                set port 21
            next
        end
        config firewall address
            edit "all"
            next
            edit "bad"
                set type iprange
                set start-ip 192.0.2.1
                set end-ip 192.0.2.99
            next
            edit "named"
                set type fqdn
                set fqdn "www.example.com"
            next
        end
        config firewall service custom
            edit "FTP"
                set tcp-portrange 21
            next
            edit "passive"
                set tcp-portrange 5001-5201 5300:1024-65535
            next
        end
        config firewall vip
            edit "ftp"
                set extip 203.0.113.10
                set extintf "wan1"
                set mappedip "10.1.1.10"
            next
            edit "other"
                set extip 203.0.113.11
                set mappedip "10.1.1.11"
                set extintf "any"
                set portforward enable
                set extport 2121
                set mappedport 21
            next
        end
        config firewall policy
            edit 3
                set srcintf "wan1"
                set dstintf "internal"
                set srcaddr "bad"
                set dstaddr "ftp"
                set service "ALL"
                set schedule "always"
            next
            edit 1
                set srcintf "wan1"
                set dstintf "internal"
                set srcaddr "all"
                set dstaddr "ftp" "other"
                set action accept
                set schedule "always"
                set service "FTP" "passive"
            next
            edit 2
                set status disable
                set srcintf "any"
                set dstintf "any"
                set srcaddr "all"
                set dstaddr "all"
                set action accept
                set schedule "always"
                set service "ALL"
            next
        end
        """

    private func ask(_ text: String = text) -> FirewallVerdicts {
        FirewallVerdicts(FortiOS.self, text)
    }

    @Test func `recognises itself`() {
        let text = ConfigText(file: "x", Self.text)
        #expect(Formats.all.filter { $0.recognise(text) > .no }.map { $0.name } == ["fortios"])
    }

    @Test func `carries by virtual addresses, then asks the policies`() throws {
        #expect(try ask().ports(.permitted, "203.0.113.10") == "21,5001-5201,5300")
        #expect(try ask().delivered("203.0.113.10", 21) == "10.1.1.10")
        #expect(try ask().ports(.permitted, "203.0.113.11") == "2121")
        #expect(try ask().delivered("203.0.113.11", 2121) == "10.1.1.11:21")
        #expect(try ask().ports(.permitted, "203.0.113.10", from: "192.0.2.8") == "")
        #expect(
            try ask().ports(.permittedByInspection, "203.0.113.10", control: 21)
                == "1-20,22-5000,5202-5299,5301-65535")
    }

    @Test(arguments: [
        ("set service \"FTP\" \"passive\"", "set service \"nothing\""),
        (
            "set srcaddr \"all\"\n        set dstaddr \"ftp\"",
            "set srcaddr \"named\"\n        set dstaddr \"ftp\""
        ),
        (
            "set schedule \"always\"\n        set service \"FTP\"",
            "set schedule \"night\"\n        set service \"FTP\""
        ),
        (
            "set dstaddr \"ftp\" \"other\"",
            "set dstaddr \"ftp\" \"other\"\n        set groups \"staff\""
        ),
    ])
    func `what isn't in the file is unknown`(_ old: String, _ new: String) throws {
        let text = Self.text.replacing(old, with: new)
        try #require(text != Self.text)
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "")
        #expect(try ask(text).ports(.unknown, "203.0.113.10") != "")
    }

    /// The policy that permits, with lines more.
    private func with(_ lines: String) throws -> String {
        let service = "set service \"FTP\" \"passive\""
        let text = Self.text.replacing(service, with: "\(service)\n\(lines)")
        try #require(text != Self.text)
        return text
    }

    @Test(arguments: [
        "set reputation-minimum 3", "set src-vendor-mac 12",
        "set tos 0x10\nset tos-mask 0xff", "set tos-negate enable", "set sgt-check enable",
        "set network-service-dynamic \"x\"", "set vlan-filter \"1\"",
        "set policy-expiry enable", "set policy-expiry-date 2020-01-01 00:00:00",
        "set internet-service enable", "set internet-service6-src enable",
        "set srcaddr-negate enable", "set match-vip-only enable", "set users \"tom\"",
        "set ztna-status enable", "set disclaimer enable", "set brand-new-condition \"x\"",
        "config identity-based-policy\nedit 1\nset groups \"staff\"\nnext\nend",
    ])
    func `a condition that isn't modelled makes unknown what the rest permits`(
        _ lines: String
    ) throws {
        let text = try with(lines)
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "")
        #expect(try ask(text).ports(.unknown, "203.0.113.10") != "")
    }

    @Test(arguments: [
        "set name \"in\"\nset uuid 5f4a1c2e-8b3d-51ef-a1b2-c3d4e5f60718\nset comments ''",
        "set logtraffic all\nset logtraffic-start enable\nset capture-packet enable",
        "set utm-status enable\nset inspection-mode proxy\nset av-profile \"default\"",
        "set ssl-ssh-profile \"no-inspection\"\nset profile-protocol-options \"default\"",
        "set nat enable\nset ippool enable\nset poolname \"out\"\nset fixedport enable",
        "set auto-asic-offload enable\nset np-acceleration enable\nset anti-replay enable",
        "set session-ttl 0\nset vlan-cos-fwd 255\nset natip 0.0.0.0 0.0.0.0",
        "set tos-mask 0x00\nset reputation-minimum 0\nunset vlan-filter",
        "set internet-service disable\nset internet-service-src disable\nset ztna-status disable",
        "set srcaddr-negate disable\nset service-negate disable\nset disclaimer disable",
        "set groups \"staff\"\nunset groups\nset replacemsg-override-group ''",
        "set geoip-match physical-location\nset traffic-shaper \"x\"\nset vlan-filter \"\"",
    ])
    func `what has no influence changes nothing`(_ lines: String) throws {
        #expect(try ask(with(lines)).ports(.permitted, "203.0.113.10") == "21,5001-5201,5300")
    }

    @Test(arguments: [
        "set src-filter 198.51.100.0/24", "set service \"FTP\"", "set nat44 disable",
        "set portmapping-type m-to-n", "set extaddr \"x\"", "set brand-new-condition \"x\"",
    ])
    func `a setting of a virtual address that isn't modelled leaves it unknown`(
        _ line: String
    ) throws {
        let text = try carried(line)
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "")
        #expect(try ask(text).ports(.unknown, "203.0.113.10") != "")
    }

    @Test(arguments: [
        "set uuid 5f4a1c2e-8b3d-51ef-a1b2-c3d4e5f60718\nset comment \"x\"\nset color 3",
        "set arp-reply enable\nset nat-source-vip disable\nset gratuitous-arp-interval 0",
        "set nat44 enable\nset nat46 disable\nset portmapping-type 1-to-1\nset status enable",
    ])
    func `what has no influence on a virtual address changes nothing`(_ lines: String) throws {
        #expect(
            try ask(carried(lines)).ports(.permitted, "203.0.113.10") == "21,5001-5201,5300")
    }

    /// The virtual address, with lines more.
    private func carried(_ lines: String) throws -> String {
        let address = "set extip 203.0.113.10"
        let text = Self.text.replacing(address, with: "\(address)\n\(lines)")
        try #require(text != Self.text)
        return text
    }

    /// The text with one piece replaced.
    private func replacing(_ old: String, _ new: String) throws -> FirewallVerdicts {
        let text = Self.text.replacing(old, with: new)
        try #require(text != Self.text)
        return ask(text)
    }

    @Test func `a virtual address of whatever its interface has is unknown`() throws {
        let ask = try replacing("set extip 203.0.113.10", "set extip 0.0.0.0")
        #expect(try ask.ports(.permitted, "203.0.113.10") == "")
        #expect(try ask.ports(.unknown, "203.0.113.10") == "21,5001-5201,5300")
    }

    @Test(arguments: ["TCP/UDP/SCTP", "TCP/UDP/UDP-Lite/SCTP"])
    func `services of TCP by the names of all releases`(_ kind: String) throws {
        let ports = "set tcp-portrange 21"
        let ask = try replacing(ports, "set protocol \(kind)\n\(ports)")
        #expect(try ask.ports(.permitted, "203.0.113.10") == "21,5001-5201,5300")
    }

    @Test func `a kind of service that isn't known is unknown`() throws {
        let ask = try replacing("set tcp-portrange 21", "set protocol NEW\nset tcp-portrange 21")
        #expect(try ask.ports(.permitted, "203.0.113.10") == "5001-5201,5300")
        #expect(try ask.ports(.denied, "203.0.113.10") == "")
    }

    @Test(arguments: [
        ("virtual-wan-link", "system virtual-wan-link", ""),
        ("underlay", "system sdwan", "set zone \"underlay\""),
    ])
    func `policies name the zone of SD-WAN for its members`(
        _ zone: String, _ section: String, _ line: String
    ) throws {
        let text = Self.text.replacing("set srcintf \"wan1\"", with: "set srcintf \"\(zone)\"")
        let members = """
            config \(section)
                set status enable
                config members
                    edit 1
                        set interface "wan1"
                        \(line)
                    next
                end
            end
            """
        #expect(
            try ask(text + "\n" + members).ports(.permitted, "203.0.113.10")
                == "21,5001-5201,5300")
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "")
    }

    @Test func `ports of a virtual address that aren't one for one are unknown`() throws {
        let ask = try replacing("set extport 2121", "set extport 2121-2125")
        #expect(try ask.ports(.permitted, "203.0.113.11") == "")
        #expect(try ask.ports(.unknown, "203.0.113.11") == "2121-2125")
    }

    @Test func `ports behind a load balancer are unknown`() throws {
        let kind = "set extip 203.0.113.10\nset type server-load-balance"
        let ask = try replacing("set extip 203.0.113.10", kind)
        #expect(try ask.ports(.permitted, "203.0.113.10") == "")
        #expect(try ask.ports(.unknown, "203.0.113.10") == "1-65535")
    }

    @Test(arguments: [
        "config system settings\nset ngfw-mode policy-based\nend",
        "config firewall security-policy\nedit 1\nset action deny\nnext\nend",
        "config firewall consolidated policy\nedit 1\nset action deny\nnext\nend",
        "config firewall acl\nedit 1\nset interface \"wan1\"\nset srcaddr \"all\"\nnext\nend",
    ])
    func `another way of judging leaves everything unknown`(_ lines: String) throws {
        let ask = ask(Self.text + "\n" + lines)
        #expect(try ask.ports(.unknown, "203.0.113.10") == "1-65535")
        #expect(try ask.ports(.permitted, "203.0.113.10") == "")
    }

    @Test func `a denial is answered where the policy says so`() throws {
        let answers = try replacing(
            "set srcaddr \"bad\"", "set srcaddr \"bad\"\nset send-deny-packet enable")
        func denials(_ ask: FirewallVerdicts) throws -> [Action] {
            let chain = try #require(ask.configuration.device?.chains["policies"])
            return chain.rules.map(\.action).filter { $0 != .permit }
        }
        #expect(try denials(answers) == [.deny(answered: true)])
        #expect(try denials(ask()) == [.deny(answered: false)])
    }

    /// The policy that permits, for every address and service.
    private func open(_ lines: String = "") throws -> FirewallVerdicts {
        let text = Self.text.replacing(
            "set dstaddr \"ftp\" \"other\"", with: "set dstaddr \"all\""
        )
        try #require(text != Self.text)
        return ask(text + "\n" + lines)
    }

    @Test func `no policy lets anybody through to the device itself`() throws {
        #expect(try open().ports(.permitted, "10.1.1.10") == "21,5001-5201,5300")
        #expect(try open().ports(.permitted, "10.1.1.1") == "")
        #expect(try open().ports(.unknown, "10.1.1.1") == "21,5001-5201,5300")
    }

    @Test func `a zone that lets its own interfaces speak isn't sure to deny`() throws {
        let zone = """
            config system zone
                edit "both"
                    set intrazone allow
                    set interface "wan1" "internal"
                next
            end
            """
        #expect(try open(zone).ports(.unknown, "10.1.1.10") == "1-65535")
        let shut = zone.replacing("intrazone allow", with: "intrazone deny")
        #expect(try open(shut).ports(.unknown, "10.1.1.10") == "")
    }

    @Test func `a route to what an object names tells of no interface`() throws {
        let route = """
            config router static
                edit 1
                    set device "wan1"
                    set dstaddr "named"
                next
            end
            """
        #expect(try open().ports(.unknown, "10.7.1.10") == "21,5001-5201,5300")
        #expect(try open(route).ports(.unknown, "10.7.1.10") == "21,5001-5201,5300")
    }

    @Test func `a group without a name that isn't known is unknown`() throws {
        let group = """
            config firewall addrgrp
                edit "most"
                    set member "all"
                    set exclude enable
                    set exclude-member "named"
                next
            end
            """
        let text = Self.text.replacing(
            "set srcaddr \"all\"\n        set dstaddr \"ftp\"",
            with: "set srcaddr \"most\"\n        set dstaddr \"ftp\"")
        try #require(text != Self.text)
        let ask = ask(text + "\n" + group)
        #expect(try ask.ports(.permitted, "203.0.113.10") == "")
        #expect(try ask.ports(.unknown, "203.0.113.10") == "21,5001-5201,5300")
    }

    @Test func `a file that ends inside a block tells nothing for certain`() throws {
        let whole = Self.text[...]
        for cut in [whole.dropLast(3), whole.dropLast(60)] {
            let asked = ask(String(cut))
            #expect(try asked.ports(.permitted, "203.0.113.10") == "")
            #expect(try asked.ports(.denied, "203.0.113.10") == "")
        }
    }

    @Test func `services that are negated leave every port open to doubt`() throws {
        let text = try with("set service-negate enable")
        #expect(try ask(text).ports(.unknown, "203.0.113.10") == "1-65535")
    }

    @Test func `a policy of its own opens ports`() throws {
        let to = try #require(IPAddress("203.0.113.10"))
        let open = try ask().mended(FortiOS.self, .permit(PortSet(6000...6010), to: to))
        #expect(try open.ports(.permitted, "203.0.113.10") == "21,5001-5201,5300,6000-6010")
    }

    @Test func `no bytes trap it`() { FirewallVerdicts.batter(FortiOS.self, Self.text) }
}
