import Net
import Policy
import PolicyFormats
import Testing

@Suite struct CiscoASATests {
    static func interface(
        _ port: Int, _ name: String, _ level: Int, _ address: String
    ) -> String {
        """
        interface GigabitEthernet0/\(port)
         nameif \(name)
         security-level \(level)
         ip address \(address) 255.255.255.0
        """
    }

    static let edge = """
        ASA Version 9.8(2)
        hostname edge
        names
        name 10.1.1.20 web
        interface GigabitEthernet0/0
         nameif outside
         security-level 0
         ip address 203.0.113.2 255.255.255.0
        interface GigabitEthernet0/1
         nameif inside
         security-level 100
         ip address 10.1.1.1 255.255.255.0
        interface GigabitEthernet0/2
         nameif dmz
         security-level 50
         ip address 10.2.2.1 255.255.255.0
        object network ftp
         host 10.1.1.10
        object network ftp-public
         host 203.0.113.10
        object network all
         subnet 0.0.0.0 0.0.0.0
        object service passive
         service tcp source range 5001 5201
        object-group network partners
         network-object 198.51.100.0 255.255.255.0
         group-object more
        object-group network more
         network-object host 192.0.2.7
        object-group service ftp-ports tcp
         port-object eq ftp
         port-object range 5001 5100
        object-group service any-ftp
         service-object tcp destination eq ftp
         service-object udp destination eq tftp
        access-list out_in extended permit tcp object-group partners object ftp object-group ftp-ports log
        access-list out_in remark the web server
        access-list out_in extended permit tcp any host web eq 8080 inactive
        access-list out_in extended permit object-group any-ftp any4 10.2.2.0 255.255.255.0
        access-list out_in extended permit tcp any object ftp eq 5150 time-range night
        access-list out_in extended deny ip any any
        nat (inside,outside) source static ftp ftp-public service passive passive
        object network ftp
         nat (inside,outside) static 203.0.113.10 service tcp ftp 2121
        nat (inside,outside) after-auto source dynamic all interface
        access-group out_in in interface outside
        route outside 0.0.0.0 0.0.0.0 203.0.113.1 1
        class-map inspection_default
         match default-inspection-traffic
        policy-map global_policy
         class inspection_default
          inspect ftp strict
        service-policy global_policy global
        """
    /// The same before 8.3.
    static let old = """
        ASA Version 8.2(5)
        interface Vlan2
         nameif outside
         security-level 0
         ip address 203.0.113.2 255.255.255.0
        interface Vlan1
         nameif inside
         security-level 100
         ip address 10.1.1.1 255.255.255.0
        access-list out_in extended permit tcp any host 203.0.113.10 eq ftp
        access-list out_in extended permit tcp any host 10.1.1.10 eq 80
        access-list out_in extended permit tcp any host 203.0.113.11 range 5001 5002
        global (outside) 1 interface
        nat (inside) 1 0.0.0.0 0.0.0.0
        static (inside,outside) tcp 203.0.113.10 ftp 10.1.1.10 2121 netmask 255.255.255.255
        static (inside,outside) 203.0.113.11 10.1.1.11 netmask 255.255.255.255
        access-group out_in in interface outside
        """

    private func edge(_ text: String = edge) -> FirewallVerdicts {
        FirewallVerdicts(CiscoASA.self, text)
    }

    @Test func `recognises itself, and no IOS`() {
        for text in [Self.edge, Self.old] {
            #expect(CiscoASA.recognise(ConfigText(file: "x", text)) == .certain)
            #expect(CiscoIOS.recognise(ConfigText(file: "x", text)) == .no)
            let typed = text.replacing("extended permit", with: "line 1 extended permit")
            #expect(CiscoASA.recognise(ConfigText(file: "x", typed)) == .certain)
        }
        let ios = ConfigText(file: "x", CiscoIOSTests.edge)
        #expect(CiscoASA.recognise(ios) == .no)
    }

    @Test func `every line has a note`() {
        let notes = edge().configuration.notes
        #expect(notes.map(\.line) == Array(1...Self.edge.split(separator: "\n").count))
        let odd = notes.filter { $0.state != .used && $0.state != .irrelevant }
        #expect(odd.map(\.state) == [.notModelled])
        #expect(odd.first?.text.contains("time-range") == true)
    }

    @Test func `untranslates before the list since 8_3, and names the real address`() throws {
        #expect(try edge().ports(.permitted, "203.0.113.10") == "2121,5001-5100")
        #expect(try edge().delivered("203.0.113.10", 2121) == "10.1.1.10:21")
        #expect(try edge().delivered("203.0.113.10", 5001) == "10.1.1.10")
        #expect(try edge().ports(.unknown, "203.0.113.10") == "5150")
        #expect(try edge().lines("203.0.113.10", 5001) == [42, 36])
    }

    @Test func `names the mapped address before 8_3`() throws {
        #expect(try edge(Self.old).ports(.permitted, "203.0.113.10") == "21")
        #expect(try edge(Self.old).delivered("203.0.113.10", 21) == "10.1.1.10:2121")
        #expect(try edge(Self.old).ports(.permitted, "203.0.113.11") == "5001-5002")
        #expect(try edge(Self.old).ports(.unknown, "10.1.1.10") == "80")
    }

    @Test func `clients outside the group are denied`() throws {
        #expect(try edge().ports(.permitted, "203.0.113.10", from: "192.0.2.7") == "2121,5001-5100")
        #expect(try edge().ports(.permitted, "203.0.113.10", from: "192.0.2.8") == "")
    }

    @Test func `what its answer's translation would spoil doesn't pass untranslated`() throws {
        #expect(try edge().ports(.permitted, "10.1.1.10") == "")
        #expect(try edge().ports(.permitted, "10.2.2.9") == "21")
    }

    @Test func `an inactive line is none`() throws {
        #expect(try edge().ports(.permitted, "10.1.1.20") == "")
    }

    @Test func `without a list, security levels decide`() throws {
        var asked = edge()
        asked.entering = "inside"
        #expect(try asked.ports(.permitted, "10.2.2.9", from: "10.1.1.5") == "1-65535")
        #expect(try asked.ports(.permitted, "192.0.2.9", from: "10.1.1.5") == "1-65535")
        #expect(try asked.ports(.permitted, "10.1.1.9", from: "10.1.1.5") == "")
        asked.entering = "GigabitEthernet0/2"
        #expect(try asked.ports(.permitted, "10.1.1.9", from: "10.2.2.5") == "")
        #expect(try asked.ports(.permitted, "192.0.2.9", from: "10.2.2.5") == "1-65535")
    }

    @Test(arguments: [("", ""), ("\nsame-security-traffic permit inter-interface", "1-65535")])
    func `equal levels need leave`(_ line: String, _ ports: String) throws {
        let text = Self.edge.replacing("security-level 50", with: "security-level 100") + line
        var asked = edge(text)
        asked.entering = "dmz"
        #expect(try asked.ports(.permitted, "10.1.1.9", from: "10.2.2.5") == ports)
    }

    @Test func `equal levels of Firepower Threat Defense deny nothing for certain`() throws {
        let text = """
            hostname edge
            \(Self.interface(0, "outside", 0, "203.0.113.1"))
            \(Self.interface(1, "inside", 0, "10.1.1.1"))
            access-list CSM_FW_ACL_ advanced permit tcp any host 10.1.1.9 eq ftp rule-id 268435457
            access-list CSM_FW_ACL_ advanced deny ip any any rule-id 268435456
            access-group CSM_FW_ACL_ global
            """
        var asked = edge(text)
        asked.entering = "outside"
        #expect(try asked.ports(.unknown, "10.1.1.9", from: "192.0.2.5") == "1-65535")
    }

    @Test func `inspection opens what is announced`() throws {
        let address = "203.0.113.10"
        #expect(
            try edge().ports(.permittedByInspection, address, control: 21) == "")
        let text = Self.edge.replacing("ftp 2121", with: "ftp ftp")
        #expect(
            try edge(text).ports(.permittedByInspection, address, control: 21)
                == "1-20,22-5000,5101-5149,5151-65535")
        let off = text.replacing("inspect ftp strict", with: "inspect tftp")
        #expect(try edge(off).ports(.permittedByInspection, address, control: 21) == "")
    }

    @Test func `a global list follows an interface's own`() throws {
        let text =
            Self.edge.replacing("\naccess-list out_in extended deny ip any any", with: "")
            + "\naccess-list every extended permit tcp any object ftp eq 6000"
            + "\naccess-group every global"
        #expect(try edge(text).ports(.permitted, "203.0.113.10") == "2121,5001-5100")
        let mapped = text.replacing("range 5001 5201", with: "range 5001 6000")
        #expect(try edge(mapped).ports(.permitted, "203.0.113.10") == "2121,5001-5100,6000")
    }

    @Test func `a group that isn't defined makes unknown only what its line may touch`() throws {
        let text = Self.edge.replacing(
            "object-group partners object ftp", with: "object-group gone object ftp")
        #expect(try edge(text).ports(.unknown, "203.0.113.10") == "2121,5001-5100,5150")
        #expect(edge(text).state(36) == .notModelled)
    }

    @Test(arguments: [
        "access-list out_in advanced permit tcp any any", "access-list out_in permut ip any any",
        "nat (inside) what",
        "alias (inside) 1.1.1.1 2.2.2.2",
    ])
    func `a line not understood permits nothing`(_ line: String) throws {
        #expect(try edge(Self.edge + "\n" + line).ports(.permitted, "203.0.113.10") == "")
    }

    @Test(arguments: ["subnet 0.0.0.0", "network-object 198"])
    func `a part of a block below a line not understood is one of any`(_ part: String) throws {
        let text = Self.edge.replacing("\n \(part)", with: "\n-range WORK\n \(part)")
        #expect(text != Self.edge)
        let asked = FirewallVerdicts(CiscoASA.self, text)
        #expect(try asked.ports(.permitted, "203.0.113.10", from: "198.51.100.9") == "")
        let denied = try asked.ports(.denied, "203.0.113.10", from: "198.51.100.9")
        #expect(PortSet(denied)?.contains(2121) == false)
    }

    @Test func `takes a member back, and binds a list however it is indented`() throws {
        let back = "\nobject-group network partners\n no network-object 198.51.100.0 255.255.255.0"
        let asked = FirewallVerdicts(CiscoASA.self, Self.edge + back)
        #expect(try asked.ports(.permitted, "203.0.113.10", from: "198.51.100.9") == "")
        #expect(try asked.ports(.permitted, "203.0.113.10", from: "192.0.2.7") != "")
        let bound = Self.edge.replacing("\naccess-group", with: "\n access-group")
            .replacing("\n service tcp source", with: "\nservice tcp source")
        #expect(
            try FirewallVerdicts(CiscoASA.self, bound).ports(.permitted, "203.0.113.10")
                == edge().ports(.permitted, "203.0.113.10"))
    }

    @Test func `conduits leave it open whether what they stand beside passes`() throws {
        let bare = Self.old.split(separator: "\n").filter { !$0.contains("out_in") }
        let text = bare.joined(separator: "\n") + "\nconduit permit tcp host 203.0.113.11 eq 21 any"
        #expect(try edge(text).ports(.unknown, "203.0.113.11") == "1-65535")
    }

    @Test func `nothing is permitted by a file that shows no filter`() throws {
        let text = "object network ftp\n host 10.1.1.10\nobject network b\n host 10.1.1.11\n"
        #expect(try edge(text).ports(.unknown, "10.1.1.10") == "1-65535")
        let bound = "access-group a in interface outside\naccess-group b in interface dmz\n"
        #expect(try edge(bound).ports(.unknown, "10.1.1.10") == "1-65535")
    }

    @Test func `identity comes before what follows it`() throws {
        let text = Self.edge.replacing(
            "nat (inside,outside) source static ftp",
            with:
                "nat (inside,outside) source static ftp ftp\nnat (inside,outside) source static ftp"
        )
        #expect(try edge(text).ports(.permitted, "10.1.1.10") == "21,5001-5100")
    }

    @Test func `PIX names interfaces and inspections its own way`() throws {
        let text = """
            PIX Version 6.3(5)
            nameif ethernet0 outside security0
            nameif ethernet1 inside security100
            fixup protocol ftp 21
            access-list acl permit tcp any host 203.0.113.10 eq ftp
            ip address outside 203.0.113.2 255.255.255.0
            ip address inside 10.1.1.1 255.255.255.0
            static (inside,outside) 203.0.113.10 10.1.1.10 netmask 255.255.255.255 0 0
            access-group acl in interface outside
            """
        #expect(try edge(text).ports(.permitted, "203.0.113.10") == "21")
        #expect(try edge(text).delivered("203.0.113.10", 21) == "10.1.1.10")
        #expect(
            try edge(text).ports(.permittedByInspection, "203.0.113.10", control: 21)
                == "1-20,22-65535")
    }

    @Test(arguments: ["203.0.113.10", "10.1.1.10"])
    func `opens and closes ports by its commands`(_ address: String) throws {
        let to = try #require(IPAddress(address))
        let open = try edge().mended(CiscoASA.self, .permit(PortSet(5101...5201), to: to))
        #expect(try open.ports(.permitted, "203.0.113.10") == "2121,5001-5201")
        let shut = try edge().mended(CiscoASA.self, .forbid(PortSet(5001...5050), to: to))
        #expect(try shut.ports(.permitted, "203.0.113.10") == "2121,5051-5100")
        let again = try open.mended(CiscoASA.self, .forbid(PortSet(5101...5201), to: to))
        #expect(try again.ports(.permitted, "203.0.113.10") == "2121,5001-5100")
    }

    @Test func `opens ports before 8_3 and without a list`() throws {
        let to = try #require(IPAddress("10.1.1.11"))
        let open = try edge(Self.old).mended(CiscoASA.self, .permit(PortSet(5003...5009), to: to))
        #expect(try open.ports(.permitted, "203.0.113.11") == "5001-5009")
        let bare = Self.edge.split(separator: "\n")
            .filter { !$0.contains("out_in") }.joined(separator: "\n")
        #expect(try edge(bare).ports(.permitted, "203.0.113.10") == "")
        let mended = try edge(bare).mended(
            CiscoASA.self,
            .permit(PortSet(5001...5009), to: try #require(IPAddress("203.0.113.10"))))
        #expect(try mended.ports(.permitted, "203.0.113.10") == "5001-5009")
    }

    @Test(arguments: ["203.0.113.12", "203.0.113.2"])
    func `translates by its commands`(_ address: String) throws {
        let (outside, inside) = (
            try #require(IPAddress(address)), try #require(IPAddress("10.1.1.10"))
        )
        let change = Change.translate(
            PortSet(5001...5009), outside: outside, inside: inside)
        let now = try edge().mended(CiscoASA.self, change)
        #expect(try now.delivered(address, 5005) == "10.1.1.10")
        #expect(try now.ports(.permitted, address) == "5001-5009")
        let then = try edge(Self.old).mended(CiscoASA.self, change)
        let open = try then.mended(CiscoASA.self, .permit(PortSet(5001...5009), to: outside))
        #expect(try open.ports(.permitted, address) == "5001-5009")
        #expect(try open.delivered(address, 5005) == "10.1.1.10")
    }

    @Test func `no bytes trap it`() {
        FirewallVerdicts.batter(CiscoASA.self, Self.edge)
        FirewallVerdicts.batter(CiscoASA.self, Self.old)
    }
}
