import Net
import Policy
import PolicyFormats
import Testing

@Suite struct PFConfTests {
    /// As FreeBSD takes it.
    static let arrows = """
        # the edge
        ext_if = "em0"
        int_if = "em1"
        ftp = "10.1.1.10"
        ports = "{ 21, 5001:5201 }"
        table <bad> persist { 192.0.2.0/24, !192.0.2.9 }
        set skip on lo0
        set block-policy return
        scrub in all
        nat on $ext_if inet from $int_if:network to any -> ($ext_if)
        no rdr on $ext_if proto tcp from any to 203.0.113.10 port 5100
        rdr on $ext_if inet proto tcp from any to 203.0.113.10 port $ports -> $ftp
        rdr pass on $ext_if inet proto tcp from any to 203.0.113.10 port 2121 -> $ftp port 21
        block all
        block in quick on $ext_if from <bad> to any
        pass in on $ext_if inet proto tcp \\
            from any to $ftp port $ports flags S/SA keep state
        pass out keep state
        """
    /// As OpenBSD takes it.
    static let arrowless = """
        ftp = "10.1.1.10"
        set skip on lo
        match in on em0 inet proto tcp to 203.0.113.10 port { 21 5001:5201 } rdr-to $ftp
        match out on em0 from 10.0.0.0/8 nat-to (em0)
        block return log
        pass in on em0 proto tcp to $ftp port { ftp, 5001 >< 5100 }
        pass in on em0 proto tcp to 203.0.113.11 port 21 rdr-to 10.1.1.11 port 2121
        pass out
        """

    private func ask(
        _ text: String, entering: String? = "em0", leaving: String? = "em1"
    ) -> FirewallVerdicts {
        var asked = FirewallVerdicts(PFConf.self, text)
        (asked.entering, asked.leaving) = (entering, leaving)
        return asked
    }

    @Test func `recognises itself`() {
        for text in [Self.arrows, Self.arrowless] {
            let text = ConfigText(file: "x", text)
            #expect(PFConf.recognise(text) == .certain)
            #expect(Formats.all.filter { $0.recognise(text) > .no }.count == 1)
        }
        #expect(PFConf.recognise(ConfigText(file: "x", CiscoASATests.edge)) == .no)
    }

    @Test func `redirects before it filters, by arrows`() throws {
        let asked = ask(Self.arrows)
        #expect(try asked.ports(.permitted, "203.0.113.10") == "21,2121,5001-5099,5101-5201")
        #expect(try asked.delivered("203.0.113.10", 2121) == "10.1.1.10:21")
        #expect(try asked.delivered("203.0.113.10", 5001) == "10.1.1.10")
        #expect(try asked.lines("203.0.113.10", 21) == [12, 16, 18])
        #expect(try asked.ports(.permitted, "203.0.113.10", from: "192.0.2.8") == "2121")
        #expect(
            try asked.ports(.permitted, "203.0.113.10", from: "192.0.2.9")
                == "21,2121,5001-5099,5101-5201")
        #expect(asked.configuration.notes.map(\.line) == Array(1...18))
    }

    @Test func `redirects by match and by pass`() throws {
        let asked = ask(Self.arrowless)
        #expect(try asked.ports(.permitted, "203.0.113.10") == "21,5002-5099")
        #expect(try asked.delivered("203.0.113.10", 21) == "10.1.1.10")
        #expect(try asked.ports(.permitted, "203.0.113.11") == "21")
        #expect(try asked.delivered("203.0.113.11", 21) == "10.1.1.11:2121")
    }

    @Test(arguments: [
        ("block all\npass in proto tcp to port 21", "21"),
        ("pass in proto tcp to port 21\nblock all", ""),
        ("pass in quick proto tcp to port 21\nblock all", "21"),
        (
            "block in proto tcp to port > 99\nblock in proto tcp to port <= 20\npass in proto udp",
            "21-99"
        ),
        ("block quick on em1\nblock proto tcp to port != 21\n", "21"),
        ("block\npass in proto tcp to port 21 flags A/A", ""),
        ("block\npass in proto tcp to port 21 flags any", "21"),
        ("block\npass in inet6 proto tcp to port 21", ""),
        ("block\npass in proto tcp from port 20 to any", ""),
        ("block\npass in on { em0 em2 } proto tcp to port 30 >< 33", "31-32"),
        ("block\npass in on ! em0 proto tcp to port 21", ""),
        ("block\nx = \"{ 21 22 }\"\ny = \"23\"\npass in proto tcp to port { $x $y }", "21-23"),
        ("block\npass in proto tcp to ! 10.0.0.0/8 port 21", "21"),
        ("block\npass in from ! 198.51.100/24 to any", ""),
        (
            "block\nanchor \"a\" in on em0 {\n pass proto tcp to port 21\n block proto tcp to port 22\n}",
            "21"
        ),
        ("block in\nmatch in proto tcp to port 21 tag FTP\npass in tagged FTP", "21"),
        ("pass", "1-65535"),
        ("root@edge:~# pfctl -sr\nblock\npass in proto tcp to port = ftp\nroot@edge:~#", "21"),
        ("block\npass in proto tcp to port = ftp\n[root@edge ~]# pfctl -d", ""),
        ("# pfctl -sr\nblock\npass in proto tcp to port = ftp\nroot@edge:~# ", "21"),
        ("block\nset skip on em", "1-65535"),
        // FreeBSD and OpenBSD, pf.conf(5), ANCHORS: the last match within a quick anchor is final.
        (
            "anchor \"a\" quick {\n block in\n pass in proto tcp to port 21\n block in proto tcp to port 22\n}\npass",
            "21"
        ),
        (
            "block\nanchor \"a\" quick proto tcp {\n pass in quick to port 21\n block in to port 20:22\n pass in to port 22\n}",
            "21-22"
        ),
        // A rule of an anchor holds where both conditions do.
        ("block\nanchor \"a\" on em0 {\n pass in on ! em0\n pass in on em1\n}", ""),
        ("block\nanchor \"a\" on ! em1 {\n pass in on { em0 em1 } proto tcp to port 21\n}", "21"),
        (
            "block\nanchor \"a\" from 198.51.100.0/24 to port 21:30 {\n"
                + " pass in proto tcp to port 22\n pass in proto tcp from 10.0.0.0/8\n"
                + " pass in proto tcp from 198.51.100.10 to port { 25, 40 }\n}", "22,25"
        ),
        ("scrub-anchor \"com.apple/*\"\ndummynet-anchor \"com.apple/*\"\nblock in", ""),
        // A list stands for a rule each, one of which always holds.
        ("block\npass in on { ! em0, ! em1 } proto tcp to port 21", "21"),
        ("block\npass in on { em2, ! em0 } proto tcp to port 21", ""),
    ])
    func `the last that matches counts, unless a quick one does`(
        _ text: String, _ ports: String
    ) throws {
        #expect(try ask(text + "\n", leaving: nil).ports(.permitted, "192.0.2.80") == ports)
    }

    @Test func `what enters by a skipped interface isn't redirected`() throws {
        let asked = ask(
            "set skip on em0\nrdr pass proto tcp to port 21 -> 10.1.1.10\nblock all\n")
        #expect(try asked.delivered("203.0.113.10", 21) == "203.0.113.10")
    }

    @Test(arguments: [("block", "21", ""), ("block in", "", "21")])
    func `without state the answers may be blocked`(
        _ first: String, _ unknown: String, _ open: String
    ) throws {
        let asked = ask("\(first)\npass in proto tcp to port 21 no state\n", leaving: nil)
        #expect(try asked.ports(.unknown, "192.0.2.80") == unknown)
        #expect(try asked.ports(.permitted, "192.0.2.80") == open)
    }

    @Test func `binat translates what no rdr leaves alone`() throws {
        let asked = ask(
            "binat on em0 from 10.1.1.10 to any -> 203.0.113.10\n"
                + "no rdr on em0 proto tcp to any port 21\npass\n")
        #expect(try asked.delivered("203.0.113.10", 21) == "10.1.1.10")
    }

    @Test func `a host's name isn't taken for an interface`() throws {
        var asked = ask(
            "block\npass in on em0 proto tcp to web1 port 21\npass in proto tcp to em0 port 22\n",
            leaving: nil)
        asked.place = .host
        #expect(try asked.ports(.permitted, "192.0.2.80") == "22")
        #expect(try asked.ports(.unknown, "192.0.2.80") == "21")
        asked = ask("rdr pass on em0 proto tcp to port 21 -> ftpserver\n")
        #expect(try asked.ports(.permitted, "192.0.2.80") != "1-65535")
    }

    @Test(arguments: [
        "anchor \"others\"", "include \"/etc/pf.more\"", "pass in quick bogus",
        "pass in quick proto tcp from any to port { 21",
        "block from <gone> to any\ntable <gone> file \"/x\"",
        "pass in quick proto tcp to port 21 user ftp", "pass in on egress", "pass in to $nobody",
        "pass in quick to www.example.com",
    ])
    func `what isn't in the file or isn't understood is unknown`(_ line: String) throws {
        let first = line.split(separator: "\n").reversed().joined(separator: "\n")
        #expect(try ask("block\n\(first)\n", leaving: nil).ports(.permitted, "192.0.2.80") == "")
        #expect(
            try ask("block\n\(first)\n", leaving: nil).ports(.unknown, "192.0.2.80") != ""
                || line.contains("<gone>"))
    }

    @Test func `the host's own address is meant where it is the destination`() throws {
        let text =
            "block\npass in proto tcp to (em0) port 21\npass in proto tcp to self port 22\npass out\n"
        var asked = ask(text, leaving: nil)
        #expect(try asked.ports(.permitted, "192.0.2.80") == "21-22")
        asked.place = .through
        #expect(try asked.ports(.unknown, "192.0.2.80") == "21-22")
    }

    @Test func `ftp-proxy opens what is announced`() throws {
        let text = """
            anchor "ftp-proxy/*"
            block
            pass in quick inet proto tcp to port ftp divert-to 127.0.0.1 port 8021
            """
        #expect(
            try ask(text).ports(.permittedByInspection, "192.0.2.80", control: 21)
                == "1-20,22-65535")
    }

    @Test func `rules before a redirection see the destination as it came`() throws {
        let text = """
            block
            pass in proto tcp to 203.0.113.10 port 21
            match in proto tcp to 203.0.113.10 rdr-to 10.1.1.10
            pass in proto tcp to 10.1.1.10 port 22
            pass in proto tcp to 203.0.113.10 port 23
            pass out
            """
        #expect(try ask(text).ports(.permitted, "203.0.113.10") == "21-22")
    }

    @Test(arguments: [
        // A string goes on to its closing quote.
        "ports = \"{ 21, \\\n 990 }\"\nblock\npass in proto tcp to port $ports\npass out",
        "ports = \"{ 21,\n\t990 }\"\nblock\npass in proto tcp to port $ports\npass out",
        // A comment goes on behind a backslash, to the end of the block.
        "block\n#pass in proto tcp \\\n    to port 22\npass in proto tcp to port { 21 990 }\npass out",
        "block\npass in proto tcp to port { 21 990 } # these \\\n port 22\npass out",
        // A backslash that doesn't end its line is left out.
        "block\npass in proto tcp to port {\n 21 \\ # FTP\n 990 \\ # FTPS\n}\npass out",
    ])
    func `strings and comments go on over lines as pf takes them`(_ text: String) throws {
        let asked = ask(text)
        #expect(try asked.ports(.permitted, "203.0.113.10") == "21,990")
        #expect(try asked.ports(.unknown, "203.0.113.10") == "")
        #expect(asked.configuration.notes.allSatisfy { $0.state != .notRecognised })
    }

    @Test(arguments: ["lo", "lo0", "{ lo0 lo1 }"], [Device.Place.host, .through])
    func `what others send doesn't come by the loopback interface`(
        _ name: String, _ place: Device.Place
    ) throws {
        var asked = ask(
            """
            set skip on \(name)
            block
            pass in proto tcp to port { 21 6000 }
            block return in on ! lo0 proto tcp to port 6000
            pass out
            """, entering: nil, leaving: nil)
        asked.place = place
        #expect(try asked.ports(.permitted, "203.0.113.10") == "21")
        #expect(try asked.ports(.unknown, "203.0.113.10") == "")
    }

    @Test func `a quote that is never closed leaves everything unknown`() throws {
        let asked = ask("block\npass in proto tcp to port 21 label \"open\npass out")
        #expect(try asked.ports(.permitted, "203.0.113.10") == "")
    }

    @Test func `ports of UDP needn't be known`() {
        let asked = ask("block\npass in inet proto udp from port bootps to port bootpc")
        #expect(asked.configuration.notes.allSatisfy { $0.state == .used })
    }

    /// The lines put where their comment says.
    private func mended(_ before: FirewallVerdicts, _ change: Change) throws -> FirewallVerdicts {
        let fix = try #require(PFConf.fix(change, before.configuration))
        let text = before.configuration.notes.map(\.text).joined(separator: "\n")
        return ask(try PFRoundTripTests.carryOut(fix.commands, on: text))
    }

    @Test func `opens, closes and redirects ports by its lines`() throws {
        let to = try #require(IPAddress("203.0.113.10"))
        for text in [Self.arrows, Self.arrowless] {
            let before = ask(text)
            let open = try mended(before, .permit(PortSet(6000...6010), to: to))
            let after = try mended(
                open,
                .translate(
                    PortSet(6000...6005), outside: to,
                    inside: try #require(IPAddress("10.1.1.10"))))
            #expect(try after.ports(.permitted, "203.0.113.10").contains("6000-6010"))
            let shut = try mended(before, .forbid(PortSet(5001...5050), to: to))
            #expect(try shut.ports(.permitted, "203.0.113.10").contains("5051-"))
        }
        let (outside, inside) = (
            try #require(IPAddress("203.0.113.12")), try #require(IPAddress("10.1.1.12"))
        )
        let moved = try mended(
            ask(Self.arrows), .translate(PortSet(5001...5009), outside: outside, inside: inside))
        #expect(
            try mended(moved, .permit(PortSet(5001...5009), to: inside))
                .ports(.permitted, "203.0.113.12") == "5001-5009")
    }

    @Test func `no bytes trap it`() {
        FirewallVerdicts.batter(PFConf.self, Self.arrows)
        FirewallVerdicts.batter(PFConf.self, Self.arrowless + "\nanchor \"a\" {\npass\n}\n")
    }

    /// `pfctl -vvsr` of FreeBSD: numbers before the rules, and what they counted.
    @Test func `rules with their numbers and counts are read`() throws {
        let text = """
            root@edge:~ # pfctl -vvsr
            @0 scrub in all fragment reassemble
              [ Evaluations: 373620187  Packets: 179290329  Bytes: 45895535624  States: 0     ]
              [ Inserted: uid 0 pid 24100 ]
            @1(1000000103) block drop in log inet all label "Default deny rule IPv4"
              [ Evaluations: 99        Packets: 9         Bytes: 999         States: 0     ]
              [ Inserted: uid 0 pid 24100 State Creations: 0     ]
            @2 block drop in quick from <sshguard:0> to any
            @3 block drop in quick from <gone:*> to any
            @4 pass in quick inet proto tcp from any to any port = ftp flags S/SA keep state
              [ Last Active Time: N/A ]
            """
        #expect(PFConf.recognise(ConfigText(file: "rules.txt", text)) == .certain)
        let asked = FirewallVerdicts(PFConf.self, text)
        #expect(asked.configuration.notes.allSatisfy { [.used, .irrelevant].contains($0.state) })
        #expect(asked.state(10) == .used)
        #expect(asked.state(11) == .irrelevant)
        #expect(try asked.ports(.permitted, "10.0.0.5") == "21")
        #expect(try asked.ports(.denied, "10.0.0.5") == "1-20,22-65535")
    }

    @Test(arguments: ["<bad>", "<bad:3>", "! <bad>"])
    func `a table that isn't in the file may hold anybody`(_ table: String) throws {
        let asked = FirewallVerdicts(
            PFConf.self, "pass in all\nblock drop in quick from \(table) to any")
        #expect(try asked.ports(.unknown, "10.0.0.5") == "1-65535")
    }
}
