import Net
import Policy
import PolicyFormats
import Testing

@Suite struct PANOSTests {
    static let set = """
        set deviceconfig system hostname edge
        set network interface ethernet ethernet1/1 layer3 ip 203.0.113.2/24
        set network interface ethernet ethernet1/2 layer3 ip 10.1.1.1/24
        set network virtual-router default routing-table ip static-route d interface ethernet1/1
        set network virtual-router default routing-table ip static-route d destination 0.0.0.0/0
        set zone untrust network layer3 ethernet1/1
        set zone trust network layer3 ethernet1/2
        set address ftp ip-netmask 203.0.113.10
        set address ftp-inside ip-netmask 10.1.1.10
        set service passive protocol tcp port 5001-5100,5150
        set rulebase nat rules in from untrust
        set rulebase nat rules in to untrust
        set rulebase nat rules in source any
        set rulebase nat rules in destination ftp
        set rulebase nat rules in service any
        set rulebase nat rules in destination-translation translated-address ftp-inside
        set rulebase security rules bad from untrust
        set rulebase security rules bad to any
        set rulebase security rules bad source [ 192.0.2.0/24 198.18.0.0-198.19.255.255 ]
        set rulebase security rules bad destination any
        set rulebase security rules bad application any
        set rulebase security rules bad service any
        set rulebase security rules bad action drop
        set rulebase security rules control from untrust
        set rulebase security rules control to trust
        set rulebase security rules control source any
        set rulebase security rules control destination ftp
        set rulebase security rules control application ftp
        set rulebase security rules control service application-default
        set rulebase security rules control action allow
        set rulebase security rules data from untrust
        set rulebase security rules data to trust
        set rulebase security rules data source any
        set rulebase security rules data destination ftp
        set rulebase security rules data application any
        set rulebase security rules data service passive
        set rulebase security rules data action allow
        """
    static let xml = """
        <?xml version="1.0"?>
        <config version="10.0.0" urldb="paloaltonetworks">
          <devices><entry name="localhost.localdomain">
            <network><interface><ethernet>
              <entry name="ethernet1/1"><layer3><ip><entry name="203.0.113.2/24"/></ip></layer3></entry>
              <entry name="ethernet1/2"><layer3><ip><entry name="10.1.1.1/24"/></ip></layer3></entry>
            </ethernet></interface></network>
            <vsys>
              <entry name="vsys1">
                <zone>
                  <entry name="untrust"><network><layer3><member>ethernet1/1</member></layer3></network></entry>
                  <entry name="trust"><network><layer3><member>ethernet1/2</member></layer3></network></entry>
                </zone>
                <service><entry name="ftp"><protocol><tcp><port>21</port></tcp></protocol></entry></service>
                <rulebase><security><rules>
                  <entry name="in">
                    <from><member>untrust</member></from>
                    <to><member>trust</member></to>
                    <source><member>any</member></source>
                    <destination><member>10.1.1.10</member></destination>
                    <application><member>any</member></application>
                    <service><member>ftp</member></service>
                    <action>allow</action>
                  </entry>
                </rules></security></rulebase>
              </entry>
            </vsys>
          </entry></devices>
        </config>
        """
    static let braces = """
        config {
          devices {
            localhost.localdomain {
              vsys {
                vsys1 {
                  rulebase { security { rules {
                    one { from any; to any; source any; destination 10.1.1.10; application any; service any; action allow; }
                  } } }
                }
              }
            }
          }
        }
        """

    private func ask(_ text: String) -> FirewallVerdicts { FirewallVerdicts(PANOS.self, text) }

    @Test func `recognises itself in its three forms`() {
        for text in [Self.set, Self.xml, Self.braces] {
            let text = ConfigText(file: "x", text)
            #expect(Formats.all.filter { $0.recognise(text) > .no }.map { $0.name } == ["panos"])
        }
    }

    @Test func `rules name the address before translation and the zone behind it`() throws {
        #expect(try ask(Self.set).ports(.permitted, "203.0.113.10") == "21,5001-5100,5150")
        #expect(try ask(Self.set).delivered("203.0.113.10", 5001) == "10.1.1.10")
        #expect(try ask(Self.set).ports(.permitted, "203.0.113.10", from: "192.0.2.8") == "")
        #expect(try ask(Self.set).ports(.permitted, "10.1.1.10") == "")
        #expect(try ask(Self.set).ports(.permittedByInspection, "203.0.113.10", control: 21) != "")
    }

    @Test func `reads XML and braces`() throws {
        #expect(try ask(Self.xml).ports(.permitted, "10.1.1.10") == "21")
        #expect(try ask(Self.braces).ports(.permitted, "10.1.1.10") == "1-65535")
        #expect(try ask(Self.braces).ports(.permitted, "10.1.1.11") == "")
    }

    @Test(arguments: [
        ("data service passive", "data service nothing"),
        ("data application any", "data application web-browsing"),
        ("data source any", "data source nobody"),
        ("data action allow", "data action allow\nset rulebase security rules data schedule night"),
    ])
    func `what isn't in the file is unknown`(_ old: String, _ new: String) throws {
        let text = Self.set.replacing(old, with: new)
        try #require(text != Self.set)
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "21")
        #expect(try ask(text).ports(.unknown, "203.0.113.10") != "")
    }

    private static let defaults = "set rulebase default-security-rules rules"

    @Test(arguments: [
        "intrazone-default action allow\n\(defaults) intrazone-default log-end yes",
        "interzone-default action deny\n\(defaults) interzone-default log-setting default",
        "interzone-default profile-setting group strict",
    ])
    func `default rules that were written out to log stay what they are`(_ rule: String) throws {
        let text = Self.set + "\n\(Self.defaults) \(rule)"
        #expect(
            try ask(text).ports(.permitted, "203.0.113.10")
                == ask(Self.set).ports(.permitted, "203.0.113.10"))
        #expect(try ask(text).ports(.unknown, "203.0.113.10") == "")
    }

    @Test(arguments: [
        "intrazone-default action deny", "interzone-default action allow",
        "interzone-default log-end yes action allow", "interzone-default frob yes",
        "other action deny",
    ])
    func `default rules that were changed leave everything unknown`(_ rule: String) throws {
        let text = Self.set + "\n\(Self.defaults) \(rule)"
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "")
    }

    @Test func `a console's prompts aren't commands`() throws {
        let text =
            "admin@edge> set cli config-output-format set\nadmin@edge> configure\n"
            + "Entering configuration mode\n[edit]\nadmin@edge# show\n\(Self.set)\n[edit]\n"
        #expect(
            try ask(text + "admin@edge# \n").ports(.permitted, "203.0.113.10")
                == ask(Self.set).ports(.permitted, "203.0.113.10"))
        #expect(
            try ask(text + "admin@edge# rename rulebase security rules data to x\n")
                .ports(.permitted, "203.0.113.10") == "")
    }

    static let zones = """
        set network interface ethernet ethernet1/1 layer3 ip 203.0.113.2/24
        set network interface ethernet ethernet1/2 layer3 mtu 1500 ip 10.1.1.1/24
        set zone untrust network layer3 ethernet1/1
        set zone trust network layer3 ethernet1/2
        set address FTP ip-netmask 10.1.1.10
        set service s21 protocol tcp port 21
        set service pasv protocol tcp port 5001-5100 override yes timeout 30
        set service odd protocol tcp port 21 source-port 20
        set service bad protocol tcp port 21 foo x

        """
    static let all = "from untrust to trust source any destination any application any"

    @Test(arguments: [
        ("\(all) service s21 action allow", "21", ""),
        ("\(all) service [ s21 pasv ] action allow", "21,5001-5100", ""),
        ("\(all) action allow service pasv log-end yes tag [ a b ] description x", "5001-5100", ""),
        ("\(all) service odd action allow", "", ""),
        ("\(all) service bad action allow", "", "21"),
        ("\(all) service s21 action allow negate-destination yes", "", "21"),
        (
            "from untrust to trust source 10.0.0.0/8 destination FTP application any "
                + "service s21 action allow negate-source yes", "21", ""
        ),
        (
            "from untrust to trust source any destination FTP application any "
                + "service s21 action allow negate-destination yes", "", ""
        ),
        (
            "from untrust to trust source nowhere destination FTP application any "
                + "service s21 action allow negate-source yes", "", "21"
        ),
        ("\(all) service s21 action allow rule-type interzone", "21", ""),
        ("\(all) service s21 action allow rule-type intrazone", "", ""),
        (
            "from [ trust untrust ] to [ trust untrust ] source any destination any application any "
                + "service s21 action allow rule-type interzone", "21", ""
        ),
        (
            "from any to any source any destination any application any service any action deny "
                + "rule-type intrazone\nset rulebase security rules S \(all) service s21 action allow",
            "21", ""
        ),
        (
            "from any to any source any destination any application any service any action deny "
                + "rule-type interzone\nset rulebase security rules S \(all) service s21 action allow",
            "", ""
        ),
        ("\(all) service s21 action allow negate-destination no rule-type universal", "21", ""),
        ("\(all) service s21 action allow disabled yes", "", ""),
        ("\(all) service s21 action allow profile-setting group default", "21", ""),
        ("\(all) service s21 profile-setting group default action allow", "", "21"),
        ("\(all) service s21 action allow later x", "", "21"),
        ("\(all) service s21 later x action allow", "", "21"),
        ("\(all) service s21 action allow destination-device printer", "", "21"),
        ("\(all) service s21 action allow\nset rulebase security rules R action deny", "", "21"),
        (
            "from untrust to trust destination any application any service s21 action allow", "",
            "21"
        ),
    ])
    func `a rule on one line`(_ rule: String, _ open: String, _ unknown: String) throws {
        let text = ask("\(Self.zones)set rulebase security rules R \(rule)")
        #expect(try text.ports("10.1.1.10") == open)
        #expect(try text.ports(.unknown, "10.1.1.10") == unknown)
        if !unknown.isEmpty { #expect(text.state(10) == .notModelled) }
    }

    @Test(arguments: [
        "address FTP ip-netmask 10.1.1.10", "service s21 protocol tcp port 22",
        "rulebase security rules R disabled yes", "vsys vsys1 service s21 protocol udp port 21",
    ])
    func `what is set again is unknown, or the nearer one`(_ again: String) throws {
        let rule =
            "set rulebase security rules R from untrust to trust source any destination FTP "
            + "application any service s21 action allow disabled no\n"
        let other = again.replacing("10.1.1.10", with: "10.1.1.11")
        let text = try ask("\(Self.zones)\(rule)set \(other)").ports("10.1.1.10")
        #expect(text == "")
        #expect(try ask(Self.zones + rule).ports("10.1.1.10") == "21")
    }

    @Test(arguments: ["", "vsys vsys1 ", "devices localhost.localdomain vsys vsys1 "])
    func `a rule on one line within a virtual system`(_ head: String) throws {
        let text =
            Self.zones + "set \(head)rulebase security rules R \(Self.all) "
            + "service s21 action allow"
        #expect(try ask(text).ports("10.1.1.10") == "21")
    }

    @Test func `a rule on one line that denies`() throws {
        let rules = [
            "R1 \(Self.all) service s21 action deny", "R2 \(Self.all) service any action allow",
        ]
        let text = Self.zones + rules.map { "set rulebase security rules \($0)\n" }.joined()
        #expect(try ask(text).ports(.denied, "10.1.1.10") == "21")
    }

    @Test(arguments: [
        ("log-start no", "21"), ("some-condition-of-later x", ""), ("some-condition-of-later", ""),
        ("profile-setting profiles virus default", "21"), ("category any", "21"),
        ("option disable-server-response-inspection no", "21"),
    ])
    func `a key that isn't known is no permission`(_ key: String, _ open: String) throws {
        let text =
            Self.zones
            + (Self.keys + [key, "action allow"]).map { "set rulebase security rules R \($0)\n" }
            .joined()
        #expect(try ask(text).ports("10.1.1.10") == open)
        #expect(try ask(text).ports(.unknown, "10.1.1.10") == (open.isEmpty ? "21" : ""))
    }
    static let keys = [
        "from untrust", "to trust", "source any", "destination FTP", "application any",
        "service s21",
    ]

    @Test(arguments: [
        ("<log-setting>x</log-setting><tag><member>t</member></tag>", "21"),
        ("<brand-new-condition>x</brand-new-condition>", ""),
        ("<brand-new-condition/>", ""), ("<source-user><member>any</member></source-user>", "21"),
        ("<profile-setting><group><member>g</member></group></profile-setting>", "21"),
    ])
    func `nor is an element that isn't known`(_ element: String, _ open: String) throws {
        let text = Self.xml.replacing("<action>", with: element + "<action>")
        #expect(try ask(text).ports("10.1.1.10") == open)
        #expect(try ask(text).ports(.unknown, "10.1.1.10") == (open.isEmpty ? "21" : ""))
    }

    @Test(arguments: [
        ("translated-address FTP translated-port 2121", "10.1.1.10:2121"),
        ("translated-address FTP\nset rulebase nat rules N to-interface ethernet1/1", "10.1.1.10"),
        ("translated-address FTP later x", nil),
    ])
    func `a translation on one line`(_ words: String, _ to: String?) throws {
        let text = ask(
            """
            \(Self.zones)set rulebase nat rules N from untrust to untrust source any \
            destination 203.0.113.10 service s21 destination-translation \(words)
            set rulebase security rules R \(Self.all) service any action allow
            """)
        #expect(try text.ports(.unknown, "203.0.113.10") == (to == nil ? "21" : ""))
        if let to { #expect(try text.delivered("203.0.113.10", 21) == to) }
    }

    @Test func `a rule of its own opens ports`() throws {
        let to = try #require(IPAddress("203.0.113.10"))
        let open = try ask(Self.set).mended(PANOS.self, .permit(PortSet(6000...6010), to: to))
        #expect(try open.ports(.permitted, "203.0.113.10") == "21,5001-5100,5150,6000-6010")
    }

    @Test(arguments: ["pre-rulebase", "post-rulebase"])
    func `rules of a Panorama leave everything unknown`(_ base: String) throws {
        let rules = "\nset \(base) security rules x action deny"
        let ask = FirewallVerdicts(PANOS.self, Self.set + rules)
        #expect(try ask.ports(.permitted, "203.0.113.10") == "")
        #expect(try ask.ports(.unknown, "203.0.113.10") == "1-65535")
    }

    @Test(arguments: ["active-active-device-binding 0", "service passive"])
    func `what isn't modelled of a rule for both ways holds for both`(_ line: String) throws {
        let nat = "set rulebase nat rules in"
        let out = [
            "from trust", "to untrust", "source ftp-inside", "destination any",
            "source-translation static-ip translated-address ftp",
            "source-translation static-ip bi-directional yes",
        ]
        let rest = Self.set.split(separator: "\n").filter { !$0.hasPrefix(nat) }
            .joined(separator: "\n")
        let both = rest + "\n" + out.map { "\(nat) \($0)" }.joined(separator: "\n")
        let open = FirewallVerdicts(PANOS.self, both + "\n\(nat) service any")
        #expect(try open.ports(.permitted, "203.0.113.10") == "21,5001-5100,5150")
        let ask = FirewallVerdicts(PANOS.self, both + "\n\(nat) \(line)")
        #expect(try ask.ports(.permitted, "203.0.113.10") == "")
        #expect(try ask.ports(.unknown, "203.0.113.10") != "")
    }

    @Test func `no rule lets anybody through to the device itself`() throws {
        let ask = FirewallVerdicts(PANOS.self, Self.set)
        #expect(try ask.ports(.permitted, "203.0.113.2") == "")
        #expect(try ask.ports(.unknown, "203.0.113.2") == "1-65535")
    }

    @Test func `no bytes trap it`() {
        FirewallVerdicts.batter(PANOS.self, Self.set)
        FirewallVerdicts.batter(PANOS.self, Self.xml)
        FirewallVerdicts.batter(PANOS.self, Self.braces)
    }
}
