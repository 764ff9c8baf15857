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
