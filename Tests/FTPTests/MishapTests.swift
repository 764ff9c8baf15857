import Dice
import Capture
import Dialogue
import FTP
import Net
import Testing

func header(_ frame: Frame, _ number: Int) -> FrameHeader {
    FrameHeader(
        capture: 0, number: number, time: frame.time, originalLength: frame.originalLength,
        linkType: .ethernet)
}

/// What a capture may do to a session: the announcement must come out all the same.
@Suite struct MishapTests {
    private let script =
        loggedIn
            + """
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141)
            data 203.0.113.10:5005 established download 9
            C: LIST
            S: 150 Go
            S: 226 Done
            close
            """

    private func found(_ frames: [Frame]) -> [String] {
        extract(frames).flatMap { session in
            session.channels.map { "\($0.advertised.map { "\($0)" } ?? "?") \($0.outcome)" }
        }
    }

    private let whole = ["203.0.113.10:5005 established"]

    @Test func `survives every frame twice`() throws {
        let frames = try Dialogue.frames(script).flatMap { [$0, $0] }
        #expect(found(frames) == whole)
        #expect(extract(frames).first?.channels.first?.attempts == 1)
        #expect(extract(frames).first?.oddities.isEmpty == true)
    }

    @Test func `survives each pair of neighbours swapped`() throws {
        let frames = try Dialogue.frames(script)
        for place in 0..<frames.count - 1 {
            var swapped = frames
            swapped.swapAt(place, place + 1)
            #expect(found(swapped) == whole, "frames \(place + 1) and \(place + 2)")
        }
    }

    @Test func `survives the loss of any frame but the announcement`() throws {
        let frames = try Dialogue.frames(script)
        let announcement =
            try #require(
                extract(frames).first?.channels.first?.frame.number) - 1
        for place in frames.indices where place != announcement {
            var lossy = frames
            lossy.remove(at: place)
            #expect(found(lossy) == whole, "frame \(place + 1)")
        }
    }

    @Test func `reads either side alone, and from the middle on`() throws {
        let server = try #require(try extract(script + "\nlose from client").first)
        #expect(server.visibility.oneSided)
        #expect(server.channels.map(\.advertised) == [Endpoint("203.0.113.10:5005")])
        // Nothing tells how much the client sent.
        #expect(server.channels.map(\.bytesToClient) == [9])
        #expect(server.channels.map(\.bytesToServer) == [nil])
        let client = try #require(try extract(script + "\nlose from server").first)
        #expect(client.visibility.oneSided)
        #expect(client.user == "anonymous")
        let frames = try Dialogue.frames(script)
        for start in 1..<8 {
            let late = Array(frames.dropFirst(start))
            #expect(found(late) == whole, "from frame \(start + 1)")
            #expect(extract(late).first?.visibility.midstream == (start > 1))
        }
    }

    @Test func `is cut at every frame without a trap`() throws {
        let frames = try Dialogue.frames(script)
        for count in 0..<frames.count { _ = extract(Array(frames.prefix(count))) }
    }

    @Test func `takes no port from a frame that is cut inside it`() throws {
        let frames = try Dialogue.frames(script)
        let place = try #require(extract(frames).first?.channels.first?.frame.number)
        let length = frames[place - 1].bytes.count
        for kept in stride(from: 54, to: length - 4, by: 1) {
            let records = try extract(script + "\ncut \(place) to \(kept)")
            #expect(records.first?.channels.allSatisfy { $0.advertised == nil } == true, "\(kept)")
        }
    }

    @Test(arguments: [UInt64(1), 20_261_120])
    func `takes any bytes without a trap`(_ seed: UInt64) throws {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        let frames = try Dialogue.frames(script)
        for _ in 0..<200 {
            var records = 0
            let extractor = SessionExtractor { _ in records += 1 }
            for (index, frame) in frames.enumerated() {
                let isHit = Int.random(in: 0..<4, using: &dice) == 0
                let bytes = isHit ? dice.broken(frame.bytes) : frame.bytes
                extractor.consume(header(frame, index + 1), bytes.span)
            }
            _ = extractor.snapshot()
            extractor.finish()
            #expect(records < 10)
        }
    }
}
