import Dialogue
import Net
import Testing

@Suite struct DialogueTests {
    /// The file header and the five records, below what tcpdump -S -vv prints of each.
    private let golden = [
        // link-type EN10MB (Ethernet), snapshot length 262144
        "d4c3b2a10200040000000000000000000000040001000000",
        // 10:00:00.000000 198.51.100.7.49200 > 203.0.113.10.21: Flags [S], cksum 0x2020
        // (correct), seq 287524199, win 64240, options [mss 1460], length 0
        "201a006b000000003a0000003a0000000204cb00710a0204c633640708004500002c000140004006d485"
            + "c6336407cb00710ac030001511234567000000006002faf020200000020405b4",
        // 10:00:00.001000 203.0.113.10.21 > 198.51.100.7.49200: Flags [S.], cksum 0x82fa
        // (correct), seq 306612942, ack 287524200, win 64240, options [mss 1460], length 0
        "201a006be80300003a0000003a0000000204c63364070204cb00710a08004500002c0001400078069c85"
            + "cb00710ac63364070015c03012468ace112345686012faf082fa0000020405b4",
        // 10:00:00.002000 198.51.100.7.49200 > 203.0.113.10.21: Flags [.], cksum 0x9ab7
        // (correct), seq 287524200, ack 306612943, win 64240, length 0
        "201a006bd007000036000000360000000204cb00710a0204c6336407080045000028000240004006d488"
            + "c6336407cb00710ac03000151123456812468acf5010faf09ab70000",
        // 10:00:00.003000 203.0.113.10.21 > 198.51.100.7.49200: Flags [P.], cksum 0x017b
        // (correct), seq 306612943:306612954, ack 287524200, win 64240, length 11: FTP: 220
        // Ready
        "201a006bb80b000041000000410000000204c63364070204cb00710a0800450000330002400078069c7d"
            + "cb00710ac63364070015c03012468acf112345685018faf0017b00003232302052656164790d0a",
        // 10:00:00.004000 198.51.100.7.49200 > 203.0.113.10.21: Flags [.], cksum 0x9aac
        // (correct), seq 287524200, ack 306612954, win 64240, length 0
        "201a006ba00f000036000000360000000204cb00710a0204c6336407080045000028000340004006d487"
            + "c6336407cb00710ac03000151123456812468ada5010faf09aac0000",
    ]

    @Test func `renders a small dialogue to known bytes`() throws {
        let bytes = try Dialogue.render(
            """
            server 203.0.113.10
            client 198.51.100.7
            ttl server 120
            connect
            S: 220 Ready
            """)
        #expect(hex(bytes) == golden.joined())
    }

    @Test func `stamps frames by the clock and the pace`() throws {
        let frames = try Dialogue.frames(
            """
            server 203.0.113.10:2121
            client 198.51.100.7:40000
            at 2026-11-20T10:00:00Z
            pace 0.25
            connect
            wait 1.5
            S: 220 Ready
            """)
        #expect(
            frames.map { String($0.time.description.dropFirst(17)) } == [
                "00.000000Z", "00.250000Z", "00.500000Z", "02.250000Z", "02.500000Z",
            ])
        #expect(frames.map(\.line) == [5, 5, 5, 7, 7])
        let opening = try TestSegment(frames[0].bytes)
        #expect(opening.sourcePort == 40000)
        #expect(opening.destinationPort == 2121)
    }

    @Test func `acknowledges by the next line, or alone where the same side goes on`() throws {
        let segments = try segments(
            """
            server 203.0.113.10
            client 198.51.100.7
            connect
            S: 220-Hello
            S: 220 Ready
            C: QUIT
            S: 221 Bye
            close by server
            """)
        #expect(
            segments.map(\.flagNames) == [
                "S", "SA", "A", "PA", "A", "PA", "PA", "PA", "A", "FA", "FA", "A",
            ])
        let quit = segments[6]
        #expect(quit.payload == Array("QUIT\r\n".utf8))
        #expect(quit.acknowledgement == segments[5].sequence &+ 11)
    }

    @Test func `keeps two sessions apart`() throws {
        let segments = try segments(
            """
            server 203.0.113.10
            client 198.51.100.7:40000
            connect as one
            client 198.51.100.8:40000
            connect as two
            S: 220 to the second
            use one
            S: 220 to the first
            use two
            C: QUIT
            """)
        let spoken = segments.filter { !$0.payload.isEmpty }
        #expect(
            spoken.map { "\($0.source)>\($0.destination)" } == [
                "203.0.113.10>198.51.100.8", "203.0.113.10>198.51.100.7",
                "198.51.100.8>203.0.113.10",
            ])
    }

    @Test func `wraps sequence numbers`() throws {
        let segments = try segments(
            """
            server 203.0.113.10
            client 198.51.100.7
            sequence server 4294967290
            connect
            S: 220 Ready
            S: 220 again
            """)
        #expect(segments[3].sequence == 4_294_967_291)
        #expect(segments[5].sequence == 6)
    }

    @Test func `speaks IPv6`() throws {
        let frames = try Dialogue.frames(
            """
            server [2001:db8:1::10]:21
            client 2001:db8::7
            connect
            S: 229 Entering Extended Passive Mode (|||5005|)
            data [2001:db8:1::10]:5005 prohibited 1/1 by 2001:db8:1::1
            """)
        for frame in frames { #expect(try TestPacket(frame.bytes).checksumsHold) }
        let answer = try TestPacket(try #require(frames.last).bytes)
        #expect(answer.nextHeader == 58)
        #expect(answer.payload.prefix(2) == [1, 1])
        #expect(answer.source == IPAddress("2001:db8:1::1"))
    }

    @Test func `writes escapes and bytes as they stand`() throws {
        let segments = try segments(
            #"""
            server 203.0.113.10
            client 198.51.100.7
            connect
            C= \xff\xf4\xFF\xf2ABOR\r\n
            C:  a # b \\ \t\0
            C=\n
            """#)
        #expect(
            segments.map(\.payload).filter { !$0.isEmpty } == [
                [0xff, 0xf4, 0xff, 0xf2] + Array("ABOR\r\n".utf8),
                Array(" a # b \\ \t\0\r\n".utf8), [0x0a],
            ])
    }
}

/// The TCP segments of a dialogue, their checksums proved.
func segments(_ text: String) throws -> [TestSegment] {
    try Dialogue.frames(text).map { frame in
        #expect(try TestPacket(frame.bytes).checksumsHold)
        return try TestSegment(frame.bytes)
    }
}

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
