import Net
import Policy
import PolicyFormats
import Testing

/// Static NAT whose answers an earlier rule takes: dropped by the reverse-path check.
@Suite struct CiscoASAReversePathTests {
    private func text(_ nat: String) -> String {
        """
        ASA Version 9.8(2)
        \(CiscoASATests.interface(0, "outside", 0, "203.0.113.1"))
        \(CiscoASATests.interface(1, "inside", 100, "10.1.1.1"))
        \(CiscoASATests.interface(2, "dmz", 50, "10.2.2.1"))
        object network FTP
         host 10.1.1.10
        object network PUB
         host 203.0.113.10
        object network OTHER
         host 10.1.1.11
        object network LAN
         subnet 10.1.1.0 255.255.255.0
        object network PARTNER
         subnet 192.0.2.0 255.255.255.0
        object network SEEN
         subnet 10.9.9.0 255.255.255.0
        object service S21
         service tcp source eq ftp
        object service S22
         service tcp source eq ssh
        object service U21
         service udp source eq 21
        access-list OUT extended permit tcp any host 10.1.1.10 eq ftp
        access-group OUT in interface outside
        \(nat)
        """
    }

    private func ask(_ nat: String) -> FirewallVerdicts {
        FirewallVerdicts(CiscoASA.self, text(nat))
    }

    static let object = "\nobject network FTP\n nat (inside,outside) static 203.0.113.10"
    static let twice = "\nnat (inside,outside) source static FTP PUB"

    @Test(arguments: [
        "nat (inside,outside) source dynamic any interface\(object)",
        "nat (inside,outside) source dynamic any interface\(twice)",
        "nat (inside,outside) source dynamic LAN interface\(twice)",
        "nat (any,outside) source dynamic LAN interface\(object)",
        "nat (inside,any) source dynamic LAN pat-pool OTHER\(object)",
        "nat (inside,outside) source dynamic FTP PUB\(object)",
        "nat (inside,outside) source dynamic LAN interface service S21 S21\(object)",
        "nat (inside,outside) source dynamic LAN interface destination static any any\(twice)",
        "nat (inside,outside) source dynamic LAN interface\n"
            + "object network FTP\n nat (any,outside) static 203.0.113.10",
        "object network LAN\n nat (inside,outside) dynamic interface\n"
            + "nat (inside,outside) after-auto source static FTP PUB",
    ])
    func `an earlier dynamic rule drops what the static one carries`(_ nat: String) throws {
        #expect(try ask(nat).ports(.permitted, "203.0.113.10") == "")
        #expect(try ask(nat).ports(.denied, "203.0.113.10") == "1-65535")
    }

    @Test func `the earlier line is the reason`() throws {
        let asked = ask("nat (inside,outside) source dynamic any interface\(Self.object)")
        #expect(try asked.lines("203.0.113.10", 21) == [34])
    }

    @Test func `with the interface's own address and port too`() throws {
        let own = "object network FTP\n nat (inside,outside) static interface service tcp ftp 2121"
        let dynamic = "nat (inside,outside) source dynamic any interface"
        #expect(try ask("\(dynamic)\n\(own)").ports(.permitted, "203.0.113.1") == "")
        #expect(try ask(own).ports(.permitted, "203.0.113.1") == "2121")
        let later = "\(own)\nnat (inside,outside) after-auto source dynamic any interface"
        #expect(try ask(later).ports(.permitted, "203.0.113.1") == "2121")
    }

    @Test(arguments: [
        "nat (inside,outside) after-auto source dynamic any interface\(object)",
        "\(twice)\nnat (inside,outside) source dynamic any interface",
        "object network LAN\n nat (inside,outside) dynamic interface\(object)",
        "nat (inside,dmz) source dynamic any interface\(object)",
        "nat (dmz,outside) source dynamic any interface\(object)",
        "nat (dmz,outside) source dynamic any interface\n"
            + "object network FTP\n nat (any,outside) static 203.0.113.10",
        "nat (inside,outside) source dynamic OTHER interface\(object)",
        "nat (inside,outside) source dynamic LAN interface inactive\(object)",
        "nat (inside,outside) source dynamic LAN interface service S22 S22\(object)",
        "nat (inside,outside) source dynamic LAN interface service U21 U21\(object)",
        "nat (inside,outside) source dynamic LAN interface destination static PARTNER PARTNER\(object)",
        "nat (inside,outside) source static LAN LAN destination static PARTNER PARTNER\(object)",
        "nat (inside,outside) source static OTHER OTHER\(object)",
        "nat (inside,outside) source static FTP OTHER\(object)",
    ])
    func `a rule that doesn't take the answer is none`(_ nat: String) throws {
        #expect(try ask(nat).ports(.permitted, "203.0.113.10") == "21")
    }

    @Test func `a rule for some clients drops those`() throws {
        let asked = ask(
            "nat (inside,outside) source dynamic LAN interface destination static PARTNER PARTNER"
                + Self.object)
        #expect(try asked.ports(.permitted, "203.0.113.10", from: "192.0.2.7") == "")
        #expect(try asked.ports(.permitted, "203.0.113.10", from: "198.51.100.7") == "21")
    }

    @Test(arguments: [
        "nat (inside,outside) source static LAN LAN\(object)",
        "nat (inside,outside) source static LAN LAN unidirectional\(object)",
        "object network LAN\n nat (inside,outside) static LAN\n"
            + "nat (inside,outside) after-auto source static FTP PUB",
        "nat (inside,outside) source dynamic NOWHERE interface\(object)",
        "nat (inside,outside) source dynamic any interface\n"
            + "nat (outside,inside) source static any any destination static PUB FTP",
        "nat (inside,outside) source dynamic any interface\n"
            + "nat (inside,outside) source static FTP PUB destination static SEEN PARTNER",
    ])
    func `where it isn't certain it is unknown`(_ nat: String) throws {
        let client = "192.0.2.7"
        #expect(try ask(nat).ports(.permitted, "203.0.113.10", from: client) == "")
        #expect(try ask(nat).ports(.unknown, "203.0.113.10", from: client) == "21")
    }

    /// What is sent to the server's own address, untranslated.
    @Test(arguments: [
        ("nat (inside,outside) source static FTP FTP", "21", ""),
        ("nat (inside,outside) source static FTP TWIN", "21", ""),
        ("nat (inside,outside) source static FTP FTP unidirectional", "", "21"),
        ("nat (inside,outside) source static FTP TWIN unidirectional", "", "21"),
        ("nat (inside,outside) source static FTP PUB unidirectional", "", ""),
        ("nat (inside,outside) source static OTHER OTHER unidirectional", "21", ""),
        ("nat (inside,dmz) source static FTP FTP unidirectional", "21", ""),
        (
            "nat (inside,outside) source static FTP FTP destination static PARTNER PARTNER "
                + "unidirectional",
            "21", ""
        ),
    ])
    func `one-way identity lets begin what isn't certain`(
        _ nat: String, _ permitted: String, _ unknown: String
    ) throws {
        let asked = ask("object network TWIN\n host 10.1.1.10\n\(nat)")
        #expect(try asked.ports(.permitted, "10.1.1.10") == permitted)
        #expect(try asked.ports(.unknown, "10.1.1.10") == unknown)
    }

    /// Twice NAT from the client's side.
    @Test(arguments: [
        ("any any destination static PUB FTP", "", "21"),
        ("any any destination static PUB FTP service C21 C21", "", "21"),
        ("any any destination static interface FTP", "", "21"),
        ("any any destination static PUB FTP service C22 C22", "21", ""),
        ("any any destination static PUB OTHER", "21", ""),
        ("any any destination static FTP FTP", "21", ""),
        ("PARTNER PARTNER destination static PUB FTP", "21", ""),
        ("dynamic any interface destination static PUB FTP", "", "21"),
    ])
    func `what is sent to the server behind a translated destination isn't certain`(
        _ nat: String, _ permitted: String, _ unknown: String
    ) throws {
        let services =
            "object service C21\n service tcp destination eq ftp\n"
            + "object service C22\n service tcp destination eq ssh\n"
        let source = nat.hasPrefix("dynamic") ? "" : "static "
        let asked = ask("\(services)nat (outside,inside) source \(source)\(nat)")
        #expect(try asked.ports(.permitted, "10.1.1.10") == permitted)
        #expect(try asked.ports(.unknown, "10.1.1.10") == unknown)
    }

    @Test func `many addresses of one line are told at once`() throws {
        let asked = ask(
            "nat (inside,outside) source dynamic any interface\n"
                + "object network LAN\n nat (inside,outside) static 203.0.113.0")
        let rules = asked.configuration.device?.chains["nat"]?.rules ?? []
        #expect(rules.count { $0.action == .deny(answered: false) } == 1)
        #expect(try asked.ports(.permitted, "203.0.113.10") == "")
    }
}
