import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct NginxStreamTests {
    private let proxy = "203.0.113.5"

    private func read(_ text: String) -> FirewallVerdicts {
        FirewallVerdicts(NginxStream.self, text)
    }

    static let sample = """
        user www-data;
        include /etc/nginx/modules-enabled/*.conf;
        events { worker_connections 768; }
        stream {
            upstream files { server 10.1.1.10:21; } # the server
            map $server_port $goal {
                990     10.1.1.11:21;
                default 10.1.1.10:$server_port;
            }
            server {
                listen 21;
                proxy_pass files;
            }
            server {
                listen 203.0.113.5:50000-50100;
                listen 990 ssl;
                listen 69 udp;
                proxy_pass $goal;
            }
        }
        http { server { listen 80; location / { proxy_pass http://files; } } }
        """

    @Test func `hands on by upstream, map and port`() throws {
        let config = try Formats.read(file: "nginx.conf", bytes: Array(Self.sample.utf8))
        #expect(config.format == "nginx-stream")
        let read = read(Self.sample)
        #expect(try read.ports(proxy) == "21,990,50000-50100")
        #expect(try read.ports(.unknown, proxy) == "80")
        #expect(try read.ports("203.0.113.6") == "21,990")
        #expect(try read.delivered(proxy, 21) == "10.1.1.10")
        #expect(try read.delivered(proxy, 50050) == "10.1.1.10")
        #expect(try read.delivered(proxy, 990) == "10.1.1.11:21")
        #expect(try read.lines(proxy, 50050) == [15, 15])
        #expect(
            read.configuration.notes.allSatisfy { $0.state == .used || $0.state == .irrelevant })
    }

    @Test func `allow and deny count in their order`() throws {
        let read = read(
            "stream { server { listen 21; deny 198.51.100.10; allow 198.51.100.0/24; deny all; proxy_pass 10.1.1.10:21; } }"
        )
        #expect(try read.ports(proxy) == "")
        #expect(try read.ports(.permitted, proxy, from: "198.51.100.11") == "21")
        #expect(try read.ports(.permitted, proxy, from: "192.0.2.1") == "")
    }

    @Test func `several servers take turns`() throws {
        let read = read(
            "stream { upstream u { server 10.1.1.10:21; server 10.1.1.11:21; server 10.1.1.12:21 backup; server 10.1.1.13:21 down; } server { listen 21; proxy_pass u; } }"
        )
        let segment = try #require(try read.reach(proxy, ports: "21").segments.first)
        #expect(segment.alternatives.map { "\($0)" } == ["10.1.1.10", "10.1.1.11"])
    }

    @Test(arguments: [
        "stream { server { listen 21; proxy_pass files.example:21; } }",
        "stream { server { listen 21; proxy_pass nowhere; } }",
        "stream { server { listen 21; proxy_pass $anything; } }",
        "stream { server { listen 21 proxy_protocol; proxy_pass 10.1.1.10:21; } }",
        "stream { server { listen 21; include more; proxy_pass 10.1.1.10:21; } }",
        "stream { map $ssl_preread_server_name $t { default 10.1.1.10:21; } server { listen 21; proxy_pass $t; } }",
        "stream { map $server_port $t { ~^2 10.1.1.10:21; } server { listen 21; proxy_pass $t; } }",
        "stream { include /etc/nginx/stream.d/*.conf; server { listen 22; proxy_pass u; } }",
        "stream { server { listen 21; proxy_pass 10.1.1.10:21; }",
    ])
    func `what isn't known is unknown, never open`(text: String) throws {
        #expect(try read(text).reach(proxy, ports: "21").segments.map(\.verdict) == [.unknown])
    }

    @Test(arguments: [
        "js_access main.deny;", "dney all;", "preread_by_lua_file /etc/deny.lua;",
        "return closed;", "proxy_protocol on;", "proxy_ssl on;", "limit_conn a 1;",
        "ssl_preread on;", "include more.conf;", "pass 127.0.0.1:22;", "listen 22 nonsense;",
    ])
    func `a directive that isn't known to be harmless is no permission`(line: String) throws {
        let text = "stream {\nserver { listen 21;\n\(line)\nproxy_pass 10.1.1.10:21; }\n}\n"
        #expect(try read(text).reach(proxy, ports: "21").segments.map(\.verdict) == [.unknown])
        #expect([.notModelled, .notRecognised].contains(read(text).state(3)))
        let around = "stream {\n\(line)\nserver { listen 21; proxy_pass 10.1.1.10:21; }\n}\n"
        #expect(try read(around).reach(proxy, ports: "21").segments.map(\.verdict) == [.unknown])
    }

    @Test(arguments: ["proxy_protocol off;", "proxy_timeout 1h;", "ssl_preread off;", "#dney all;"])
    func `a harmless directive leaves the port open`(line: String) throws {
        let text = "stream { server { listen 21;\n\(line)\nproxy_pass 10.1.1.10:21; } }"
        #expect(try read(text).ports(proxy) == "21")
        #expect(read(text).state(2) == .irrelevant)
    }

    @Test(arguments: [
        (
            "stream {\ninclude blocklist.conf;\nserver { listen 21; proxy_pass 10.1.1.10:21; } }",
            "21"
        ),
        (
            "stream { upstream u { server 10.1.1.10:21;\ninclude more.conf;\n} server { listen 21; proxy_pass u; } }",
            "21"
        ),
        (
            "include /srv/modules/stream.conf;\nstream { server { listen 21; proxy_pass 10.1.1.10:21; } }",
            "22"
        ),
        (
            "http {\ninclude sites/*;\n}\nstream { server { listen 21; proxy_pass 10.1.1.10:21; } }",
            "8080"
        ),
        (
            "http { server {\nserver_name x; } }\nstream { server { listen 21; proxy_pass 10.1.1.10:21; } }",
            "80"
        ),
        ("nonsense;\nstream { server { listen 21; proxy_pass 10.1.1.10:21; } }", "21"),
        (
            "stream { server { listen 21; proxy_pass 10.1.1.10:21; }\nserver { listen 21; proxy_pass 10.1.1.11:21; } }",
            "21"
        ),
        (
            "stream { server { listen 20-22; proxy_pass 10.1.1.10:21; }\nserver { listen 21; proxy_pass 10.1.1.11:21; } }",
            "21"
        ),
    ])
    func `other files, and other servers, may say more`(text: String, port: String) throws {
        #expect(try read(text).reach(proxy, ports: port).segments.map(\.verdict) == [.unknown])
    }

    @Test func `the socket of one address is asked before that of all`() throws {
        let read = read(
            "stream { server { listen 21; proxy_pass 10.1.1.10:21; } server { listen 203.0.113.5:21; proxy_pass 10.1.1.11:21; } }"
        )
        #expect(try read.delivered(proxy, 21) == "10.1.1.11")
        #expect(try read.delivered("203.0.113.6", 21) == "10.1.1.10")
    }

    @Test func `a socket of IPv6 takes IPv4 where it is told to`() throws {
        func ports(_ option: String) throws -> String {
            try read("stream { server { listen [::]:21\(option); proxy_pass 10.1.1.10:21; } }")
                .ports(proxy)
        }
        #expect(try ports("") == "")
        #expect(try ports(" ipv6only=on") == "")
        #expect(try ports(" ipv6only=off") == "21")
    }

    @Test func `long maps and crowds of servers stay within named limits`() throws {
        let rows = (1...60_000).map { "\($0) 10.1.\($0 % 256).10:21;" }.joined(separator: "\n")
        let listens = (1...50).map { "listen 203.0.113.\($0):1-65535;" }.joined()
        let read = read(
            "stream { map $server_port $g {\n\(rows)\n}\nserver { \(listens) proxy_pass $g; } }")
        #expect(try read.reach(proxy, ports: "21").segments.map(\.verdict) == [.unknown])
        let crowd = (1...60_000).map { "server 10.1.\($0 / 256).\($0 % 256):21;" }.joined()
        let many = self.read(
            "stream { upstream u { \(crowd) } server { listen 21; proxy_pass u; } }")
        #expect(try many.reach(proxy, ports: "21").segments.map(\.verdict) == [.unknown])
    }

    @Test func `rows of a map that keep the port are one range`() throws {
        let rows = (50_000...59_999).map { "\($0) 10.1.1.10:\($0);" }.joined(separator: "\n")
        let read = read(
            "stream { map $server_port $g {\n\(rows)\n}\nserver { listen 50000-59999; proxy_pass $g; } }"
        )
        #expect(try read.ports(proxy) == "50000-59999")
        #expect(try read.delivered(proxy, 50_500) == "10.1.1.10")
    }

    @Test(
        arguments: [
            ("server { listen 21; proxy_pass 10.1.1.10:21; }", Recognition.certain),
            ("http { server { listen 80; location / { proxy_pass http://a; } } }", .no),
            ("server { listen 80; proxy_pass http://a; }", .no), ("listen proxy_pass", .no),
        ] as [(String, Recognition)])
    func `recognises streams alone`(text: String, sure: Recognition) {
        #expect(NginxStream.recognise(ConfigText(file: "f", text)) == sure)
    }

    @Test func `what it writes is read as meant`() throws {
        let inside = try #require(IPAddress("10.1.1.10"))
        let fix = NginxStream.fix(
            .permit(try #require(PortSet("990,5000-5010")), to: inside),
            read("stream { }").configuration)
        let block = try #require(fix).commands.joined(separator: "\n")
        let after = read("stream {\n\(block)\n}\n")
        #expect(try after.ports(proxy) == "990,5000-5010")
        #expect(try after.delivered(proxy, 5001) == "10.1.1.10")
    }

    @Test func `no broken text makes it stumble`() {
        FirewallVerdicts.batter(NginxStream.self, Self.sample, step: 5)
        FirewallVerdicts.batter(
            NginxStream.self,
            "stream { server { listen 1-65535; proxy_pass '10.1.1.10:${server_port}'; } }", step: 1)
    }
}
