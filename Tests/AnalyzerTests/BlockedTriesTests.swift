import Net
import Policy
import Testing

@testable import Analyzer
@testable import FTP

@Suite struct BlockedTriesTests {
    /// A host firewall that opens the range to one network alone.
    private static func host(_ network: String) -> String {
        """
        table inet filter {
            chain input {
                type filter hook input priority 0; policy drop;
                tcp dport 21 accept
                \(network) tcp dport 5001-5201 accept
            }
        }
        """
    }

    private static let second = IPAddress(v6: 0x2001_0db8 << 96 | 0x10)
    private static let visitor = IPAddress(v6: 0x2001_0db8_0001 << 80 | 0x7)

    /// A session over IPv6 with one announced port.
    private static func sessionOverIPv6(
        _ port: UInt16, _ outcome: DataChannel.Outcome
    ) -> SessionRecord {
        var channel = Made.channel(port, outcome, address: second)
        channel.client = Endpoint(visitor, 50000)
        channel.server = Endpoint(second, port)
        return Made.session([channel]) {
            $0.client = Endpoint(visitor, 49999)
            $0.server = Endpoint(second, 21)
        }
    }

    @Test func `who is let in is no proof against a line that shuts others out`() throws {
        let site = try Made.site("5001-5201", path: [Self.host("ip saddr 198.51.100.0/24")])
        let sessions = [Made.session([Made.channel(5005, .established)])]
        #expect(Made.judge(UndocumentedPortReachable.self, site, sessions).mark == "passed")
        let others = try Made.site("5001-5201", path: [Self.host("ip saddr 192.0.2.0/24")])
        #expect(Made.judge(UndocumentedPortReachable.self, others, sessions).mark == "failed")
    }

    @Test func `a line of one family denies nothing to the other`() throws {
        let sessions = [Self.sessionOverIPv6(5150, .unanswered)]
        func site(_ ports: String) throws -> Site {
            try Made.site(
                "5001-5201",
                path: [
                    Made.router(["permit tcp any host 203.0.113.10 eq 21"]),
                    Self.host("meta nfproto ipv6").replacing("5001-5201", with: ports),
                ]
            ) { $0.addresses = [Made.server, Self.second] }
        }
        let open = Made.judge(PortBlockedByPolicy.self, try site("5001-5201"), sessions)
        #expect(open.mark == "passed")
        let shut = Made.judge(PortBlockedByPolicy.self, try site("5001-5100"), sessions)
        #expect(shut.faults.map(\.config.first?.file) == ["hop1.cfg"])
    }

    @Test func `behind the translation an address stands for those that clients ask for`() throws {
        let inside = Made.channel(5150, .unanswered, address: Made.inside)
        let site = try Made.site(
            "5001-5201",
            path: [
                Made.router(
                    ["permit tcp any host 203.0.113.10 eq 21"],
                    ["ip nat inside source static 10.1.1.10 203.0.113.10"])
            ]
        ) { $0.inside = [Made.inside] }
        let judgement = Made.judge(PortBlockedByPolicy.self, site, [Made.session([inside])])
        #expect(judgement.faults.map(\.ports) == [PortSet(ports: [5150])])
    }

    @Test func `ports that are open to some are not said to be shut to all`() throws {
        let site = try Made.site("5001-5201", path: [Self.host("ip saddr 198.51.100.0/24")])
        let shut = try #require(Made.judge(RangeNotPermitted.self, site, nil).faults.first)
        #expect(shut.message.contains("Clients in 198.51.100.0/24 get through"))
        let ahead = try #require(Made.judge(PortWouldBeBlocked.self, site, []).faults.first)
        #expect(
            ahead.message.contains(
                "201 of 201 ports of the range are shut to some clients (100 %): so many of their"))
        let view = try #require(Audit(site: site, traffic: nil).context.servers.first)
        #expect(view.summary.openToSome == PortSet([5001...5201]))
        let related = Self.host("ip saddr 198.51.100.0/24").replacing(
            "tcp dport 21 accept", with: "tcp dport 21 accept\nct state related accept")
        let helped = try Made.site("5001-5201", path: [related])
        #expect(Made.judge(HelperNotAttached.self, helped, nil).mark == "passed")
    }

    @Test func `a try is judged by the control port of its own session`() throws {
        let opening = "-A INPUT -p tcp -m tcp --dport 21 -j ACCEPT"
        let rules = Made.helper.replacing(
            opening, with: opening + "\n" + opening.replacing("21", with: "2121"))
        for control in [[21, 2121], [2121, 21]] as [[UInt16]] {
            let site = try Made.site("5001-5201", path: [rules]) { $0.control = control }
            for (port, failed, worked) in [(21, "passed", "passed"), (2121, "failed", "failed")] {
                func marks(_ rule: any Rule.Type, _ outcome: DataChannel.Outcome) -> Judgement {
                    let session = Made.session([Made.channel(5005, outcome)], port: UInt16(port))
                    return Made.judge(rule, site, [session])
                }
                let told = marks(PortBlockedByPolicy.self, .unanswered)
                #expect(told.mark == failed, "\(port) of \(control)")
                #expect(told.faults.allSatisfy { !$0.changes.isEmpty })
                #expect(
                    marks(UndocumentedPortReachable.self, .established).mark == worked,
                    "\(port) of \(control)")
            }
        }
    }

    @Test func `what can't be told of one try is not passed`() throws {
        let site = try Made.site(
            "5001-5201",
            path: [
                Made.router(["permit tcp any host 203.0.113.10 range 21 5201"]),
                Self.host("meta nfproto ipv4"),
            ]
        ) {
            $0.addresses = [Made.server, IPAddress(v4: 0xcb00_710b)]
            $0.inside = [Made.inside]
        }
        // Behind the translation nobody knows which of the two addresses the client asked for.
        let inside = Made.channel(5150, .unanswered, address: Made.inside)
        #expect(
            Made.judge(PortBlockedByPolicy.self, site, [Made.session([inside])]).mark == "?")
        let stranger = Made.session([Made.channel(5150, .unanswered)])
        let partners = try Made.site("5001-5201", path: [Self.host("")]) {
            $0.clients = AddressSet([IPAddress(v4: 0xc000_0201)...IPAddress(v4: 0xc000_02ff)])
        }
        #expect(Made.judge(PortBlockedByPolicy.self, partners, [stranger]).mark == "?")
    }

    @Test func `a control port of which nothing is known isn't passed`() throws {
        let rules = Self.host("").replacing("tcp dport 21 accept", with: "tcp dport 21 foo accept")
        let site = try Made.site("5001-5201", path: [rules])
        let attempt = ControlAttempt(
            client: Endpoint(Made.client, 49990), server: Endpoint(Made.server, 21),
            first: Made.frame(1), last: Made.frame(3), attempts: 3, outcome: .unanswered)
        let session = Made.session([Made.channel(5005, .established)])
        let audit = Audit(site: site, traffic: Traffic([session]), attempts: [attempt])
        let server = try #require(audit.context.servers.first)
        #expect(server.undecided.contains(21))
        #expect(PortBlockedByPolicy.judge(server, in: audit.context).mark == "?")
    }

    @Test func `data on ports of which nothing is known used no documented ones`() throws {
        let rules = Self.host("foo")
        let site = try Made.site(nil, path: [rules])
        let session = Made.session([Made.channel(5005, .established)])
        #expect(Made.judge(UndocumentedPortReachable.self, site, [session]).mark == "?")
    }

    @Test func `counts clients, not their tries`() throws {
        var attempts: [ControlAttempt] = []
        for port in [49990, 49991] as [UInt16] {
            attempts.append(
                ControlAttempt(
                    client: Endpoint(Made.client, port), server: Endpoint(Made.server, 21),
                    first: Made.frame(1), last: Made.frame(3), attempts: 3, outcome: .unanswered))
        }
        let audit = Audit(site: Made.site(open: PortSet()), traffic: Traffic(), attempts: attempts)
        let server = try #require(audit.context.servers.first)
        let fault = PortBlockedByPolicy.judge(server, in: audit.context).faults.first
        #expect(fault?.message.contains("1 client tried with 6 SYNs in vain") == true)
    }

    /// The view of a server to which a client came in vain, and the audit of it.
    private static func tried(
        _ site: Site, _ outcome: DataChannel.Outcome = .unanswered, at address: IPAddress,
        sessions: [SessionRecord] = []
    ) throws -> (server: ServerView, audit: Audit) {
        let attempt = ControlAttempt(
            client: Endpoint(Made.client, 49990), server: Endpoint(address, 21),
            first: Made.frame(1), last: Made.frame(3), attempts: 3, outcome: outcome)
        let audit = Audit(site: site, traffic: Traffic(sessions), attempts: [attempt])
        return (try #require(audit.context.servers.first), audit)
    }

    @Test(arguments: [DataChannel.Outcome.unanswered, .refused, .prohibited])
    func `who is permitted and doesn't get in is told of`(_ outcome: DataChannel.Outcome) throws {
        let open = try Made.site("5001-5201", path: [Self.host("")])
        let (server, audit) = try Self.tried(open, outcome, at: Made.server)
        let fault = try #require(
            PermittedYetDropped.judge(server, in: audit.context).faults.first)
        #expect(fault.message.contains("tried the control port 21 with 3 SYNs in vain"))
        #expect(fault.config.map(\.line) == [4])
        #expect(audit.notes(on: [], now: Made.frame(9).time).isEmpty)
    }

    @Test func `who is denied, or led elsewhere, isn't told as permitted`() throws {
        let shut = Self.host("").replacing("tcp dport 21 accept", with: "")
        let denied = try Self.tried(
            try Made.site("5001-5201", path: [shut]), at: Made.server)
        let mark = PermittedYetDropped.judge(denied.server, in: denied.audit.context).mark
        #expect(mark == "n/a")
        // Nothing translates: PH208's.
        let router = [Made.router(["permit tcp any host 203.0.113.10 range 21 5201"])]
        let lost = try Self.tried(
            try Made.site("5001-5201", path: router) { $0.inside = [Made.inside] },
            at: Made.server)
        #expect(PermittedYetDropped.judge(lost.server, in: lost.audit.context).mark == "n/a")
        // The answers are lost: PH213's.
        let mute = try Self.tried(
            try Made.site("5500-5502", path: [NetworkRuleTests.networkACL()]), at: Made.server)
        #expect(PermittedYetDropped.judge(mute.server, in: mute.audit.context).mark == "n/a")
        let heard = try Self.tried(
            try Made.site("5500-5502", path: [NetworkRuleTests.networkACL("1024-65535")]),
            at: Made.server)
        #expect(PermittedYetDropped.judge(heard.server, in: heard.audit.context).mark == "failed")
    }

    @Test func `where nobody tried, or all got in, nothing is told as dropped`() throws {
        let open = try Made.site("5001-5201", path: [Self.host("")])
        #expect(Made.judge(PermittedYetDropped.self, open, []).mark == "?")
        #expect(Made.judge(PermittedYetDropped.self, open, [Made.session()]).mark == "passed")
        let two = try Made.site("5001-5201", path: [Self.host("")]) { $0.control = [21, 2121] }
        #expect(Made.judge(PermittedYetDropped.self, two, [Made.session()]).mark == "?")
    }

    @Test func `tries at a server of whose path nothing is said are noted`() throws {
        let (server, audit) = try Self.tried(Made.site(), at: Made.server)
        #expect(PermittedYetDropped.judge(server, in: audit.context).mark == "n/a")
        let notes = audit.notes(on: [], now: Made.frame(9).time)
        #expect(notes.first?.contains("to 203.0.113.10:21") == true, "\(notes)")
    }

    @Test func `what a device denies behind another is told, also where it denies more`() throws {
        let path = [
            Made.router([
                "permit tcp any host 203.0.113.10 eq 21",
                "permit tcp any host 203.0.113.10 range 5001 5100",
            ]),
            Self.host("").replacing("5001-5201", with: "5011-5110"),
        ]
        let faults = Made.judge(
            RangeNotPermitted.self, try Made.site("5001-5201", path: path), nil
        ).faults
        #expect(faults.count == 3)
        let told = Dictionary(grouping: faults) { $0.config.last?.file }.mapValues {
            $0.reduce(PortSet()) { $0.union($1.ports) }
        }
        #expect(told["hop0.cfg"] == PortSet([5101...5201]))
        #expect(told["hop1.cfg"] == PortSet([5001...5010, 5111...5201]))
    }

    /// A gateway that lets the server's whole range through, and carries ports 5001 to 5100 alone.
    private static let gateway = """
        *nat
        :PREROUTING ACCEPT [0:0]
        -A PREROUTING -d 203.0.113.10/32 -p tcp -m multiport --dports 21,5001:5100 -j DNAT \
        --to-destination 10.1.1.10
        COMMIT
        *filter
        :INPUT DROP [0:0]
        :FORWARD DROP [0:0]
        -A FORWARD -d 10.1.1.10/32 -p tcp -m multiport --dports 21,5001:5201 -j ACCEPT
        COMMIT
        """

    @Test func `what lacks its translation alone is translated, not opened elsewhere`() throws {
        let site = try Made.site("5001-5201", path: [Self.gateway]) { $0.inside = [Made.inside] }
        let missing = PortSet([5101...5201])
        let wanted = [
            ProposedChange(
                .hop("hop0"), .translate(missing, outside: Made.server, inside: Made.inside))
        ]
        for rule in [RangeNotPermitted.self, TranslationMissing.self] as [any Rule.Type] {
            #expect(Made.judge(rule, site, nil).faults.flatMap(\.changes) == wanted)
        }
        // Here the filter shuts some as well.
        let both = try Made.site(
            "5001-5201", path: [Self.gateway.replacing("5001:5201", with: "5001:5150")]
        ) { $0.inside = [Made.inside] }
        #expect(
            Made.judge(RangeNotPermitted.self, both, nil).faults.flatMap(\.changes) == wanted + [
                ProposedChange(.hop("hop0"), .permit(PortSet([5151...5201]), to: Made.server))
            ])
    }

    @Test func `what IPv6 is denied has nothing to do with a translation of IPv4`() throws {
        let rules = """
            table ip nat {
                chain pre {
                    type nat hook prerouting priority -100; policy accept;
                    ip daddr 203.0.113.10 tcp dport { 21, 5001-5100 } dnat to 10.1.1.10
                }
            }
            table inet filter {
                chain input { type filter hook input priority 0; policy drop; }
                chain forward {
                    type filter hook forward priority 0; policy drop;
                    ip daddr 10.1.1.10 tcp dport { 21, 5001-5201 } accept
                }
            }
            """
        let site = try Made.site("5001-5201", path: [rules]) {
            $0.addresses = [Made.server, Self.second]
            $0.inside = [Made.inside, Self.second]
        }
        let changes = Made.judge(RangeNotPermitted.self, site, nil).faults.flatMap(\.changes)
        let missing = PortSet([5101...5201])
        let translated = ProposedChange(
            .hop("hop0"), .translate(missing, outside: Made.server, inside: Made.inside))
        #expect(changes.contains(translated))
        let opened = changes.map(\.change).compactMap { change in
            if case .permit(let ports, Self.second) = change { ports } else { nil as PortSet? }
        }
        #expect(opened == [PortSet([21...21, 5001...5201])])
        let isOpenedAgain = changes.map(\.change).contains { change in
            guard case .permit(let ports, Made.server) = change else { return false }
            return !ports.isDisjoint(with: missing)
        }
        #expect(!isOpenedAgain)
    }

    @Test func `of two lines that deny the same ports each has a finding of its own`() throws {
        let rules = """
            *filter
            :INPUT DROP [0:0]
            -A INPUT -p tcp -m tcp --dport 21 -j ACCEPT
            -A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 5001:5201 -j REJECT
            COMMIT
            """
        func ids(_ rules: String) throws -> [String] {
            let audit = Audit(site: try Made.site("5001-5201", path: [rules]), traffic: nil)
            return audit.findings(by: [RangeNotPermitted.self], now: Made.frame(9).time) {
                _, _ in []
            }.map(\.id)
        }
        let own = ["but", "from"].map { "PH202:files:hop0-5001-5201-\($0)-198.51.100.0-24" }
        #expect(try ids(rules) == own)
        // The one keeps its id when the other is mended.
        #expect(try ids(rules.replacing("REJECT", with: "ACCEPT")) == own.prefix(1).map(\.self))
    }

    @Test func `a control port is opened by no device that reads the session`() throws {
        let site = try Made.site("5001-5201", path: [Made.helper]) { $0.control = [21, 2121] }
        let faults = Made.judge(RangeNotPermitted.self, site, nil).faults
        #expect(faults.map(\.ports) == [PortSet([2121...2121])])
    }

    @Test func `a session is quoted once, whatever of it proves a finding`() throws {
        let site = try Made.site("5001-5201", path: [Self.host("ip saddr 192.0.2.0/24")])
        let session = Made.session([
            Made.channel(5005, .unanswered), Made.channel(5006, .unanswered, at: 20),
        ])
        let faults = Made.judge(PortBlockedByPolicy.self, site, [session]).faults
        #expect(faults.map(\.sessions.count) == [1])
    }

    @Test func `of few that are denied it is told who they are`() throws {
        let rules = """
            *filter
            :INPUT ACCEPT [0:0]
            -A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 5150 -j DROP
            COMMIT
            """
        let site = try Made.site("5001-5201", path: [rules])
        let fault = Made.judge(RangeNotPermitted.self, site, nil).faults.first
        #expect(
            fault?.message.hasSuffix("That concerns clients in 198.51.100.0/24 alone.") == true)
    }

    @Test func `a firewall on the server sees the address that the server has`() throws {
        let rules = """
            *filter
            :INPUT DROP [0:0]
            -A INPUT -d 10.1.1.10/32 -p tcp -m tcp --dport 21 -j ACCEPT
            -A INPUT -d 10.1.1.10/32 -p tcp -m tcp --dport 5001:5201 -j ACCEPT
            COMMIT
            """
        let site = try Made.site("5001-5201", path: [rules]) { $0.inside = [Made.inside] }
        #expect(Made.judge(RangeNotPermitted.self, site, nil).mark == "passed")
        #expect(Made.judge(TranslationToWrongHost.self, site, nil).mark == "n/a")
        let fault = try #require(Made.judge(TranslationMissing.self, site, nil).faults.first)
        #expect(fault.message.contains("Nothing on the path translates"))
        #expect(fault.confidence == .probable && fault.changes.isEmpty)
        let tight = try Made.site("5001-5300", path: [rules]) { $0.inside = [Made.inside] }
        let shut = try #require(Made.judge(RangeNotPermitted.self, tight, nil).faults.first)
        #expect(
            shut.changes.map(\.change) == [.permit(PortSet([5202...5300]), to: Made.inside)])
    }

    @Test func `what the translation alone brings before a denial is opened with it`() throws {
        let rules = """
            *nat
            -A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 21 -j DNAT --to-destination 10.1.1.10
            COMMIT
            *filter
            :INPUT DROP [0:0]
            :FORWARD DROP [0:0]
            -A INPUT -p tcp -m tcp --dport 5001:5100 -j ACCEPT
            -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A FORWARD -d 10.1.1.10/32 -p tcp -m tcp --dport 21 -j ACCEPT
            -A FORWARD -d 10.1.1.10/32 -p tcp -m tcp --dport 5001:5010 -j ACCEPT
            COMMIT
            """
        let site = try Made.site("5001-5201", path: [rules]) { $0.inside = [Made.inside] }
        let fault = try #require(Made.judge(TranslationMissing.self, site, nil).faults.first)
        #expect(
            fault.changes.map(\.change) == [
                .translate(
                    PortSet(5001...5201), outside: Made.server, inside: Made.inside),
                .permit(PortSet(5011...5100), to: Made.inside),
            ])
        #expect(fault.message.contains("Once translated, ports 5011-5100 would be denied"))
        // The line that translates is to be changed, none that only lets through.
        #expect(fault.config.map(\.line).contains(2) && !fault.config.map(\.line).contains(9))
        let open = rules.replacing("5001:5010", with: "5001:5201")
        let carried = try Made.site("5001-5201", path: [open]) { $0.inside = [Made.inside] }
        let alone = try #require(Made.judge(TranslationMissing.self, carried, nil).faults.first)
        #expect(alone.changes.count == 1)
    }

    /// A router that carries the control port inside and hands it to the kernel's helper.
    private static let following = """
        *raw
        -A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp
        COMMIT
        *nat
        -A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 21 -j DNAT --to-destination 10.1.1.10
        COMMIT
        *filter
        :FORWARD DROP [0:0]
        -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A FORWARD -d 10.1.1.10/32 -p tcp -m tcp --dport 21 -j ACCEPT
        COMMIT
        """

    /// Data ports may follow the control connection (nf_nat_ftp.c): the wire tells, the file doesn't.
    @Test(arguments: [
        ("", nil as IPAddress?, "?", "?"), ("", Made.server, "?", "passed"),
        ("", Made.inside, "?", "failed"), ("\nssl_enable=YES", nil, "failed", "failed"),
        ("\nssl_enable={{ tls }}", nil, "?", "?"),
    ])
    func `what may follow the control connection isn't called missing`(
        _ tls: String, _ told: IPAddress?, _ ports: String, _ address: String
    ) throws {
        var site = try Made.site(vsftpd: PolicyRuleTests.range + tls, path: [Self.following]) {
            $0.inside = [Made.inside]
        }
        site.hops[0].place = .through
        let sessions = told.map { [Made.session([Made.channel(5501, .unused, address: $0)])] }
        #expect(Made.judge(TranslationMissing.self, site, sessions).mark == ports)
        #expect(Made.judge(AdvertisedAddressWrong.self, site, sessions).mark == address)
    }
}
