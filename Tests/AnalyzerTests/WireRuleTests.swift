import FTP
import Net
import Policy
import Testing

@testable import Analyzer

/// Rules of the wire: each answer that they can give, and the traps that they must not fall into.
@Suite struct WireRuleTests {
    static let other = IPAddress(v4: 0xcb00_71c8)
    static let loopback = IPAddress(v4: 0x7f00_0001)

    static let oneSided = Made.session { $0.visibility.oneSided = true }

    /// A session over IPv6 with a server that has IPv4 alone (RFC 6052), and a 227 in it.
    private static func translated(_ announced: IPAddress) -> SessionRecord {
        let address = IPAddress(v6: 0x64_ff9b << 96 | Made.server.bits)
        var channel = Made.channel(5005, .established, address: announced)
        channel.server = Endpoint(address, 5005)
        return Made.session([channel]) { $0.server = Endpoint(address, 21) }
    }

    private static let six = IPAddress(v6: 0x2001_0db8 << 96 | 0x10)

    /// A session over IPv6 and a 227 in it.
    private static func overIPv6(_ announced: IPAddress) -> SessionRecord {
        Made.session([Made.channel(5005, .unused, address: announced)]) {
            $0.server = Endpoint(six, 21)
        }
    }

    /// A session whose data connection comes from another host, and how its transfer ended.
    private static func foreign(_ reply: Int?, _ peer: IPAddress = other) -> SessionRecord {
        var channel = Made.channel(5005, .established)
        channel.client = Endpoint(peer, 50000)
        channel.transferReply = reply
        channel.transferReplyFrame = reply.map { _ in Made.frame(16) }
        return Made.session([channel])
    }

    /// An attempt of one SYN, frame 11.
    private static let once = {
        var channel = Made.channel(5005, .unanswered)
        channel.attempts = 1
        return channel
    }()

    /// A session whose last packet comes before the attempt.
    private static func ended(_ session: SessionRecord) -> SessionRecord {
        var session = session
        session.last = Made.frame(8)
        return session
    }

    static let rows: [JudgementTests.Case] = [
        row(DataConnectionRefused.self, Made.session([Made.channel(5005, .established)]), "passed"),
        row(DataConnectionRefused.self, Made.session(), "?"),
        // PH101: a single SYN, with more behind it and as the last that was captured.
        row(DataConnectionDropped.self, Made.session([once]), "failed"),
        row(DataConnectionDropped.self, ended(Made.session([once])), "?"),
        row(
            DataConnectionProhibited.self, Made.session([Made.channel(5005, .established)]),
            "passed"),
        row(DataConnectionProhibited.self, Made.session(), "?"),
        row(PrivateAddressAnnounced.self, Made.session(), "?"),
        // PH105: another public host, not the server, not a private or an unusable address.
        row(OtherHostAnnounced.self, Made.session([Made.channel(5005, .established)]), "passed"),
        row(
            OtherHostAnnounced.self,
            Made.session([Made.channel(5005, .unused, address: Made.inside)]), "passed"),
        row(
            OtherHostAnnounced.self, Made.session([Made.channel(5005, .unused, address: loopback)]),
            "passed"),
        row(OtherHostAnnounced.self, Made.session(), "?"),
        // Through a translator to IPv4 it is the same host.
        row(OtherHostAnnounced.self, translated(Made.server), "passed"),
        row(AddressIgnoredByClient.self, translated(Made.server), "passed"),
        row(OtherHostAnnounced.self, translated(other), "failed"),
        // To a client that speaks IPv6 a server of both families tells its IPv4 address.
        row(OtherHostAnnounced.self, overIPv6(other), "?"),
        // PH106: malformed or unusable.
        row(AnnouncementUnusable.self, Made.session([Made.channel(5005, .established)]), "passed"),
        row(
            AnnouncementUnusable.self,
            Made.session([Made.channel(5005, .unused, address: loopback)]),
            "failed"),
        // Where both ends are on one machine it is the server's own.
        row(
            AnnouncementUnusable.self,
            Made.session([Made.channel(5005, .established, address: loopback)]) {
                $0.server = Endpoint(loopback, 21)
                $0.client = Endpoint(loopback, 50000)
            }, "passed"),
        row(AddressIgnoredByClient.self, Made.session([Made.channel(5005, .unanswered)]), "?"),
        row(OfferNeverTaken.self, Made.session([Made.channel(5005, .established)]), "passed"),
        // PH111: active mode with success; a refused PORT is none.
        row(ActiveModeUsed.self, Made.port("198.51.100.7:50000", reply: 200), "failed"),
        row(ActiveModeUsed.self, Made.port("198.51.100.7:50000", reply: 500), "passed"),
        row(
            ActiveModeUsed.self, Made.port("198.51.100.7:50000", reply: nil, .established), "failed"
        ),
        row(ActiveModeUsed.self, Made.session([Made.channel(5005, .established)]), "passed"),
        row(ActiveModeUsed.self, Made.encrypted(nil), "?"),
        row(ActiveModeUsed.self, nil, "?"),
        row(ActiveModeUsed.self, oneSided, "?"),
        // PH113: another host or a port below 1024; not the client's own private address.
        row(BounceAttempt.self, Made.port("192.0.2.25:25", reply: 200), "failed"),
        row(BounceAttempt.self, Made.port("192.0.2.25:5000", reply: 500), "failed"),
        row(BounceAttempt.self, Made.port("198.51.100.7:25", reply: 200), "failed"),
        row(BounceAttempt.self, Made.port("198.51.100.7:50000", reply: 200), "passed"),
        row(BounceAttempt.self, Made.port("192.168.1.9:50000", reply: 200), "passed"),
        row(BounceAttempt.self, Made.session([Made.channel(5005, .established)]), "passed"),
        row(BounceAttempt.self, oneSided, "?"),
        row(BounceAttempt.self, nil, "?"),
        // PH114: another host at the announced port.
        row(DataFromForeignHost.self, Made.session([Made.channel(5005, .established)]), "passed"),
        row(DataFromForeignHost.self, foreign(226), "failed"),
        row(DataFromForeignHost.self, foreign(226, six), "?"),
        row(DataFromForeignHost.self, Made.session([Made.channel(5005, .unanswered)]), "?"),
        row(DataFromForeignHost.self, nil, "?"),
        // PH122: under TLS.
        row(EncryptedDataDropped.self, Made.encrypted(.unanswered), "failed"),
        row(EncryptedDataDropped.self, Made.encrypted(.prohibited), "failed"),
        row(EncryptedDataDropped.self, Made.encrypted(.established), "passed"),
        row(EncryptedDataDropped.self, Made.encrypted(.unseen), "?"),
        row(EncryptedDataDropped.self, ended(Made.encrypted(.unanswered)), "?"),
        row(EncryptedDataDropped.self, Made.encrypted(nil), "?"),
        row(EncryptedDataDropped.self, Made.session(), "n/a"),
        row(RangeExhausted.self, Made.encrypted(nil), "?"),
        row(RangeExhausted.self, nil, "?"),
        row(RangeExhausted.self, oneSided, "?"),
        row(UnusualControlPort.self, Made.session(port: 990), "passed"),
        row(UnusualControlPort.self, nil, "?"),
    ]

    private static func row(
        _ rule: any Rule.Type, _ session: SessionRecord?, _ mark: String
    ) -> JudgementTests.Case {
        // Without a session there is a server only where the site names one.
        JudgementTests.Case(
            rule: rule, site: session == nil ? Made.site() : Site(),
            sessions: session.map { [$0] } ?? [], mark: mark)
    }

    @Test(arguments: rows)
    func `says what the facts allow`(_ row: JudgementTests.Case) {
        let judgement = Made.judge(row.rule, row.site, row.sessions)
        #expect(judgement.mark == row.mark, "\(row.rule.id): \(judgement)")
    }

    @Test(arguments: [
        ("192.0.2.25:25", 200 as Int?, DataChannel.Outcome.established, Severity.critical),
        ("192.0.2.25:25", 200, .unused, .high), ("192.0.2.25:25", 500, .unused, .low),
        ("192.0.2.25:25", nil, .unused, .low), ("192.0.2.25:25", nil, .established, .critical),
    ])
    func `a bounce weighs what came of it`(
        _ target: String, _ reply: Int?, _ outcome: DataChannel.Outcome, _ severity: Severity
    ) {
        let judgement = Made.judge(
            BounceAttempt.self, Site(), [Made.port(target, reply: reply, outcome)])
        #expect(judgement.faults.map(\.severity) == [severity])
        #expect(judgement.faults.first?.changes.isEmpty == (severity == .low))
    }

    /// vsftpd: `425 Security: Bad IP connecting.`
    @Test(arguments: [
        (425 as Int?, "refused", 1), (226, "taken", 0), (550, "open", 0), (nil, "open", 0),
    ])
    func `a data connection of another host is told with what the server made of it`(
        _ reply: Int?, _ key: String, _ hurt: Int
    ) throws {
        let fault = try #require(
            Made.judge(DataFromForeignHost.self, Site(), [Self.foreign(reply)]).faults.first)
        #expect(fault.key == key)
        #expect(fault.attemptsHurt == hurt)
        #expect(fault.packets.count == (reply == nil ? 2 : 3))
        #expect(fault.message.contains("198.51.100.7 came from 203.0.113.200"))
        #expect(fault.changes.isEmpty)
    }

    @Test func `a server that lets foreign hosts in is named by its line`() throws {
        let site = try Made.site(vsftpd: "listen=YES\npasv_promiscuous=YES")
        let fault = try #require(
            Made.judge(DataFromForeignHost.self, site, [Self.foreign(226)]).faults.first)
        #expect(fault.config.map(\.line) == [2])
        #expect(fault.changes.map(\.change) == [.refuseForeignPeers, .restart])
    }

    @Test func `who else connects to what a PORT named is not the server`() throws {
        var record = Made.port("192.0.2.80:8080", reply: 200, .established)
        record.channels[0].client = Endpoint("192.0.2.80:8080")
        record.channels[0].server = Endpoint("198.51.100.130:40000")
        for (rule, severity) in [(BounceAttempt.self, .high), (ActiveModeUsed.self, nil)]
            as [(any Rule.Type, Severity?)]
        {
            let fault = try #require(Made.judge(rule, Site(), [record]).faults.first)
            #expect(fault.severity == severity)
            #expect(fault.packets.count == 1, "\(fault.packets)")
        }
    }

    /// PASV that got no answer, then PORT that worked: one cause, and active mode isn't to go.
    @Test(arguments: [
        (DataChannel.Outcome.unanswered, ["PH101"], false), (.established, ["PH111"], true),
    ])
    func `a fall back to active mode is told inside its cause`(
        _ passive: DataChannel.Outcome, _ rules: [String], _ mayGo: Bool
    ) throws {
        var record = Made.port("198.51.100.7:50000", reply: 200, .established)
        record.channels.insert(Made.channel(5150, passive, at: 8), at: 0)
        let audit = Audit(site: Made.site(), traffic: Traffic([record]))
        let failed = audit.findings(
            by: [DataConnectionDropped.self, ActiveModeUsed.self], now: Timestamp(seconds: 0)
        ) { _, _ in [] }.filter { $0.status == .failed }
        #expect(failed.map(\.rule) == rules)
        #expect(failed.first?.symptoms.isEmpty == mayGo)
        let changes = Made.judge(ActiveModeUsed.self, Made.site(), [record]).faults.map(\.changes)
        #expect(changes == [mayGo ? [ProposedChange(.server, .refuseActive)] : []])
    }

    @Test func `a 227 is mended by an IPv4 address, or not at all`() {
        let lone = Made.site { $0.addresses = [Self.six] }
        let both = Made.site { $0.addresses = [Self.six, Made.server] }
        for (site, wanted) in [(lone, []), (both, [Change.advertise(Made.server), .restart])] {
            let judgement = Made.judge(
                PrivateAddressAnnounced.self, site, [Self.overIPv6(Made.inside)])
            #expect(judgement.faults.map { $0.changes.map(\.change) } == [wanted])
        }
    }

    @Test func `what failed at another address than the server's says so`() {
        let far = Made.session([Made.channel(5005, .unanswered, address: Self.other)])
        let near = Made.session([Made.channel(5005, .unanswered)])
        let words = [far, near].map {
            Made.judge(DataConnectionDropped.self, Site(), [$0]).faults.first?.message ?? ""
        }
        #expect(
            words[0].hasSuffix(
                "Clients looked for it at 203.0.113.200, as announced, and know the server as 203.0.113.10."
            ))
        #expect(words[1].hasSuffix("the data connection was silently dropped."))
    }

    @Test func `the line that lets a bounce pass is named`() throws {
        let site = try Made.site(vsftpd: "listen=YES\nport_promiscuous=YES")
        let judgement = Made.judge(
            BounceAttempt.self, site, [Made.port("192.0.2.25:2500", reply: 200)])
        #expect(judgement.faults.first?.config.map(\.line) == [2])
    }
}
