import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct HAProxyTests {
    private let proxy = "203.0.113.5"

    private func read(_ text: String) -> FirewallVerdicts { FirewallVerdicts(HAProxy.self, text) }

    static let sample = """
        global
            log /dev/log local0
        defaults
            mode tcp
            timeout connect 5s
        frontend ftp
            bind 203.0.113.5:21,:2121
            bind *:50000-50100
            default_backend files
        backend files
            server one 10.1.1.10
        listen ftps
            bind :990 ssl crt /etc/ssl/a.pem
            server one 10.1.1.10:21 check
        """

    @Test func `hands on by frontend, backend and listen`() throws {
        let config = try Formats.read(file: "haproxy.cfg", bytes: Array(Self.sample.utf8))
        #expect(config.format == "haproxy")
        let read = read(Self.sample)
        #expect(try read.ports(proxy) == "21,990,2121,50000-50100")
        #expect(try read.ports(.unknown, proxy) == "")
        #expect(try read.ports("203.0.113.6") == "990,2121,50000-50100")
        #expect(try read.delivered(proxy, 50050) == "10.1.1.10")
        #expect(try read.delivered(proxy, 990) == "10.1.1.10:21")
        #expect(try read.lines(proxy, 50050) == [8, 8])
        #expect(
            read.configuration.notes.allSatisfy { $0.state == .used || $0.state == .irrelevant })
        #expect([7, 8, 9, 11].allSatisfy { read.state($0) == .used })
    }

    @Test(
        arguments: [
            ("10.1.1.10:+1000", "10.1.1.10:6003"), ("10.1.1.10:-10", "10.1.1.10:4993"),
            ("10.1.1.10:21", "10.1.1.10:21"), ("10.1.1.10:", "10.1.1.10"),
            ("ipv4@10.1.1.10", "10.1.1.10"),
        ] as [(String, String)])
    func `a server's port`(address: String, delivered: String) throws {
        let read = read("listen a\n bind *:5000-5010\n mode tcp\n server s \(address)\n")
        #expect(try read.delivered(proxy, 5003) == delivered)
    }

    @Test func `several servers take turns`() throws {
        let read = read(
            "listen a\n bind *:21\n server a 10.1.1.10:21\n server b 10.1.1.11:21\n server c 10.1.1.12:21 backup\n server d 10.1.1.13:21 disabled\n"
        )
        let segment = try #require(try read.reach(proxy, ports: "21").segments.first)
        #expect(segment.alternatives.map { "\($0)" } == ["10.1.1.10", "10.1.1.11"])
    }

    @Test(arguments: [
        "listen a\n bind *:21\n server a files.example:21\n",
        "listen a\n bind *:21\n server a 10.1.1.10:21\n server b 10.1.1.11:22\n",
        "listen a\n bind *:21\n mode http\n server a 10.1.1.10:21\n",
        "listen a\n bind *:21\n tcp-request connection reject if !{ src 10.0.0.0/8 }\n server a 10.1.1.10:21\n",
        "listen a\n bind *:21 accept-proxy\n server a 10.1.1.10:21\n",
        "frontend a\n bind *:21\n use_backend b if x\n default_backend c\nbackend b\n server a 10.1.1.10\nbackend c\n server a 10.1.1.11\n",
        "frontend a\n bind *:21\n default_backend nowhere\n", "listen a\n bind *:21\n",
        "listen a\n bind \"$PORTS\"\n server a 10.1.1.10:21\n",
    ])
    func `what isn't known is unknown, never open`(text: String) throws {
        #expect(try read(text).ports(.unknown, proxy).contains("21") || text.contains("$"))
        #expect(try read(text).ports(proxy) == "")
    }

    private func verdict(_ text: String, _ to: String? = nil, port: String = "21") throws
        -> [Reach.Verdict]
    {
        try read(text).reach(to ?? proxy, ports: port).segments.map(\.verdict)
    }

    @Test(arguments: [
        "tcp-request content set-dst-port int(22)", "tcp-request content use-service lua.deny",
        "tcp-request connection expect-proxy layer4", "tcp-request session silent-drop",
        "tcp-response content close", "bnid :22", "garbage @@@", "option nonsense",
        "monitor-net 198.51.100.0/24", "filter spoe engine x", "log \"stdout",
        "default-server ssl verify none", "bind fd@3", "bind :22 nonsense", "$EXTRA",
        ".if defined(X)\n bind :22\n.endif", "server t 10.1.1.11:21 nonsense",
    ])
    func `a line that isn't known to be harmless is no permission`(line: String) throws {
        let text = "listen a\n bind :21\n mode tcp\n \(line)\n server s 10.1.1.10:21\n"
        #expect(try verdict(text) == [.unknown])
        #expect(
            read(text).configuration.notes.contains {
                [.notModelled, .notRecognised, .invalid].contains($0.state)
            })
    }

    @Test func `a word that HAProxy doesn't know shuts every port`() throws {
        let text = "global\n nonsense on\nlisten a\n bind :21\n mode tcp\n server s 10.1.1.10\n"
        #expect(try read(text).ports(.unknown, proxy) == "1-65535")
        #expect(read(text).state(2) == .notRecognised)
    }

    @Test(
        arguments: [
            ("defaults\n mode tcp\n disabled\n", "", Reach.Verdict.denied),
            ("defaults\n mode tcp\n option transparent\n", "", .unknown),
            ("defaults d\n mode tcp\n tcp-request connection reject if x\n", "", .unknown),
            ("defaults t\n mode tcp\ndefaults h\n mode http\n", " from h", .unknown),
            ("defaults t\n mode tcp\ndefaults h\n mode http\n", " from t", .permitted),
            ("defaults t\n mode tcp\ndefaults h\n mode http\n", "", .unknown),
            ("defaults t\n mode tcp\n", " from nowhere", .unknown),
            ("defaults\n mode tcp\n default-server disabled\n", "", .unknown),
            ("defaults\n mode tcp\n default-server check inter 2s\n", "", .permitted),
        ] as [(String, String, Reach.Verdict)])
    func `defaults hold for the sections that take them`(
        defaults: String, from: String, verdict: Reach.Verdict
    ) throws {
        let text = "\(defaults)listen a\(from)\n bind :21\n server s 10.1.1.10:21\n"
        #expect(try self.verdict(text) == [verdict])
    }

    @Test(
        arguments: [
            ("tcp4@203.0.113.5:21", "203.0.113.5", Reach.Verdict.permitted),
            ("tcp@:21", "203.0.113.5", .permitted), ("mptcp@:21", "203.0.113.5", .permitted),
            ("tcp6@:21", "203.0.113.5", .denied), ("quic4@:21", "203.0.113.5", .denied),
            ("[::]:21", "203.0.113.5", .permitted), (":::21", "203.0.113.5", .permitted),
            ("[::]:21 v6only", "203.0.113.5", .denied), (":21#:22", "203.0.113.5", .permitted),
        ] as [(String, String, Reach.Verdict)])
    func `sockets of TCP by all their names`(
        bind: String, to: String, verdict: Reach.Verdict
    ) throws {
        let text = "listen a\n bind \(bind)\n mode tcp\n server s 10.1.1.10:21\n"
        #expect(try self.verdict(text, to) == [verdict])
    }

    @Test(
        arguments: [
            (" server s 2001:db8::1:21", "2001:db8::1"), (" server s 0.0.0.0:0", "203.0.113.5"),
            (" server s 10.1.1.10:0", "10.1.1.10"),
            (" server s 10.1.1.10:21\t# disabled", "10.1.1.10"),
            (" use_backend b\n use_backend c", "10.1.1.11"),
            (" use_backend b\n use_backend c if x", "10.1.1.11"),
        ] as [(String, String)])
    func `where a connection goes`(lines: String, delivered: String) throws {
        let read = read(
            "listen a\n bind :21\n mode tcp\n\(lines)\nbackend b\n server s 10.1.1.11\nbackend c\n server s 10.1.1.12\n"
        )
        #expect(try read.ports(proxy) == "21")
        #expect(try read.delivered(proxy, 21) == delivered)
    }

    @Test func `a backend doesn't listen`() throws {
        let read = read(
            "frontend a\n bind :21\n mode tcp\n default_backend b\nbackend b\n bind :22\n server s 10.1.1.10\n"
        )
        #expect(try read.ports(proxy) == "21")
        #expect(read.state(6) == .invalid)
    }

    @Test func `the socket of one address is asked before that of all`() throws {
        let read = read(
            "listen a\n bind :21\n mode tcp\n server s 10.1.1.10\nlisten b\n bind 203.0.113.5:21\n mode tcp\n server s 10.1.1.11\n"
        )
        #expect(try read.delivered(proxy, 21) == "10.1.1.11")
        #expect(try read.delivered("203.0.113.6", 21) == "10.1.1.10")
    }

    @Test func `many lines with other ports stay within named limits`() throws {
        let binds = String(repeating: " bind :1-8000\n", count: 2000)
        let read = read("listen a\n mode tcp\n\(binds) server s 10.1.1.10:+1000\n")
        #expect(try read.delivered(proxy, 21) == "10.1.1.10:1021")
        let many = (1...20_000).map {
            " bind :\($0)\n server s\($0) 10.1.\($0 / 256).\($0 % 256)\n"
        }
        let crowd = self.read("listen a\n mode tcp\n\(many.joined())")
        #expect(try crowd.ports(.unknown, proxy) == "1-65535")
    }

    @Test func `behind it a list sees another's address`() throws {
        let list = FirewallVerdicts(
            CiscoIOS.self,
            "hostname a\ninterface Gi0/0\n ip access-group L in\nip access-list extended L\n permit tcp 198.51.100.0 0.0.0.255 any eq 21\n permit tcp any any eq 990\n"
        ).configuration
        let source = SourceLine(file: "", line: nil, text: "")
        let hops = [
            Hop(
                name: "proxy", configuration: read(Self.sample).configuration, place: .host,
                source: source),
            Hop(name: "edge", configuration: list, place: .through, source: source),
        ]
        let question = ReachQuestion(
            from: AddressSet(try #require(Prefix("198.51.100.10"))),
            to: try #require(IPAddress(proxy)), ports: try #require(PortSet("21-22,990")))
        let verdicts = PathEvaluator(hops).reach(question).segments
            .map { "\($0.ports) \($0.verdict.rawValue)" }
        // Port 990 arrives at 21 too.
        #expect(verdicts == ["21 unknown", "22 denied", "990 unknown"])
    }

    @Test func `what it writes is read as meant`() throws {
        let before = read("listen a\n bind :21\n server a 10.1.1.10\n")
        let fix = HAProxy.fix(
            .permit(try #require(PortSet("990,5000-5010")), to: try #require(IPAddress(proxy))),
            before.configuration)
        let lines = try #require(fix).commands.joined(separator: "\n")
        let after = read("listen a\n bind :21\n server a 10.1.1.10\n\(lines)\n")
        #expect(try after.ports(proxy) == "21,990,5000-5010")
    }

    @Test func `no broken text makes it stumble`() {
        FirewallVerdicts.batter(HAProxy.self, Self.sample, step: 5)
    }
}
