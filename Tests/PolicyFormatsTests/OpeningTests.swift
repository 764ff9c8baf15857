import Net
import Policy
import Testing

@testable import PolicyFormats

/// Commands that open ports, where several lists, interfaces, tables or translations may deny them.
@Suite struct OpeningTests {
    private static let passive = PortSet(50000...50100)

    /// The device as a site places it, and the commands that open the passive ports.
    private func opened(
        _ format: any ConfigFormat.Type, _ text: String, to address: String,
        place: Device.Place = .through, outside: String? = nil, inside: String? = nil,
        ports: PortSet = Self.passive
    ) throws -> [String]? {
        var configuration = format.read(ConfigText(file: "fw.cfg", text))
        let hop = Hop(
            name: "fw", configuration: configuration, place: place, outside: outside,
            inside: inside, source: SourceLine(file: "", line: nil, text: ""))
        configuration.device = configuration.device?.standing(at: hop)
        let to = try #require(IPAddress(address))
        return Formats.fixer(configuration)(.permit(ports, to: to))?.commands
    }

    private static let ios = """
        hostname edge
        interface Gi0/0
         ip address 203.0.113.1 255.255.255.0
         ip access-group ISP1 in
        interface Gi0/2
         ip address 198.18.0.1 255.255.255.0
         ip access-group ISP2 in
        interface Gi0/1
         ip address 198.18.1.1 255.255.255.0
         ip access-group DMZ out
        ip access-list extended ISP1
         10 permit ip any any
        ip access-list extended ISP2
         10 permit tcp any host 198.18.1.10 eq 21
        ip access-list extended DMZ
         10 permit tcp any host 198.18.1.10 eq 21
         20 deny ip any any
        """

    @Test func `IOS opens each list on the way that denies, and no other`() throws {
        let first = try opened(CiscoIOS.self, Self.ios, to: "198.18.1.10", outside: "Gi0/0")
        #expect(
            first == [
                "configure terminal", "ip access-list extended DMZ",
                " 15 permit tcp any host 198.18.1.10 range 50000 50100", "end",
            ])
        let second = try opened(CiscoIOS.self, Self.ios, to: "198.18.1.10", outside: "Gi0/2")
        #expect(second?.contains("ip access-list extended ISP2") == true)
        #expect(second?.contains("ip access-list extended DMZ") == true)
        #expect(second?.contains("ip access-list extended ISP1") == false)
    }

    /// Numbers of entries, rules and priorities in the commands for a server, another, and the
    /// first again; a number given twice is refused.
    @Test(arguments: [
        ("IOS", ["15 permit", "16 permit", "15 permit"]),
        ("IOS, full", ["9 permit", "8 permit", "9 permit"]),
        ("IOS, open", ["\n permit", "\n permit", "\n permit"]),
        ("AWS", ["--rule-number 99", "--rule-number 98", "--rule-number 99"]),
        (
            "Azure",
            ["ftp-allow --priority 199", "ftp-allow-2 --priority 198", "ftp-allow --priority 199"]
        ),
    ])
    func `commands for several servers take numbers of their own`(
        _ device: String, _ wanted: [String]
    ) throws {
        let ios =
            "hostname edge\ninterface Gi0/0\n ip access-group OUT in\n"
            + "ip access-list extended OUT\n 10 permit tcp any any eq 21\n"
        let (format, text): (any ConfigFormat.Type, String) =
            switch device {
            case "IOS": (CiscoIOS.self, ios + " 20 deny ip any any\n")
            case "IOS, full": (CiscoIOS.self, ios + " 11 deny ip any any\n")
            case "IOS, open": (CiscoIOS.self, ios)
            case "AWS":
                (
                    AWSNetworkACLs.self,
                    #"{"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": []}]}"#
                )
            default:
                (
                    AzureNSG.self,
                    """
                    {"name": "nsg", "properties": {"securityRules": [{"name": "no", "properties":
                    {"priority": 200, "direction": "Inbound", "access": "Deny", "protocol": "*",
                    "sourceAddressPrefix": "*", "sourcePortRange": "*",
                    "destinationAddressPrefix": "*", "destinationPortRange": "*"}}]}}
                    """
                )
            }
        let fixer = Formats.fixer(format.read(ConfigText(file: "fw", text)))
        let asked = [
            ("198.18.1.10", Self.passive), ("198.18.1.11", PortSet(5001...5201)),
            ("198.18.1.10", Self.passive),
        ]
        for (number, (address, ports)) in zip(wanted, asked) {
            let commands = fixer(.permit(ports, to: try #require(IPAddress(address))))?.commands
            #expect(commands?.joined(separator: "\n").contains(number) == true, "\(commands ?? [])")
        }
    }

    private static let asa = """
        ASA Version 9.8(2)
        interface GigabitEthernet0/0
         nameif outside
         security-level 0
         ip address 203.0.113.1 255.255.255.0
        interface GigabitEthernet0/2
         nameif partner
         security-level 10
         ip address 198.18.0.1 255.255.255.0
        interface GigabitEthernet0/1
         nameif dmz
         security-level 50
         ip address 198.18.1.1 255.255.255.0
        access-list OUT extended permit ip any any
        access-list PART extended permit tcp any host 198.18.1.10 eq ftp
        access-list DMZ extended permit tcp any host 198.18.1.10 eq ftp
        access-list DMZ extended deny ip any any
        access-group OUT in interface outside
        access-group PART in interface partner
        access-group DMZ out interface dmz
        """

    @Test func `ASA opens each list on the way that denies, and no other`() throws {
        let entry = "extended permit tcp any host 198.18.1.10 range 50000 50100"
        let first = try opened(CiscoASA.self, Self.asa, to: "198.18.1.10", outside: "outside")
        #expect(first?.filter { $0.hasPrefix("access") } == ["access-list DMZ line 1 \(entry)"])
        let second = try opened(CiscoASA.self, Self.asa, to: "198.18.1.10", outside: "partner")
        #expect(
            second?.filter { $0.hasPrefix("access") } == [
                "access-list PART \(entry)", "access-list DMZ line 1 \(entry)",
            ])
    }

    private static let fortios = """
        config system interface
        edit "wan1"
        set ip 203.0.113.2 255.255.255.0
        set role wan
        next
        edit "wan2"
        set ip 198.18.0.2 255.255.255.0
        set role wan
        next
        edit "dmz"
        set ip 10.1.1.1 255.255.255.0
        next
        end
        config firewall vip
        edit "control"
        set extip 203.0.113.10
        set extintf "any"
        set mappedip "10.1.1.10"
        set portforward enable
        set extport 21
        set mappedport 21
        next
        edit "data"
        set extip 203.0.113.10
        set extintf "any"
        set mappedip "10.1.1.10"
        set portforward enable
        set extport 50000-50100
        set mappedport 50000-50100
        next
        end
        config firewall policy
        edit 1
        set srcintf "wan1"
        set dstintf "dmz"
        set srcaddr "all"
        set dstaddr "control"
        set service "FTP"
        set schedule "always"
        set action accept
        next
        end
        """

    @Test func `FortiOS names the virtual addresses that carry the ports`() throws {
        let passive = try opened(
            FortiOS.self, Self.fortios, to: "203.0.113.10", outside: "wan2", inside: "dmz")
        #expect(passive?.contains(#"set dstaddr "data""#) == true)
        #expect(passive?.contains(#"set srcintf "wan2""#) == true)
        let both = try opened(
            FortiOS.self, Self.fortios, to: "203.0.113.10", outside: "wan2",
            ports: Self.passive.union(PortSet(21...21)))
        #expect(both?.contains(#"set dstaddr "control" "data""#) == true)
        let none = try opened(
            FortiOS.self, Self.fortios, to: "203.0.113.10", outside: "wan2",
            ports: PortSet(6000...6010))
        #expect(none == nil)
    }

    /// One edit of FortiOS changes the other's policy, where both have a number; the same with
    /// services of PAN-OS.
    @Test(arguments: ["FortiOS", "Junos", "PAN-OS"])
    func `commands for two servers may follow one another`(_ platform: String) throws {
        let (format, text): (any ConfigFormat.Type, String) =
            switch platform {
            case "FortiOS":
                (
                    FortiOS.self,
                    ZonedRoundTripTests.fortios + ZonedRoundTripTests.policy(1, "ALL", "deny")
                )
            case "Junos":
                (
                    Junos.self,
                    ZonedRoundTripTests.junos
                        + ZonedRoundTripTests.policy("no", ["any"], then: "deny")
                )
            default:
                (
                    PANOS.self,
                    ZonedRoundTripTests.panos + ZonedRoundTripTests.rule("no", "any", "deny")
                )
            }
        let wanted = [("10.1.1.10", PortSet(5001...5201)), ("10.1.1.12", Self.passive)]
        let lines = try wanted.flatMap {
            try opened(format, text, to: $0.0, ports: $0.1) ?? []
        }
        let after = FirewallVerdicts(format, text + lines.joined(separator: "\n") + "\n")
        for (address, ports) in wanted {
            #expect(try after.ports(.permitted, address) == "\(ports)")
        }
    }

    @Test(arguments: [
        (
            "security-zone dmz address-book address ftp 10.1.1.10/32",
            "set security zones security-zone dmz address-book address pinhole-10.1.1.10 10.1.1.10/32"
        ),
        (
            "security-zone dmz interfaces ge-0/0/1.0",
            "set security address-book global address pinhole-10.1.1.10 10.1.1.10/32"
        ),
    ])
    func `Junos gets no global address book beside one of a zone`(
        _ line: String, _ wanted: String
    ) throws {
        let text = """
            set interfaces ge-0/0/0 unit 0 family inet address 203.0.113.2/24
            set interfaces ge-0/0/1 unit 0 family inet address 10.1.1.1/24
            set security zones security-zone untrust interfaces ge-0/0/0.0
            set security zones security-zone dmz interfaces ge-0/0/1.0
            set security zones \(line)
            set security policies from-zone untrust to-zone dmz policy no match source-address any
            set security policies from-zone untrust to-zone dmz policy no match destination-address any
            set security policies from-zone untrust to-zone dmz policy no match application any
            set security policies from-zone untrust to-zone dmz policy no then deny
            """
        #expect(try opened(Junos.self, text, to: "10.1.1.10")?.first == wanted)
    }

    @Test func `pf passes in and out where both are blocked`() throws {
        let quick = "quick proto tcp from any to 198.18.1.10 port 50000:50100"
        let both = try opened(PFConf.self, "block all\n", to: "198.18.1.10")
        #expect(both?.last == "pass \(quick)")
        let one = try opened(PFConf.self, "block all\npass out\n", to: "198.18.1.10")
        #expect(one?.last == "pass in \(quick)")
        let host = try opened(PFConf.self, "block all\n", to: "198.18.1.10", place: .host)
        #expect(host?.last == "pass in \(quick)")
    }

    @Test func `what another table drops gets no commands for the filter`() throws {
        let routeros = """
            # jan/02/2024 10:00:00 by RouterOS 6.49
            /ip address
            add address=203.0.113.2/24 interface=wan
            /ip firewall raw
            add action=drop chain=prerouting dst-port=!21 protocol=tcp
            /ip firewall filter
            add action=drop chain=forward
            """
        #expect(try opened(RouterOS.self, routeros, to: "198.18.1.10") == nil)
        let passing = routeros.replacing("dst-port=!21", with: "dst-port=23")
        #expect(try opened(RouterOS.self, passing, to: "198.18.1.10") != nil)
        let iptables = """
            *raw
            :PREROUTING ACCEPT [0:0]
            -A PREROUTING -p tcp -m tcp --dport 50050:60000 -j DROP
            COMMIT
            *filter
            :INPUT DROP [0:0]
            COMMIT
            """
        for place in [Device.Place.host, .through] {
            #expect(try opened(IPTablesSave.self, iptables, to: "198.18.1.10", place: place) == nil)
        }
    }

    @Test(arguments: [("", "NEW,ESTABLISHED"), ("RELATED,ESTABLISHED", "NEW")])
    func `iptables lets pass what follows on a SYN, unless a rule does`(
        _ states: String, _ wanted: String
    ) throws {
        let rule = states.isEmpty ? "" : "-A INPUT -m conntrack --ctstate \(states) -j ACCEPT\n"
        let text =
            "*filter\n:INPUT DROP [0:0]\n\(rule)-A INPUT -p tcp --dport 21 -j ACCEPT\nCOMMIT\n"
        let commands = try opened(IPTablesSave.self, text, to: "198.18.1.10", place: .host)
        #expect(
            commands == [
                "iptables -I INPUT -d 198.18.1.10 -p tcp --dport 50000:50100 -m conntrack --ctstate \(wanted) -j ACCEPT"
            ])
    }

    @Test(arguments: [("", "{ new, established }"), ("ct state established accept", "new")])
    func `nft lets pass what follows on a SYN, unless a rule does`(
        _ rule: String, _ wanted: String
    ) throws {
        let text = """
            table inet filter {
                chain input {
                    type filter hook input priority 0; policy drop;
                    \(rule)
                    tcp dport 21 accept
                }
            }
            """
        let commands = try opened(Nftables.self, text, to: "198.18.1.10", place: .host)
        #expect(commands?.first?.contains(" ct state \(wanted) accept") == true)
    }

    @Test(arguments: [("Deny", false), ("Allow", true)])
    func `Azure gets no rule below one that denies at the lowest number`(
        _ access: String, _ isOffered: Bool
    ) throws {
        let text = """
            {"name": "nsg", "properties": {"securityRules": [{"name": "first", "properties":
            {"priority": 100, "direction": "Inbound", "access": "\(access)", "protocol": "*",
            "sourceAddressPrefix": "192.0.2.0/24", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "50000-60000"}}]}}
            """
        let commands = try opened(AzureNSG.self, text, to: "198.18.1.10")
        #expect((commands != nil) == isOffered)
    }
}
