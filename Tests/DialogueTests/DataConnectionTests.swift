import Dialogue
import Net
import Testing

@Suite struct DataConnectionTests {
    private let session = """
        server 203.0.113.10
        client 198.51.100.7
        ttl server 120
        connect

        """

    private func data(_ statement: String) throws -> [TestSegment] {
        Array(try segments(session + statement).dropFirst(3))
    }

    @Test func `moves bytes in segments and lets the sender close`() throws {
        let segments = try data("data 203.0.113.10:5005 established download 3000")
        #expect(segments.map(\.payload.count) == [0, 0, 0, 1460, 1460, 80, 0, 0, 0, 0])
        #expect(
            segments.map(\.flagNames) == [
                "S", "SA", "A", "A", "A", "PA", "A", "FA", "FA", "A",
            ])
        #expect(segments[7].source == IPAddress("203.0.113.10"))
        #expect(segments[0].sourcePort == 49201)
    }

    @Test func `stays open until the transfer`() throws {
        let segments = try data(
            """
            data 203.0.113.10:5005 opened
            S: 150 Ok
            upload 10
            """)
        #expect(segments.map(\.payload.count) == [0, 0, 0, 8, 0, 10, 0, 0, 0, 0])
        #expect(segments[5].destinationPort == 5005)
        #expect(segments[7].source == IPAddress("198.51.100.7"))
    }

    @Test func `repeats an unanswered SYN after one second and two`() throws {
        let frames = try Dialogue.frames(session + "data 203.0.113.10:5005 unanswered 4")
            .dropFirst(3)
        let start = try #require(frames.first).time
        #expect(frames.map { $0.time.since(start) / 1_000_000_000 } == [0, 1, 3, 7])
        let segments = try frames.map { try TestSegment($0.bytes) }
        #expect(Set(segments.map(\.sequence)).count == 1)
        #expect(segments.allSatisfy { $0.flagNames == "S" })
    }

    @Test(arguments: [("refused", 120), ("refused ttl 250", 250)])
    func `answers a refused SYN by RST`(_ outcome: String, _ ttl: UInt8) throws {
        let segments = try data("data 203.0.113.10:5005 \(outcome)")
        #expect(segments.map(\.flagNames) == ["S", "RA"])
        #expect(segments[1].acknowledgement == segments[0].sequence &+ 1)
        #expect(segments[1].ttl == ttl)
    }

    @Test func `quotes the SYN in an ICMP message`() throws {
        let frames = try Dialogue.frames(
            session + "data 203.0.113.10:5005 prohibited 3/13 by 203.0.113.1")
        #expect(frames.count == 5)
        let answer = try TestPacket(frames[4].bytes)
        #expect(answer.checksumsHold)
        #expect(answer.source == IPAddress("203.0.113.1"))
        #expect(answer.payload.prefix(8).dropFirst(4) == [0, 0, 0, 0])
        #expect(answer.payload.prefix(2) == [3, 13])
        #expect(answer.payload.dropFirst(8) == frames[3].bytes[14..<42])
    }

    @Test func `lets the server open in active mode`() throws {
        let segments = try data(
            "data from 203.0.113.10:20 to 198.51.100.7:51300 established download 10")
        #expect(segments[0].sourcePort == 20)
        #expect(segments[0].destinationPort == 51300)
        #expect(segments[0].ttl == 120)
        #expect(segments[3].source == IPAddress("203.0.113.10"))
        #expect(segments[3].payload.count == 10)
    }

    @Test func `lets a third host take the port`() throws {
        let segments = try data("data from 192.0.2.66 to 203.0.113.10:5005 established")
        #expect(segments[0].source == IPAddress("192.0.2.66"))
        #expect(segments.map(\.flagNames) == ["S", "SA", "A", "FA", "FA", "A"])
        let theft = try data("data from 192.0.2.66 to 203.0.113.10:5005 established upload 9")
        #expect(theft[3].source == IPAddress("192.0.2.66"))
        #expect(theft[3].payload.count == 9)
    }

    @Test func `writes TLS records`() throws {
        let segments = try data("tls client handshake 200\ntls server 40")
        #expect(segments[0].payload.prefix(5) == [22, 3, 3, 0, 200])
        #expect(segments[0].payload.count == 205)
        #expect(segments[1].payload.prefix(5) == [23, 3, 3, 0, 40])
    }
}
