import Net
import Policy
import Testing

@testable import PolicyFormats

/// Zone-based firewalls in configurations of IOS.
@Suite struct CiscoIOSZoneTests {
    private let server = "10.1.1.10"

    /// A router with a server behind it, in zones that `rest` ties together.
    private func router(_ rest: String, outside: String = "", zone: String = "in")
        -> FirewallVerdicts
    {
        var read = FirewallVerdicts(
            CiscoIOS.self,
            """
            hostname edge
            \(rest)
            zone security out
            zone security in
            interface GigabitEthernet0/0
             ip address 203.0.113.1 255.255.255.0
             zone-member security out
            \(outside)
            interface GigabitEthernet0/1
             ip address 10.1.1.1 255.255.255.0
             zone-member security \(zone)
            interface GigabitEthernet0/2
             ip address 10.2.2.1 255.255.255.0

            """)
        read.entering = "Gi0/0"
        return read
    }

    private func policy(_ classes: String, _ actions: String) -> String {
        """
        \(classes)
        policy-map type inspect P
        \(actions)
         class class-default
          drop log
        zone-pair security ZP source out destination in
         service-policy type inspect P
        """
    }

    @Test(
        arguments: [
            ("match-any C\n match protocol ftp\n match protocol ssh", "21-22"),
            ("match-any C\n match protocol tcp", "1-65535"),
            ("match-any C\n match protocol udp", ""),
            ("match-any C\n match access-group name L", "5000-5010"),
            ("match-all C\n match access-group name L\n match protocol tcp", "5000-5010"),
            ("C\n match access-group name L\n match protocol ftp", ""),
            ("match-all C\n match protocol tcp\n match not protocol ftp", "1-20,22-65535"),
            (
                "match-any D\n match protocol ftp\nclass-map type inspect C\n match class-map D",
                "21"
            ),
            ("C", ""),
        ] as [(String, String)])
    func `classes by protocols, lists and other classes`(map: String, ports: String) throws {
        let list =
            "ip access-list extended L\n permit tcp any host 10.1.1.10 range 5000 5010\n permit tcp any host 10.9.9.9\n"
        let read = router(
            policy(list + "class-map type inspect \(map)", " class type inspect C\n  inspect"))
        #expect(try read.ports(server) == ports)
        #expect(try read.ports(.unknown, server) == "")
        #expect(!read.configuration.notes.contains { $0.state == .notModelled })
    }

    @Test func `the first class that a packet is of decides`() throws {
        let read = router(
            policy(
                "class-map type inspect A\n match protocol ftp\nclass-map type inspect B\n match protocol tcp",
                " class type inspect A\n  drop\n class type inspect B\n  pass"))
        #expect(try read.ports(server) == "1-20,22-65535")
        #expect(try read.reach(server).notes.contains { $0.contains("pass keeps no state") })
        #expect(try read.lines(server, 80).contains(10))
    }

    @Test func `inspected FTP opens what is announced, tcp alone does not`() throws {
        let ftp = router(
            policy(
                "class-map type inspect match-any C\n match protocol ftp",
                " class type inspect C\n  inspect"))
        #expect(
            try ftp.ports(.permittedByInspection, server, control: 21) == "1-20,22-65535")
        #expect(try ftp.ports(.permittedByInspection, server, control: 2121) == "")
        let tcp = router(
            policy(
                "class-map type inspect match-any C\n match access-group name L\nip access-list extended L\n permit tcp any any eq 21\nclass-map type inspect match-all T\n match class-map C\n match protocol tcp",
                " class type inspect T\n  inspect"))
        #expect(try tcp.ports(server) == "21")
        #expect(try tcp.ports(.permittedByInspection, server, control: 21) == "")
        let before = router(
            policy(
                "class-map type inspect match-any C\n match protocol tcp\n match protocol ftp",
                " class type inspect C\n  inspect"))
        #expect(try before.ports(.permittedByInspection, server, control: 21) == "")
        let list = router(
            policy(
                "class-map type inspect C\n match access-group name L\nip access-list extended L\n permit tcp any any eq 21",
                " class type inspect C\n  inspect"))
        #expect(try list.ports(.unknown, server, control: 21) == "1-20,22-65535")
    }

    @Test func `a list at the interface judges too, and inspection does not open it`() throws {
        let read = router(
            policy(
                "class-map type inspect match-any C\n match protocol ftp\nip access-list extended EDGE\n permit tcp any any eq 21",
                " class type inspect C\n  inspect"), outside: " ip access-group EDGE in")
        #expect(try read.ports(server) == "21")
        #expect(try read.ports(.permittedByInspection, server, control: 21) == "")
    }

    @Test func `what no pair ties together is dropped, within a zone it passes`() throws {
        #expect(try router("").ports(.denied, server) == "1-65535")
        #expect(try router("", zone: "out").ports(server) == "1-65535")
        let bare = router("zone-pair security ZP source out destination in")
        #expect(try bare.ports(.denied, server) == "1-65535")
        #expect(try router("").ports(.denied, "10.2.2.10") == "1-65535")
        let back = router(
            policy("class-map type inspect C\n match protocol tcp", " class type inspect C\n  pass")
                .replacing("source out destination in", with: "source in destination out"))
        #expect(try back.ports(.denied, server) == "1-65535")
    }

    @Test func `a translated packet is judged by its inside address`() throws {
        let read = router(
            policy(
                "class-map type inspect C\n match access-group name L\nip access-list extended L\n permit tcp any host 10.1.1.10 eq 21\nip nat inside source static 10.1.1.10 203.0.113.10",
                " class type inspect C\n  inspect"
            ), outside: " ip nat outside", zone: "in\n ip nat inside")
        #expect(try read.ports("203.0.113.10") == "21")
    }

    @Test(arguments: [
        "zone-pair security ZP source out destination in\n service-policy type inspect MISSING",
        "policy-map type inspect P\n class type inspect MISSING\n  inspect\nzone-pair security ZP source out destination in\n service-policy type inspect P",
        "class-map type inspect C\n match protocol nobody-knows\npolicy-map type inspect P\n class type inspect C\n  inspect\nzone-pair security ZP source out destination in\n service-policy type inspect P",
        "class-map type inspect C\n match class-map C\n match class-map C\npolicy-map type inspect P\n class type inspect C\n  inspect\nzone-pair security ZP source out destination in\n service-policy type inspect P",
        "class-map type inspect C\n match access-group name MISSING\npolicy-map type inspect P\n class type inspect C\n  inspect\nzone-pair security ZP source out destination in\n service-policy type inspect P",
    ])
    func `what isn't known is unknown, never open`(rest: String) throws {
        #expect(try router(rest).ports(.unknown, server) == "1-65535")
    }

    @Test func `without interfaces nobody can tell`() throws {
        let read = FirewallVerdicts(
            CiscoIOS.self, "hostname a\nzone-pair security ZP source out destination in\n")
        #expect(try read.ports(.unknown, server) == "1-65535")
    }

    @Test func `no broken text makes it stumble`() {
        let read = router(
            policy(
                "class-map type inspect match-any C\n match access-group name L\n match not protocol ftp\n match class-map C\nip access-list extended L\n permit tcp any any eq 21",
                " class type inspect C\n  inspect"))
        FirewallVerdicts.batter(
            CiscoIOS.self, read.configuration.notes.map(\.text).joined(separator: "\n"), step: 7)
    }

    @Test func `a class that is taken out of its policy, or given another action, counts so`()
        throws
    {
        let classes = "class-map type inspect match-any C\n match protocol ftp"
        let inspected = policy(classes, " class type inspect C\n  inspect")
        let taken = inspected + "\npolicy-map type inspect P\n no class type inspect C"
        #expect(try router(taken).ports(server) == "")
        let dropped = inspected + "\npolicy-map type inspect P\n class type inspect C\n  drop"
        #expect(try router(dropped).ports(server) == "")
        #expect(try router(inspected + "\nno class-map type inspect C").ports(server) == "")
        #expect(try router(inspected + "\nno zone-pair security ZP").ports(server) == "")
    }

    @Test(
        arguments: [
            ("ip port-map https port tcp 5001", "443,5001", ""),
            ("ip port-map https port 5001", "443,5001", ""),
            ("ip port-map ssh port tcp 5001", "443", ""),
            ("ip port-map https port udp 5001", "443", ""),
            ("ip port-map https port tcp 5001 list 10", "", "1-65535"),
            ("ip port-map https port tcp from 5001 to 5010", "", "1-65535"),
        ])
    func `a protocol has the ports that it is given beside its own`(
        _ map: String, _ open: String, _ unknown: String
    ) throws {
        let classes = "\(map)\nclass-map type inspect match-any C\n match protocol https"
        let it = router(policy(classes, " class type inspect C\n  inspect"))
        #expect(try it.ports(server) == open)
        #expect(try it.ports(.unknown, server) == unknown)
    }

    @Test func `classes that name one another many times are judged once`() throws {
        var lines = ["class-map type inspect match-any C7", " match protocol ftp"]
        for level in (0..<7).reversed() {
            lines.append("class-map type inspect match-any C\(level)")
            lines += [String](repeating: " match class-map C\(level + 1)", count: 40)
        }
        let text = policy(lines.joined(separator: "\n"), " class type inspect C0\n  inspect")
        #expect(try router(text).ports(server) == "21")
    }
}
