import Policy
import PolicyFormats
import Testing

/// What an export doesn't tell of a router, and what rules leave on a packet.
@Suite struct RouterOSDoubtTests {
    /// Rules of `forward` between those that let nothing else pass.
    private func ask(_ rules: String, _ more: String = "") -> FirewallVerdicts {
        FirewallVerdicts(
            RouterOS.self,
            """
            /interface list
            add name=WAN
            /interface list member
            add interface=ether1 list=WAN
            /ip address
            add address=203.0.113.1/24 interface=ether1
            add address=10.1.1.1/24 interface=bridge
            \(more)
            /ip firewall filter
            \(rules)
            add action=drop chain=forward
            add action=drop chain=input
            """)
    }

    private static let raw = """
        /ip firewall raw
        add action=notrack chain=prerouting dst-port=21 protocol=tcp
        """
    private static let nat = """
        /ip firewall nat
        add action=dst-nat chain=dstnat dst-address=203.0.113.1 protocol=tcp to-addresses=10.1.1.10
        """

    @Test(arguments: [
        ("connection-state=new", "20,22"), ("connection-state=untracked", "21"),
        ("connection-state=!untracked", "20,22"), ("connection-state=new,untracked", "20-22"),
        ("connection-state=established,related,untracked", "21"),
        ("connection-state=!new", "21"), ("connection-state=established", ""),
    ])
    func `what raw doesn't track is untracked in the filter`(
        _ state: String, _ permitted: String
    ) throws {
        let ask = ask("add chain=forward protocol=tcp dst-port=20-22 \(state)", Self.raw)
        #expect(try ask.ports(.permitted, "10.1.1.10") == permitted)
        #expect(try ask.ports(.unknown, "10.1.1.10") == "")
    }

    @Test func `what isn't tracked isn't translated`() throws {
        let ask = ask("add chain=forward protocol=tcp", Self.raw + "\n" + Self.nat)
        #expect(try ask.ports(.permitted, "203.0.113.1") == "1-20,22-65535")
    }

    @Test func `later lines of raw may judge what isn't tracked`() throws {
        let drop = "\nadd action=drop chain=prerouting dst-port=21-22 protocol=tcp"
        let ask = ask("add chain=forward protocol=tcp dst-port=20-22", Self.raw + drop)
        #expect(try ask.ports(.permitted, "10.1.1.10") == "20")
        #expect(try ask.ports(.unknown, "10.1.1.10") == "21")
        let permit = "\nadd chain=prerouting dst-port=21-22 protocol=tcp"
        let both = self.ask("add chain=forward protocol=tcp dst-port=20-22", Self.raw + permit)
        #expect(try both.ports(.permitted, "10.1.1.10") == "20-22")
    }

    @Test(arguments: [
        "/ip dhcp-client\nadd interface=ether1",
        "/interface pppoe-client\nadd disabled=no interface=ether1 name=dsl user=x",
    ])
    func `an address that the router is given may be the one asked for`(_ menu: String) throws {
        let rules = "add chain=forward protocol=tcp dst-port=21"
        #expect(try ask(rules, menu).ports(.unknown, "198.51.100.1") == "21")
        // What lies in a network of its own, or behind a route, isn't.
        #expect(try ask(rules, menu).ports(.permitted, "10.1.1.10") == "21")
        let route = "\n/ip route\nadd dst-address=10.9.0.0/16 gateway=10.1.1.2"
        #expect(try ask(rules, menu + route).ports(.permitted, "10.9.1.10") == "21")
        #expect(try ask(rules, menu).ports(.unknown, "10.9.1.10") == "21")
        let off = menu.replacing("interface=ether1", with: "disabled=yes interface=ether1")
            .replacing("disabled=no ", with: "")
        #expect(try ask(rules, off).ports(.permitted, "198.51.100.1") == "21")
    }

    @Test func `addresses of its own that aren't in the file leave translations unknown`() throws {
        let nat = """
            /ip dhcp-client
            add interface=ether2
            /ip firewall nat
            add action=dst-nat chain=dstnat dst-address-type=local dst-port=21 protocol=tcp \\
                to-addresses=10.1.1.10
            """
        let ask = ask("add chain=forward dst-address=10.1.1.10 protocol=tcp", nat)
        #expect(try ask.ports(.permitted, "203.0.113.1") == "21")
        #expect(try ask.ports(.unknown, "198.51.100.1") == "21")
        #expect(try ask.ports(.permitted, "10.1.1.10") == "1-65535")
    }

    @Test func `a sender whom a rule puts on a list is on it`() throws {
        let list = "add action=add-src-to-address-list address-list=seen chain=forward"
        let pass = "add chain=forward protocol=tcp dst-port=20-22"
        let drop = "add action=drop chain=forward src-address-list=seen"
        let put = "\(list) protocol=tcp dst-port=21"
        #expect(
            try ask("\(put)\n\(drop)\n\(pass)").ports(.permitted, "10.1.1.10") == "20,22")
        #expect(try ask("\(drop)\n\(put)\n\(pass)").ports(.permitted, "10.1.1.10") == "20-22")
        let known = "\(put)\n\(pass) src-address-list=seen"
        #expect(try ask(known).ports(.permitted, "10.1.1.10") == "21")
        let others = "\(put)\n\(pass) src-address-list=!seen"
        #expect(try ask(others).ports(.permitted, "10.1.1.10") == "20,22")
    }

    @Test func `rules of IPv6 stand elsewhere`() throws {
        let ask = ask("add chain=forward protocol=tcp")
        #expect(
            try ask.ports(.unknown, "2001:db8::10", from: "2001:db8:1::1") == "1-65535")
    }

    @Test func `without connection tracking everything is unknown`() throws {
        let off = "/ip firewall connection tracking\nset enabled=no"
        let rule = "add chain=forward protocol=tcp dst-port=21"
        #expect(try ask(rule, off).ports(.permitted, "10.1.1.10") == "")
        #expect(try ask(rule, off).ports(.unknown, "10.1.1.10") == "21")
        #expect(
            try ask(rule, off.replacing("no", with: "auto")).ports(.permitted, "10.1.1.10") == "21")
    }

    @Test(arguments: [
        ("in-interface=all-ethernet", ""), ("in-interface=!all-ppp", ""),
        ("in-interface-list=SOME", "/interface list\nadd include=WAN name=SOME"),
        (
            "in-interface-list=!SOME",
            "/interface list\nadd include=WAN name=SOME\n/interface list member\n"
                + "add interface=bridge list=SOME"
        ),
    ])
    func `interfaces that aren't named leave a rule unknown`(
        _ condition: String, _ more: String
    ) throws {
        let ask = ask("add chain=forward protocol=tcp dst-port=21 \(condition)", more)
        #expect(try ask.ports(.permitted, "10.1.1.10") == "")
        #expect(try ask.ports(.unknown, "10.1.1.10") == "21")
    }

    @Test func `a rule put before another by its number leaves everything unknown`() throws {
        let rule = "add chain=forward protocol=tcp dst-port=21 place-before=3"
        #expect(try ask(rule).ports(.permitted, "10.1.1.10") == "")
    }

    @Test(arguments: [
        ("dst-address-list=!here dst-address=10.1.1.10", ""),
        ("dst-address=!10.1.1.10 dst-address-type=!local", ""),
        ("src-address-list=these src-address=198.51.100.0/25", "21"),
        ("src-address-list=these src-address=!198.51.100.0/25", ""),
        ("in-interface=ether1 in-interface-list=WAN", "21"),
        ("in-interface=ether1 in-interface-list=!WAN", ""),
        ("in-interface=!ether1 in-interface-list=WAN", ""),
        ("in-interface=!bridge in-interface-list=WAN", "21"),
    ])
    func `properties of a rule hold together`(_ properties: String, _ ports: String) throws {
        let lists = """
            /ip firewall address-list
            add address=10.1.1.0/24 list=here
            add address=198.51.100.0/24 list=these
            """
        let rule = "add chain=forward protocol=tcp dst-port=21 \(properties)"
        var asked = ask(rule, lists)
        asked.entering = "ether1"
        #expect(try asked.ports(.permitted, "10.1.1.10") == ports)
        #expect(try asked.ports(.unknown, "10.1.1.10") == "")
    }

    @Test func `a console's prompts aren't commands`() throws {
        let rule = "[admin@edge] /ip firewall filter> add chain=forward protocol=tcp dst-port=21"
        let asked = ask(
            "[admin@edge] > /ip firewall filter\n\(rule)\n[admin@edge] > \n"
                + "/ip firewall filter")
        #expect(try asked.ports(.permitted, "10.1.1.10") == "21")
        #expect(try asked.ports(.unknown, "10.1.1.10") == "")
    }

    @Test func `a property without its value leaves everything unknown`() throws {
        #expect(try ask("add chain=forward dst-port=21 proto").ports(.permitted, "10.1.1.10") == "")
    }

    @Test(arguments: [
        ("redirect", "dst-address-type=local", ""), ("redirect", "dst-address-type=!local", "21"),
        ("dst-nat to-addresses=10.1.1.10", "dst-address-type=local", "21"),
        ("dst-nat to-addresses=10.1.1.10", "dst-address-type=!local", ""),
        ("dst-nat to-addresses=10.1.1.1", "dst-address-type=local", ""),
    ])
    func `what is the router's own is judged by where a packet is sent`(
        _ action: String, _ condition: String, _ open: String
    ) throws {
        let nat = "/ip firewall nat\nadd chain=dstnat protocol=tcp dst-port=21 action=\(action)"
        let accept = "protocol=tcp dst-port=21 action=accept"
        let rules = ["input", "forward"].flatMap {
            ["add chain=\($0) \(condition) action=drop", "add chain=\($0) \(accept)"]
        }.joined(separator: "\n")
        #expect(try ask(rules, nat).ports(.permitted, "203.0.113.1") == open)
    }

    @Test(arguments: [
        "/ip/firewall/filter/add chain=forward action=drop place-before=0",
        "/ip/firewall/filter add chain=forward action=drop place-before=0",
        "/ip firewall/filter/add chain=forward action=drop place-before=0",
        "/ip fire fil add chain=forward action=drop place-before=0",
        "/ip firewal filter add chain=forward action=drop place-before=0",
    ])
    func `a path by slashes, or cut short, is the menu's`(_ line: String) throws {
        let asked = ask("add chain=forward protocol=tcp dst-port=21\n\(line)")
        #expect(try asked.ports(.permitted, "10.1.1.10") == "")
        #expect(try asked.ports(.unknown, "10.1.1.10") == "")
    }

    @Test func `a command with its path leaves the menu as it is`() throws {
        let asked = ask(
            """
            add chain=forward protocol=tcp dst-port=21 src-address-list=these
            /ip firewall address-list add address=198.51.100.0/24 list=these
            add chain=forward action=drop
            add chain=forward protocol=tcp dst-port=22
            """)
        #expect(try asked.ports(.permitted, "10.1.1.10") == "21")
        #expect(try asked.ports(.unknown, "10.1.1.10") == "")
    }

    @Test(arguments: [
        ":if ($open) do={ /ip firewall filter add chain=forward dst-port=21 protocol=tcp }",
        ":if ($open) do={\n/ip firewall filter add chain=forward dst-port=21 protocol=tcp\n}",
        ":foreach i in=[find] do={\nadd chain=forward dst-port=21 protocol=tcp\n}",
        ":do { /ip/firewall/filter/remove $i } on-error={}",
        "/ip firewall c add chain=forward", "/ip firewall foo add chain=forward",
        "remove [find comment=\"closed\"]",
    ])
    func `what a script does leaves every answer unknown, denials too`(_ lines: String) throws {
        let asked = ask(lines)
        #expect(try asked.ports(.permitted, "10.1.1.10") == "")
        #expect(try asked.ports(.denied, "10.1.1.10") == "")
    }

    @Test(arguments: [
        ":put \"Setting up the firewall {now}\"", ":log info \"firewall done\"", ":delay 2s",
        ":global names {\"a\";\"b\"}", "/ip firewall filter print",
    ])
    func `what a script says changes nothing`(_ line: String) throws {
        let asked = ask("\(line)\nadd chain=forward protocol=tcp dst-port=21")
        #expect(try asked.ports(.permitted, "10.1.1.10") == "21")
        #expect(try asked.ports(.unknown, "10.1.1.10") == "")
    }

    @Test func `fasttrack in hardware is fasttrack`() throws {
        let asked = ask(
            """
            add action=fasttrack-connection chain=forward connection-state=established,related \
                hw-offload=yes
            add chain=forward protocol=tcp dst-port=21
            """)
        #expect(asked.configuration.notes.allSatisfy { $0.state != .notModelled })
        #expect(try asked.ports(.permitted, "10.1.1.10") == "21")
    }

    @Test func `a state that isn't named leaves the rule unknown`() throws {
        let asked = ask(
            "add chain=forward action=drop connection-state=\"\"\nadd chain=forward dst-port=21 protocol=tcp"
        )
        #expect(try asked.ports(.permitted, "10.1.1.10") == "")
        #expect(try asked.ports(.unknown, "10.1.1.10") == "21")
    }

    @Test func `of a group in braces it is said what to give instead`() throws {
        let ask = ask("", "/ip firewall {\nfilter {\nadd chain=forward action=accept\n}\n}")
        #expect(try ask.ports(.unknown, "10.1.1.10") == "1-65535")
        let notes = ask.configuration.notes.filter { $0.state == .notModelled }
        #expect(!notes.isEmpty)
        #expect(notes.allSatisfy { $0.why.contains("/export") })
        let script = self.ask("", ":if (true) do={\n/ip firewall filter add chain=forward\n}")
        #expect(!script.configuration.notes.contains { $0.why.contains("/export") })
    }
}
