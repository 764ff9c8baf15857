import FTP
import Net
import Policy
import Testing

@testable import Analyzer

/// What hurts most stands first.
@Suite struct OrderTests {
    static func findings(_ ports: [UInt16]) -> [Finding] {
        let channels = ports.enumerated().map { Made.channel($1, .unanswered, at: 10 + 10 * $0) }
        let session = Made.session(channels) { $0.clearPassword = Made.frame(5) }
        let sessions =
            [session] + (0..<5).map { _ in Made.session { $0.clearPassword = Made.frame(5) } }
        return Audit(site: Made.site(), traffic: Traffic(sessions))
            .findings(now: Timestamp(seconds: 1_795_200_000)) { _, _ in [] }
            .filter { $0.status == .failed }
    }

    @Test func `offers that failed come before log-ins in clear text, however many`() {
        let findings = Self.findings([5001, 5002, 5003])
        #expect(findings.map(\.rule).prefix(2) == ["PH101", "PH116"])
        #expect(findings.map(\.hurt).prefix(2) == [3, 0])
    }

    @Test func `an offer that another finding explains hurts there alone`() {
        let findings = Self.findings([1063, 5001, 5002, 5003])
        #expect(findings.map(\.rule).prefix(3) == ["PH101", "PH301", "PH116"])
        #expect(findings.map(\.hurt).prefix(3) == [3, 1, 0])
    }

    @Test func `a rule's own severity is among those that it may have`() {
        for rule in Rules.all { #expect(rule.severities.contains(rule.severity), "\(rule.id)") }
    }

    @Test func `an announcement that the snap length may have cut is none of the server's faults`()
    {
        var channel = Made.channel(5001, .unseen)
        channel.advertised = nil
        let whole = Made.session([channel])
        let cut = Made.session([channel]) { $0.visibility.truncatedFrames = 3 }
        #expect(Made.judge(AnnouncementUnusable.self, Made.site(), [whole]).mark == "failed")
        #expect(Made.judge(AnnouncementUnusable.self, Made.site(), [cut]).mark == "?")
    }

    @Test func `an id tells names of other scripts and long keys apart, and stays as it is`() {
        let long = String(repeating: "5001,", count: 40)
        #expect(Finding.slug("почта") != Finding.slug("файлы"))
        #expect(Finding.slug(long + "1") != Finding.slug(long + "2"))
        #expect(Finding.slug("hop 5001-5201") == "hop-5001-5201")
        // FNV-1a of "é", C3 A9.
        #expect(Finding.slug("é") == "--\(String(Self.sum, radix: 16))")
    }

    private static let sum =
        ((UInt32(0x811c_9dc5) ^ 0xc3) &* 0x0100_0193 ^ 0xa9) &* 0x0100_0193
}
