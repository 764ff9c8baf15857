import Dialogue
import Testing

@Suite struct MishapTests {
    /// Six frames: the handshake, a greeting, its answer and the acknowledgement of that.
    private let session = """
        server 203.0.113.10
        client 198.51.100.7
        connect
        S: 220 Ready
        C: USER a

        """

    private func frames(_ mishaps: String) throws -> [Frame] {
        try Dialogue.frames(session + mishaps)
    }

    private func bytes(_ mishaps: String) throws -> [[UInt8]] {
        try frames(mishaps).map(\.bytes)
    }

    @Test func `leaves frames out`() throws {
        let all = try bytes("")
        #expect(all.count == 6)
        #expect(try bytes("lose 4 6") == [all[0], all[1], all[2], all[4]])
        #expect(try bytes("lose from server") == [all[0], all[2], all[4]])
    }

    @Test func `exchanges frames and keeps the times`() throws {
        let all = try bytes("")
        let swapped = try frames("swap 4 5")
        #expect(swapped.map(\.bytes) == [all[0], all[1], all[2], all[4], all[3], all[5]])
        #expect(swapped.map(\.time) == (try frames("").map(\.time)))
    }

    @Test func `shows a frame again, at once or late`() throws {
        let all = try bytes("")
        #expect(
            try bytes("repeat 4") == [all[0], all[1], all[2], all[3], all[3], all[4], all[5]])
        #expect(
            try bytes("repeat 4 after 5\nlose 4") == [
                all[0], all[1], all[2], all[4], all[3], all[5],
            ])
    }

    @Test func `splits a segment`() throws {
        let frames = try frames("split 4 at 3")
        #expect(frames.count == 7)
        let (first, second) = (
            try TestSegment(frames[3].bytes), try TestSegment(frames[4].bytes)
        )
        #expect(first.payload == Array("220".utf8))
        #expect(first.flagNames == "A")
        #expect(second.payload == Array(" Ready\r\n".utf8))
        #expect(second.sequence == first.sequence &+ 3)
        #expect(try TestPacket(frames[4].bytes).checksumsHold)
        #expect(frames[3].time < frames[4].time)
    }

    @Test func `cuts a frame as a snap length does`() throws {
        let frames = try frames("cut 4 to 60")
        #expect(frames[3].bytes.count == 60)
        #expect(frames[3].originalLength == 65)
    }

    @Test(arguments: [
        ("lose 7", "frames that exist (the dialogue makes 6)"),
        ("split 4 at 11", "a segment with more than 11 bytes of text"),
        ("split 1 at 1", "a segment with more than 1 bytes of text"),
        ("lose 4\nrepeat 4", "a frame that was not lost"),
    ])
    func `refuses what cannot happen`(_ mishap: String, _ expected: String) {
        #expect { try frames(mishap) } throws: { error in
            (error as? DialogueError)?.expected == expected
        }
    }
}
