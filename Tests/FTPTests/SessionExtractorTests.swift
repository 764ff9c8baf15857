import Capture
import Dialogue
import FTP
import Foundation
import Net
import Streams
import Testing

@Suite struct SessionExtractorTests {
    @Test func `tells who logged in where, and keeps no password`() throws {
        let record = try #require(try extract(loggedIn + "close").first)
        #expect(record.client.address == IPAddress("198.51.100.7"))
        #expect(record.server == Endpoint("203.0.113.10:21"))
        #expect(record.user == "anonymous")
        #expect(record.login == .accepted)
        #expect(record.banner == "220 Ready")
        #expect(record.clearPassword != nil)
        #expect(record.end == .closed)
        #expect(!"\(record)".contains("secret-word"))
    }

    @Test(arguments: [
        ("anna:sesame@inner.example", "anna:x@inner.example"),
        ("ftp://anna:se@same@inner.example", "ftp://anna:x@inner.example"),
        ("anna@inner.example", "anna@inner.example"), ("DOMAIN:anna", "DOMAIN:anna"),
        ("anna:/sesame@inner.example", "anna:x@inner.example"),
        ("anna://sesame@inner.example", "anna:x@inner.example"),
        ("anna:/se:same@inner.example", "anna:x@inner.example"),
        ("xftp://sesame@inner.example", "xftp:x@inner.example"),
        ("FTPS://anna:/sesame@inner.example", "FTPS://anna:x@inner.example"),
        ("ftp:/sesame@inner.example", "ftp:x@inner.example"),
        ("ftp://anna@inner.example", "ftp://anna@inner.example"),
        // Somebody ends lines with CR alone.
        ("anna\\rPASS sesame", "anna"), ("anna\\rPASS sesame@inner", "anna"),
        // Both parts together are cut at the bound of a text, 512 bytes.
        (
            String(repeating: "a", count: 400) + ":pw@" + String(repeating: "b", count: 400),
            String(repeating: "a", count: 400) + ":x@" + String(repeating: "b", count: 109)
        ),
    ])
    func `keeps no password that stands in a name`(_ said: String, _ kept: String) throws {
        let dialogue = """
            server 203.0.113.10
            client 198.51.100.7
            connect
            S: 220 Ready
            C: USER \(said)
            S: 331 Password

            """
        let record = try #require(try extract(dialogue + "close").first)
        #expect(record.user == kept)
    }

    @Test func `keeps nothing that stands behind a CR`() throws {
        let dialogue = """
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141)
            C: RETR a\\rPASS sesame
            S: 226 Done
            """
        #expect(try channels(dialogue).map(\.transfer) == ["RETR a"])
    }

    @Test func `survives a connection at one end of time and its announcement at the other`()
        throws
    {
        let dialogue = """
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141)
            """
        let early = try Dialogue.frames(loggedIn + "data 203.0.113.10:5005 unanswered 1")
        let frames = try Dialogue.frames(loggedIn + dialogue)
        var records: [SessionRecord] = []
        let extractor = SessionExtractor { records.append($0) }
        for (frame, time) in early.suffix(1).map({ ($0, Int64.max - 10_000_000_000) })
            + frames.map({ ($0, Int64.min) })
        {
            let header = FrameHeader(
                capture: 0, number: 1, time: Timestamp(nanoseconds: time),
                originalLength: frame.originalLength, linkType: .ethernet)
            extractor.consume(header, frame.bytes.span)
        }
        extractor.finish()
        #expect(records.first?.channels.first?.outcome == .unused)
    }

    @Test(arguments: ["500 OOPS: cannot log in with", "421 Go away,", "530 No"])
    func `keeps no answer that may repeat a password`(_ answer: String) throws {
        let script = """
            server 203.0.113.10
            client 198.51.100.7
            connect
            C: USER anonymous
            C: PASS secret-word
            S: \(answer) secret-word
            S: 331 Password
            S: 230 Welcome
            """
        let record = try #require(try extract(script).first)
        #expect(!"\(record)".contains("secret-word"))
        #expect(record.login == .accepted || answer.hasPrefix("530"))
    }

    @Test(arguments: [
        ("S: 530 Login incorrect", SessionRecord.Login.refused), ("", .unseen),
    ])
    func `tells a refused login from one that was not seen`(
        _ reply: String, _ login: SessionRecord.Login
    ) throws {
        let script = loggedIn.replacing("S: 230 Welcome", with: reply)
        #expect(try extract(script).first?.login == login)
    }

    static let outcomes: [(String, DataChannel.Outcome, Int)] = [
        ("data 203.0.113.10:5005 established download 512", .established, 1),
        ("data 203.0.113.10:5005 refused", .refused, 1),
        ("data 203.0.113.10:5005 unanswered 3", .unanswered, 3),
        ("data 203.0.113.10:5005 prohibited 3/13 by 192.0.2.1", .prohibited, 1),
        ("wait 1", .unused, 0),
    ]

    @Test(arguments: outcomes)
    func `follows a 227 to its data connection`(
        _ data: String, _ outcome: DataChannel.Outcome, _ attempts: Int
    ) throws {
        let found = try channels(
            """
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141).
            \(data)
            C: LIST
            S: 425 Failed
            close
            """)
        let channel = try #require(found.first)
        #expect(found.count == 1)
        #expect(channel.advertised == Endpoint("203.0.113.10:5005"))
        #expect(channel.outcome == outcome)
        #expect(channel.attempts == attempts)
        #expect(channel.command == "PASV")
        #expect(channel.transferReply == 425)
        #expect(channel.transfer == "LIST")
        if outcome == .established { #expect(channel.bytesToClient == 512) }
        if outcome == .prohibited {
            #expect(channel.prohibitedBy == IPAddress("192.0.2.1"))
            #expect(channel.icmp == DataChannel.ICMP(type: 3, code: 13))
        }
    }

    @Test func `says unseen where the transfer went on without a packet of it`() throws {
        let found = try channels(
            """
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141).
            C: LIST
            S: 150 Here it comes
            S: 226 Done
            """)
        #expect(found.map(\.outcome) == [.unseen])
    }

    @Test func `reads what a client announces`() throws {
        let found = try channels(
            """
            C: port 198,51,100,7,200,100
            S: 200 Ok
            C: RETR a.txt
            data from 203.0.113.10:20 to 198.51.100.7:51300 established download 77
            S: 226 Done
            C: EPRT |1|198.51.100.7|51301|
            S: 500 No
            """)
        #expect(found.map(\.announcedBy) == [.port, .extendedPort])
        #expect(found.map(\.outcome) == [.established, .unused])
        #expect(found.map(\.reply) == [200, 500])
        #expect(found[0].server == Endpoint("203.0.113.10:20"))
        #expect(found[0].client == Endpoint("198.51.100.7:51300"))
        #expect(found[0].bytesToClient == 77)
        #expect(found[0].transfer == "RETR a.txt")
    }

    @Test func `gives an EPSV the server's address`() throws {
        let found = try channels("C: EPSV\nS: 229 Extended (|||5005|)")
        #expect(found.map(\.advertised) == [Endpoint("203.0.113.10:5005")])
    }

    @Test func `looks for the data connection at the control address too`() throws {
        let record = try #require(
            try extract(
                loggedIn
                    + """
                    C: PASV
                    S: 227 Entering Passive Mode (10,1,1,10,19,141)
                    data 203.0.113.10:5005 established download 5
                    """
            ).first)
        #expect(record.channels.map(\.outcome) == [.established])
        #expect(record.channels[0].server == Endpoint("203.0.113.10:5005"))
        #expect(record.oddities.isEmpty)
    }

    @Test func `counts a foreign peer's connection and names it`() throws {
        let record = try #require(
            try extract(
                loggedIn
                    + """
                    C: PASV
                    S: 227 Entering Passive Mode (203,0,113,10,19,141)
                    data from 192.0.2.66:4444 to 203.0.113.10:5005 established download 5
                    """
            ).first)
        #expect(record.channels.map(\.outcome) == [.established])
        #expect(record.channels[0].client == Endpoint("192.0.2.66:4444"))
        #expect(record.oddities.map(\.name) == ["foreign_peer"])
    }

    @Test func `matches a port that is announced twice by time`() throws {
        let pasv = "C: PASV\nS: 227 Entering Passive Mode (203,0,113,10,19,141)\n"
        let found = try channels(
            pasv + "data 203.0.113.10:5005 established download 5\n" + pasv
                + "data 203.0.113.10:5005 refused\n" + pasv + "wait 3\nC: NOOP\n")
        #expect(found.map(\.outcome) == [.established, .refused, .unused])
    }

    @Test func `joins a data connection that was captured before its announcement`() throws {
        let frames = try Dialogue.frames(
            loggedIn
                + """
                C: PASV
                S: 227 Entering Passive Mode (203,0,113,10,19,141)
                data 203.0.113.10:5005 refused
                """)
        var late = frames
        let announcement = late.remove(at: late.count - 3)
        late.append(announcement)
        let found = try #require(extract(late).first).channels
        #expect(found.map(\.outcome) == [.refused])
    }

    /// The 227 is read when the hole before it is given up, ten seconds after its connection.
    @Test func `joins it where the announcement is read late, and others began since`() throws {
        let others = (0..<80).map {
            "wait 0.1\nclient 192.0.2.\($0 + 1)\nconnect as c\($0) unanswered 1\n"
        }
        let script =
            loggedIn.replacingOccurrences(of: "connect\n", with: "connect as ftp\n")
            + "C: TYPE I\nS: 200 Good\nC: PASV\n"
            + "S: 227 Entering Passive Mode (203,0,113,10,19,141)\n"
            + "data 203.0.113.10:5005 established download 512\n" + others.joined()
            + "use ftp\nwait 2\nS: 226 Done\nC: NOOP\nS: 200 Good\n"
        var frames = try Dialogue.frames(script)
        let hole = try #require(
            frames.firstIndex { $0.bytes.suffix(10) == Array("200 Good\r\n".utf8)[...] })
        frames.remove(at: hole)
        let found = try #require(extract(frames).first).channels
        #expect(found.map(\.outcome) == [.established])
    }

    @Test func `joins it where a thousand others began in between`() throws {
        let announced = "C: PASV\nS: 227 Entering Passive Mode (203,0,113,10,19,141)\n"
        let others = (0..<1000).map {
            "client 192.0.\($0 / 250).\($0 % 250 + 1)\nconnect as c\($0) unanswered 1\n"
        }
        let frames = try Dialogue.frames(
            "pace 0.001\n" + loggedIn + announced + "data 203.0.113.10:5005 refused\n"
                + others.joined())
        let sent = try Dialogue.frames("pace 0.001\n" + loggedIn + announced).count
        var late = frames
        let announcement = late.remove(at: sent - 1)
        late.append(announcement)
        let found = try #require(extract(late).first).channels
        #expect(found.map(\.outcome) == [.refused])
    }

    @Test(arguments: [
        "S: 227 Entering Passive Mode (203,0,113,10,257,1)", "S: 227 Entering Passive Mode (",
        "S: 227 Entering Passive Mode (203,0,113,10,0,0)",
    ])
    func `makes no endpoint of a malformed announcement`(_ reply: String) throws {
        let record = try #require(try extract(loggedIn + "C: PASV\n" + reply).first)
        #expect(record.channels.map(\.advertised) == [nil])
        #expect(record.oddities.count == 1)
    }

    @Test func `does not take text inside another reply for an announcement`() throws {
        #expect(
            try channels("C: HELP\nS: 214-Help\nS: 227 (1,2,3,4,5,6)\nS: 214 End\nS: 227 Logout.")
                .isEmpty)
    }

    @Test func `pairs replies with pipelined commands`() throws {
        let found = try channels(
            "C= PASV\\r\\nTYPE I\\r\\nLIST\\r\\n\n"
                + "S= 227 (203,0,113,10,19,141)\\r\\n200 Ok\\r\\n150 Go\\r\\n226 Done\\r\\n")
        #expect(found.map(\.transferReply) == [226])
        #expect(found.map(\.transfer) == ["LIST"])
    }

    @Test func `keeps an attempt to reach a server that is not answered`() throws {
        var attempts: [ControlAttempt] = []
        let frames = try Dialogue.frames(
            """
            server 203.0.113.10
            client 198.51.100.7
            connect unanswered 3
            wait 5
            connect refused
            wait 5
            connect prohibited 3/13 by 192.0.2.1
            """)
        #expect(extract(frames) { attempts = $0.controlAttempts }.isEmpty)
        #expect(attempts.map(\.outcome) == [.unanswered, .refused, .prohibited])
        #expect(attempts.map(\.attempts) == [3, 1, 1])
        #expect(attempts.last?.prohibitedBy == IPAddress("192.0.2.1"))
    }

    @Test func `bounds what one session holds and says so`() throws {
        var limits = Limits()
        limits.channels = 2
        let pasv = "C: PASV\nS: 227 Entering Passive Mode (203,0,113,10,19,141)\n"
        let record = try #require(try extract(loggedIn + pasv + pasv + pasv, limits: limits).first)
        #expect(record.channels.count == 2)
        #expect(record.oddities.map(\.detail) == ["channels"])
    }

    @Test func `hands a session over once it has ended, and shows open ones on the way`() throws {
        let frames = try Dialogue.frames(
            loggedIn + "C: PASV\nS: 227 (203,0,113,10,19,141)\ndata 203.0.113.10:5005 opened\n"
                + "S: 150 Go\nwait 5\ndownload 5\nclose\nwait 200\nclient 198.51.100.8\nconnect")
        var records: [SessionRecord] = []
        var snapshots: [SessionRecord] = []
        let extractor = SessionExtractor { records.append($0) }
        for (index, frame) in frames.enumerated() {
            extractor.consume(header(frame, index + 1), frame.bytes.span)
            if snapshots.isEmpty,
                let open = extractor.snapshot().first(where: { session in
                    session.channels.contains { $0.outcome == .established }
                })
            {
                snapshots = [open]
            }
        }
        #expect(snapshots.first?.channels.map(\.isPending) == [true])
        #expect(records.count == 1)
        #expect(records.first?.channels.map(\.isPending) == [false])
        #expect(extractor.snapshot().isEmpty)
    }
}
