import Dice
import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct IPTablesRoundTripTests {
    static let server = "203.0.113.10"
    static let inside = "10.1.1.10"
    static var trip: RoundTrip {
        RoundTrip(IPTablesSave.self) { try IPTablesHost.carryOut($0, on: $1) }
    }

    static func rules(
        _ filter: [String], policy: String = "DROP", nat: [String] = [], chains: [String] = []
    ) -> String {
        let translation =
            nat.isEmpty
            ? [] : ["*nat", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"] + nat + ["COMMIT"]
        return
            (translation + ["*filter", ":INPUT \(policy) [0:0]", ":FORWARD \(policy) [0:0]"]
            + [":OUTPUT ACCEPT [0:0]"] + chains.map { ":\($0) - [0:0]" } + filter + ["COMMIT"])
            .joined(separator: "\n") + "\n"
    }

    static let related = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    static let lists: [[String]] = [
        ["-A X \(related)", "-A X -p tcp -m tcp --dport 21 -j ACCEPT"],
        ["-A X -p tcp --dport 5001:5100 -j ACCEPT", "-A X -j REJECT"],
        ["-A X -d 203.0.113.0/24 -p tcp --dport 1024:65535 -j ACCEPT"],
        [
            "-A X -p tcp -m multiport --dports 5000:5050,5100:6000 -j DROP",
            "-A X -p tcp -m multiport --dports 21,5001:5201 -j ACCEPT",
            "-A X -s 198.51.100.9/32 -j DROP", "-A X -p tcp ! --dport 22 -j ACCEPT",
        ],
        ["-A X -i eth0 -p tcp --dport 21 -j own", "-A own -s 198.51.100.0/24 -j ACCEPT"],
        ["-A X -p tcp -m something --odd -j ACCEPT"], [],
    ]

    @Test(arguments: lists)
    func `opens and closes ports`(_ list: [String]) throws {
        for policy in ["DROP", "ACCEPT"] {
            for ports in ["5001-5201", "21,5001-5201", "1-3,5,7,9,11-13,21,5001-5201,60000-65535"] {
                let input = list.map { $0.replacing("-A X ", with: "-A INPUT ") }
                let text = Self.rules(input, policy: policy, chains: ["own"])
                try Self.trip.permit(ports, to: Self.server, on: text)
                try Self.trip.forbid(ports, to: Self.server, on: text)
            }
        }
    }

    static let forward = [
        "-A PREROUTING -d 203.0.113.10/32 -p tcp --dport 21 -j DNAT --to-destination 10.1.1.10",
        "-A PREROUTING -d 203.0.113.10/32 -p tcp -m multiport --dports 5001:5100,2121 -j DNAT --to-destination 10.1.1.10",
    ]

    @Test func `opens and closes ports of a server that it translates to`() throws {
        let text = Self.rules(
            ["-A FORWARD -d 10.1.1.10/32 -p tcp --dport 21 -j ACCEPT", "-A FORWARD -j DROP"],
            nat: Self.forward)
        var trip = Self.trip
        trip.place = .through
        for named in [Self.server, Self.inside] {
            try trip.permit("21,5001-5100", to: named, asked: Self.server, on: text)
            try trip.forbid("21", to: named, asked: Self.server, on: text)
        }
    }

    @Test func `translates ports`() throws {
        var trip = Self.trip
        trip.place = .through
        for nat in [[], Self.forward] {
            let text = Self.rules([], policy: "ACCEPT", nat: nat)
            try trip.translate("21,5001-5201", outside: Self.server, inside: Self.inside, on: text)
        }
    }

    @Test func `translates and opens what was neither, by commands of one reading`() throws {
        let text = Self.rules(["-A FORWARD -j DROP"], nat: Self.forward)
        let outside = try #require(IPAddress(Self.server))
        let inside = try #require(IPAddress(Self.inside))
        var before = Self.trip.read(text)
        before.device?.usualPlace = .through
        let ports = PortSet(6000...6010)
        let changes = [
            Change.translate(ports, outside: outside, inside: inside), .permit(ports, to: outside),
        ]
        let commands = changes.compactMap { IPTablesSave.fix($0, before)?.commands }.flatMap(\.self)
        var trip = Self.trip
        trip.place = .through
        let after = trip.meaning(try trip.carryOut(commands, text), of: outside)
        let now = trip.meaning(text, of: outside)
        #expect("\(after)" == "\(now.delivering(ports, to: inside))")
    }

    @Test func `opens nothing again for what waits for its translation alone`() throws {
        let text = Self.rules(
            ["-A FORWARD -d 10.1.1.10/32 -p tcp --dport 5001:5201 -j ACCEPT"],
            nat: [Self.forward[0]])
        let outside = try #require(IPAddress(Self.server))
        let fix = IPTablesSave.fix(.permit(PortSet(5001...5201), to: outside), Self.trip.read(text))
        #expect(fix?.commands.contains { $0.contains("FORWARD") } == false)
        let more = IPTablesSave.fix(
            .permit(PortSet(5001...5210), to: outside), Self.trip.read(text))
        let wider = "FORWARD -d 10.1.1.10 -p tcp --dport 5001:5210"
        #expect(more?.commands.contains { $0.contains(wider) } == true)
    }

    @Test func `opens and closes ports of IPv6`() throws {
        var trip = RoundTrip(IPTablesSave.self) {
            try IPTablesHost.carryOut($0, on: $1, tool: "ip6tables")
        }
        trip.bystanders = ["2001:db8::77"]
        let text = Self.rules(["-A INPUT -d 2001:db8::/64 -p tcp --dport 5050 -j ACCEPT"])
        try trip.permit("21,5001-5201", to: "2001:db8::10", on: text)
        try trip.forbid("5001-5201", to: "2001:db8::10", on: text)
    }

    @Test func `has the helper read further control ports`() throws {
        let server = try #require(IPAddress(Self.server))
        let text = Self.rules(["-A INPUT \(Self.related)"])
        let before = Self.trip.read(text)
        let fix = try #require(
            IPTablesSave.fix(.set(.readControl(PortSet(2121...2121), server: server)), before))
        let mended = try IPTablesHost.carryOut(fix.commands, on: text)
        let read = Self.trip.read(mended).device?.inspections.map(\.controlPorts) ?? []
        #expect(read.contains { $0.contains(2121) })
        let undone = Self.trip.read(try IPTablesHost.carryOut(fix.undo, on: mended))
        #expect(undone.device?.inspections == before.device?.inspections)
    }

    @Test func `round trips of random rules`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        for _ in 0..<60 {
            let list = (0..<Int.random(in: 0...7, using: &dice)).map { _ -> String in
                let low = UInt16.random(in: 4990...5210, using: &dice)
                let ports = [
                    "", " --dport \(low)", " --dport \(low):\(low + 60)", " ! --dport \(low)",
                ]
                let to = ["", " -d 203.0.113.10/32", " -d 203.0.113.0/24", " ! -d 203.0.113.77/32"]
                let from = ["", "", " -s 198.51.0.0/16", " ! -s 198.51.100.9/32", " -i eth0"]
                let target = ["ACCEPT", "DROP", "REJECT", "RETURN", "own", "LOG"]
                let chain = ["INPUT", "INPUT", "own"].randomElement(using: &dice) ?? "INPUT"
                let jump = target.randomElement(using: &dice) ?? "DROP"
                return "-A \(chain)\(from.randomElement(using: &dice) ?? "")"
                    + "\(to.randomElement(using: &dice) ?? "") -p tcp -m tcp"
                    + "\(ports.randomElement(using: &dice) ?? "") -j "
                    + (jump == "own" && chain == "own" ? "RETURN" : jump)
            }
            let policy = Bool.random(using: &dice) ? "ACCEPT" : "DROP"
            let text = Self.rules(list, policy: policy, chains: ["own"])
            let low = UInt16.random(in: 4990...5201, using: &dice)
            let ports = "\(PortSet([low...low + 30, 21...21].shuffled(using: &dice)))"
            try Self.trip.permit(ports, to: Self.server, on: text)
            try Self.trip.forbid(ports, to: Self.server, on: text)
        }
    }
}

@Suite struct UfwRoundTripTests {
    static let server = "203.0.113.10"

    /// `action ports destination source`, as `user.rules` holds it.
    static func file(_ rules: [String]) -> String {
        let lines = rules.flatMap { rule -> [String] in
            let words = rule.split(separator: " ").map(String.init)
            let target = words[0] == "allow" ? "ACCEPT" : "DROP"
            let ports = words[1] == "any" ? "" : " -m multiport --dports \(words[1])"
            return [
                "### tuple ### \(words[0]) tcp \(words[1]) \(words[2]) any \(words[3]) in",
                "-A ufw-user-input -p tcp\(ports) -d \(words[2]) -s \(words[3]) -j \(target)", "",
            ]
        }
        return
            ([
                "*filter", ":ufw-user-input - [0:0]", ":ufw-user-forward - [0:0]", "### RULES ###",
                "",
            ]
            + lines + ["### END RULES ###", "COMMIT"]).joined(separator: "\n") + "\n"
    }

    /// The same as `ufw status` prints it.
    static func status(_ rules: [String]) -> String {
        let rows = rules.map { rule -> String in
            let words = rule.split(separator: " ").map(String.init)
            let from = words[3] == "0.0.0.0/0" ? "Anywhere" : words[3]
            let to = words[2] == "0.0.0.0/0" ? "" : "\(words[2]) "
            return "\(to)\(words[1])/tcp   \(words[0].uppercased()) IN   \(from)"
        }
        return
            (["Status: active", "", "To                         Action      From"]
            + ["--                         ------      ----"] + rows).joined(separator: "\n") + "\n"
    }

    static let lists: [[String]] = [
        [], ["allow 21 0.0.0.0/0 0.0.0.0/0"], ["allow 5001:5100 203.0.113.10 0.0.0.0/0"],
        ["deny 5000:6000 0.0.0.0/0 0.0.0.0/0", "allow 5001:5201 203.0.113.10 0.0.0.0/0"],
        [
            "deny 21 203.0.113.10 198.51.100.0/24", "deny 5001:5201 203.0.113.10 0.0.0.0/0",
            "allow 1024:65535 203.0.113.0/24 0.0.0.0/0",
        ],
        ["allow 21,5001:5201 203.0.113.10 0.0.0.0/0", "deny 80 0.0.0.0/0 0.0.0.0/0"],
        ["deny 80 0.0.0.0/0 0.0.0.0/0", "deny 21,5001:5201 203.0.113.10 0.0.0.0/0"],
    ]

    @Test(arguments: lists)
    func `opens and closes ports`(_ list: [String]) throws {
        for (format, text) in [
            (Ufw.self as any ConfigFormat.Type, Self.file(list)),
            (UfwStatus.self, Self.status(list)),
        ] {
            let trip = RoundTrip(format) { try UfwHost.carryOut($0, on: $1) }
            let many = "\(PortSet(ports: (0..<9).map { 7000 + 2 * $0 }))"
            for ports in ["5001-5201", "21,5001-5201", many] {
                try trip.permit(ports, to: Self.server, on: text)
                try trip.forbid(ports, to: Self.server, on: text)
            }
        }
    }
}

extension UfwRoundTripTests {
    static let before = """
        *nat
        :PREROUTING ACCEPT [0:0]
        -A PREROUTING -d 203.0.113.10 -p tcp -m multiport --dports 21,5001:5201 -j DNAT --to-destination 10.1.1.10
        COMMIT
        *filter
        :ufw-before-input - [0:0]
        :ufw-before-forward - [0:0]
        -A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        COMMIT

        """

    @Test(arguments: [[], ["deny 21,5001:5201 10.1.1.10 0.0.0.0/0"]])
    func `opens and closes ports of what it translates to`(_ list: [String]) throws {
        let text = Self.file(list).replacing("### tuple ### deny", with: "### tuple ### route:deny")
            .replacing("-A ufw-user-input", with: "-A ufw-user-forward")
        var trip = RoundTrip(Ufw.self) { try UfwHost.carryOut($0, on: $1) }
        trip.place = .through
        trip.read = { text in
            Ufw.read(together: [
                ConfigText(file: "user.rules", text), ConfigText(file: "before.rules", Self.before),
            ])
        }
        for named in [Self.server, "10.1.1.10"] {
            let open = try trip.permit("21,5001-5201", to: named, asked: Self.server, on: text)
            try trip.forbid("5001-5201", to: named, asked: Self.server, on: open)
        }
    }
}

@Suite struct FirewalldRoundTripTests {
    static let server = "203.0.113.10"
    static let zones: [(inner: [String], target: String?)] = [
        ([#"<service name="ftp"/>"#], nil), ([#"<port port="5001-5100" protocol="tcp"/>"#], "DROP"),
        ([], "ACCEPT"), ([], "%%REJECT%%"),
        (
            [
                #"<port port="1024-65535" protocol="tcp"/>"#,
                #"<rule family="ipv4"><source address="198.51.100.0/24"/><port port="5001-5100" protocol="tcp"/><drop/></rule>"#,
                #"<rule priority="-5"><port port="5050" protocol="tcp"/><reject/></rule>"#,
                #"<rule priority="-32767"><port port="5060" protocol="tcp"/><drop/></rule>"#,
                #"<rule priority="7"><port port="21" protocol="tcp"/><accept/></rule>"#,
            ], nil
        ),
    ]

    @Test(arguments: zones)
    func `opens and closes ports of a zone's file`(
        _ zone: (inner: [String], target: String?)
    ) throws {
        let head = "<zone\(zone.target.map { " target=\"\($0)\"" } ?? "")>"
        let text =
            ([#"<?xml version="1.0" encoding="utf-8"?>"#, head] + zone.inner + ["</zone>"])
            .joined(separator: "\n") + "\n"
        var trip = RoundTrip(Firewalld.self) {
            try FirewalldHost.carryOut($0, on: $1, zone: "public")
        }
        trip.staysWhenRepeated = false
        trip.read = { Firewalld.read(ConfigText(file: "public.xml", $0)) }
        for ports in ["5001-5201", "21,5001-5201"] {
            try trip.permit(ports, to: Self.server, on: text)
            try trip.forbid(ports, to: Self.server, on: text)
        }
    }

    @Test func `a denial of the lowest priority stays above what is opened`() throws {
        let text = """
            <zone>
            <rule priority="-32768"><port port="5060" protocol="tcp"/><drop/></rule>
            </zone>

            """
        var trip = RoundTrip(Firewalld.self) {
            try FirewalldHost.carryOut($0, on: $1, zone: "public")
        }
        trip.read = { Firewalld.read(ConfigText(file: "public.xml", $0)) }
        trip.staysWhenRepeated = false
        let (ports, open) = (PortSet(5001...5201), PortSet([5001...5059, 5061...5201]))
        try trip.check(
            .permit(ports, to: IPAddress(v4: 0xcb00_710a)), of: IPAddress(v4: 0xcb00_710a), on: text
        ) { $0.permitting(open) }
    }

    @Test func `opens and closes ports of a zone as it is listed`() throws {
        let text = """
            public (active)
              target: default
              interfaces: eth0
              services: ftp
              ports: 5001-5100/tcp
              forward-ports:
              rich rules:
            \trule family="ipv4" source address="198.51.100.0/24" port port="5001-5050" protocol="tcp" drop

            """
        var trip = RoundTrip(FirewallCmd.self) {
            try FirewalldHost.carryOut($0, on: $1, zone: "public")
        }
        trip.staysWhenRepeated = false
        for ports in ["5001-5201", "21,5001-5201"] {
            try trip.permit(ports, to: Self.server, on: text)
            try trip.forbid(ports, to: Self.server, on: text)
        }
    }
}
