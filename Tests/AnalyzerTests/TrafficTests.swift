import FTP
import Net
import Testing

@testable import Analyzer

@Suite struct TrafficTests {
    private static func sessions(_ records: [SessionRecord]) -> ServerSessions {
        ServerSessions(Traffic(records), rows: records.indices.map { UInt32($0) })
    }

    @Test func `keeps what rules ask of a session`() throws {
        let frame = Made.frame(7)
        let turned = SessionRecord.FailureReply(
            frame: frame, command: "PASV", code: 425, text: "425 no port")
        let record = Made.session { record in
            record.clearPassword = frame
            record.encryption = SessionRecord.Encryption(from: frame, command: "AUTH TLS")
            record.failures = [
                turned,
                SessionRecord.FailureReply(frame: frame, command: "RETR", code: 550, text: "no"),
            ]
            record.visibility.gaps = 3
            record.visibility.oneSided = true
        }
        let plain = Made.session { $0.user = nil }
        let kept = Self.sessions([record, plain])
        let first = try #require(kept.first)
        #expect(first.client == record.client && first.server == record.server)
        #expect(first.first == record.first && first.user == "alice")
        #expect(first.clearPassword == frame)
        #expect(first.encryption == record.encryption && first.isEncrypted)
        #expect(first.turnedAway == [turned])
        #expect(first.hasGaps && first.isOneSided && !first.isMidstream && !first.isTruncated)
        let second = kept[1]
        #expect(second.user == nil && second.clearPassword == nil && second.encryption == nil)
        #expect(!second.hasGaps && !second.isOneSided && second.turnedAway.isEmpty)
    }

    @Test func `keeps what rules ask of a data channel`() {
        var full = Made.channel(5005, .prohibited)
        full.reply = 227
        full.answer = Made.frame(12)
        full.answerTTL = 61
        full.controlTTL = 60
        full.prohibitedBy = IPAddress("192.0.2.1")
        full.icmp = DataChannel.ICMP(type: 3, code: 13)
        full.transferReply = 425
        full.transferReplyFrame = Made.frame(15)
        full.lastDataFrame = Made.frame(14)
        var bare = DataChannel(announcedBy: .extendedPort, frame: Made.frame(20))
        bare.outcome = .unused
        let session = Self.sessions([Made.session(), Made.session([bare, full])])[1]
        #expect(session.channelCount == 2)
        for (index, wanted) in [bare, full].enumerated() {
            let found = session.channel(index)
            #expect(found.announcedBy == wanted.announcedBy && found.outcome == wanted.outcome)
            #expect(found.frame == wanted.frame && found.dataFrame == wanted.dataFrame)
            #expect(found.answer == wanted.answer && found.attempts == wanted.attempts)
            #expect(found.transferReplyFrame == wanted.transferReplyFrame)
            #expect(found.lastDataFrame == wanted.lastDataFrame)
            #expect(found.advertised == wanted.advertised)
            #expect(found.client == wanted.client && found.server == wanted.server)
            #expect(found.answerTTL == wanted.answerTTL && found.controlTTL == wanted.controlTTL)
            #expect(found.icmp == wanted.icmp && found.prohibitedBy == wanted.prohibitedBy)
            #expect(found.reply == wanted.reply && found.transferReply == wanted.transferReply)
        }
    }

    /// More clients and users than are looked up, more sessions than a block of rows holds; ended
    /// in another order than they began.
    @Test func `tells many sessions apart, in the order in which they began`() {
        let count = 40_000
        let records = (1...count).reversed().map { number in
            Made.session {
                $0.client = Endpoint(IPAddress(v4: UInt32(number)), UInt16(number & 0xfff))
                $0.user = "user \(number)"
                $0.first = Made.frame(number)
            }
        }
        let kept = Self.sessions(records)
        #expect(kept.count == count)
        let all = zip(kept, 1...).allSatisfy { session, number in
            session.client == Endpoint(IPAddress(v4: UInt32(number)), UInt16(number & 0xfff))
                && session.user == "user \(number)" && session.first == Made.frame(number)
        }
        #expect(all)
        let strangers = (0..<40_000).map { number in
            // The last thousand are servers that came when no more were looked up.
            let server = number < 39_000 ? number : number - 5_000
            return Made.session { $0.server = Endpoint(IPAddress(v4: UInt32(server)), 21) }
        }
        let traffic = Traffic(strangers)
        #expect(traffic.servers.count == 39_000)
        #expect(traffic.rowsByServer.values.reduce(0) { $0 + $1.count } == 40_000)
    }
}
