import FTP
import Foundation
import Net
import Policy
import Testing

@testable import Analyzer

@Suite struct RulesTests {
    @Test func `the folder and the registry agree`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Analyzer/Rules")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".swift") }.map { String($0.dropLast(6)) }
        #expect(Set(files) == Set(Rules.all.map { "\($0)" }))
        #expect(Rules.all.map { $0.id } == Rules.all.map { $0.id }.sorted())
        #expect(Set(Rules.all.map { $0.id }).count == Rules.all.count)
    }

    @Test func `every rule explains itself`() {
        for rule in Rules.all {
            let text = rule.explanation
            for part in [text.checks, text.why, text.remedy, text.refutation] {
                #expect(part.count > 20, "\(rule.id)")
            }
            #expect(!text.references.isEmpty, "\(rule.id)")
        }
    }

    @Test func `no traffic is no verdict on the wire`() {
        for rule in Rules.all where rule.id.hasPrefix("PH1") {
            #expect(Made.judge(rule, Made.site(), nil).mark == "n/a", "\(rule.id)")
        }
    }
}

/// Each row: a rule, what was meant, what was seen, and what it says.
@Suite struct JudgementTests {
    struct Case: Sendable {
        var rule: any Rule.Type
        var site: Site
        var sessions: [SessionRecord]?
        var mark: String
    }

    static let open = PortSet([21...21, 5001...5100])
    static let all = PortSet([21...21, 5001...5201])

    static let behindNAT = Made.site { $0.inside = [Made.inside] }

    /// A session as it looks behind a translation, with the server's outside address announced.
    static let seenInside = Made.session([
        {
            var channel = Made.channel(5150, .established)
            channel.server = Endpoint(Made.inside, 5150)
            return channel
        }()
    ]) { $0.server = Endpoint(Made.inside, 21) }

    static let wire: [Case] = [
        Case(
            rule: DataConnectionDropped.self, site: Site(),
            sessions: [Made.session([Made.channel(5150, .unanswered)])], mark: "failed"),
        Case(
            rule: DataConnectionDropped.self, site: Site(),
            sessions: [Made.session([Made.channel(5005, .established)])], mark: "passed"),
        Case(rule: DataConnectionDropped.self, site: Site(), sessions: [Made.session()], mark: "?"),
        Case(
            rule: DataConnectionRefused.self, site: Site(),
            sessions: [Made.session([Made.channel(5150, .refused)])], mark: "failed"),
        Case(
            rule: DataConnectionProhibited.self, site: Site(),
            sessions: [Made.session([Made.channel(5150, .prohibited)])], mark: "failed"),
        Case(
            rule: PrivateAddressAnnounced.self, site: Site(),
            sessions: [Made.session([Made.channel(5150, .unanswered, address: Made.inside)])],
            mark: "failed"),
        Case(
            rule: PrivateAddressAnnounced.self, site: Site(),
            sessions: [Made.session([Made.channel(5150, .established)])], mark: "passed"),
        Case(
            rule: OtherHostAnnounced.self, site: Site(),
            sessions: [
                Made.session([Made.channel(5150, .unused, address: IPAddress(v4: 0xcb00_71c8))])
            ], mark: "failed"),
        Case(
            rule: AnnouncementUnusable.self, site: Site(),
            sessions: [
                Made.session([Made.channel(5150, .unused, address: IPAddress(v4: 0x7f00_0001))])
            ], mark: "failed"),
        Case(
            rule: AddressIgnoredByClient.self, site: Site(),
            sessions: [Made.session([Made.channel(5150, .established, address: Made.inside)])],
            mark: "failed"),
        Case(
            rule: AddressIgnoredByClient.self, site: Site(),
            sessions: [Made.session([Made.channel(5150, .established)])], mark: "passed"),
        Case(
            rule: AddressIgnoredByClient.self, site: behindNAT, sessions: [seenInside],
            mark: "passed"),
        Case(
            rule: OtherHostAnnounced.self, site: behindNAT, sessions: [seenInside], mark: "passed"),
        Case(rule: AddressIgnoredByClient.self, site: Site(), sessions: [seenInside], mark: "?"),
        Case(rule: OtherHostAnnounced.self, site: Site(), sessions: [seenInside], mark: "?"),
        Case(
            rule: OfferNeverTaken.self, site: Site(),
            sessions: [Made.session([Made.channel(5150, .unused)])], mark: "failed"),
        Case(
            rule: OfferNeverTaken.self, site: Site(),
            sessions: [Made.session([Made.channel(5150, .unseen)])], mark: "?"),
        Case(
            rule: CleartextLogin.self, site: Site(),
            sessions: [Made.session { $0.clearPassword = Made.frame(7) }], mark: "failed"),
        Case(rule: CleartextLogin.self, site: Site(), sessions: [Made.session()], mark: "passed"),
        Case(
            rule: CleartextLogin.self, site: Site(),
            sessions: [Made.session { $0.visibility.midstream = true }], mark: "?"),
        Case(
            rule: UnusualControlPort.self, site: Site(), sessions: [Made.session(port: 2121)],
            mark: "failed"),
        Case(
            rule: UnusualControlPort.self, site: Site(), sessions: [Made.session()], mark: "passed"),
        Case(
            rule: CaptureTooThin.self, site: Site(),
            sessions: [Made.session { $0.visibility.gaps = 1 }], mark: "failed"),
        Case(rule: CaptureTooThin.self, site: Site(), sessions: [Made.session()], mark: "passed"),
        Case(
            rule: RangeExhausted.self, site: Site(),
            sessions: [
                Made.session {
                    $0.failures = [
                        .init(frame: Made.frame(9), command: "PASV", code: 425, text: "425 busy")
                    ]
                }
            ], mark: "failed"),
        Case(
            rule: RangeExhausted.self, site: Site(),
            sessions: [
                Made.session {
                    $0.failures = [
                        .init(frame: Made.frame(9), command: "RETR", code: 425, text: "425 no")
                    ]
                }
            ], mark: "passed"),
    ]

    static let meant: [Case] = [
        Case(
            rule: RangeNotPermitted.self, site: Made.site(open: open), sessions: nil, mark: "failed"
        ),
        Case(
            rule: RangeNotPermitted.self, site: Made.site(open: all), sessions: nil, mark: "passed"),
        Case(rule: RangeNotPermitted.self, site: Made.site(), sessions: nil, mark: "n/a"),
        Case(
            rule: TooManyPortsOpen.self, site: Made.site(open: PortSet([21...21, 1024...65535])),
            sessions: nil, mark: "failed"),
        Case(
            rule: TooManyPortsOpen.self, site: Made.site(open: all), sessions: nil, mark: "passed"),
        Case(
            rule: TooManyPortsOpen.self, site: Made.site(nil, open: all), sessions: nil, mark: "?"),
        Case(
            rule: RangeTooSmall.self, site: Made.site("5001") { $0.sessions = 4 }, sessions: nil,
            mark: "failed"),
        Case(
            rule: RangeTooSmall.self, site: Made.site { $0.sessions = 4 }, sessions: nil,
            mark: "passed"),
        Case(rule: RangeTooSmall.self, site: Made.site(), sessions: nil, mark: "?"),
        Case(
            rule: RangeTooLarge.self, site: Made.site { $0.sessions = 4 }, sessions: nil,
            mark: "failed"),
        Case(rule: RangeTooLarge.self, site: Made.site(), sessions: nil, mark: "?"),
        Case(
            rule: RangeTooLarge.self, site: Made.site { $0.sessions = 150 }, sessions: nil,
            mark: "passed"),
        Case(
            rule: TranslationMissing.self, site: Made.site(open: all) { $0.inside = [Made.inside] },
            sessions: nil, mark: "failed"),
        Case(rule: TranslationMissing.self, site: Made.site(open: all), sessions: nil, mark: "n/a"),
        Case(
            rule: PortOutsideRange.self, site: Made.site(),
            sessions: [Made.session([Made.channel(1063, .unanswered)])], mark: "failed"),
        Case(
            rule: PortOutsideRange.self, site: Made.site(),
            sessions: [Made.session([Made.channel(5005, .established)])], mark: "passed"),
        Case(rule: PortOutsideRange.self, site: Made.site(), sessions: [Made.session()], mark: "?"),
        Case(
            rule: PortBlockedByPolicy.self, site: Made.site(open: open),
            sessions: [Made.session([Made.channel(5150, .unanswered)])], mark: "failed"),
        Case(
            rule: PortBlockedByPolicy.self, site: Made.site(open: all),
            sessions: [Made.session([Made.channel(5150, .unanswered)])], mark: "passed"),
        Case(
            rule: PortBlockedByPolicy.self, site: Made.site(open: open), sessions: [Made.session()],
            mark: "?"),
        Case(
            rule: PortWouldBeBlocked.self, site: Made.site(open: open), sessions: [Made.session()],
            mark: "failed"),
        Case(
            rule: PortWouldBeBlocked.self, site: Made.site(open: all), sessions: [Made.session()],
            mark: "passed"),
        // What was denied and worked all the same is PH307's; what was tried in vain PH304's.
        Case(
            rule: PortWouldBeBlocked.self, site: Made.site("5150-5151", open: open),
            sessions: [
                Made.session([Made.channel(5150, .established), Made.channel(5151, .unanswered)])
            ], mark: "passed"),
        Case(
            rule: UndocumentedPortReachable.self, site: Made.site(),
            sessions: [Made.session([Made.channel(6000, .established)])], mark: "failed"),
        Case(
            rule: UndocumentedPortReachable.self, site: Made.site(),
            sessions: [Made.session([Made.channel(5005, .established)])], mark: "passed"),
        Case(
            rule: ServerNotInInventory.self, site: Made.site(), sessions: [Made.session()],
            mark: "passed"),
    ]

    @Test(arguments: wire + meant)
    func `says what the facts allow`(_ row: Case) {
        let judgement = Made.judge(row.rule, row.site, row.sessions)
        #expect(judgement.mark == row.mark, "\(row.rule.id): \(judgement)")
    }

    @Test func `a blocked port names ports, device, line and packets`() throws {
        let judgement = Made.judge(
            PortBlockedByPolicy.self, Made.site(open: Self.open),
            [Made.session([Made.channel(5150, .unanswered, at: 75)])])
        let fault = try #require(judgement.faults.first)
        #expect(
            fault.message
                == "The server announced port 5150, and \"fw\" denies it: fw.txt:9, deny all; 3 attempts of clients: unanswered."
        )
        #expect(fault.config.first?.line == 9)
        #expect(fault.packets.map(\.frame.number) == [75, 76])
        #expect(
            fault.changes == [
                ProposedChange(
                    .hop("fw"), .permit(PortSet(5101...5201), to: Made.server))
            ])
    }

    @Test func `consequences are told inside their cause`() throws {
        let audit = Audit(
            site: Made.site(open: Self.open),
            traffic: Traffic([Made.session([Made.channel(5150, .unanswered)])]))
        let findings = audit.findings(now: Timestamp(seconds: 0)) { _, _ in [] }
        #expect(!findings.contains { $0.rule == "PH101" && $0.status == .failed })
        let cause = try #require(findings.first { $0.rule == "PH304" && $0.status == .failed })
        #expect(cause.symptoms.contains { $0.hasPrefix("PH101") })
    }

    /// Many clients take no notice of a private address: what they meet then isn't its doing.
    @Test func `a wrong address explains no drop at another`() throws {
        var believed = Made.channel(5150, .unanswered, address: Made.inside)
        func failed() -> [Finding] {
            let traffic = Traffic([Made.session([believed])])
            return Audit(site: Site(), traffic: traffic)
                .findings(now: Timestamp(seconds: 0)) { _, _ in [] }
                .filter { $0.status == .failed }
        }
        #expect(failed().map(\.rule) == ["PH104"])
        #expect(failed().map(\.hurt) == [1])
        believed.server = Endpoint(Made.server, 5150)
        #expect(failed().map(\.rule) == ["PH101", "PH104"])
        #expect(failed().map(\.hurt) == [1, 0])
    }

    @Test func `a port outside the range isn't said to be permitted`() throws {
        let judgement = Made.judge(
            PortBlockedByPolicy.self, Made.site(open: Self.open),
            [Made.session([Made.channel(6150, .unanswered)])])
        #expect("\(judgement)".contains("no announced port of the range that failed"))
    }

    @Test func `a waiver holds to the end of its last day, and no longer`() throws {
        var site = Made.site()
        site.servers[0].sessions = 4
        var waiver = Waiver(rule: "PH207", server: "files", reason: "r", source: Made.line)
        waiver.until = Timestamp("2026-11-20")
        site.waivers = [waiver]
        let audit = Audit(site: site, traffic: nil)
        func status(_ day: String) throws -> Finding.Status? {
            audit.findings(now: try #require(Timestamp(day))) { _, _ in [] }
                .first { $0.rule == "PH207" }?.status
        }
        #expect(try status("2026-11-20T23:59:59Z") == .accepted)
        #expect(try status("2026-11-21T00:00:00Z") == .failed)
    }
}
