import Net
import Policy
import Testing

@testable import HostFormats
@testable import PolicyFormats

@Suite struct IPTablesSaveTests {
    static let server = IPAddress(v4: 0xcb00_7105)
    static let client = IPAddress(v4: 0xc633_640a)

    /// A rule set of these lines of the filter table, behind those of others; policy DROP.
    static func text(_ filter: [String], before: [String] = []) -> String {
        (before + ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":x - [0:0]"] + filter
            + ["COMMIT"]).joined(separator: "\n") + "\n"
    }

    static func read(_ text: String, with companion: String? = nil) -> Configuration {
        let companions = companion.map { [ConfigText(file: "sets", $0)] } ?? []
        return IPTablesSave.read(ConfigText(file: "rules.v4", text), with: companions)
    }

    static func reach(
        _ configuration: Configuration, place: Device.Place = .host, entering: String? = "eth0",
        from: IPAddress = client, sourcePort: UInt16? = nil, control: UInt16? = nil
    ) -> Reach {
        var question = ReachQuestion(
            from: AddressSet(from), to: server, ports: PortSet(0...65535), control: control)
        if let sourcePort { question.sourcePorts = PortSet(sourcePort...sourcePort) }
        let hop = Hop(
            name: "", configuration: configuration, place: place, outside: entering,
            source: SourceLine(file: "", line: nil, text: ""))
        return PathEvaluator([hop]).reach(question)
    }

    static func ports(_ reach: Reach, _ verdict: Reach.Verdict = .permitted) -> String {
        let ranges = reach.segments.filter { $0.verdict == verdict }.flatMap(\.ports.ranges)
        return "\(PortSet(ranges))"
    }

    @Test(arguments: [
        ("-A INPUT -p tcp -m tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -p 6 --dport 50000:50100 -j ACCEPT", "50000-50100"),
        ("-A INPUT -p tcp --dport :20 -j ACCEPT", "0-20"),
        ("-A INPUT -p tcp --dport 65000: -j ACCEPT", "65000-65535"),
        ("-A INPUT -p tcp --dport ftp -j ACCEPT", "21"),
        // Octal behind a 0, hexadecimal behind 0x.
        ("-A INPUT -p tcp --dport 021 -j ACCEPT", "17"),
        ("-A INPUT -p tcp -m multiport --dports 021,0x20,030:040 -j ACCEPT", "17,24-32"),
        ("-A INPUT -p 06 --dport 0x15 -j ACCEPT", "21"),
        ("-A INPUT -s 0306.51.0x64.0/24 -p tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -m iprange --src-range 0306.0.0.0-0306.255.0.0 -j ACCEPT", "0-65535"),
        ("-A INPUT -s 198.51.100.0/030 -p tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -s 198.51.100.0/040 -p tcp --dport 21 -j ACCEPT", ""),
        ("-A INPUT -p tcp --dport 21 -m mark ! --mark 010/077 -j ACCEPT", "21"),
        ("-A INPUT -p tcp ! --dport 22:65535 -j ACCEPT", "0-21"),
        ("-A INPUT -p tcp --dport ! 22:65535 -j ACCEPT", "0-21"),
        (
            "-A INPUT -p tcp -m multiport --dports 21,990,50000:50100 -j ACCEPT",
            "21,990,50000-50100"
        ),
        ("-A INPUT -p tcp -m multiport --ports 21 -j ACCEPT", "21"),
        ("-A INPUT -p udp --dport 21 -j ACCEPT", ""), ("-A INPUT ! -p udp -j ACCEPT", "0-65535"),
        ("-A INPUT ! -p tcp -j ACCEPT", ""),
        ("-A INPUT -s 198.51.100.0/24,192.0.2.1 -p tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT ! -s 198.51.100.0/255.255.255.0 -p tcp --dport 21 -j ACCEPT", ""),
        ("-A INPUT -d 203.0.113.5/32 -p tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -i eth+ -p tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT ! -i eth0 -p tcp --dport 21 -j ACCEPT", ""),
        ("-A INPUT -p tcp --syn --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -p tcp ! --syn --dport 21 -j ACCEPT", ""),
        ("-A INPUT -p tcp --tcp-flags ACK ACK --dport 21 -j ACCEPT", ""),
        ("-A INPUT -p tcp --tcp-flags FIN,SYN,RST,ACK SYN --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -m state --state NEW -p tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT", ""),
        ("-A INPUT -m conntrack ! --ctstate INVALID -p tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -m conntrack --ctorigdstport 21 --ctproto 6 -j ACCEPT", "21"),
        (
            "-A INPUT -m iprange --src-range 198.51.100.1-198.51.100.20 -p tcp --dport 21 -j ACCEPT",
            "21"
        ),
        ("-A INPUT -m addrtype --dst-type LOCAL -p tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -m limit --limit 5/min -p tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -m recent --update --seconds 60 --hitcount 4 --name a -j ACCEPT", ""),
        (
            "-A INPUT -p tcp -m comment --comment \"not -j DROP \\\" this\" -m tcp --dport 21 -j ACCEPT",
            "21"
        ),
        ("[12:720] -A INPUT -p tcp --dport 21 -j ACCEPT", "21"),
        ("-A INPUT -p tcp --sport 20 -j ACCEPT", ""),
        ("-A INPUT -m tcp -p 6 -m limit -j ACCEPT", "0-65535"),
        ("-A INPUT -p tcp -m multiport --dport 21,22 -j ACCEPT", "21-22"),
        ("-A INPUT -p tcp -m state -m comment --comment x --state NEW -j ACCEPT", "0-65535"),
        ("-A INPUT -p tcp -m policy --dir in -j ACCEPT", ""),
        ("-A INPUT -p tcp -m policy --dir in --pol none -j ACCEPT", "0-65535"),
        ("-A INPUT -p udp -m udp --dport 21 -j ACCEPT", ""),
    ])
    func `reads a match as the kernel does`(line: String, permitted: String) {
        let configuration = Self.read(Self.text([line]))
        #expect(configuration.notes.allSatisfy { $0.state != .invalid }, "\(configuration.notes)")
        #expect(Self.ports(Self.reach(configuration)) == permitted)
    }

    @Test(arguments: [
        "-A INPUT -p tcp --dport 08 -j ACCEPT", "-A INPUT -p tcp --dport 0x1g -j ACCEPT",
        "-A INPUT -s 10.0.0.0/08 -j ACCEPT",
        "-A INPUT -p tcp --dport 99999 -j ACCEPT", "-A INPUT --dport 21 -j ACCEPT",
        "-A INPUT -p tcp --dport 30:20 -j ACCEPT", "-A INPUT -p tcp -j NOWHERE",
        "-A NOWHERE -j ACCEPT", "-A INPUT -p tcp --bogus 1 -j ACCEPT", "this is wrapped",
        "-A INPUT -m comment --comment \"open -j ACCEPT", "-A INPUT -s 300.1.1.1 -j ACCEPT",
        "-A INPUT -p tcp -j DNAT --to-destination 10.0.0.5",
        "-A INPUT -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 -j ACCEPT",
        // Modules without an option that they need, or without their protocol.
        "-A INPUT -p tcp -m comment -j ACCEPT", "-A INPUT -p tcp -m conntrack -j ACCEPT",
        "-A INPUT -p tcp -m state -j ACCEPT", "-A INPUT -p tcp -m multiport -j ACCEPT",
        "-A INPUT -p tcp -m addrtype -j ACCEPT", "-A INPUT -p tcp -m mark -j ACCEPT",
        "-A INPUT -p tcp -m mark -m connmark --mark 1 -j ACCEPT",
        "-A INPUT -p tcp -m recent --name x -j ACCEPT", "-A INPUT -p tcp -m set -j ACCEPT",
        "-A INPUT -p tcp -m hashlimit --hashlimit-name x -j ACCEPT",
        "-A INPUT -p tcp -m policy --pol none -j ACCEPT", "-A INPUT -m tcp -j ACCEPT",
        "-A INPUT -p all -m tcp --dport 21 -j ACCEPT",
        "-A INPUT -p tcp -m udp --dport 21 -j ACCEPT",
        "-A INPUT ! -p udp --dport 21 -j ACCEPT", "-A INPUT -p tcp -m ah -j ACCEPT",
        "-A INPUT -p tcp -m ah --ahspi 5 -j ACCEPT", "-A INPUT -p tcp -m esp -j ACCEPT",
        "-A INPUT -m multiport --dports 21 -j ACCEPT",
        // Options whose module isn't loaded, or not yet.
        "-A INPUT -p tcp --ctstate NEW -j ACCEPT", "-A INPUT -p tcp --state NEW -j ACCEPT",
        "-A INPUT -p tcp -m state --ctstate NEW -j ACCEPT",
        "-A INPUT -p tcp --ctstate NEW -m conntrack -j ACCEPT",
        "-A INPUT -p tcp --dports 21,22 -j ACCEPT", "-A INPUT -p tcp --mark 1 -j ACCEPT",
        "-A INPUT -p tcp --src-range 10.0.0.1-10.0.0.9 -j ACCEPT",
        "-A INPUT -p tcp --dst-type LOCAL -j ACCEPT", "-A INPUT -p tcp --comment x -j ACCEPT",
        "-A INPUT -p tcp --match-set clients src -j ACCEPT",
        "-A INPUT -p tcp --pkt-type unicast -j ACCEPT", "-A INPUT -p tcp --limit 3/min -j ACCEPT",
        "-A INPUT -p tcp -m comment --comment x --limit 3/min -j ACCEPT",
        "-A INPUT -m tcp --dport 21 -p tcp -j ACCEPT", "-A INPUT --syn -p tcp -j ACCEPT",
        "-A INPUT --sport 1024:65535 -j ACCEPT",
        // Targets of other tables and hooks.
        "-A INPUT -p tcp -j MASQUERADE", "-A INPUT -p tcp -j SNAT --to-source 10.0.0.5",
        "-A INPUT -j NETMAP --to 10.0.0.0/24", "-A INPUT -p tcp -j REDIRECT",
        "-A INPUT -j TTL --ttl-set 5", "-A INPUT -p tcp -j CT --notrack", "-A INPUT -j NOTRACK",
        "-A INPUT -j TOS --set-tos 0x10", "-A INPUT -j CLASSIFY --set-class 1:1",
    ])
    func `a bad line keeps its table from loading, and the answer is unknown`(line: String) {
        let configuration = Self.read(Self.text(["-A INPUT -p tcp --dport 21 -j ACCEPT", line]))
        #expect(configuration.notes.first { $0.line == 6 }?.state == .invalid)
        #expect(configuration.notes.first { $0.line == 5 }?.state == .invalid)
        #expect(Self.ports(Self.reach(configuration), .unknown) == "0-65535")
    }

    @Test(arguments: [
        // Names are looked up to the letter.
        "-A INPUT -p tcp --dport FTP -j ACCEPT",
        "-A INPUT -m set --match-set clients src -j ACCEPT",
        "-A INPUT -m time --days Mon -j ACCEPT",
        "-A INPUT -m mac --mac-source 00:00:00:00:00:01 -j ACCEPT", "-A INPUT -j NFQUEUE",
        "-A INPUT -s files.example.com -p tcp -j ACCEPT", "-A INPUT -p tcp -m socket -j ACCEPT",
        "-A INPUT -p tcp -m nosuchmodule -j ACCEPT", "-A INPUT -p tcp -m osf -j ACCEPT",
        "-A INPUT -p tcp -m cluster -j ACCEPT", "-A INPUT -p tcp -m ipvs -j ACCEPT",
        "-A INPUT -p tcp -m connlabel -j ACCEPT", "-A INPUT -p tcp -m rpfilter -j ACCEPT",
    ])
    func `what isn't modelled is unknown, never permitted`(line: String) {
        let configuration = Self.read(Self.text([line]))
        #expect(configuration.notes.first { $0.line == 5 }?.state == .notModelled)
        #expect(Self.ports(Self.reach(configuration), .unknown) == "0-65535")
    }

    @Test(arguments: [
        "-m conntrack -m tcp --ctstate NEW --dport 21", "--dport 21 -m state --state NEW",
        "-m limit -m comment --comment x --dport 21 --limit 3/min",
        "-m connmark -m comment --comment x --dport 21 --mark 0",
    ])
    func `options may stand apart from their module`(words: String) {
        let configuration = Self.read(Self.text(["-A INPUT -p tcp \(words) -j ACCEPT"]))
        #expect(Self.ports(Self.reach(configuration), .permitted) == "21")
    }

    @Test func `a mark that two modules may mean is unknown`() {
        let line = "-A INPUT -p tcp -m mark -m connmark --mark 0 --mark 0 --dport 21 -j ACCEPT"
        let configuration = Self.read(Self.text([line]))
        #expect(Self.ports(Self.reach(configuration), .permitted) == "")
    }

    @Test func `a module that isn't modelled never decides by itself`() {
        let line = "-A INPUT -p tcp -m tcp --dport 21 -m socket -j DROP"
        let open = Self.text([line]).replacing(":INPUT DROP", with: ":INPUT ACCEPT")
        #expect(Self.ports(Self.reach(Self.read(open)), .denied) == "")
        #expect(Self.ports(Self.reach(Self.read(open)), .unknown) == "21")
        // IPv6's ah needs no protocol, and none of IPv6's headers is looked for.
        for module in ["ah", "eui64", "frag"] {
            let text = "# ip6tables-save\n" + Self.text(["-A INPUT -p tcp -m \(module) -j ACCEPT"])
            #expect(Self.read(text).notes.first { $0.line == 6 }?.state == .notModelled)
        }
    }

    @Test func `targets work in the tables and hooks that the kernel names`() {
        func bad(_ table: String, _ rule: String) -> Bool {
            let text = "*\(table)\n\(rule)\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
            return Self.read(text).notes.contains { $0.state == .invalid }
        }
        #expect(!bad("nat", "-A POSTROUTING -j MASQUERADE"))
        #expect(!bad("nat", "-A INPUT -j SNAT --to-source 10.0.0.5"))
        #expect(!bad("mangle", "-A PREROUTING -j TTL --ttl-set 5"))
        #expect(!bad("mangle", "-A FORWARD -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu"))
        #expect(!bad("security", "-A INPUT -j CONNSECMARK --save"))
        #expect(bad("nat", "-A PREROUTING -j MASQUERADE"))
        #expect(bad("nat", "-A POSTROUTING -j REDIRECT"))
        #expect(bad("nat", "-A INPUT -j DROP"))
        #expect(bad("mangle", "-A INPUT -j REJECT"))
        #expect(bad("mangle", "-A PREROUTING -j CT --notrack"))
        #expect(bad("raw", "-A PREROUTING -j TTL --ttl-set 5"))
    }

    @Test func `the filter sees the translated port, and the answer says where it arrives`() {
        let nat = [
            "*nat", ":PREROUTING ACCEPT [0:0]",
            "-A PREROUTING -p tcp --dport 990 -j REDIRECT --to-ports 21", "COMMIT",
        ]
        let configuration = Self.read(
            Self.text(["-A INPUT -p tcp --dport 21 -j ACCEPT"], before: nat))
        let reach = Self.reach(configuration)
        #expect(Self.ports(reach) == "21,990")
        let moved = reach.segments.first { $0.ports.contains(990) }
        #expect(moved?.translatedTo == Self.server)
        #expect(moved?.translatedPorts == 21...21)
        #expect(moved?.decidedBy.map(\.source.line) == [3, 9])
    }

    @Test func `a translation to another host is judged by FORWARD, its ports kept`() {
        let nat = [
            "*nat", ":PREROUTING ACCEPT [0:0]",
            "-A PREROUTING -p tcp --dport 5001:5201 -j DNAT --to-destination 10.1.1.10:5001-5201",
            "COMMIT",
        ]
        let filter = [
            "-A INPUT -j ACCEPT", "-A FORWARD -d 10.1.1.10 -p tcp --dport 5001:5100 -j ACCEPT",
        ]
        let reach = Self.reach(Self.read(Self.text(filter, before: nat)))
        #expect(Self.ports(reach) == "0-5100,5202-65535")
        let forwarded = reach.segments.first { $0.ports.contains(5050) }
        #expect(forwarded?.translatedTo == IPAddress("10.1.1.10"))
        #expect(forwarded?.translatedPorts == nil)
    }

    @Test func `marks, untracked packets and another table's policy count`() {
        let raw = [
            "*raw", ":PREROUTING ACCEPT [0:0]", "-A PREROUTING -p tcp --dport 80 -j CT --notrack",
            "COMMIT", "*mangle", ":PREROUTING ACCEPT [0:0]",
            "-A PREROUTING -p tcp --dport 21 -j MARK --set-xmark 0x1/0xff", "COMMIT",
        ]
        let filter = [
            "-A INPUT -m mark --mark 0x1/0xff -j ACCEPT",
            "-A INPUT -p tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT",
            "-A INPUT -p tcp --dport 81 -m conntrack --ctstate NEW -j ACCEPT",
            "-A INPUT -m conntrack --ctorigdstport 80:82 -j ACCEPT",
        ]
        #expect(Self.ports(Self.reach(Self.read(Self.text(filter, before: raw)))) == "21,81-82")
        let closed = ["*mangle", ":PREROUTING DROP [0:0]", "COMMIT"]
        let reach = Self.reach(Self.read(Self.text(["-A INPUT -j ACCEPT"], before: closed)))
        #expect(Self.ports(reach, .denied) == "0-65535")
    }

    @Test func `a helper that a rule assigns opens what RELATED lets in`() {
        let raw = [
            "*raw", ":PREROUTING ACCEPT [0:0]",
            "-A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp", "COMMIT",
        ]
        let filter = [
            "-A INPUT -p tcp --dport 21 -j ACCEPT",
            "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        ]
        let with = Self.read(Self.text(filter, before: raw))
        #expect(
            Self.ports(Self.reach(with, control: 21), .permittedByInspection) == "0-20,22-65535")
        #expect(Self.ports(Self.reach(with), .permittedByInspection) == "")
        let without = Self.read(Self.text(filter))
        #expect(Self.ports(Self.reach(without, control: 21), .permittedByInspection) == "")
    }

    @Test(arguments: [
        (["-A PREROUTING -s 192.0.2.1 -p tcp --dport 21 -j CT --helper ftp"], false),
        (["-A PREROUTING -j ACCEPT", "-A PREROUTING -p tcp --dport 21 -j CT --helper ftp"], false),
        (["-A OUTPUT -p tcp --dport 21 -j CT --helper ftp"], false),
        (["-A PREROUTING -p tcp -j NOTRACK", "-A PREROUTING -p tcp -j CT --helper ftp"], false),
        (
            ["-A PREROUTING -p tcp -j CT --zone 1", "-A PREROUTING -p tcp -j CT --helper ftp"],
            false
        ),
        (["-A PREROUTING -p tcp -j CT --helper ftp", "-A PREROUTING -p tcp -j NOTRACK"], true),
        (["-A PREROUTING -p tcp -j CT --helper sip"], false),
    ])
    func `a helper watches only the control connections that get it`(raw: [String], opens: Bool) {
        let before =
            ["*raw", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"] + raw + ["COMMIT"]
        let filter = [
            "-A INPUT -p tcp --dport 21 -j ACCEPT",
            "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        ]
        let reach = Self.reach(Self.read(Self.text(filter, before: before)), control: 21)
        #expect(Self.ports(reach, .permittedByInspection) == (opens ? "0-20,22-65535" : ""))
    }

    @Test func `an untracked packet keeps its mark where it has no connection's to take`() {
        let before = [
            "*raw", ":PREROUTING ACCEPT [0:0]", "-A PREROUTING -p tcp --dport 21 -j NOTRACK",
            "COMMIT", "*mangle", ":PREROUTING ACCEPT [0:0]",
            "-A PREROUTING -p tcp --dport 21:22 -j MARK --set-mark 1",
            "-A PREROUTING -j CONNMARK --restore-mark", "COMMIT",
        ]
        let reach = Self.reach(
            Self.read(Self.text(["-A INPUT -m mark --mark 1 -j ACCEPT"], before: before)))
        #expect(Self.ports(reach) == "21")
    }

    @Test func `sets are known where their file stands beside`() {
        let sets = """
            create clients hash:net family inet
            add clients 198.51.100.0/24
            add clients 198.51.100.10 nomatch
            create services hash:ip,port
            add services 198.51.100.10,tcp:5001-5100
            """
        let filter = [
            "-A INPUT -p tcp -m set --match-set clients src -m tcp --dport 21 -j ACCEPT",
            "-A INPUT -p tcp -m set ! --match-set clients src -m tcp --dport 990 -j ACCEPT",
            "-A INPUT -p tcp -m set --match-set services src,dst -j ACCEPT",
        ]
        let reach = Self.reach(Self.read(Self.text(filter), with: sets))
        #expect(Self.ports(reach) == "990,5001-5100")
    }

    @Test func `without an interface, a line bound to one is unknown, but for the loopback's`() {
        let lo = Self.read(Self.text(["-A INPUT -i lo -j ACCEPT"]))
        #expect(Self.ports(Self.reach(lo, entering: nil), .denied) == "0-65535")
        let eth = Self.read(Self.text(["-A INPUT -i eth1 -p tcp --dport 21 -j ACCEPT"]))
        #expect(Self.ports(Self.reach(eth, entering: nil), .unknown) == "21")
    }

    @Test func `rules of IPv6 tell nothing of IPv4`() {
        let configuration = Self.read("# ip6tables-save\n" + Self.text([]))
        #expect(Self.ports(Self.reach(configuration), .unknown) == "0-65535")
    }

    @Test func `recognises itself, and leaves a part of ufw's alone`() {
        #expect(IPTablesSave.recognise(ConfigText(file: "a", Self.text([]))) == .certain)
        let ufw = "*filter\n:ufw-user-input - [0:0]\n-A ufw-user-input -j ACCEPT\nCOMMIT\n"
        #expect(IPTablesSave.recognise(ConfigText(file: "a", ufw)) == .no)
        #expect(IPTablesSave.recognise(ConfigText(file: "a", "-A nothing")) == .no)
    }

    @Test func `every line has one note, whatever the bytes`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var random = Seeded(state: seed)
        let whole = Array(
            Self.text(
                [
                    "-A INPUT -p tcp -m multiport --dports 21,50:60 -m mark --mark 1/2 -j x",
                    "-I INPUT 1 -g x",
                ],
                before: [
                    "*nat", "-A PREROUTING -j DNAT --to-destination 1.2.3.4-1.2.3.9:5-6", "COMMIT",
                ]
            ).utf8)
        for cut in whole.indices {
            var bytes = Array(whole[...cut])
            for _ in 0..<Int(random.next() % 3) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(random.next() & 127)
            }
            let text = ConfigText(file: "a", bytes: bytes)
            let configuration = IPTablesSave.read(text)
            #expect(
                configuration.notes.map(\.line)
                    == Array(1...max(1, text.lines.count)).filter { $0 <= text.lines.count })
            _ = Self.reach(configuration)
            _ = IPSet.read(text)
        }
    }

    @Test(arguments: ["create x :", "create x ::", "create x :ip", "create x hash:"])
    func `a set without a type is none that is known`(_ line: String) {
        let (sets, notes) = IPSet.read(ConfigText(file: "a", bytes: Array(line.utf8)))
        #expect(sets["x"]?.elements.isEmpty == true)
        #expect(notes.count == 1)
    }

    @Test(arguments: [
        ("REDIRECT --to 21", "21,990"), ("REDIRECT --to-port 21", "21,990"),
        ("DNAT --to 203.0.113.5:21", "21,990"), ("DNAT --to-dest 203.0.113.5:21", "21,990"),
        ("REDIRECT", "21"),
    ])
    func `an option of a target may be cut short`(_ target: String, _ open: String) {
        let nat = ["*nat", "-A PREROUTING -p tcp --dport 990 -j \(target)", "COMMIT"]
        let rules = ["-A INPUT -p tcp --dport 21 -j ACCEPT"]
        let configuration = Self.read(Self.text(rules, before: nat))
        #expect(configuration.notes.allSatisfy { $0.state != .invalid }, "\(configuration.notes)")
        #expect(Self.ports(Self.reach(configuration)) == open)
        // With a module that has such an option too, it is short for several.
        let several = ["*nat", "-A PREROUTING -p tcp -m tos --tos 1 -j REDIRECT --to 21", "COMMIT"]
        let broken = Self.read(Self.text(rules, before: several))
        #expect(broken.notes.contains { $0.state == .invalid })
    }

    @Test func `writes commands above the lines that deny, and what takes them back`() {
        let fix = IPTablesSave.fix(.permit(PortSet(50000...50100), to: Self.server), nil)
        #expect(
            fix?.commands == [
                "iptables -I INPUT -d 203.0.113.5 -p tcp --dport 50000:50100 -m conntrack --ctstate NEW -j ACCEPT"
            ])
        #expect(fix?.undo.first?.hasPrefix("iptables -D INPUT ") == true)
        let inside = IPAddress(v4: 0x0a00_0005)
        let nat = IPTablesSave.fix(
            .translate(PortSet([21...21, 5001...5201]), outside: Self.server, inside: inside), nil)
        #expect(
            nat?.commands == [
                "iptables -t nat -I PREROUTING -d 203.0.113.5 -p tcp -m multiport --dports 21,5001:5201 -j DNAT --to-destination 10.0.0.5"
            ])
        #expect(IPTablesSave.fix(.requireTLS, nil) == nil)
    }

    private struct Seeded {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}
