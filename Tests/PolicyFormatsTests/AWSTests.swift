import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct AWSSecurityGroupsTests {
    static func permission(_ text: String) -> String {
        """
        {"SecurityGroups": [{
          "GroupId": "sg-1", "GroupName": "ftp", "VpcId": "vpc-1",
          "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
          "IpPermissions": [
            \(text)
          ]
        }]}
        """
    }

    static func read(_ text: String) -> Configuration {
        AWSSecurityGroups.read(ConfigText(file: "groups.json", text))
    }

    @Test func `a name that a shell would run is no part of a command`() throws {
        let hostile = Self.permission("").replacing("sg-1", with: "sg-1; touch x #")
        let address = try #require(IPAddress("203.0.113.10"))
        let change = Change.permit(PortSet(21...21), to: address)
        let fix = try #require(AWSSecurityGroups.fix(change, Self.read(hostile)))
        #expect((fix.commands + fix.undo).allSatisfy { !$0.contains("touch") })
        #expect(fix.commands.contains { $0.contains("--group-id sg-GROUP") })
    }

    @Test(arguments: [
        (
            #"{"IpProtocol":"tcp","FromPort":21,"ToPort":21,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}"#,
            "21"
        ),
        (
            #"{"IpProtocol":"6","FromPort":5001,"ToPort":5201,"IpRanges":[{"CidrIp":"198.51.100.0/24"}]}"#,
            "5001-5201"
        ),
        (#"{"IpProtocol":"-1","IpRanges":[{"CidrIp":"198.51.100.10/32"}]}"#, "1-65535"),
        (#"{"IpProtocol":"-1","IpRanges":[{"CidrIp":"192.0.2.0/24"}]}"#, ""),
        (
            #"{"IpProtocol":"udp","FromPort":21,"ToPort":21,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}"#,
            ""
        ),
        (#"{"IpProtocol":"tcp","FromPort":21,"ToPort":21,"IpRanges":[]}"#, ""),
        (
            #"{"IpProtocol":"tcp","FromPort":21,"ToPort":21,"UserIdGroupPairs":[{"GroupId":"sg-2"}]}"#,
            ""
        ),
        (
            #"{"IpProtocol":"tcp","FromPort":21,"ToPort":21,"Ipv6Ranges":[{"CidrIpv6":"::/0"}]}"#,
            ""
        ),
    ])
    func `permits what a permission names`(permission: String, permitted: String) {
        let configuration = Self.read(Self.permission(permission))
        let reach = Verdicts.reach(configuration)
        #expect(Verdicts.ports(reach) == permitted)
        #expect(Verdicts.ports(reach, .unknown) == "")
    }

    @Test(arguments: [
        #"{"IpProtocol":"tcp","FromPort":21,"ToPort":21,"PrefixListIds":[{"PrefixListId":"pl-1"}]}"#,
        #"{"IpProtocol":"tcp","FromPort":21,"ToPort":21,"Odd":1,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}"#,
        #"{"IpProtocol":"tcp","FromPort":21,"ToPort":21,"IpRanges":[{"CidrIp":"nonsense"}]}"#,
    ])
    func `what it doesn't understand is unknown, not permitted`(permission: String) {
        let reach = Verdicts.reach(Self.read(Self.permission(permission)))
        #expect(Verdicts.ports(reach) == "")
        #expect(Verdicts.ports(reach, .unknown) == "21")
    }

    @Test func `members of a group are unknown among private addresses`() {
        let pair =
            #"{"IpProtocol":"tcp","FromPort":21,"ToPort":21,"UserIdGroupPairs":[{"GroupId":"sg-2"}]}"#
        let near = AddressSet(IPAddress(v4: 0x0a00_0001))
        let reach = Verdicts.reach(Self.read(Self.permission(pair)), from: near)
        #expect(Verdicts.ports(reach, .unknown) == "21")
    }

    @Test(arguments: [
        ("$ aws ec2 describe-security-groups\n", ""),
        ("ops@host:~$ aws ec2 describe-security-groups --output json\n", "\nops@host:~$ "),
    ])
    func `a shell's prompts around the output are skipped`(before: String, after: String) throws {
        let rule =
            #"{"IpProtocol":"tcp","FromPort":21,"ToPort":21,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}"#
        let text = before + Self.permission(rule) + after
        #expect(AWSSecurityGroups.recognise(ConfigText(file: "a", text)) == .certain)
        let configuration = Self.read(text)
        let reach = Verdicts.reach(configuration)
        #expect(Verdicts.ports(reach) == "21")
        #expect(Verdicts.line(reach, 21) == 6)
        let first = try #require(configuration.notes.first)
        #expect(first.state == .irrelevant && first.why == "a shell's prompt")
    }

    static let several = """
        SecurityGroups:
        - GroupId: sg-1
          IpPermissions:
          - IpProtocol: tcp
            FromPort: 21
            ToPort: 21
            IpRanges:
            - CidrIp: 0.0.0.0/0
        - GroupId: sg-2
          IpPermissions:
          - IpProtocol: tcp
            FromPort: 5001
            ToPort: 5201
            IpRanges:
            - CidrIp: 0.0.0.0/0
              Description: 'passive'
        """

    @Test func `reads YAML, and asks which of several groups`() {
        let configuration = Self.read(Self.several)
        #expect(Verdicts.ports(Verdicts.reach(configuration), .unknown) == "1-65535")
        #expect(Verdicts.ports(Verdicts.reach(configuration, select: "sg-1")) == "21")
        let all = Verdicts.reach(configuration, select: "all")
        #expect(Verdicts.ports(all) == "21,5001-5201")
        #expect(Verdicts.line(all, 5001) == 15)
        #expect(Verdicts.states(configuration) == [.used, .irrelevant])
        #expect(AWSSecurityGroups.recognise(ConfigText(file: "a", Self.several)) == .certain)
    }

    @Test func `reads the list of rules`() {
        let text = """
            {"SecurityGroupRules": [
             {"GroupId": "sg-1", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 21,
              "ToPort": 21, "CidrIpv4": "0.0.0.0/0", "SecurityGroupRuleId": "sgr-1"},
             {"GroupId": "sg-1", "IsEgress": true, "IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"}
            ]}
            """
        #expect(Verdicts.ports(Verdicts.reach(Self.read(text))) == "21")
    }

    @Test func `the commands permit what was asked, and undo it`() {
        let configuration = Self.read(Self.permission(""))
        let fix = AWSSecurityGroups.fix(
            .permit(PortSet(5001...5201), to: Verdicts.server), configuration)
        #expect(
            fix?.commands == [
                "aws ec2 authorize-security-group-ingress --group-id sg-1 --ip-permissions 'IpProtocol=tcp,FromPort=5001,ToPort=5201,IpRanges=[{CidrIp=0.0.0.0/0}]'"
            ])
        #expect(fix?.undo.first?.contains("revoke-security-group-ingress") == true)
        #expect(AWSSecurityGroups.fix(.restart, configuration) == nil)
    }

    @Test func `survives broken texts`() {
        for text in [
            Self.several,
            Self.permission(#"{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}"#),
        ] {
            Verdicts.survives(text) { AWSSecurityGroups.read(ConfigText(file: "a", bytes: $0)) }
        }
        let deep = String(repeating: "[", count: 100_000)
        #expect(
            AWSSecurityGroups.recognise(ConfigText(file: "a", "SecurityGroups: \(deep)")) == .no)
        #expect(AWSSecurityGroups.recognise(ConfigText(file: "a", deep)) == .no)
    }
}

@Suite struct AWSNetworkACLsTests {
    static func entry(
        _ number: Int, _ action: String, _ cidr: String, _ ports: ClosedRange<Int>? = nil,
        egress: Bool = false
    ) -> String {
        let range = ports.map {
            #","Protocol":"6","PortRange":{"From":\#($0.lowerBound),"To":\#($0.upperBound)}"#
        }
        return
            #"{"CidrBlock":"\#(cidr)","Egress":\#(egress),"RuleAction":"\#(action)","RuleNumber":\#(number)\#(range ?? #","Protocol":"-1""#)}"#
    }

    static func read(_ entries: [String], more: String = "") -> Configuration {
        let text = """
            {"NetworkAcls": [
             {"NetworkAclId": "acl-1", "IsDefault": true, "Entries": [
            \(entries.joined(separator: ",\n"))
             ]}\(more)]}
            """
        return AWSNetworkACLs.read(ConfigText(file: "acls.json", text))
    }

    static let out = entry(100, "allow", "0.0.0.0/0", egress: true)

    @Test func `the lowest number decides, whatever the order`() {
        let configuration = Self.read([
            Self.entry(32767, "deny", "0.0.0.0/0"), Self.entry(200, "allow", "0.0.0.0/0", 21...21),
            Self.entry(100, "deny", "198.51.100.0/24", 21...21),
            Self.entry(150, "allow", "0.0.0.0/0", 5001...5201), Self.out,
        ])
        let reach = Verdicts.reach(configuration)
        #expect(Verdicts.ports(reach) == "5001-5201")
        #expect(Verdicts.line(reach, 21) == 5)
        #expect(reach.segments.filter { $0.verdict == .permitted }.map(\.back) == [.permitted])
    }

    @Test func `answers need an entry of their own`() {
        let open = Self.entry(100, "allow", "0.0.0.0/0")
        func back(_ entries: [String]) -> [Reach.Verdict?] {
            Verdicts.reach(Self.read([open] + entries)).segments.map(\.back)
        }
        #expect(back([]) == [.denied])
        #expect(back([Self.out]) == [.permitted])
        #expect(
            back([Self.entry(1, "allow", "0.0.0.0/0", 1024...65535, egress: true)]) == [.permitted])
        #expect(
            back([Self.entry(1, "allow", "192.0.2.0/24", 1024...65535, egress: true)]) == [.denied])
        // Two entries that only together hold all ports that a client may come from.
        #expect(
            back([
                Self.entry(1, "allow", "0.0.0.0/0", 1024...40000, egress: true),
                Self.entry(2, "allow", "0.0.0.0/0", 40001...65535, egress: true),
            ]) == [.permitted])
        let some = Self.read([
            open, Self.entry(1, "allow", "0.0.0.0/0", 32768...65535, egress: true),
        ])
        let reach = Verdicts.reach(some)
        #expect(reach.segments.map(\.back) == [.unknown])
        #expect(reach.segments[0].notes.contains("way back: it depends on the client's port"))
        let high = Verdicts.reach(some, sourcePorts: PortSet(50000...50000))
        #expect(high.segments.map(\.back) == [.permitted])
    }

    @Test func `several lists ask for a choice`() {
        let more = #", {"NetworkAclId": "acl-2", "Entries": [\#(Self.out)]}"#
        let configuration = Self.read([Self.entry(1, "allow", "0.0.0.0/0"), Self.out], more: more)
        #expect(Verdicts.ports(Verdicts.reach(configuration), .unknown) == "1-65535")
        #expect(Verdicts.ports(Verdicts.reach(configuration, select: "acl-1")) == "1-65535")
        #expect(Verdicts.ports(Verdicts.reach(configuration, select: "acl-2")) == "")
    }

    @Test func `an entry without a number puts all in doubt`() {
        let odd = Self.entry(1, "allow", "0.0.0.0/0").replacing(
            "\"RuleNumber\":1", with: "\"RuleNumber\":\"x\"")
        #expect(Verdicts.ports(Verdicts.reach(Self.read([odd])), .unknown) == "1-65535")
    }

    @Test func `writes entries for the way there and back`() {
        let fix = AWSNetworkACLs.fix(
            .permit(PortSet(5001...5201), to: Verdicts.server), Self.read([]))
        #expect(fix?.commands.count == 2)
        #expect(fix?.commands.last?.contains("--egress") == true)
        #expect(fix?.commands.allSatisfy { $0.contains("acl-1") } == true)
    }

    @Test func `survives broken texts`() {
        let text =
            #"{"NetworkAcls":[{"NetworkAclId":"a","Entries":["# + Self.out + ",\n"
            + Self.entry(1, "allow", "1.2.3.4/8", 20...21) + "]}]}"
        Verdicts.survives(text) { AWSNetworkACLs.read(ConfigText(file: "a", bytes: $0)) }
    }
}
