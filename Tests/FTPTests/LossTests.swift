import Capture
import Dialogue
import FTP
import Net
import Streams
import Testing

/// Captures that lack packets of a control connection, or end in the middle: what is missing must
/// not be made up from what stands around it.
@Suite struct LossTests {
    /// The session that these lines make after a log-in, without the frames of some of them.
    private func session(_ lines: [String], without lost: Set<Int>) throws -> SessionRecord {
        let frames = try Dialogue.frames(loggedIn + lines.joined(separator: "\n"))
        var kept = frames
        var at = 0
        var removed = 0
        for (index, line) in lines.enumerated() {
            let text = Array((line.dropFirst(3) + "\r\n").utf8)
            at = try #require(frames[at...].firstIndex { $0.bytes.suffix(text.count) == text[...] })
            if lost.contains(index) {
                kept.remove(at: at - removed)
                removed += 1
            }
            at += 1
        }
        let records = extract(kept)
        try #require(records.count == 1)
        #expect(records[0].visibility.gaps > 0)
        return records[0]
    }

    private static let pasv = ["C: PASV", "S: 227 Entering Passive Mode (203,0,113,10,19,141)."]
    private static let other = ["C: PASV", "S: 227 Entering Passive Mode (203,0,113,10,19,142)."]
    private static let list = ["C: LIST", "S: 150 Here it comes", "S: 226 Done"]

    @Test func `a transfer behind lost commands isn't given to an announcement before them`() throws
    {
        let found = try session(
            Self.pasv + ["C: PORT 198,51,100,7,200,100", "S: 200 Ok"] + Self.list, without: [2])
        #expect(found.channels.map(\.transfer) == [nil])
        #expect(found.channels.map(\.outcome) == [.unseen])
    }

    @Test func `a transfer isn't given to the announcement before a lost one`() throws {
        let found = try session(Self.pasv + Self.other + Self.list, without: [3])
        #expect(found.channels.map(\.advertised?.port) == [5005])
        #expect(found.channels.map(\.transfer) == [nil])
    }

    @Test func `of several transfers whose replies are missing none gets that of another`() throws {
        let first = Self.pasv + ["C: RETR a", "S: 150 Go", "S: 226 Done"]
        let second = Self.other + ["C: RETR b", "S: 150 Go", "S: 226 Done"]
        // Replies to the first, and the announcement of the second.
        let found = try session(first + second, without: [3, 4, 6])
        #expect(found.channels.map(\.transfer) == ["RETR a"])
        #expect(found.channels.map(\.transferReply) == [nil])
    }

    @Test func `no reply is read before a command that waits behind a hole`() throws {
        let lines =
            ["C: TYPE I", "S: 200 Ok"] + Self.pasv + Self.list
            + ["C: CWD up", "S: 250 Ok"] + Self.other + ["C: STOR x", "S: 150 Go", "S: 226 Done"]
        let found = try session(lines, without: [0])
        #expect(found.channels.map(\.command) == ["PASV", "PASV"])
        #expect(found.channels.map(\.transfer) == ["LIST", "STOR x"])
        #expect(found.channels.map(\.transferReply) == [226, 226])
    }

    @Test func `holes in both directions keep what was said in order`() throws {
        let lines =
            ["C: TYPE I", "S: 200 Ok", "C: CWD up", "S: 250 Ok"] + Self.pasv + Self.list
            + Self.other + ["C: STOR x", "S: 150 Go", "S: 226 Done"]
        let found = try session(lines, without: [0, 3])
        #expect(found.channels.map(\.command) == ["PASV", "PASV"])
        #expect(found.channels.map(\.transfer) == ["LIST", "STOR x"])
        #expect(found.oddities.map(\.name) == ["missing_bytes", "missing_bytes"])
    }

    /// A hole that is never acknowledged, and a server that goes on talking.
    @Test func `what waits for the other direction is bounded`() throws {
        var limits = Limits()
        limits.heldSegments = 4
        let frames = try Dialogue.frames(
            loggedIn + "C: NOOP\nC: SYST\n"
                + (0..<20).map { "S: 200 line \($0)\n" }.joined())
        let first = try #require(
            frames.firstIndex { $0.bytes.suffix(6) == Array("NOOP\r\n".utf8)[...] })
        var kept = frames
        kept.remove(at: first)
        var hits = LimitHits()
        let records = extract(kept, limits: limits) { hits = $0.limitHits }
        #expect(records.count == 1)
        #expect(hits.counts["heldSegments"] ?? 0 > 0)
    }

    @Test func `a reply to a command that was lost isn't taken for another's`() throws {
        // The reply to PASV and the EPSV behind it.
        let found = try session(
            Self.pasv + ["C: EPSV", "S: 229 Entering (|||5010|)", "C: NOOP", "S: 200 Ok"],
            without: [1, 2])
        #expect(found.channels.map(\.advertised?.port) == [5010])
        #expect(!found.oddities.map(\.name).contains("announcement_of_another_kind"))
    }

    @Test func `lines of a reply that lacks its beginning are no oddity`() throws {
        let found = try session(
            ["C: NOOP", "S: 200 Ok", "C: FEAT", "S: 211-Features:", "S:  EPRT", "S: 211 End"]
                + ["C: NOOP", "S: 200 Ok"],
            without: [3])
        #expect(found.oddities.map(\.name) == ["missing_bytes"])
    }

    @Test func `a 227 that is cut before its numbers is cut, and no more`() throws {
        let script = loggedIn + Self.pasv.joined(separator: "\n")
        let last = try #require(
            try Dialogue.frames(script).lastIndex { $0.bytes.count > 54 }.map { $0 + 1 })
        let names =
            try extract(script + "\ncut \(last) to \(54 + 12)").first?.oddities.map(\.name)
            ?? []
        #expect(names.contains("announcement_cut"))
        #expect(!names.contains("announcement_without_address"))
        #expect(!names.contains("malformed_announcement"))
    }
}

/// Captures that end while something was under way.
@Suite struct CaptureEndTests {
    private let pasv = "C: PASV\nS: 227 Entering Passive Mode (203,0,113,10,19,141)\n"

    @Test func `an announcement at the end of a capture may still be used`() throws {
        #expect(try channels(pasv).map(\.outcome) == [.unseen])
        #expect(try channels(pasv + "wait 3\nC: NOOP\n").map(\.outcome) == [.unused])
        #expect(try channels(pasv + "close\n").map(\.outcome) == [.unused])
        #expect(try channels(pasv + pasv).map(\.outcome) == [.unused, .unseen])
        let malformed = "C: PASV\nS: 227 Entering Passive Mode ()\n"
        #expect(try channels(malformed).map(\.outcome) == [.unused])
        // Another connection takes the ends of the control connection, but nobody has ended it.
        let taken = pasv + "client 198.51.100.7:49200\nconnect unanswered 2\n"
        #expect(try channels(taken).map(\.outcome) == [.unseen])
        let refused = "C: PORT 198,51,100,7,200,100\nS: 500 No\n"
        #expect(try channels(refused).map(\.outcome) == [.unused])
    }

    @Test func `an attempt at the end of a capture may still be answered`() throws {
        let attempt = pasv + "data 203.0.113.10:5005 unanswered 1\n"
        #expect(try channels(attempt).map(\.outcome) == [.unseen])
        #expect(try channels(attempt + "wait 3\nC: NOOP\n").map(\.outcome) == [.unanswered])
        let twice = pasv + "data 203.0.113.10:5005 unanswered 2\n"
        #expect(try channels(twice).map(\.outcome) == [.unanswered])
    }

    @Test func `a try at the control port at the end of a capture is no failure`() throws {
        func attempts(_ script: String, end: Int64?) throws -> Int {
            let frames = try Dialogue.frames("server 203.0.113.10\nclient 198.51.100.7\n" + script)
            let extractor = SessionExtractor { _ in }
            for (index, frame) in frames.enumerated() {
                extractor.consume(header(frame, index + 1), frame.bytes.span)
            }
            let last = try #require(frames.last?.time)
            extractor.finish(at: end.map { last.after($0) })
            return extractor.controlAttempts.count
        }
        #expect(try attempts("connect unanswered 1", end: nil) == 0)
        #expect(try attempts("connect unanswered 1", end: 3_000_000_000) == 1)
        #expect(try attempts("connect unanswered 2", end: nil) == 1)
        #expect(try attempts("connect refused", end: nil) == 1)
        // Another connection between the same ends.
        let taken = """
            connect unanswered 1
            server 198.51.100.7:49200
            client 203.0.113.10:21
            connect unanswered 1
            """
        #expect(try attempts(taken, end: nil) == 0)
        #expect(try attempts(taken, end: 3_000_000_000) == 1)
    }
}
