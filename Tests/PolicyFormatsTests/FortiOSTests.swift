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

    @Test func `a policy of its own opens ports`() throws {
        let to = try #require(IPAddress("203.0.113.10"))
        let open = try ask().mended(FortiOS.self, .permit(PortSet(6000...6010), to: to))
        #expect(try open.ports(.permitted, "203.0.113.10") == "21,5001-5201,5300,6000-6010")
    }

    @Test func `no bytes trap it`() { FirewallVerdicts.batter(FortiOS.self, Self.text) }
}
