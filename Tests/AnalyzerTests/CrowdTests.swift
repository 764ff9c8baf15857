import FTP
import Net
import Policy
import Testing

@testable import Analyzer

/// What anybody on a network may make many of fills no report.
@Suite struct CrowdTests {
    private static func strangers(_ count: Int) -> [SessionRecord] {
        (1...count).map { number in
            Made.session {
                $0.server = Endpoint(IPAddress(v4: UInt32(number)), 21)
                $0.clearPassword = Made.frame(3)
            }
        }
    }

    @Test(arguments: [(64, false), (65, true)])
    func `tells of many servers that nobody names the faults alone`(
        _ count: Int, _ isBrief: Bool
    ) {
        let audit = Audit(site: Made.site(), traffic: Traffic(Self.strangers(count)))
        let now = Timestamp(seconds: 1_795_168_900)
        let findings = audit.findings(now: now) { _, _ in [] }
        let others = findings.filter { $0.server != "files" }
        #expect(others.count { $0.rule == "PH116" && $0.status == .failed } == count)
        #expect(others.allSatisfy { $0.status == .failed } == isBrief)
        #expect(findings.contains { $0.server == "files" && $0.status != .failed })
        #expect(audit.notes(on: findings, now: now).isEmpty != isBrief)
    }

    @Test func `names a few of the hosts that a server announced, and how many more`() throws {
        let channels = (1...300).map { number in
            Made.channel(
                5001, .unused, at: number, address: IPAddress(v4: 0x0808_0000 + UInt32(number)))
        }
        let judgement = Made.judge(OtherHostAnnounced.self, Made.site(), [Made.session(channels)])
        let fault = try #require(judgement.faults.first)
        #expect(fault.count == 300)
        #expect(fault.message.contains("8.8.0.6 and 294 more"), "\(fault.message)")
    }

    /// RFC 959 section 5.4: 425 is the answer to a transfer whose connection could not be opened.
    @Test func `a 425 tells of a connection that the capture doesn't show`() throws {
        var told = Made.channel(5150, .unused)
        told.transferReply = 425
        told.transferReplyFrame = Made.frame(14)
        let session = Made.session([told, Made.channel(5151, .unused, at: 20)])
        let unused = Made.judge(OfferNeverTaken.self, Made.site(), [session]).faults
        #expect(unused.map(\.count) == [2])
        #expect(unused.first?.message.contains("To 1 of them the server answered 425") == true)
        #expect(unused.first?.packets.map(\.frame.number) == [10, 14, 20])
        let site = Made.site(open: PortSet(5001...5100))
        let blocked = Made.judge(PortBlockedByPolicy.self, site, [session]).faults
        #expect(blocked.map(\.count) == [1])
        #expect(blocked.first?.observed == "answered 425")
    }
}
