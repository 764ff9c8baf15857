import Policy
import Testing

@testable import PolicyFormats

/// What follows on a SYN that passed; each case was tried with a kernel (Linux 6).
@Suite struct FollowingTests {
    /// What becomes of it, or nil where nothing may stop it.
    private func back(
        _ format: any ConfigFormat.Type, _ text: String, _ place: Device.Place = .host
    ) throws -> Reach.Verdict? {
        var asked = FirewallVerdicts(format, text)
        asked.place = place
        let segments = try asked.reach("203.0.113.5", ports: "5001").segments
        #expect(segments.map(\.verdict) == [.permitted])
        return segments.first?.back
    }

    private typealias Case = (rules: [String], output: String, wanted: String?)
    private static let cases: [Case] = [
        (["INPUT -p tcp --dport 5001 -m conntrack --ctstate NEW -j ACCEPT"], "ACCEPT", "denied"),
        (["INPUT -p tcp --dport 5001 -m state --state NEW -j ACCEPT"], "ACCEPT", "denied"),
        (["INPUT -p tcp --dport 5001 --syn -j ACCEPT"], "ACCEPT", "denied"),
        (["INPUT -p tcp --dport 5001 -j ACCEPT"], "ACCEPT", "permitted"),
        (["INPUT -p tcp --dport 5001 -j ACCEPT"], "DROP", "denied"),
        (
            [
                "INPUT -p tcp --dport 5001 -j ACCEPT",
                "OUTPUT -p tcp --sport 5001 -m conntrack --ctstate ESTABLISHED -j ACCEPT",
            ], "DROP", "permitted"
        ),
        (
            [
                "INPUT -p tcp --dport 5001 -j ACCEPT",
                "OUTPUT -p tcp --sport 5001 -m conntrack --ctstate RELATED -j ACCEPT",
            ], "DROP", "denied"
        ),
        (
            [
                "INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                "INPUT -p tcp --dport 5001 -m conntrack --ctstate NEW -j ACCEPT",
            ], "ACCEPT", nil
        ),
        (
            [
                "INPUT -p tcp --dport 5001 -j ACCEPT", "OUTPUT -m mark --mark 1 -j ACCEPT",
            ], "DROP", "unknown"
        ),
        (
            [
                "INPUT -p tcp --dport 5001 -j ACCEPT",
                "OUTPUT -p tcp --sport 5001 -m limit --limit 50/second -j ACCEPT",
            ], "DROP", "unknown"
        ),
        (
            [
                "INPUT -p tcp --dport 5001 -j ACCEPT",
                "OUTPUT -m hashlimit --hashlimit-above 9/second --hashlimit-name a -j DROP",
            ], "ACCEPT", "unknown"
        ),
        (
            [
                "INPUT -p tcp --dport 5001 -j ACCEPT", "OUTPUT -m limit -j LOG",
                "OUTPUT -j ACCEPT",
            ], "DROP", "permitted"
        ),
        (["INPUT -p tcp --dport 5001 -m quota --quota 9000 -j ACCEPT"], "ACCEPT", "unknown"),
    ]

    @Test(arguments: cases.indices)
    func `iptables stops what its rules are not for`(
        _ index: Int
    ) throws {
        let (rules, output, wanted) = Self.cases[index]
        let head = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT \(output) [0:0]\n"
        let text = head + rules.map { "-A \($0)\n" }.joined() + "COMMIT\n"
        #expect(try back(IPTablesSave.self, text)?.rawValue == wanted)
    }

    /// Such a gateway forwards what its own input chain never sees.
    @Test(
        arguments: [
            (["FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT", "FORWARD -j ACCEPT"], nil),
            (
                [
                    "INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT",
                    "FORWARD -m conntrack --ctstate NEW -j ACCEPT",
                ], "denied"
            ),
        ] as [([String], String?)])
    func `what a host carries on to another is judged as it forwards`(
        _ rules: [String], _ wanted: String?
    ) throws {
        let text = """
            *nat
            -A PREROUTING -d 203.0.113.5 -p tcp --dport 5001 -j DNAT --to-destination 10.1.1.10
            COMMIT
            *filter
            :INPUT DROP [0:0]
            :FORWARD DROP [0:0]
            :OUTPUT ACCEPT [0:0]
            \(rules.map { "-A \($0)" }.joined(separator: "\n"))
            COMMIT

            """
        #expect(try back(IPTablesSave.self, text)?.rawValue == wanted)
    }

    private static let between: [(String, String?)] = [
        ("-A FORWARD -d 203.0.113.5 -p tcp --dport 5001 -j ACCEPT", "denied"),
        ("-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED,NEW -j ACCEPT", nil),
        (
            "-A FORWARD -d 203.0.113.5 -j ACCEPT\n-A FORWARD -s 203.0.113.5 -j ACCEPT",
            "permitted"
        ),
        // Taken out of connection tracking, nothing is told of it.
        ("COMMIT\n*raw\n-A PREROUTING -j NOTRACK", nil),
    ]

    @Test(arguments: between)
    func `iptables between both judges the answers by the same chain`(
        _ rules: String, _ wanted: String?
    ) throws {
        let policy = rules.contains("NOTRACK") ? "ACCEPT" : "DROP"
        let text = "*filter\n:FORWARD \(policy) [0:0]\n\(rules)\nCOMMIT\n"
        #expect(try back(IPTablesSave.self, text, .through)?.rawValue == wanted)
    }

    @Test(arguments: [
        ("-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", nil),
        ("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "denied"),
    ])
    func `iptables at home judges by FORWARD what it sends on`(
        _ established: String, _ wanted: String?
    ) throws {
        let text = """
            *nat
            -A PREROUTING -d 203.0.113.5 -p tcp --dport 5001 -j DNAT --to-destination 10.1.1.10
            -A PREROUTING -p tcp --dport 2121 -j REDIRECT --to-ports 21
            COMMIT
            *filter
            :INPUT DROP [0:0]
            :FORWARD DROP [0:0]
            \(established)
            -A FORWARD -d 10.1.1.10 -p tcp --dport 5001 -m conntrack --ctstate NEW -j ACCEPT
            COMMIT

            """
        #expect(try back(IPTablesSave.self, text)?.rawValue == wanted)
        let own = text.replacing("10.1.1.10\n", with: "127.0.0.1\n")
            .replacing("FORWARD -d 10.1.1.10", with: "INPUT")
        let isOpen = established.contains("INPUT")
        #expect(try back(IPTablesSave.self, own)?.rawValue == (isOpen ? nil : "denied"))
    }

    private static let nft: [(String, String, String?)] = [
        ("tcp dport 5001 ct state new accept", "", "denied"),
        ("tcp dport 5001 accept", "", "permitted"),
        ("ct state vmap { established : accept, invalid : drop }\ntcp dport 5001 accept", "", nil),
        ("tcp dport 5001 accept", "ct state related accept\ntcp sport 20 accept", "denied"),
        ("tcp dport 5001 accept", "tcp sport 5001 ct state established accept", "permitted"),
        ("tcp dport 5001 accept", "ct direction reply accept", "permitted"),
        ("tcp dport 5001 accept", "tcp flags & (syn|ack) == syn|ack accept", "unknown"),
        ("tcp dport 5001 accept", "ct mark 5 accept", "unknown"),
        ("tcp dport 5001 accept", "limit rate 9/second accept", "unknown"),
        ("tcp dport 5001 accept", "limit rate over 9 mbytes/second drop\naccept", "unknown"),
        ("tcp dport 5001 accept", "limit rate 9/minute log\naccept", "permitted"),
        ("tcp dport 5001 ct count 9 accept", "", "permitted"),
    ]

    @Test(arguments: nft)
    func `nft stops what its rules are not for`(
        _ input: String, _ output: String, _ wanted: String?
    ) throws {
        let policy = output.isEmpty ? "accept" : "drop"
        let text = """
            table inet f {
            chain i {
            type filter hook input priority 0; policy drop
            \(input)
            }
            chain o {
            type filter hook output priority 0; policy \(policy)
            \(output)
            }
            }
            """
        #expect(try back(Nftables.self, text)?.rawValue == wanted)
    }

    @Test func `what leaves is judged where nothing judges what enters`() throws {
        let text = """
            table inet f {
            chain o {
            type filter hook output priority 0; policy drop
            }
            }
            """
        #expect(try back(Nftables.self, text) == .denied)
    }

    @Test func `chains that many jumps lead to are read once`() throws {
        let depth = 40
        var text = "*filter\n:INPUT DROP [0:0]\n"
        text += (0...depth).map { ":c\($0) - [0:0]\n" }.joined() + "-A INPUT -j c0\n"
        for chain in 0..<depth {
            let jump = "-A c\(chain) -p tcp --dport 99 -j c\(chain + 1)\n"
            text += jump + jump
        }
        text += "-A INPUT -p tcp --dport 5001 -m state --state NEW -j ACCEPT\nCOMMIT\n"
        #expect(try back(IPTablesSave.self, text) == .denied)
    }

    @Test func `a long row of chains is read to its end`() throws {
        let count = 60_000
        var text = "*filter\n:INPUT DROP [0:0]\n"
        text += (0..<count).map { ":c\($0) - [0:0]\n" }.joined() + "-A INPUT -j c0\n"
        text += (1..<count).map { "-A c\($0 - 1) -p tcp --dport 99 -j c\($0)\n" }.joined()
        text += "-A INPUT -p tcp --dport 5001 -m state --state NEW -j ACCEPT\nCOMMIT\n"
        #expect(try back(IPTablesSave.self, text) == .denied)
    }

    @Test func `what the device takes itself isn't judged as what it sends on`() throws {
        let text = """
            *nat
            -A PREROUTING -p tcp --dport 5001 -j REDIRECT --to-ports 2121
            COMMIT
            *filter
            :INPUT ACCEPT [0:0]
            :FORWARD DROP [0:0]
            COMMIT
            """
        #expect(try back(IPTablesSave.self, text, .through) == .unknown)
    }

    @Test func `a client on the server itself is answered by its own interface`() throws {
        let text = """
            *filter
            :OUTPUT DROP [0:0]
            -A OUTPUT -o lo -j ACCEPT
            COMMIT
            """
        let segments = try FirewallVerdicts(IPTablesSave.self, text)
            .reach("127.0.0.1", from: "127.0.0.1", ports: "21").segments
        #expect(segments.map(\.back) == [.unknown])
    }

    /// As firewalld writes it by default (firewalld.conf(5), IPv6_rpfilter).
    @Test func `a check of the reverse path stops nothing that follows`() throws {
        let text = """
            table inet firewalld {
            chain filter_PREROUTING {
            type filter hook prerouting priority filter + 10; policy accept
            meta nfproto ipv6 fib saddr . mark . iif oif missing drop
            }
            chain filter_INPUT {
            type filter hook input priority filter + 10; policy drop
            ct state { established, related } accept
            tcp dport 5001 accept
            }
            }
            """
        let segments = try FirewallVerdicts(Nftables.self, text)
            .reach("2001:db8::10", from: "2001:db8::77", ports: "5001").segments
        #expect(segments.map(\.back) == [nil])
    }

    private func states(_ format: any ConfigFormat.Type, _ text: String) -> [String] {
        FirewallVerdicts(format, text).configuration.notes.map {
            "\($0.line) \($0.state.rawValue)"
        }
    }

    @Test func `lines of iptables that judge answers are used where they may stop them`() {
        let text = """
            *filter
            :OUTPUT DROP [0:0]
            -A OUTPUT -p tcp --sport 5001 -j ACCEPT
            -A OUTPUT -p tcp -m mark --mark 1 -j ACCEPT
            -A OUTPUT -p udp -j ACCEPT
            COMMIT
            """
        let states = states(IPTablesSave.self, text)
        #expect(states[2...4] == ["3 used", "4 not-modelled", "5 irrelevant"])
        let open = text.replacing(":OUTPUT DROP", with: ":OUTPUT ACCEPT")
        #expect(self.states(IPTablesSave.self, open)[2...4].allSatisfy { $0.hasSuffix("t") })
    }

    @Test func `lines of nft that judge answers are used where they may stop them`() {
        let text = """
            table inet f {
            chain o {
            type filter hook output priority 0; policy drop
            limit rate 5/minute log
            ct mark 5 accept
            udp dport 53 accept
            tcp sport 5001 jump p
            drop
            }
            chain p {
            ct state established accept
            }
            }
            """
        let states = states(Nftables.self, text)
        #expect(
            states[3...7] == ["4 used", "5 not-modelled", "6 irrelevant", "7 used", "8 used"])
        #expect(states[10] == "11 used")
        let open = text.replacing("drop\n}", with: "accept\n}")
        #expect(self.states(Nftables.self, open)[3...7].allSatisfy { $0.hasSuffix("t") })
    }
}
