import Policy
import PolicyFormats
import PolicyText
import Testing

/// Groups of groups of groups: found out once each, whatever holds them, and in circles never.
@Suite struct NestedGroupsTests {
    /// A vendor's text for groups `g0`, `g1`… with their members, `leaf` a host, and the rule that
    /// names `g0`.
    struct Vendor: Sendable, CustomTestStringConvertible {
        var format: any ConfigFormat.Type
        var head: String
        var group: @Sendable (String, [String]) -> String
        var tail: String
        var testDescription: String { format.name }
    }

    static let vendors = [
        Vendor(
            format: FortiOS.self,
            head: """
                #config-version=FGT60F-7.0.5
                config system interface
                edit "a"
                set ip 203.0.113.2 255.255.255.0
                set role wan
                next
                edit "b"
                set ip 10.1.1.1 255.255.255.0
                next
                end
                config firewall address
                edit "leaf"
                set subnet 10.1.1.10 255.255.255.255
                next
                end
                config firewall addrgrp
                """,
            group: { "edit \"\($0)\"\nset member \($1.joined(separator: " "))\nnext" },
            tail: """
                end
                config firewall policy
                edit 1
                set srcintf "a"
                set dstintf "b"
                set srcaddr "all"
                set dstaddr "g0"
                set action accept
                set schedule "always"
                set service "FTP"
                next
                end
                """),
        Vendor(
            format: PANOS.self,
            head: """
                set network interface ethernet ethernet1/1 layer3 ip 203.0.113.2/24
                set network interface ethernet ethernet1/2 layer3 ip 10.1.1.1/24
                set zone untrust network layer3 ethernet1/1
                set zone trust network layer3 ethernet1/2
                set address leaf ip-netmask 10.1.1.10
                set service ftp protocol tcp port 21
                """,
            group: { "set address-group \($0) static [ \($1.joined(separator: " ")) ]" },
            tail: """
                set rulebase security rules in from untrust to trust source any destination g0
                set rulebase security rules in application any service ftp action allow
                """),
        Vendor(
            format: Junos.self,
            head: """
                set version 20.4R3
                set interfaces ge-0/0/0 unit 0 family inet address 203.0.113.2/24
                set interfaces ge-0/0/1 unit 0 family inet address 10.1.1.1/24
                set security zones security-zone untrust interfaces ge-0/0/0.0
                set security zones security-zone trust interfaces ge-0/0/1.0
                set security address-book global address leaf 10.1.1.10/32
                """,
            group: { name, members in
                members.map {
                    let kind = $0 == "leaf" ? "address" : "address-set"
                    return "set security address-book global address-set \(name) \(kind) \($0)"
                }.joined(separator: "\n")
            },
            tail: """
                set security policies from-zone untrust to-zone trust policy in match source-address any
                set security policies from-zone untrust to-zone trust policy in match destination-address g0
                set security policies from-zone untrust to-zone trust policy in match application junos-ftp
                set security policies from-zone untrust to-zone trust policy in then permit
                """),
        Vendor(
            format: CiscoIOS.self,
            head: "version 15.2",
            group: { name, members in
                let lines = members.map { $0 == "leaf" ? " host 10.1.1.10" : " group-object \($0)" }
                return "object-group network \(name)\n" + lines.joined(separator: "\n")
            },
            tail: """
                interface GigabitEthernet0/0
                 ip address 203.0.113.2 255.255.255.0
                 ip access-group OUT in
                interface GigabitEthernet0/1
                 ip address 10.1.1.1 255.255.255.0
                ip access-list extended OUT
                 permit tcp any object-group g0 eq 21
                """),
    ]

    private func ask(_ vendor: Vendor, _ groups: [String]) -> FirewallVerdicts {
        var verdicts = FirewallVerdicts(
            vendor.format, ([vendor.head] + groups + [vendor.tail]).joined(separator: "\n"))
        verdicts.entering = verdicts.configuration.device?.interfaces.first?.name
        verdicts.leaving = verdicts.configuration.device?.interfaces.last?.name
        return verdicts
    }

    @Test(arguments: vendors) func `every group of a level may hold all of the next`(
        _ vendor: Vendor
    ) throws {
        let (levels, width) = (14, 8)
        var groups = [vendor.group("g0", (0..<width).map { "l1n\($0)" })]
        for level in 1..<levels {
            let next =
                level == levels - 1 ? ["leaf"] : (0..<width).map { "l\(level + 1)n\($0)" }
            groups += (0..<width).map { vendor.group("l\(level)n\($0)", next) }
        }
        #expect(try ask(vendor, groups).ports(.permitted, "10.1.1.10") == "21")
        #expect(try ask(vendor, groups).ports(.permitted, "10.1.1.11") == "")
    }

    @Test(arguments: vendors) func `groups that hold one another are unknown`(
        _ vendor: Vendor
    ) throws {
        let names = (0..<12).map { "g\($0)" }
        let groups = names.map { vendor.group($0, names + ["leaf"]) }
        #expect(try ask(vendor, groups).ports(.permitted, "10.1.1.11") == "")
        #expect(try ask(vendor, groups).ports(.unknown, "10.1.1.11") != "")
    }

    /// Texts that name one group of many addresses in many lines.
    private static let many = 1...3000
    private static let large: [(any ConfigFormat.Type, String)] = [
        (
            CiscoASA.self,
            """
            ASA Version 9.8(2)
            interface GigabitEthernet0/0
             nameif outside
             security-level 0
             ip address 203.0.113.1 255.255.255.0
            object-group network G
            \(many.map { " network-object host 10.\($0 / 250).\($0 % 250).9" }.joined(separator: "\n"))
            \(many.map { "access-list OUT extended permit tcp any object-group G eq \($0)" }.joined(separator: "\n"))
            access-group OUT in interface outside
            """
        ),
        (
            CiscoIOS.self,
            """
            version 15.2
            object-group network G
            \(many.map { " host 10.\($0 / 250).\($0 % 250).9" }.joined(separator: "\n"))
            interface GigabitEthernet0/0
             ip address 203.0.113.1 255.255.255.0
             ip access-group OUT in
            ip access-list extended OUT
            \(many.map { " permit tcp any object-group G eq \($0)" }.joined(separator: "\n"))
            """
        ),
        (
            RouterOS.self,
            """
            # nov/21/2026 10:00:00 by RouterOS 6.49
            /ip address
            add address=203.0.113.10/24 interface=ether1
            /ip firewall address-list
            \(many.map { "add address=10.\($0 / 250).\($0 % 250).9 list=G" }.joined(separator: "\n"))
            /ip firewall filter
            add action=accept chain=forward protocol=tcp dst-port=1-3000 dst-address-list=G
            add action=drop chain=forward
            """
        ),
        (
            PFConf.self,
            """
            table <G> { \(many.map { "10.\($0 / 250).\($0 % 250).9" }.joined(separator: ", ")) }
            block in
            \(many.prefix(300).map { "pass in proto tcp to <G> port \($0)" }.joined(separator: "\n"))
            pass in proto tcp to <G> port 301:3000
            """
        ),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: large.indices)
    func `a large group that many lines name is put together once`(_ index: Int) throws {
        let (format, text) = Self.large[index]
        let verdicts = FirewallVerdicts(format, text)
        #expect(try verdicts.ports(.permitted, "10.1.7.9") == "1-3000")
        #expect(try verdicts.ports(.permitted, "10.1.7.8") == "")
    }
}
