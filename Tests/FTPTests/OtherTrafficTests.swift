import Capture
import Dialogue
import Dice
import FTP
import Net
import Testing

/// What other traffic there is decides when the extractor looks at all that waits, and nothing else.
@Suite struct OtherTrafficTests {
    private static let script = """
        server 203.0.113.10
        client 198.51.100.7
        connect refused
        connect refused
        connect unanswered 3
        connect prohibited 3/13 by 192.0.2.1
        connect as one
        \(login("anna"))
        C: PASV
        S: 227 Entering Passive Mode (203,0,113,10,19,141)
        data 203.0.113.10:5005 opened
        C: RETR a
        S: 150 Here it comes
        connect as two
        \(login("bert"))
        C: PASV
        S: 227 Entering Passive Mode (203,0,113,10,19,142)
        data 203.0.113.10:5006 refused
        C: EPSV
        S: 229 Extended (|||5007|)
        C: QUIT
        S: 221 Bye
        close
        data 203.0.113.10:5007 unanswered 3
        use one
        download 4000
        S: 226 Done
        C: PASV
        S: 227 Entering Passive Mode (203,0,113,10,19,144)
        close by server
        data 203.0.113.10:5008 prohibited 3/13 by 192.0.2.1
        connect as three
        S: 220 Ready
        C: AUTH TLS
        S: 234 Go
        tls client 200
        tls server handshake 900
        data 203.0.113.10:50001 opened
        upload 900
        tls client 80
        data 203.0.113.10:50002 refused
        close
        data 203.0.113.10:50003 established download 512
        """

    /// Reads frames at those times, looking at all that waits every so many seconds; where `ticks`
    /// is zero, when a packet comes.
    private static func read(
        _ frames: [Frame], _ times: [Int64], ticks: Double
    ) -> ([SessionRecord], [ControlAttempt]) {
        var records: [SessionRecord] = []
        let extractor = SessionExtractor { records.append($0) }
        var last = times[0]
        for (index, frame) in frames.enumerated() {
            if ticks > 0 {
                let step = max(Int64(ticks * 1e9), (times[index] - last) / 200)
                for time in stride(from: last, to: times[index], by: Int(step)) {
                    extractor.tick(Timestamp(nanoseconds: time))
                }
            }
            last = times[index]
            let header = FrameHeader(
                capture: 0, number: index + 1, time: Timestamp(nanoseconds: last),
                originalLength: frame.originalLength, linkType: .ethernet)
            extractor.consume(header, frame.bytes.span)
        }
        extractor.finish(at: Timestamp(nanoseconds: last))
        return (records.sorted { $0.first < $1.first }, extractor.controlAttempts)
    }

    @Test func `a record tells the same, whatever other traffic there is`() throws {
        let made = try Dialogue.frames(Self.script)
        var dice = Dice(seed: 11)
        let silences: [Double] = [0.7, 1.9, 2.1, 5, 9, 11, 31, 61, 126, 7300, 10_900]
        var found: Set<String> = []
        for round in 0..<300 {
            var frames = made
            // A few come again, much later.
            for _ in 0..<4 {
                let place = Int.random(in: 0..<made.count, using: &dice)
                frames.insert(
                    made[place], at: Int.random(in: place...made.count, using: &dice))
            }
            var time: Int64 = 1_795_168_800_000_000_000
            let times = frames.map { _ in
                let silence =
                    Int.random(in: 0..<8, using: &dice) == 0
                    ? silences.randomElement(using: &dice) ?? 1 : 0.001
                time += Int64(silence * 1e9)
                return time
            }
            let quiet = Self.read(frames, times, ticks: 0)
            for ticks in [0.3, 1.1, 7] {
                let busy = Self.read(frames, times, ticks: ticks)
                #expect(quiet.0 == busy.0, "round \(round), a look every \(ticks) s")
                #expect(quiet.1 == busy.1, "round \(round), a look every \(ticks) s")
            }
            found.formUnion(quiet.0.flatMap(\.channels).map(\.outcome.rawValue))
            found.formUnion(quiet.1.map(\.outcome.rawValue))
        }
        #expect(found.count >= 5, "\(found)")
    }
}
