import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct AzureNSGTests {
    static func rule(
        _ name: String, _ priority: Int, _ access: String = "Allow", ports: String = "*",
        source: String = "*", to: String = "*", direction: String = "Inbound",
        protocol word: String = "Tcp"
    ) -> String {
        """
        {
          "name": "\(name)",
          "properties": {
            "protocol": "\(word)", "access": "\(access)", "direction": "\(direction)",
            "sourcePortRange": "*", "destinationPortRange": "\(ports)",
            "sourceAddressPrefix": "\(source)", "destinationAddressPrefix": "\(to)",
            "sourceAddressPrefixes": [], "destinationPortRanges": [], "priority": \(priority)
          }
        }
        """
    }

    static func text(_ rules: [String], name: String = "nsg") -> String {
        """
        {"name": "\(name)", "properties": {"securityRules": [
        \(rules.joined(separator: ",\n"))
        ]}}
        """
    }

    static func read(_ rules: [String]) -> Configuration {
        AzureNSG.read(ConfigText(file: "nsg.json", text(rules)))
    }

    @Test func `what the command that makes a group answers is a group`() {
        let answer = "{\"NewNSG\": \(Self.text([Self.rule("ftp", 100, ports: "21")]))}"
        let text = ConfigText(file: "nsg.json", answer)
        #expect(AzureNSG.recognise(text) == .certain)
        #expect(Verdicts.ports(Verdicts.reach(AzureNSG.read(text))) == "21")
    }

    @Test func `the lowest priority decides`() {
        let configuration = Self.read([
            Self.rule("late", 300, ports: "21"), Self.rule("early", 200, "Deny", ports: "20-22"),
            Self.rule("range", 400, ports: "5001-5201"),
        ])
        let reach = Verdicts.reach(configuration)
        #expect(Verdicts.ports(reach) == "5001-5201")
        #expect(Verdicts.line(reach, 5001) == 21)
        #expect(Verdicts.line(reach, 6000) == nil)
    }

    @Test(arguments: [
        ("*", "21"), ("Internet", "21"), ("198.51.100.0/24", "21"), ("198.51.100.10", "21"),
        ("192.0.2.0/24", ""), ("VirtualNetwork", ""), ("AzureLoadBalancer", ""), ("10.0.0.0/8", ""),
    ])
    func `sources are addresses and tags`(source: String, permitted: String) {
        let reach = Verdicts.reach(Self.read([Self.rule("a", 100, ports: "21", source: source)]))
        #expect(Verdicts.ports(reach) == permitted)
        #expect(Verdicts.ports(reach, .unknown) == "")
    }

    @Test(arguments: ["Storage.WestEurope", "AppService", "10.0.0.0/99"])
    func `other tags are unknown`(tag: String) {
        let reach = Verdicts.reach(Self.read([Self.rule("a", 100, ports: "21", source: tag)]))
        #expect(Verdicts.ports(reach, .unknown) == "21")
    }

    @Test func `the network's own clients are unknown where the file has no addresses`() {
        let near = AddressSet(IPAddress(v4: 0x0a00_0001))
        let reach = Verdicts.reach(Self.read([]), from: near)
        #expect(Verdicts.ports(reach, .unknown) == "1-65535")
        let denied = Self.read([Self.rule("a", 4096, "Deny")])
        #expect(Verdicts.ports(Verdicts.reach(denied, from: near), .denied) == "1-65535")
    }

    @Test func `a rule for a private address may be meant by the public one`() {
        let configuration = Self.read([Self.rule("a", 100, ports: "21", to: "10.0.0.4/32")])
        #expect(Verdicts.ports(Verdicts.reach(configuration), .unknown) == "21")
        let inside = IPAddress(v4: 0x0a00_0004)
        #expect(Verdicts.ports(Verdicts.reach(configuration, to: inside)) == "21")
        let other = IPAddress(v4: 0x0a00_0005)
        #expect(Verdicts.ports(Verdicts.reach(configuration, to: other)) == "")
    }

    @Test func `what leaves, and other protocols, don't count`() {
        let configuration = Self.read([
            Self.rule("out", 100, direction: "Outbound"), Self.rule("u", 110, protocol: "Udp"),
            Self.rule("all", 120, ports: "990", protocol: "*"),
        ])
        #expect(Verdicts.ports(Verdicts.reach(configuration)) == "990")
    }

    @Test func `flattened rules of the command line, and lists of values`() {
        let text = """
            [{"name": "nsg", "securityRules": [
              {"name": "ftp", "protocol": "Tcp", "access": "Allow", "direction": "Inbound",
               "sourcePortRange": "*", "destinationPortRanges": ["21", "5001-5201"],
               "sourceAddressPrefixes": ["198.51.100.0/24", "192.0.2.1"], "priority": 100,
               "sourceAddressPrefix": null, "destinationAddressPrefix": "*"}]}]
            """
        let configuration = AzureNSG.read(ConfigText(file: "a", text))
        #expect(AzureNSG.recognise(ConfigText(file: "a", text)) == .certain)
        #expect(Verdicts.ports(Verdicts.reach(configuration)) == "21,5001-5201")
    }

    @Test func `rules beside their group in a template, and bare lists of rules`() {
        let separate = Self.rule("nsg/ftp", 100, ports: "21").replacing(
            "\"name\"",
            with: "\"type\": \"Microsoft.Network/networkSecurityGroups/securityRules\", \"name\"")
        let template = "{\"resources\": [\(Self.text([])), \(separate)]}"
        #expect(AzureNSG.recognise(ConfigText(file: "a", template)) == .certain)
        let one = AzureNSG.read(ConfigText(file: "a", template))
        #expect(Verdicts.ports(Verdicts.reach(one)) == "21")
        let two = AzureNSG.read(
            ConfigText(
                file: "a",
                "{\"resources\": [\(Self.text([])), \(Self.text([], name: "b")), \(separate)]}"))
        #expect(Verdicts.ports(Verdicts.reach(two, select: "b"), .unknown) == "21")
        let list = "[\(Self.rule("securityRules/ftp", 100, ports: "21"))]"
        #expect(AzureNSG.recognise(ConfigText(file: "a", list)) == .certain)
        #expect(Verdicts.ports(Verdicts.reach(AzureNSG.read(ConfigText(file: "a", list)))) == "21")
    }

    @Test func `an unknown key or value puts its rule in doubt`() {
        let odd = Self.rule("a", 100, ports: "21").replacing(
            "\"priority\"", with: "\"odd\": 1, \"priority\"")
        #expect(Verdicts.ports(Verdicts.reach(Self.read([odd])), .unknown) == "21")
        let access = Self.rule("a", 100, "Perhaps", ports: "21")
        #expect(Verdicts.ports(Verdicts.reach(Self.read([access])), .unknown) == "21")
        let port = Self.rule("a", 100, ports: "21-x")
        #expect(Verdicts.ports(Verdicts.reach(Self.read([port])), .unknown) == "1-65535")
    }

    @Test func `subnet and interface must both allow`() throws {
        let subnet = Self.text([Self.rule("a", 100, ports: "21-22")], name: "subnet")
        let interface = Self.text([Self.rule("a", 100, ports: "20-21")], name: "nic")
        let both = try Formats.read(together: [
            ("subnet.json", Array(subnet.utf8)), ("nic.json", Array(interface.utf8)),
        ])
        #expect(Verdicts.ports(Verdicts.reach(both)) == "21")
    }

    @Test func `the command names the ports, the address and the direction`() {
        let fix = AzureNSG.fix(
            .permit(PortSet([21...21, 5001...5201]), to: Verdicts.server), Self.read([]))
        let command = fix?.commands.first ?? ""
        #expect(command.contains("--nsg-name nsg "))
        #expect(command.hasSuffix("--destination-port-ranges 21 5001-5201"))
        #expect(AzureNSG.fix(.requireTLS, nil) == nil)
    }

    @Test func `survives broken texts`() {
        let text = Self.text([
            Self.rule("a", 1, source: "Internet"), Self.rule("b", 2, ports: "5-6"),
        ])
        Verdicts.survives(text) { AzureNSG.read(ConfigText(file: "a", bytes: $0)) }
    }
}
