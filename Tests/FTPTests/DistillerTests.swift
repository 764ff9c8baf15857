import Capture
import Dialogue
import Dice
import FTP
import Net
import Testing

/// Which packets are kept, and that no password is.
@Suite struct DistillerTests {
    static let opening = """
        server 203.0.113.10
        client 198.51.100.7
        connect
        S: 220 Ready
        C: USER anna

        """

    static func frames(_ script: String) throws -> [Captured] {
        try Dialogue.frames(script).map(Captured.init)
    }

    /// Whether two neighbours of a secret still stand together: one byte alone may be of a header.
    static func leaks(_ kept: [Kept], headers: Int = 34) -> Bool {
        kept.contains { kept in
            let bytes = kept.frame.bytes.dropFirst(headers)
            return zip(bytes, bytes.dropFirst()).contains { first, second in
                (0x81...0x84).contains(first) && second == (first & 3) + 0x81
            }
        }
    }

    /// `~` stands for a byte of a secret.
    static func secret(_ script: String) -> String {
        script.replacing("~", with: #"\x81\x82\x83\x84"#)
    }

    @Test func `keeps the whole dialogue and the ends of a transfer`() throws {
        let frames = try Self.frames(
            loggedIn
                + """
                C: PASV
                S: 227 Entering Passive Mode (203,0,113,10,19,141)
                data 203.0.113.10:5005 opened
                C: RETR big
                S: 150 Go
                download 16384
                S: 226 Done
                close
                """)
        let kept = distill(frames)
        #expect(kept.count < frames.count)
        #expect(records(kept) == records(frames))
        #expect(records(kept).first?.channels.first?.bytesToClient == 16384)
    }

    static let outcomes = [
        "established upload 3000", "refused", "unanswered 3", "prohibited 3/13 by 203.0.113.1",
    ]

    @Test(arguments: outcomes)
    func `keeps what became of a data connection`(_ outcome: String) throws {
        let frames = try Self.frames(
            loggedIn
                + """
                C: PASV
                S: 227 Entering Passive Mode (203,0,113,10,19,141)
                data 203.0.113.10:5005 \(outcome)
                C: STOR a
                S: 425 No
                close
                connect refused
                """)
        #expect(records(distill(frames)) == records(frames))
    }

    @Test func `leaves out what is no FTP`() throws {
        let frames = try Self.frames(
            """
            server 203.0.113.10:80
            client 198.51.100.7
            connect
            C: GET / HTTP/1.1
            S: HTTP/1.1 200 OK
            close
            """)
        #expect(distill(frames).isEmpty)
    }

    @Test(arguments: wrapped)
    func `comes to the same when done again`(
        _ sample: (wrapping: Wrapping, spoken: String)
    ) throws {
        let script = Self.secret(Self.opening + sample.spoken + "\nS: 230 In\nclose")
        let frames = try Self.frames(script).flatMap(sample.wrapping.apply)
        let once = distill(frames)
        let again = distill(once.map(\.frame), numbers: once.map(\.number))
        #expect(again.map(\.number) == once.map(\.number))
        #expect(again.map(\.frame.bytes) == once.map(\.frame.bytes))
        #expect(again.map(\.isBlanked) == once.map(\.isBlanked))
    }

    /// What the client sends; `~` is secret.
    static let spoken = [
        "C: PASS ~",
        "C: pass ~",
        "C: ACCT ~",
        "C: PASS  ~ ~",
        "C= PASS~\\r\\n",
        "C= PASS\\t~\\r\\n",
        "C= PASS ~\\n",
        "C= PASS ~",
        "C= PASS ~\\r~\\r\\n",
        "C= \\0 PASS ~\\r\\n",
        "C= PA\\xff\\xf4SS ~\\r\\n",
        "C= PASS \\xff\\xff~\\xff\\xf1~\\r\\n",
        "C= PASS \\xff\\xfa~\\n~\\xff\\xf0~\\r\\n",
        "C= P\nC= ASS ~~\\r\\n",
        "C= PASS\nC=  ~\nC= ~\\r\nC= \\n",
        "C= PASS ~\nC= ~\\r\\nPASV\\r\\n",
        "C= TYPE I\\r\\nPASS ~\\r\\nSYST\\r\\n",
        "C: SITE PSWD ~ ~",
        "C: site pswd ~ ~",
        "C: SITE CHPASS anna ~",
        "C: USER anna PASS ~",
        "C: xyz PASS ~",
        "C= \\x08\\x08PASS ~\\r\\n",
        "C: ADAT ~",
        "C: MIC ~",
        "C: MIC=~",
        "C: SITE PSWD=~",
        "C= SITE PSWD\\xff~\\r\\n",
        "C: USER anna PASS=~",
        "C: USER anna:~@ftp.example",
        "C: USER ftp://anna:~:~@~@ftp.example/",
        "C= USER anna:~\nC= ~@ftp.example\\r\\n",
        "C: USER anna:/~@ftp.example",
        "C: USER anna://~@ftp.example",
        "C= USER anna:/\nC= ~@ftp.example\\r\\n",
        "C: PASSWORD ~",
        "C: PSAS ~",
        "C: XAUT 2 anna ~",
        "C: AUTHINFO PASS ~",
        "C= CWD \\xff\\xfa\\r\\nPASS ~\\r\\n",
    ]

    static let wrapped = Wrapping.allCases.flatMap { wrapping in
        spoken.map { (wrapping: wrapping, spoken: $0) }
    }

    @Test(arguments: wrapped)
    func `keeps no secret`(_ sample: (wrapping: Wrapping, spoken: String)) throws {
        let script = Self.secret(
            Self.opening + sample.spoken + "\nS: 230 In\nC: PASV\n"
                + "S: 227 Entering Passive Mode (203,0,113,10,19,141)\nC: QUIT\nclose")
        let frames = try Self.frames(script).flatMap(sample.wrapping.apply)
        let kept = distill(frames)
        #expect(!Self.leaks(kept))
        #expect(kept.contains { $0.isBlanked })
        // A user's name is in the record, and ends where a password begins.
        if !sample.spoken.contains("USER") { #expect(records(kept) == records(frames)) }
        #expect(records(kept).first?.channels.first?.advertised?.port == 5005)
    }

    /// The SYN was given up, and is in no record of an attempt alone.
    @Test func `keeps a session whose SYN was answered after more than a minute`() throws {
        let script = """
            server 203.0.113.10
            client 198.51.100.7
            pace 70
            connect
            pace 0.001
            S: 220 Ready
            C: USER anna
            S: 331 Password
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141)
            C: QUIT
            close
            """
        let frames = try Self.frames(script)
        let kept = distill(frames)
        #expect(kept.count == frames.count)
        #expect(records(kept) == records(frames))
        #expect(records(kept).first?.channels.count == 1)
    }

    static let mishaps = [
        "split 8 at 7", "split 8 at 2", "split 8 at 7\nswap 8 9", "repeat 8",
        "repeat 8 after 10", "repeat 8 after 10\nlose 8", "split 8 at 7\nlose 8",
        "split 8 at 7\nrepeat 8 after 10\nlose 8", "cut 8 to 61", "lose from server",
        "lose 1 2 3", "lose 1 2 3 4 5 6 7",
    ]

    @Test(arguments: mishaps)
    func `keeps no secret whatever happened on the way`(_ mishap: String) throws {
        let script = Self.secret(
            Self.opening + "S: 331 Password\nC: PASS ~~~\nS: 230 In\nC: PASV\n"
                + "S: 227 Entering Passive Mode (203,0,113,10,19,141)\nC: QUIT\nclose\n")
        let place = try Self.frames(script).firstIndex { $0.bytes.contains(0x81) }
        let number = try #require(place) + 1
        let frames = try Self.frames(
            script + mishap.replacing("8", with: "\(number)").replacing("9", with: "\(number + 1)"))
        let kept = distill(frames)
        #expect(!Self.leaks(kept), "\(mishap)")
        #expect(records(kept) == records(frames), "\(mishap)")
    }

    /// Segments of one client cut at random, out of order, lost, repeated, sent again with other bytes.
    @Test(arguments: 0..<150)
    func `keeps no secret in a random mess`(_ seed: Int) throws {
        print("seed \(seed)")
        var dice = Dice(seed: UInt64(seed))
        let lines = [
            "TYPE I", "PASS ~~", "NOOP", "pass ~", "PASV", "SITE PSWD ~ ~", "CWD /", "ACCT ~",
        ]
        var script = Self.opening
        for _ in 0..<Int.random(in: 3...12, using: &dice) {
            let line = lines[Int.random(in: 0..<lines.count, using: &dice)]
            script += Self.secret("C: \(line)\n")
            if Bool.random(using: &dice) { script += "S: 200 Good\n" }
        }
        var frames: [Captured] = []
        for frame in try Self.frames(script + "close") {
            guard frame.bytes.count > 54, Bool.random(using: &dice) else {
                frames.append(frame)
                continue
            }
            let cut = Int.random(in: 55...frame.bytes.count, using: &dice)
            frames += [0..<cut, cut..<frame.bytes.count].compactMap { Self.part(frame, $0) }
        }
        for _ in 0..<frames.count / 4 {
            let place = Int.random(in: 3..<frames.count, using: &dice)
            switch Int.random(in: 0..<5, using: &dice) {
            case 0: frames.remove(at: place)
            case 1: frames.swapAt(place, min(place + 1, frames.count - 1))
            case 2: frames.insert(frames[place], at: min(place + 3, frames.count))
            case 3:
                let kept = max(54, frames[place].bytes.count - 3)
                frames[place].bytes = Array(frames[place].bytes.prefix(kept))
            default:
                var other = frames[place]
                for at in other.bytes.indices.dropFirst(54) { other.bytes[at] = 0x40 }
                frames.insert(other, at: place)
            }
        }
        let kept = distill(frames)
        #expect(!Self.leaks(kept, headers: 54), "seed \(seed)")
        let again = distill(kept.map(\.frame), numbers: kept.map(\.number))
        #expect(!Self.leaks(again, headers: 54), "seed \(seed)")
    }

    /// A segment with the bytes of a frame at `range`, the headers apart.
    private static func part(_ frame: Captured, _ range: Range<Int>) -> Captured? {
        guard !range.isEmpty else { return nil }
        var part = frame
        let start = max(range.lowerBound, 54)
        part.bytes = Array(frame.bytes[..<54] + frame.bytes[start..<range.upperBound])
        part.originalLength = part.bytes.count
        let sequence = frame.bytes[38..<42].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        for (index, shift) in [24, 16, 8, 0].enumerated() {
            let value = sequence &+ UInt32(start - 54)
            part.bytes[38 + index] = UInt8(truncatingIfNeeded: value >> UInt32(shift))
        }
        part.bytes[16] = UInt8((part.bytes.count - 14) >> 8)
        part.bytes[17] = UInt8((part.bytes.count - 14) & 255)
        return part
    }

    @Test func `keeps no secret that is sent again as something else`() throws {
        let script = Self.secret(
            Self.opening + "C: NOOP12345678\nS: 230 In\nC: PASV\nclose\n")
        var frames = try Self.frames(script)
        let place = try #require(frames.firstIndex { $0.bytes.count > 60 && $0.bytes[54] == 0x4e })
        var other = frames[place]
        for (index, byte) in ([UInt8]("PASS ".utf8) + [UInt8](repeating: 0x85, count: 7))
            .enumerated()
        {
            other.bytes[54 + index] = byte
        }
        frames.insert(other, at: place + 1)
        #expect(!Self.leaks(distill(frames)))
        frames.swapAt(place, place + 1)
        #expect(!Self.leaks(distill(frames)))
    }

    /// Clear text behind TLS: whole, in two segments, behind a record, behind what is none.
    static let cleared = [
        "C: PASS ~", "C= PA\nC= SS ~\\r\\n", "C= \\x15\\x03\\x03\\0\\x02xyPASS ~\\r\\n",
        "C= \\x15\\x03\\x03\\xff\\x02xyPA\nC= SS ~\\r\\n", "C: CWD a\nC: PASS ~",
    ]

    @Test(arguments: cleared, [false, true])
    func `keeps no secret behind TLS`(_ spoken: String, _ isLossy: Bool) throws {
        let script = Self.secret(
            "server 203.0.113.10\nclient 198.51.100.7\nconnect\nS: 220 Ready\nC: AUTH TLS\nS: 234 Go\n"
                + "tls client 900\ntls server 900\ntls client 200\ntls server 40\n" + spoken
                + "\nS: 230 In\nC: QUIT\nclose\n")
        let place = try Self.frames(script).lastIndex { $0.bytes.count > 250 }
        let number = try #require(place) + 1
        let frames = try Self.frames(script + (isLossy ? "lose \(number)" : ""))
        #expect(!Self.leaks(distill(frames), headers: 54))
    }

    static let replies = [
        "S: 230 Welcome, ~~", "S= 530 \\x81\\x82\nS= \\x83\\x84~ is wrong\\r\\n",
        "S= 230-In\\r\\n 530\nS=  ~\nS= ~\nS= \\r\\n", "S= 530 ~\nS= ~",
    ]

    @Test(arguments: replies)
    func `keeps no secret that replies repeat in pieces`(_ reply: String) throws {
        let script = Self.secret(Self.opening + "C: PASS ~~\n" + reply + "\nC: NOOP\nclose")
        for wrapping in [Wrapping.plain, .fragments] {
            let kept = distill(try Self.frames(script).flatMap(wrapping.apply))
            #expect(!Self.leaks(kept))
        }
    }

    @Test func `gives up a line that does not end however often it comes again`() throws {
        let frames = try Self.frames(
            Self.secret(Self.opening + "C: PASS ~\nS= 530 ~\nC= PASS ~\nclose"))
        let places = frames.indices.filter { frames[$0].bytes.dropFirst(54).contains(0x81) }
        #expect(places.count == 3)
        for place in places.dropFirst() {
            let again = [Captured](repeating: frames[place], count: 2000)
            let kept = distill(Array(frames[...place] + again + frames[(place + 1)...]))
            #expect(!Self.leaks(kept, headers: 54), "frame \(place + 1)")
        }
    }

    @Test func `keeps no secret that a reply or an ICMP message repeats`() throws {
        var frames = try Self.frames(
            Self.secret(Self.opening + "C: PASS ~\nS: 530 No such password: ~\nclose"))
        let packet = try #require(frames.first { $0.bytes.contains(0x81) })
        var bytes = Array(packet.bytes.prefix(14))
        let quoted = packet.bytes.dropFirst(14)
        let total = 28 + quoted.count
        bytes += [0x45, 0, 0, UInt8(total), 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7]
        bytes += [3, 1, 0, 0, 0, 0, 0, 0] + quoted
        frames.append(
            Captured(time: packet.time, bytes: bytes, originalLength: bytes.count))
        let kept = distill(frames)
        #expect(kept.count == frames.count)
        #expect(!Self.leaks(kept))
    }

    /// What the client sends where a password was asked for, in letters; how the server repeats it.
    static let typed = [
        ("hunter", "hunter"), ("hunter", "HUNTER"), ("hunter2", "hunter2"), ("HUNTER2", "hunter2"),
        ("12345678", "12345678"), ("verylongpassword", "verylongpassword"),
        ("hunter2 more", "hunter2"), ("hunter more", "HUNTER"), ("PASS hunter", "HUNTER"),
    ]

    @Test(arguments: typed, 0..<3)
    func `keeps no password that stands where a command should`(
        _ sample: (spoken: String, repeated: String), _ way: Int
    ) throws {
        let half = sample.spoken.index(sample.spoken.startIndex, offsetBy: 3)
        let said = [
            "C: \(sample.spoken)", "C= \(sample.spoken)\\n",
            "C= \(sample.spoken[..<half])\nC= \(sample.spoken[half...])\\r\\n",
        ][way]
        let script =
            Self.opening + "S: 331 Password\n" + said + "\nS: 500 '\(sample.repeated)' unknown\n"
            + "C: PASV\nS: 227 Entering Passive Mode (203,0,113,10,19,141)\nclose"
        let frames = try Self.frames(script)
        let kept = distill(frames)
        #expect(kept.count == frames.count)
        let text = kept.map { String(decoding: $0.frame.bytes.dropFirst(54), as: UTF8.self) }
            .joined().lowercased()
        for secret in ["unt", "345", "very", "long", "more"] {
            #expect(!text.contains(secret), "\(text.debugDescription)")
        }
        #expect(records(kept).first?.channels == records(frames).first?.channels)
        let again = distill(kept.map(\.frame), numbers: kept.map(\.number))
        #expect(again.map(\.frame.bytes) == kept.map(\.frame.bytes))
    }

    @Test(arguments: [Wrapping.plain, .generic, .vlan, .inIP, .vxlan])
    func `makes checksums right`(_ wrapping: Wrapping) throws {
        let frames = try Self.frames(Self.secret(Self.opening + "C: PASS ~~\nS: 230 In\nclose"))
        let kept = distill(frames.flatMap(wrapping.apply))
        let blanked = try #require(kept.first { $0.isBlanked }).frame.bytes
        let inner = try #require(frames.first { $0.bytes.contains(0x81) }).bytes.count - 14
        let packet = Array(blanked.suffix(inner))
        #expect(Self.sum(packet[..<20]) == 0xffff)
        let segment = UInt8(packet.count - 20)
        #expect(Self.sum(packet[12..<20] + [0, 6, 0, segment] + packet[20...]) == 0xffff)
        let outer = Array(blanked.dropFirst(wrapping == .vlan ? 18 : 14))
        #expect(Self.sum(outer[..<20]) == 0xffff)
    }

    private static func sum(_ bytes: some Sequence<UInt8>) -> Int {
        var sum = 0
        for (index, byte) in bytes.enumerated() { sum += Int(byte) << (index & 1 == 0 ? 8 : 0) }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return sum
    }
}
