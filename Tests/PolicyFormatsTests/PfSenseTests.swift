import Net
import Policy
import PolicyFormats
import Testing

@Suite struct PfSenseTests {
    static let old = """
        <?xml version="1.0"?>
        <pfsense>
          <system><ipv6allow/></system>
          <interfaces>
            <wan><if>em0</if><ipaddr>203.0.113.2</ipaddr><subnet>24</subnet><blockpriv/></wan>
            <lan><if>em1</if><descr><![CDATA[Servers]]></descr><ipaddr>10.1.1.1</ipaddr><subnet>24</subnet></lan>
          </interfaces>
          <aliases>
            <alias><name>ftp</name><type>host</type><address>10.1.1.10</address></alias>
            <alias><name>passive</name><type>port</type><address>5001:5100 5150</address></alias>
            <alias><name>bad</name><type>urltable</type><address>bad</address></alias>
          </aliases>
          <nat>
            <outbound><mode>automatic</mode></outbound>
            <rule>
              <source><any/></source>
              <destination><network>wanip</network><port>21</port></destination>
              <protocol>tcp</protocol><target>ftp</target><local-port>2121</local-port>
              <interface>wan</interface><associated-rule-id>nat_1</associated-rule-id>
            </rule>
            <rule>
              <source><any/></source>
              <destination><address>203.0.113.2</address><port>5001-5201</port></destination>
              <protocol>tcp</protocol><target>10.1.1.10</target><local-port>5001</local-port>
              <interface>wan</interface>
            </rule>
            <rule>
              <source><any/></source>
              <destination><network>wanip</network><port>990</port></destination>
              <protocol>tcp</protocol><target>ftp</target><local-port>990</local-port>
              <interface>wan</interface><associated-rule-id>pass</associated-rule-id>
            </rule>
          </nat>
          <filter>
            <rule>
              <type>pass</type><interface>wan</interface><protocol>tcp</protocol>
              <source><any/></source><destination><address>ftp</address><port>2121</port></destination>
              <associated-rule-id>nat_1</associated-rule-id>
            </rule>
            <rule>
              <type>pass</type><interface>wan</interface><protocol>tcp</protocol>
              <source><any/></source><destination><address>ftp</address><port>passive</port></destination>
            </rule>
            <rule>
              <disabled/>
              <type>pass</type><interface>wan</interface>
              <source><any/></source><destination><any/></destination>
            </rule>
            <rule>
              <floating>yes</floating><quick>yes</quick><direction>in</direction>
              <type>reject</type><interface>wan</interface><protocol>tcp</protocol>
              <source><address>198.51.100.0/28</address></source>
              <destination><any/><port>5002</port></destination>
            </rule>
            <rule>
              <type>pass</type><interface>lan</interface>
              <source><network>lan</network></source><destination><any/></destination>
            </rule>
          </filter>
        </pfsense>
        """
    static let new = """
        <opnsense>
          <system><ipv6allow>1</ipv6allow></system>
          <interfaces>
            <wan><if>em0</if><ipaddr>dhcp</ipaddr><blockpriv>1</blockpriv></wan>
            <lan><if>em1</if><ipaddr>10.1.1.1</ipaddr><subnet>24</subnet></lan>
          </interfaces>
          <OPNsense><Firewall>
            <Alias><aliases>
              <alias><enabled>1</enabled><name>ftp</name><type>host</type><content>10.1.1.10
        10.1.1.11</content></alias>
            </aliases></Alias>
            <Filter><rules>
              <rule>
                <enabled>1</enabled><sequence>20</sequence><action>block</action><quick>1</quick>
                <interface>wan</interface><direction>in</direction><ipprotocol>inet</ipprotocol>
                <protocol>TCP</protocol><source_net>any</source_net>
                <destination_net>any</destination_net><destination_port>22</destination_port>
              </rule>
              <rule>
                <enabled>1</enabled><sequence>10</sequence><action>pass</action><quick>1</quick>
                <interface>wan</interface><direction>in</direction><ipprotocol>inet</ipprotocol>
                <protocol>TCP</protocol><source_net>any</source_net>
                <destination_net>ftp</destination_net><destination_port>21-22</destination_port>
              </rule>
            </rules></Filter>
          </Firewall></OPNsense>
        </opnsense>
        """

    private func ask(_ text: String, entering: String? = nil) -> FirewallVerdicts {
        var asked = FirewallVerdicts(PfSense.self, text)
        asked.entering = entering
        return asked
    }

    @Test(arguments: ["", "[]", "<config></config>"])
    func `what is no configuration of it permits nothing`(_ text: String) throws {
        let asked = FirewallVerdicts(PfSense.self, text)
        let segments = try asked.reach("203.0.113.5", ports: "21").segments
        #expect(segments.map(\.verdict) == [.unknown])
    }

    @Test func `recognises itself, whichever of both it is`() {
        for text in [Self.old, Self.new] {
            let text = ConfigText(file: "x", text)
            #expect(
                Formats.all.filter { $0.recognise(text) > .no }.map { $0.name } == [PfSense.name])
        }
    }

    @Test func `forwards ports, then filters`() throws {
        let asked = ask(Self.old)
        #expect(try asked.ports(.permitted, "203.0.113.2") == "21,990,5001,5003-5100,5150")
        #expect(try asked.delivered("203.0.113.2", 21) == "10.1.1.10:2121")
        #expect(try asked.delivered("203.0.113.2", 5001) == "10.1.1.10")
        #expect(
            try asked.ports(.permitted, "203.0.113.2", from: "198.51.100.77")
                == "21,990,5001-5100,5150")
        #expect(try asked.ports(.permitted, "203.0.113.2", from: "192.168.7.7") == "990")
        #expect(try asked.lines("203.0.113.2", 5001).prefix(2) == [21, 40])
    }

    @Test func `what isn't forwarded isn't let in by what a forward would bring`() throws {
        let pass = "<associated-rule-id>pass</associated-rule-id>"
        let text = Self.old.replacing(pass, with: "<nordr/>\(pass)")
        #expect(try ask(Self.old).ports(.permitted, "203.0.113.2", from: "192.168.7.7") == "990")
        #expect(try ask(text).ports(.permitted, "203.0.113.2", from: "192.168.7.7") == "")
    }

    @Test func `private senders are blocked where the interface says so`() throws {
        let asked = ask(Self.old)
        #expect(try asked.ports(.permitted, "10.1.1.10", from: "192.168.7.7") == "")
        #expect(try asked.ports(.permitted, "10.1.1.10") == "2121,5001,5003-5100,5150")
    }

    @Test func `interfaces go by their key, their device or their title`() throws {
        for name in ["lan", "em1", "Servers"] {
            #expect(
                try ask(Self.old, entering: name).ports(.permitted, "192.0.2.1", from: "10.1.1.5")
                    == "1-65535")
        }
        #expect(
            try ask(Self.old, entering: "lan").ports(.permitted, "192.0.2.1", from: "10.9.1.5")
                == "")
    }

    @Test(arguments: [
        ("", "1-65535"), ("<direction>out</direction>", ""),
        ("<direction>any</direction>", "1-65535"), ("<floating>yes</floating>", "1-65535"),
    ])
    func `OPNsense's rules of one interface have a direction`(
        _ element: String, _ open: String
    ) throws {
        let text = """
            <opnsense>
              <interfaces><wan><if>em0</if></wan><lan><if>em1</if></lan></interfaces>
              <filter><rule><type>pass</type><interface>wan</interface>\(element)
                <ipprotocol>inet</ipprotocol><source><any/></source><destination><any/></destination>
              </rule></filter>
            </opnsense>
            """
        #expect(try ask(text).ports(.permitted, "10.1.1.10") == open)
    }

    @Test func `reads rules of the new kind in the order of their numbers`() throws {
        #expect(try ask(Self.new).ports(.permitted, "10.1.1.11") == "21-22")
        #expect(try ask(Self.new).ports(.permitted, "10.1.1.12") == "")
    }

    @Test(arguments: [
        ("<address>ftp</address><port>passive", "<address>bad</address><port>passive"),
        ("<address>ftp</address><port>passive", "<address>nobody</address><port>passive"),
        ("<port>passive", "<port>nothing"),
        (
            "<protocol>tcp</protocol>\n      <source><any/></source><destination><address>ftp</address><port>passive",
            "<protocol>tcp</protocol><sched>night</sched>\n      <source><any/></source><destination><address>ftp</address><port>passive"
        ),
    ])
    func `what isn't in the file is unknown`(_ old: String, _ new: String) throws {
        let text = Self.old.replacing(old, with: new)
        try #require(text != Self.old)
        #expect(try ask(text).ports(.permitted, "203.0.113.2") == "21,990")
        #expect(try ask(text).ports(.unknown, "203.0.113.2") != "")
    }

    /// The rule for `passive` with an element more.
    private func with(_ element: String) throws -> String {
        let rule = "<source><any/></source><destination><address>ftp</address><port>passive"
        let text = Self.old.replacing(rule, with: "\(element)\(rule)")
        try #require(text != Self.old)
        return text
    }

    @Test(arguments: [
        "<tos>lowdelay</tos>", "<prio>3</prio>", "<prio>0</prio>", "<os>Linux</os>",
        "<received-on>wan</received-on>", "<newcond>x</newcond>",
        "<newcond><a>1</a></newcond>", "<statetype>none</statetype>", "<vlanprio>vi</vlanprio>",
    ])
    func `an element that narrows the match, or isn't known, makes it unknown`(
        _ element: String
    ) throws {
        let asked = try ask(with(element))
        #expect(try asked.ports(.permitted, "203.0.113.2") == "21,990")
        #expect(try asked.ports(.unknown, "203.0.113.2") == "5001,5003-5100,5150")
    }

    @Test(arguments: [
        "<tracker>1</tracker><descr><![CDATA[x]]></descr><log/>",
        "<created><time>1</time><username>x</username></created><updated/>",
        "<id/><tag/><tagged/><max/><max-src-nodes/><statetimeout/><os/><dscp/>",
        "<statetype><![CDATA[keep state]]></statetype><tcpflags_any/><gateway>gw</gateway>",
        "<newcond/>", "<newcond>0</newcond><interfacenot>0</interfacenot>",
    ])
    func `an element without influence changes nothing`(_ elements: String) throws {
        let permitted = try ask(with(elements)).ports(.permitted, "203.0.113.2")
        #expect(permitted == "21,990,5001,5003-5100,5150")
    }

    @Test func `a tag may be asked for, or asked not to be there`() throws {
        let tagged = try ask(with("<tagged>x</tagged>"))
        #expect(try tagged.ports(.permitted, "203.0.113.2") == "21,990")
        let untagged = try ask(with("<tagged>x</tagged><nottagged/>"))
        #expect(try untagged.ports(.permitted, "203.0.113.2") == "21,990,5001,5003-5100,5150")
    }

    @Test func `a rule may hold for all interfaces but one`() throws {
        let text = Self.old.replacing(
            "</filter>",
            with: """
                <rule>
                  <floating>yes</floating><quick>1</quick><direction>in</direction>
                  <type>pass</type><interface>wan</interface><interfacenot>1</interfacenot>
                  <protocol>tcp</protocol><source><any/></source>
                  <destination><address>10.1.1.11</address><port>21</port></destination>
                </rule></filter>
                """)
        #expect(try ask(text, entering: "wan").ports(.permitted, "10.1.1.11") == "")
        #expect(
            try ask(text, entering: "lan").ports(.permitted, "10.1.1.11", from: "192.0.2.9") == "21"
        )
        let several = text.replacing(
            "<interface>wan</interface><interfacenot>",
            with: "<interface>wan,lan</interface><interfacenot>")
        #expect(try ask(several, entering: "wan").ports(.unknown, "10.1.1.11") == "21")
    }

    @Test func `a text that is cut short permits nothing`() throws {
        let cut = String(Self.old.prefix(Self.old.count - 40))
        #expect(try ask(cut).ports(.permitted, "203.0.113.2") == "")
    }

    @Test func `shows no secret`() {
        let text = Self.new.replacing(
            "<system>",
            with: "<system>\n<bcrypt-hash>abc$</bcrypt-hash>\n<password>tiger</password>\n")
        let notes = ask(text).configuration.notes
        #expect(!notes.contains { $0.text.contains("tiger") || $0.text.contains("abc$") })
    }

    @Test func `no bytes trap it`() {
        FirewallVerdicts.batter(PfSense.self, Self.old)
        FirewallVerdicts.batter(PfSense.self, Self.new)
    }
}
