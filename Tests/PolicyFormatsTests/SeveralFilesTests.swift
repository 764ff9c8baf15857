import Net
import Policy
import Testing

@testable import PolicyFormats

/// Several files given as one device or server.
@Suite struct SeveralFilesTests {
    private static func rules(_ policy: String, _ port: Int) -> String {
        """
        *filter
        :INPUT \(policy) [0:0]
        -A INPUT -p tcp -m tcp --dport \(port) -j ACCEPT
        COMMIT

        """
    }

    private static func read(_ files: [(String, String)]) throws -> Configuration {
        try Formats.read(together: files.map { (file: $0.0, bytes: Array($0.1.utf8)) })
    }

    private static func open(
        _ configuration: Configuration, _ to: String, _ verdict: Reach.Verdict = .permitted
    ) throws -> String {
        let hop = Hop(
            name: "", configuration: configuration, place: .host,
            source: SourceLine(file: "", line: nil, text: ""))
        let reach = PathEvaluator([hop]).reach(
            ReachQuestion(
                from: .all, to: try #require(IPAddress(to)), ports: PortSet(1...65535)))
        let ports = reach.segments.filter { $0.verdict == verdict }.flatMap(\.ports.ranges)
        return "\(PortSet(ports))"
    }

    @Test(arguments: [[0, 1], [1, 0]])
    func `iptables' rules of either family make one firewall`(_ order: [Int]) throws {
        let four = Self.rules("DROP", 21) + "# done\n"
        let six = """
            *filter
            :INPUT DROP [0:0]
            :own - [0:0]
            -A INPUT -p ipv6-icmp -j ACCEPT
            -A INPUT -j own
            -A own -p tcp -m tcp --dport 22 -j ACCEPT
            COMMIT

            """
        let files = [("etc/rules.v4", four), ("etc/rules.v6", six)]
        let read = try Self.read(order.map { files[$0] })
        #expect(try Self.open(read, "203.0.113.10") == "21")
        #expect(try Self.open(read, "2001:db8::1") == "22")
    }

    @Test func `rules of one family say nothing of the other`() throws {
        let four = try Self.read([("rules.v4", Self.rules("ACCEPT", 21))])
        #expect(try Self.open(four, "203.0.113.10") == "1-65535")
        #expect(try Self.open(four, "2001:db8::1") == "")
        #expect(try Self.open(four, "2001:db8::1", .unknown) == "1-65535")
        let six = try Self.read([("rules.v6", Self.rules("DROP", 22))])
        #expect(try Self.open(six, "203.0.113.10", .unknown) == "1-65535")
        #expect(try Self.open(six, "2001:db8::1") == "22")
    }

    @Test func `rules of either family may be hops of their own`() throws {
        let hops = try [("rules.v4", "DROP"), ("rules.v6", "ACCEPT")].map { file, policy in
            Hop(
                name: file, configuration: try Self.read([(file, Self.rules(policy, 21))]),
                place: .host, source: SourceLine(file: "", line: nil, text: ""))
        }
        let verdicts = try ["203.0.113.10", "2001:db8::1"].map { to in
            PathEvaluator(hops).reach(
                ReachQuestion(
                    from: .all, to: try #require(IPAddress(to)), ports: PortSet(22...22))
            ).segments.map(\.verdict)
        }
        #expect(verdicts == [[.denied], [.permitted]])
    }

    static let twice: [[(String, String)]] = [
        [("a.rules", rules("ACCEPT", 21)), ("b.rules", rules("DROP", 22))],
        [
            ("a.nft", "table inet a { chain c { type filter hook input priority 0; accept; }; }"),
            ("b.nft", "table inet b { chain c { type filter hook input priority 0; drop; }; }"),
        ],
    ]

    @Test(arguments: twice)
    func `a second rule set is refused, and not passed over`(_ files: [(String, String)]) {
        for files in [files, files.reversed()] {
            #expect(
                throws: Formats.Refusal.notTogether(
                    file: files[1].0,
                    format: files[0].0.hasSuffix("nft") ? "nftables" : "iptables-save")
            ) { try Self.read(files) }
        }
    }

    @Test func `an included rule set is read, another file beside it is named`() throws {
        let files = [
            ("nftables.conf", "flush ruleset\ninclude \"parts/*.nft\"\n"),
            (
                "parts/a.nft",
                "table inet a { chain c { type filter hook input priority 0; drop; }; }"
            ),
            ("notes.txt", "Ask before you change it.\n"),
        ]
        let read = try Self.read(files)
        #expect(try Self.open(read, "203.0.113.10", .denied) == "1-65535")
        #expect(read.unused == ["notes.txt"])
    }

    @Test func `of ProFTPD's files the one with the usual name is the server's`() throws {
        let old = "ServerName old\nDefaultRoot ~\nPassivePorts 60000 60010\nInclude conf.d/\n"
        let new = "ServerName new\nDefaultRoot ~\nInclude conf.d/\n"
        let read = try Self.read([
            ("p/conf.d/ports.conf", "PassivePorts 50000 50010\nDefaultRoot ~\n"),
            ("p/old.conf", old), ("p/proftpd.conf", new),
        ])
        #expect(read.server?.passive == .ports(50000...50010))
        #expect(read.unused == ["p/old.conf"])
    }

    @Test func `what a device of an empty file passes is unknown in every format`() throws {
        for format in Formats.all {
            for bytes in [[], [0x20, 0x0a, 0x0a]] as [[UInt8]] {
                let read = try Formats.read(file: "a", bytes: bytes, as: format.name)
                guard read.device != nil else { continue }
                let segments = try FirewallVerdicts(read).reach("192.0.2.1").segments
                #expect(segments.map(\.verdict) == [.unknown], "\(format.name)")
            }
        }
    }
}
