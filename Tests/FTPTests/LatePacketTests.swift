import Capture
import Dialogue
import FTP
import Net
import Streams
import Testing

/// Packets that come late, twice, or from somebody who guesses.
@Suite struct LatePacketTests {
    private typealias Frames = [(time: Timestamp, bytes: [UInt8])]

    private static func frames(_ script: String) throws -> Frames {
        try Dialogue.frames(script).map { ($0.time, $0.bytes) }
    }

    /// The sessions of a dialogue to which `change` was done.
    private static func records(
        _ script: String, _ change: (inout Frames) -> Void = { _ in }
    ) throws -> [SessionRecord] {
        var frames = try frames(script)
        change(&frames)
        return read(frames).records
    }

    private static func read(_ frames: Frames) -> (
        records: [SessionRecord], attempts: [ControlAttempt]
    ) {
        var records: [SessionRecord] = []
        let extractor = SessionExtractor { records.append($0) }
        for (index, frame) in frames.enumerated() {
            let header = FrameHeader(
                capture: 0, number: index + 1, time: frame.time,
                originalLength: frame.bytes.count, linkType: .ethernet)
            extractor.consume(header, frame.bytes.span)
        }
        extractor.finish()
        return (records.sorted { $0.first < $1.first }, extractor.controlAttempts)
    }

    /// A port is announced again just after a session that had it.
    @Test(arguments: [0.1, 2.5, 2.9, 3.5])
    func `a data connection is that of one session`(_ seconds: Double) throws {
        let found = try Self.records(
            loggedIn + """
                C: PASV
                S: 227 Entering Passive Mode (203,0,113,10,19,141)
                data 203.0.113.10:5005 established download 100
                C: QUIT
                S: 221 Bye
                close
                wait \(seconds)
                client 198.51.100.8
                connect
                \(login("bert"))
                C: PASV
                S: 227 Entering Passive Mode (203,0,113,10,19,141)
                data 203.0.113.10:5005 refused
                C: QUIT
                S: 221 Bye
                close
                """)
        #expect(found.map { $0.channels.map(\.outcome) } == [[.established], [.refused]])
        #expect(found.allSatisfy { $0.oddities.isEmpty })
        #expect(found.last?.channels.first?.client?.address == IPAddress("198.51.100.8"))
    }

    private static let short =
        loggedIn + """
            C: QUIT
            S: 221 Bye
            close

            """

    /// What ends a session comes again, long after, while other connections come and go.
    @Test(arguments: [3.0, 11, 60, 120])
    func `what is sent again of a session begins none`(_ seconds: Double) throws {
        let others = (0..<40).map { "data 203.0.113.10:\(6000 + $0) refused" }
        let script = Self.short + "wait \(seconds)\n" + others.joined(separator: "\n")
        let frames = try Self.frames(Self.short)
        let last = try #require(frames.lastIndex { $0.bytes.count > 60 })
        let found = try Self.records(script) { all in
            all.append((all[all.count - 1].time, frames[last].bytes))
        }
        #expect(found.count == 1)
    }

    /// A frame whose time is wrong by decades stands among the others.
    @Test func `a frame with a wrong time ends no session`() throws {
        let script =
            loggedIn + """
                C: PASV
                S: 227 Entering Passive Mode (203,0,113,10,19,141)
                data 203.0.113.10:5005 established download 100
                S: 226 Done
                C: PASV
                S: 227 Entering Passive Mode (203,0,113,10,19,142)
                data 203.0.113.10:5006 established download 100
                S: 226 Done
                """
        for place in [5, 16, 20, 28] {
            let stray = try Self.frames(
                "server 192.0.2.9\nclient 192.0.2.8\nat 2090-01-01T00:00:00Z\nconnect unanswered 1")
            let found = try Self.records(script) { $0.insert(contentsOf: stray, at: place) }
            #expect(found.count == 1)
            #expect(
                found.first?.channels.map(\.outcome) == [.established, .established], "\(place)")
        }
    }

    /// So does one of the session itself, or of its data connection.
    @Test func `a frame with a wrong time splits no session`() throws {
        let script =
            loggedIn + """
                C: PASV
                S: 227 Entering Passive Mode (203,0,113,10,19,141)
                data 203.0.113.10:5005 established download 3000
                S: 226 Done

                """ + Self.another
        let frames = try Self.frames(script)
        // But for a SYN: when that came decides whose it is.
        for place in frames.indices where frames[place].bytes[47] != 2 {
            for year in [Int64(-40), 5, 200] {
                let found = try Self.records(script) {
                    $0[place].time = Timestamp(
                        nanoseconds: $0[place].time.nanoseconds + year * 31_536_000_000_000_000)
                }
                let here = "frame \(place + 1), \(year) years"
                #expect(found.count == 1, "\(here)")
                #expect(found.first?.end == .closed, "\(here)")
                #expect(found.first.map { $0.last.time <= frames[frames.count - 1].time } == true)
                // The announcement itself may have lost its connection, and no more.
                let others = found.first?.channels.filter { $0.frame.number != place + 1 } ?? []
                #expect(
                    !others.isEmpty && others.allSatisfy { $0.outcome == .established }, "\(here)")
            }
        }
    }

    private static let another = """
        C: PASV
        S: 227 Entering Passive Mode (203,0,113,10,19,142)
        data 203.0.113.10:5006 established download 100
        C: QUIT
        S: 221 Bye
        close
        """

    /// The control connection is silent for as long as a transfer takes.
    @Test(arguments: [60, 7150, 9000, 14_000])
    func `a long transfer ends no session`(_ seconds: Int) throws {
        let found = try Self.records(
            loggedIn + """
                C: PASV
                S: 227 Entering Passive Mode (203,0,113,10,19,141)
                data 203.0.113.10:5005 opened
                C: RETR a
                S: 150 Here it comes
                wait \(seconds)
                download 4000
                wait 1
                S: 226 Done

                """ + Self.another
        ) { frames in
            // Ports 5005 and the client's; an acknowledgement every now and then meanwhile.
            let data = frames.first { $0.bytes[34...37].contains(0x8d) && $0.bytes[47] == 0x10 }
            guard
                let pause = frames.indices.dropFirst().first(where: {
                    frames[$0].time.since(frames[$0 - 1].time) > 30_000_000_000
                }), let data
            else { return }
            let begin = frames[pause - 1].time.nanoseconds
            let times = stride(from: 20, to: seconds, by: 20).map {
                Timestamp(nanoseconds: begin + Int64($0) * 1_000_000_000)
            }
            frames.insert(contentsOf: times.map { ($0, data.bytes) }, at: pause)
        }
        #expect(found.map { $0.channels.map(\.transferReply) } == [[226, nil]])
        #expect(found.first?.channels.map(\.outcome) == [.established, .established])
    }

    /// Systems ask after two hours whether the other end is still there (RFC 9293 section 3.8.4).
    @Test(arguments: [7200.003, 7300, 10_000])
    func `a pause ends no session`(_ seconds: Double) throws {
        let found = try Self.records(
            loggedIn + "wait \(seconds)\nC: NOOP\nS: 200 Ok\n" + Self.another)
        #expect(found.map { $0.channels.map(\.outcome) } == [[.established]])
        #expect(found.first?.end == .closed && found.first?.user == "anonymous")
    }

    @Test func `what follows hours of silence is a session of its own`() throws {
        let found = try Self.records(
            loggedIn + "wait 14000\nC: NOOP\nS: 200 Ok\n" + Self.another)
        #expect(found.map { $0.channels.map(\.outcome) } == [[], [.established]])
        #expect(found.map(\.visibility.midstream) == [false, true])
        #expect(found.map(\.end) == [.open, .closed])
    }

    /// Captures joined in the wrong order: the clock goes back by a day.
    @Test func `sessions are read whole where the clock goes back`() throws {
        let late = try Self.frames(loggedIn)
        let script = """
            client 198.51.100.8
            connect
            S: 220 Ready
            wait 4
            C: USER bert
            S: 331 Password
            wait 4
            C: PASS secret-word
            S: 230 Welcome
            wait 3
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141)
            data 203.0.113.10:5005 refused
            wait 5
            C: QUIT
            S: 221 Bye
            close
            """
        let day = Int64(86_400_000_000_000)
        let found = try Self.records("server 203.0.113.10\n" + script) { frames in
            frames =
                late + frames.map { (Timestamp(nanoseconds: $0.time.nanoseconds - day), $0.bytes) }
        }
        #expect(found.map(\.user) == ["bert", "anonymous"])
        #expect(found.first?.channels.map(\.outcome) == [.refused])
        #expect(found.first?.end == .closed)
    }

    /// An RST or FIN whose sequence number lies nowhere near the connection's.
    @Test(arguments: ["reset by client", "reset by server", "close"])
    func `an end that no receiver takes hides nothing`(_ end: String) throws {
        let rest = """
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141)
            data 203.0.113.10:5005 refused
            """
        let open = try Self.frames(loggedIn)
        // The same endpoints, other sequence numbers.
        let other = try Self.frames(
            "sequence client 999999999\nsequence server 888888888\n" + loggedIn + end)
        let found = try Self.records(loggedIn + rest) { frames in
            let time = frames[open.count - 1].time
            frames.insert(contentsOf: other[open.count...].map { (time, $0.bytes) }, at: open.count)
        }
        #expect(found.count == 1)
        #expect(found.first?.channels.map(\.outcome) == [.refused])
        #expect(found.first?.end == .open)
    }

    /// What may belong to an encrypted session was announced by another of the same client.
    @Test func `a connection that was announced is taken from an encrypted session`() throws {
        let others = (0..<40).map { "data 203.0.113.10:\(6000 + $0) refused" }
        let found = try Self.records(
            """
            server 203.0.113.10
            client 198.51.100.7
            connect as one
            S: 220 Ready
            C: AUTH TLS
            S: 234 Go
            tls client 200
            tls server 900
            connect as two
            \(login("anna"))
            data 203.0.113.10:5005 established download 100
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141)
            use one
            close
            wait 20
            \(others.joined(separator: "\n"))
            use two
            C: QUIT
            S: 221 Bye
            close
            """)
        #expect(found.map(\.hiddenData.count) == [0, 0])
        #expect(found.last?.channels.map(\.outcome) == [.established])
    }

    /// Simple packet blocks of pcapng have no time: what came before an announcement is told by
    /// the order of the frames.
    @Test func `without times a port that is announced again keeps its connections`() throws {
        let script = """
            server 203.0.113.10:21
            client 198.51.100.7
            connect
            S: 220 FTP ready
            C: PASV
            S: 227 (203,0,113,10,19,141)
            data 203.0.113.10:5005 established download 10
            C: PASV
            S: 227 (203,0,113,10,19,141)
            data 203.0.113.10:5005 established download 20
            close
            """
        let records = try Self.records(script) { frames in
            for index in frames.indices { frames[index].time = Timestamp(nanoseconds: 0) }
        }
        try #require(records.count == 1)
        #expect(records[0].channels.map(\.bytesToClient) == [10, 20])
    }

    /// A byte that is missing has both announcements of one port read at the end.
    @Test func `announcements that are read late share their connections in order`() throws {
        let pasv = "C: PASV\nS: 227 Entering Passive Mode (203,0,113,10,19,141)\n"
        let before = loggedIn + "C: NOOP\n"
        let lost = try Self.frames(before).count
        let found = try Self.records(
            before + "S: 200 Ok\n" + pasv + "data 203.0.113.10:5005 refused\n" + pasv
                + "data 203.0.113.10:5005 established download 7\n"
        ) { frames in
            frames.remove(at: lost)
        }
        #expect(found.first?.visibility.gaps == 1)
        #expect(found.first?.channels.map(\.outcome) == [.refused, .established])
        #expect(found.first?.channels.map(\.attempts) == [1, 1])
    }

    /// A file may begin as a reply does.
    @Test func `what is announced late is no control connection, whatever it begins with`() throws {
        let script =
            "server 203.0.113.10\nclient 198.51.100.7\nconnect as one\n" + login("anonymous")
                + """
                C: PASV
                server 203.0.113.10:5005
                connect as two
                S: 200 grams of flour
                close
                use one
                S: 227 Entering Passive Mode (203,0,113,10,19,141)
                C: RETR cake
                S: 226 Done
                """
        let found = try extract(script)
        #expect(found.count == 1)
        #expect(found.first?.channels.map(\.outcome) == [.established])
        #expect(found.first?.channels.map(\.bytesToClient) == [20])
    }

    /// vsftpd hands out a port again that another's announcement left unused.
    @Test(arguments: [true, false])
    func `a connection stays with its client's session that can't be read`(isEarlier: Bool) throws {
        let announced = """
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141)

            """
        let other = "data from 198.51.100.8:40000 to 203.0.113.10:5005 established download 100\n"
        let found = try Self.records(
            """
            server 203.0.113.10
            client 198.51.100.8
            connect as hidden
            S: 220 Ready
            C: AUTH TLS
            S: 234 Go
            tls client 200
            tls server 900
            client 198.51.100.7
            connect as open
            \(login("anna"))
            \(isEarlier ? other + announced : announced + other)
            data 203.0.113.10:5005 established download 7
            close
            """)
        #expect(found.map(\.hiddenData.count) == [1, 0])
        #expect(found.last?.channels.map(\.bytesToClient) == [7])
        #expect(found.last?.oddities.isEmpty == true)
    }

    /// A SYN between the endpoints of a session, of an end that says other sequence numbers.
    private static func stray(_ sequence: Int) throws -> Frames {
        Array(
            try frames(
                "server 203.0.113.10\nclient 198.51.100.7\nsequence client \(sequence)\n"
                    + "connect unanswered 1"))
    }

    private static let closing = """
        C: QUIT
        S: 221 Bye
        close

        """

    @Test func `a SYN that nobody answers ends no session`() throws {
        let open = try Self.frames(loggedIn)
        let script = loggedIn + Self.another
        let syn = try Self.stray(999_999_999)
        for copies in 1...2 {
            let found = try Self.records(script) { frames in
                let time = frames[open.count - 1].time
                for _ in 0..<copies { frames.insert((time, syn[0].bytes), at: open.count) }
            }
            #expect(found.count == 1)
            #expect(found.first?.channels.map(\.outcome) == [.established])
            #expect(found.first?.end == .closed && found.first?.user == "anonymous")
        }
    }

    /// A client that was started anew takes the same port (RFC 9293 figure 9).
    @Test(arguments: [0, 1, 2])
    func `a SYN that is answered begins a session of its own`(_ strays: Int) throws {
        let open = try Self.frames(loggedIn)
        let next = try Self.frames(
            "at 2026-11-21T00:00:00Z\nsequence client 3000000\nsequence server 99\n" + loggedIn
                + Self.closing)
        let found = try Self.records(loggedIn) { frames in
            // The server acknowledges what it expected, and the client resets that.
            var acknowledgement = frames[open.count - 1].bytes
            if let server = open.last(where: { $0.bytes[34...35] == [0, 21] }) {
                acknowledgement = server.bytes
            }
            for stray in 0..<strays {
                let time = Timestamp(
                    nanoseconds: next[0].time.nanoseconds - Int64(strays - stray) * 1_000_000_000)
                frames.append((time, next[0].bytes))
                if stray == 0 { frames.append((time, acknowledgement)) }
            }
            frames += next
        }
        #expect(found.map(\.login) == [.accepted, .accepted])
        #expect(found.map(\.end) == [.open, .closed])
        #expect(found.last?.oddities.isEmpty == true)
    }

    /// Of the server that was started anew nobody listens, or its half is not in the capture.
    @Test func `what a second connection of a client comes to is told`() throws {
        let open = try Self.frames(loggedIn)
        let start = "at 2026-11-21T00:00:00Z\nsequence client 3000000\nsequence server 99\n"
        let next = try Self.frames(start + loggedIn + Self.closing)
        let clients = next.filter { $0.bytes[36...37] == [0, 21] }
        let oneSided = try Self.records(loggedIn) { $0 += clients }
        #expect(oneSided.map(\.visibility.oneSided) == [false, true])

        var answer = next[1].bytes
        answer[47] = 0x14
        let attempts = Self.read(open + [next[0], (next[1].time, answer)]).attempts
        #expect(attempts.map(\.outcome) == [.refused])
    }
}
