import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct GCPFirewallTests {
    static let yaml = """
        ---
        allowed:
        - IPProtocol: tcp
          ports:
          - '21'
          - 5001-5201
        creationTimestamp: '2026-01-01T00:00:00.000-08:00'
        direction: INGRESS
        disabled: false
        name: ftp
        network: https://www.googleapis.com/compute/v1/projects/p/global/networks/default
        priority: 1000
        sourceRanges:
        - 0.0.0.0/0
        ---
        denied:
        - IPProtocol: all
        direction: INGRESS
        name: not-these
        network: https://www.googleapis.com/compute/v1/projects/p/global/networks/default
        priority: 1000
        sourceRanges:
        - 198.51.100.128/25
        """

    static func read(_ text: String) -> Configuration {
        GCPFirewall.read(ConfigText(file: "rules", text))
    }

    static func rule(_ more: String, name: String = "a") -> String {
        #"{"name": "\#(name)", "allowed": [{"IPProtocol": "tcp", "ports": ["21"]}], \#(more)}"#
    }

    @Test func `reads YAML documents, a denial before a permission of the same priority`() {
        let configuration = Self.read(Self.yaml)
        #expect(GCPFirewall.recognise(ConfigText(file: "a", Self.yaml)) == .certain)
        let reach = Verdicts.reach(configuration)
        #expect(Verdicts.ports(reach) == "21,5001-5201")
        #expect(Verdicts.line(reach, 21) == 10)
        let other = Verdicts.reach(configuration, from: AddressSet(IPAddress(v4: 0xc633_64ff)))
        #expect(Verdicts.ports(other, .denied) == "1-65535")
        #expect(Verdicts.line(other, 21) == 19)
        #expect(Verdicts.states(configuration) == [.used, .irrelevant])
    }

    /// An account that may not see them is answered alike.
    @Test(arguments: [GCPFirewall.self, AzureNSG.self] as [any ConfigFormat.Type])
    func `a list without rules or groups permits nothing`(_ format: any ConfigFormat.Type) {
        for text in ["[]", ""] {
            let reach = Verdicts.reach(format.read(ConfigText(file: "fw", text)))
            #expect(reach.segments.allSatisfy { $0.verdict == .unknown })
        }
    }

    @Test(arguments: [
        (#""sourceRanges": ["198.51.100.0/24"]"#, "21", ""), (#""description": """#, "21", ""),
        (#""sourceRanges": ["192.0.2.0/24"]"#, "", ""), (#""sourceRanges": ["::/0"]"#, "", ""),
        (#""disabled": true"#, "", ""), (#""direction": "EGRESS""#, "", ""),
        (#""sourceTags": ["web"]"#, "", ""),
        (#""sourceTags": ["web"], "sourceRanges": ["0.0.0.0/0"]"#, "21", ""),
        (#""targetTags": ["ftp"]"#, "", "21"), (#""targetServiceAccounts": ["x@y"]"#, "", "21"),
        (#""odd": 1"#, "", "21"), (#""priority": "x""#, "", "21"),
        (#""sourceRanges": ["nonsense"]"#, "", "21"), (#""sourceRanges": []"#, "21", ""),
    ])
    func `sources, targets and switches`(more: String, permitted: String, unknown: String) {
        let reach = Verdicts.reach(Self.read("[\(Self.rule(more))]"))
        #expect(Verdicts.ports(reach) == permitted)
        #expect(Verdicts.ports(reach, .unknown) == unknown)
    }

    @Test(arguments: [#"["x"]"#, #"["203.0.113.0/24", 5]"#, #""203.0.113.5/32""#])
    func `a denial whose destinations can't be read makes all unknown`(list: String) {
        let denial =
            #"{"name": "b", "priority": 1, "denied": [{"IPProtocol": "all"}], "destinationRanges": \#(list)}"#
        let reach = Verdicts.reach(
            Self.read("[\(denial), \(Self.rule(#""sourceRanges": ["0.0.0.0/0"]"#))]"))
        #expect(Verdicts.ports(reach) == "")
        #expect(Verdicts.ports(reach, .unknown).contains("21"))
    }

    @Test func `a tag can be selected`() {
        let rules = [
            Self.rule(#""targetTags": ["ftp"]"#), Self.rule(#""targetTags": ["x"], "priority": 1"#),
        ]
        let configuration = Self.read("[\(rules.joined(separator: ","))]")
        #expect(configuration.device?.selectable == ["default", "default/ftp", "default/x"])
        #expect(Verdicts.ports(Verdicts.reach(configuration, select: "default/ftp")) == "21")
    }

    @Test func `networks are apart`() {
        let rules = [
            Self.rule(#""network": "global/networks/a""#),
            Self.rule(#""network": "b", "disabled": true"#),
        ]
        let configuration = Self.read("[\(rules.joined(separator: ","))]")
        #expect(Verdicts.ports(Verdicts.reach(configuration), .unknown) == "1-65535")
        #expect(Verdicts.ports(Verdicts.reach(configuration, select: "a")) == "21")
        #expect(Verdicts.ports(Verdicts.reach(configuration, select: "b")) == "")
    }

    @Test func `is not any YAML with protocols in it`() {
        let text = "rules:\n- allowed:\n  - IPProtocol: tcp\n"
        #expect(GCPFirewall.recognise(ConfigText(file: "a", text)) == .no)
        #expect(GCPFirewall.recognise(ConfigText(file: "a", "x = {'IPProtocol': 'tcp'}")) == .no)
    }

    @Test func `the formats of clouds are told apart`() {
        let texts = [
            (Self.yaml, "gcp-firewall-rules"),
            (AWSSecurityGroupsTests.several, "aws-security-groups"),
            (AzureNSGTests.text([AzureNSGTests.rule("a", 1)]), "azure-nsg"),
            ("{\"NetworkAcls\": [{\"NetworkAclId\": \"a\", \"Entries\": []}]}", "aws-network-acls"),
        ]
        for (text, name) in texts {
            let text = ConfigText(file: "a", text)
            #expect(Formats.all.filter { $0.recognise(text) > .no }.map { $0.name } == [name])
        }
    }

    @Test func `the command names the ports, the address and the direction`() {
        let ports = PortSet([21...21, 5001...5201])
        let fix = GCPFirewall.fix(.permit(ports, to: Verdicts.server), Self.read(Self.yaml))
        #expect(
            fix?.commands == [
                "gcloud compute firewall-rules create ftp-allow --network=default --direction=INGRESS --priority=0 --action=ALLOW --rules=tcp:21,tcp:5001-5201 --source-ranges=0.0.0.0/0"
            ])
    }

    @Test func `survives broken texts`() {
        for text in [Self.yaml, "[\(Self.rule(#""sourceTags": ["web"]"#))]"] {
            Verdicts.survives(text) { GCPFirewall.read(ConfigText(file: "a", bytes: $0)) }
        }
    }

    private static func effective(_ rules: String) -> String {
        """
        $ gcloud compute networks get-effective-firewalls default --format=json
        {
          "firewallPolicys": [
            {
              "name": "1234",
              "rules": [
                \(rules)
                {"action": "goto_next", "direction": "INGRESS", "priority": 2147483645,
                 "match": {"layer4Configs": [{"ipProtocol": "all"}], "srcIpRanges": ["0.0.0.0/0"]}}
              ],
              "type": "HIERARCHY"
            }
          ],
          "firewalls": [
            {"name": "a", "sourceRanges": ["0.0.0.0/0"],
             "allowed": [{"IPProtocol": "tcp", "ports": ["21", "5001-5010"]}]}
          ]
        }
        """
    }

    @Test(arguments: [
        ("", "21,5001-5010", ""), (rule("deny", "tcp", "22"), "21,5001-5010", "22"),
        (rule("deny", "tcp", "5005"), "21,5001-5004,5006-5010", "5005"),
        (rule("deny", "udp", "21"), "21,5001-5010", ""),
        (rule("allow", "all", ""), "", "1-65535"),
        (rule("deny", "tcp", "21", "EGRESS"), "21,5001-5010", ""),
    ])
    func `what a policy may decide is unknown`(
        rules: String, _ permitted: String, _ unknown: String
    ) {
        let text = Self.effective(rules)
        #expect(GCPFirewall.recognise(ConfigText(file: "a", text)) == .certain)
        let configuration = Self.read(text)
        let reach = Verdicts.reach(configuration)
        #expect(Verdicts.ports(reach) == permitted)
        #expect(Verdicts.ports(reach, .unknown) == unknown)
        #expect(!configuration.notes.contains { $0.state == .notRecognised })
    }

    private static func rule(
        _ action: String, _ transport: String, _ port: String, _ direction: String = "INGRESS"
    ) -> String {
        let ports = port.isEmpty ? "" : #", "ports": ["\#(port)"]"#
        return #"""
            {"action": "\#(action)", "direction": "\#(direction)", "priority": 100, "match":
            {"layer4Configs": [{"ipProtocol": "\#(transport)"\#(ports)}]}},
            """#
    }
}
