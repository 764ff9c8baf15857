import Net
import Policy
import PolicyFormats
import Testing

/// IPv6 beside IPv4: one list of policies for both since FortiOS 6.4, two lists before.
@Suite struct FortiOSFamilyTests {
    static let objects = """
        #config-version=FGT60F-7.0.5
        config system interface
            edit "wan1"
                config ipv6
                    set ip6-address 2001:db8:0:1::2/64
                end
                set role wan
            next
            edit "internal"
                set ip 10.1.1.1 255.255.255.0
                config ipv6
                    set ip6-address 2001:db8:0:2::1/64
                end
            next
        end
        config firewall address6
            edit "all"
            next
            edit "net"
                set ip6 2001:db8:9::/48
            next
            edit "bad"
                set type iprange
                set start-ip 2001:db8:9::1
                set end-ip 2001:db8:9::9
            next
            edit "named"
                set type fqdn
                set fqdn "www.example.com"
            next
            edit "files"
                set ip6 2001:db8:0:2::10/128
            next
        end
        config firewall addrgrp6
            edit "servers"
                set member "files"
            next
        end
        config firewall vip6
            edit "out"
                set extip 2001:db8:0:1::10
                set mappedip 2001:db8:0:2::10
                set portforward enable
                set extport 2121
                set mappedport 21
            next
        end
        """
    static let shared = """
        config firewall policy
            edit 1
                set srcintf "wan1"
                set dstintf "internal"
                set srcaddr "all"
                set dstaddr "all"
                set srcaddr6 "bad"
                set dstaddr6 "all"
                set schedule "always"
                set service "SSH"
            next
            edit 2
                set srcintf "wan1"
                set dstintf "internal"
                set srcaddr6 "all"
                set dstaddr6 "servers" "out"
                set action accept
                set schedule "always"
                set service "FTP" "SSH"
            next
            edit 3
                set srcintf "wan1"
                set dstintf "internal"
                set srcaddr "all"
                set dstaddr "all"
                set action accept
                set schedule "always"
                set service "HTTPS"
            next
        end
        """
    static let files = "2001:db8:0:2::10"

    private func ask(_ policies: String = shared, _ old: String = "", _ new: String = "") throws
        -> FirewallVerdicts
    {
        let text = Self.objects + "\n" + policies
        let changed = old.isEmpty ? text : text.replacing(old, with: new)
        try #require(old.isEmpty || changed != text)
        return FirewallVerdicts(FortiOS.self, changed)
    }

    @Test func `a policy judges each family by its own addresses`() throws {
        let ask = try ask()
        #expect(try ask.ports(.permitted, Self.files, from: "2001:db8:8::1") == "21-22")
        #expect(try ask.ports(.permitted, Self.files, from: "2001:db8:9::1") == "21")
        #expect(try ask.ports(.unknown, Self.files, from: "2001:db8:9::1") == "")
        #expect(try ask.ports(.permitted, "10.1.1.10") == "443")
        #expect(try ask.ports(.unknown, "10.1.1.10") == "")
    }

    @Test func `virtual addresses of IPv6 carry`() throws {
        let outside = "2001:db8:0:1::10"
        let reach = try ask("").reach(outside, from: "2001:db8:8::1", ports: "2121")
        #expect(reach.segments.first?.verdict != .permitted)
        let port = Self.shared.replacing("\"FTP\" \"SSH\"", with: "\"ALL\"")
        let segment = try #require(
            try ask(port).reach(outside, from: "2001:db8:8::1", ports: "2121").segments.first)
        #expect(segment.verdict == .permitted)
        #expect(segment.translatedTo.map { "\($0)" } == Self.files)
        #expect(segment.translatedPorts == 21...21)
    }

    @Test(arguments: [
        ("set action accept", "set action accept\n        set nat64 enable"),
        ("set action accept", "set action accept\n        set dstaddr6-negate enable"),
        ("set action accept", "set action accept\n        set srcaddr6-negate enable"),
        ("set action accept", "set action accept\n        set internet-service6 enable"),
        ("set srcaddr6 \"all\"", "set srcaddr6 \"named\""),
        ("set member \"files\"", "set member \"missing\""),
        ("set ip6 2001:db8:0:2::10/128", "set type template"),
        (
            "set member \"files\"",
            "set member \"files\"\nset exclude enable\nset exclude-member \"named\""
        ),
    ])
    func `what isn't known of IPv6 leaves IPv6 alone unknown`(
        _ old: String, _ new: String
    ) throws {
        let ask = try ask(Self.shared, old, new)
        #expect(try ask.ports(.permitted, Self.files, from: "2001:db8:8::1") == "")
        #expect(try ask.ports(.unknown, Self.files, from: "2001:db8:8::1") != "")
    }

    @Test(arguments: ["set dstaddr6-negate enable", "set srcaddr6 \"named\""])
    func `what isn't known of IPv6 says nothing of IPv4`(_ line: String) throws {
        let ask = try ask(Self.shared, "set service \"HTTPS\"", "set service \"HTTPS\"\n\(line)")
        #expect(try ask.ports(.permitted, "10.1.1.10") == "443")
        #expect(try ask.ports(.unknown, "10.1.1.10") == "")
    }

    /// `firewall policy6`, before FortiOS 6.4.
    static let old = """
        config firewall policy
            edit 1
                set srcintf "wan1"
                set dstintf "internal"
                set srcaddr "all"
                set dstaddr "all"
                set action accept
                set schedule "always"
                set service "HTTPS"
            next
        end
        config firewall policy6
            edit 1
                set srcintf "wan1"
                set dstintf "internal"
                set srcaddr "net"
                set dstaddr "servers"
                set action accept
                set schedule "always"
                set service "FTP"
            next
        end
        """

    @Test func `policies of IPv6 in a list of their own`() throws {
        let ask = try ask(Self.old)
        #expect(try ask.ports(.permitted, Self.files, from: "2001:db8:9::1") == "21")
        #expect(try ask.ports(.permitted, Self.files, from: "2001:db8:8::1") == "")
        #expect(try ask.ports(.unknown, Self.files, from: "2001:db8:8::1") == "")
        #expect(try ask.ports(.permitted, "10.1.1.10") == "443")
    }

    @Test(arguments: [
        (
            "config firewall vip46\nedit \"a\"\nset extip 203.0.113.46\nnext\nend",
            "203.0.113.46", "198.51.100.10"
        ),
        (
            "config firewall vip64\nedit \"a\"\nset extip 2001:db8:0:1::64\nnext\nend",
            "2001:db8:0:1::64", "2001:db8:8::1"
        ),
        (
            "config firewall policy64\nedit 1\nset action accept\nnext\nend",
            "64:ff9b::a01:10a", "2001:db8:8::1"
        ),
    ])
    func `what goes from one family to the other is unknown`(
        _ section: String, _ to: String, _ from: String
    ) throws {
        let ask = try ask(Self.old + "\n" + section)
        #expect(try ask.ports(.unknown, to, from: from) == "1-65535")
        #expect(try ask.ports(.permitted, "10.1.1.10") == "443")
    }
}
