import Dice
import Capture
import Net
import Testing

@testable import Streams

/// Writes down what it is given: text, `[gap]`, `[conflict]`.
private struct Tape {
    var text = ""
    var marks: [Int] = []
    var limits: [String] = []

    mutating func take(_ events: [StreamEvent]) {
        for event in events {
            switch event {
            case .bytes(let bytes, let mark):
                text += String(decoding: bytes, as: UTF8.self)
                marks.append(mark.number)
            case .loss: text += "[gap]"
            case .conflict: text += "[conflict]"
            case .reached(let limit): limits.append(limit)
            }
        }
    }
}

private func mark(_ number: Int, _ milliseconds: Int64 = 0) -> PacketMark {
    PacketMark(
        FrameHeader(
            capture: 0, number: number, time: Timestamp(nanoseconds: milliseconds * 1_000_000),
            originalLength: 0, linkType: .raw))
}

@Suite struct ReassemblerTests {
    private typealias Segment = (start: UInt32, text: String)

    private func run(
        _ segments: [(UInt32, String)], start: UInt32? = 100, lost: [Int: Int] = [:],
        limits: Limits = Limits()
    ) -> (tape: String, marks: [Int], limits: [String]) {
        var tape = Tape()
        var stream = Reassembler(start: start.map { SequenceNumber($0) })
        for (index, segment) in segments.enumerated() {
            let (start, text) = (SequenceNumber(segment.0), bytes(segment.1))
            if lost[index] == nil, stream.takesNext(start, text.span) {
                tape.take([.bytes(text, mark(index + 1))])
                continue
            }
            tape.take(
                stream.accept(
                    start, text.span, lost: lost[index] ?? 0, mark(index + 1), limits: limits))
        }
        tape.take(stream.finish())
        return (tape.text, tape.marks, tape.limits)
    }

    @Test(
        arguments: [
            ("in order", [(100, "ab"), (102, "cd")], "abcd"),
            ("out of order", [(102, "cd"), (100, "ab")], "abcd"),
            ("three, the last first", [(104, "ef"), (102, "cd"), (100, "ab")], "abcdef"),
            ("every segment twice", [(100, "ab"), (100, "ab"), (102, "cd"), (102, "cd")], "abcd"),
            ("a longer retransmission", [(100, "ab"), (100, "abcd")], "abcd"),
            ("overlapping ahead", [(103, "de"), (101, "bcd"), (100, "a")], "abcde"),
            ("a keep-alive byte", [(100, "ab"), (101, "\0"), (102, "cd")], "abcd"),
            (
                "a retransmission that differs", [(100, "ab"), (100, "xy"), (102, "c")],
                "ab[conflict]c"
            ),
            (
                "held, then sent otherwise", [(102, "cd"), (102, "xy"), (100, "ab")],
                "[conflict]abcd"
            ),
            (
                "held, then covered by another text", [(102, "cd"), (100, "wxyz12")],
                "wxcd[conflict]12"
            ),
            (
                "held twice, with another text between",
                [(102, "c"), (104, "e"), (101, "BCDEF"), (100, "a")], "[conflict]aBcDeF"
            ),
            ("a hole", [(100, "ab"), (104, "ef")], "ab[gap]ef"),
            ("a wrap", [(0xffff_fffe, "ab"), (0, "cd")], "abcd"),
        ] as [(String, [(UInt32, String)], String)])
    func `puts segments into order`(
        _ name: String, _ segments: [(UInt32, String)], _ expected: String
    ) {
        let start = name == "a wrap" ? 0xffff_fffe : UInt32(100)
        #expect(run(segments, start: start).tape == expected, "\(name)")
    }

    @Test func `names the packet that brought each byte first`() {
        #expect(run([(102, "cd"), (100, "ab"), (102, "cd")]).marks == [2, 1])
    }

    @Test func `compares with the bytes of the last 4 KiB`() {
        let line = String(repeating: "0123456789abcdef", count: 8)
        var segments = (0..<80).map { (UInt32(100 + 128 * $0), line) }
        let end = UInt32(100 + 128 * 80)
        segments.append((end - 4096, "0123456789abcdef"))
        #expect(!run(segments).tape.contains("[conflict]"))
        segments.append((end - 4000, "x"))
        segments.append((end - 4096, "012345-789abcdef"))
        #expect(run(segments).tape.hasSuffix("[conflict][conflict]"))
        segments.append((end - 5000, "xyz"))
        #expect(run(segments).tape.hasSuffix("f[conflict][conflict]"), "older bytes are unknown")
    }

    @Test func `says where the snap length cut`() {
        #expect(run([(100, "ab"), (104, "ef")], lost: [0: 2]).tape == "ab[gap]ef")
        #expect(run([(100, "ab")], lost: [0: 2]).tape == "ab[gap]")
        #expect(run([(102, "cd"), (100, "ab")], lost: [1: 2]).tape == "abcd")
    }

    @Test func `begins where the first packet stands`() {
        #expect(run([(500, "ab"), (502, "cd")], start: nil).tape == "abcd")
    }

    @Test func `gives up a hole once the receiver has acknowledged it`() {
        var stream = Reassembler(start: SequenceNumber(100))
        let held = stream.accept(
            SequenceNumber(102), bytes("cd").span, lost: 0, mark(1), limits: Limits())
        #expect(held.isEmpty)
        func check(_ acknowledged: UInt32, _ milliseconds: Int64) -> String {
            var tape = Tape()
            tape.take(
                stream.check(
                    acknowledged: SequenceNumber(acknowledged),
                    now: Timestamp(nanoseconds: milliseconds * 1_000_000), limits: Limits()))
            return tape.text
        }
        #expect(check(104, 10).isEmpty)
        #expect(check(100, 1500).isEmpty)
        #expect(check(104, 1500) == "[gap]cd")
    }

    @Test func `compares what comes again when the memory for it was just full`() {
        let filler = String(repeating: "f", count: 504)
        let result = run([
            (100, "abcdefgh"), (108, filler), (612, "0123456789"), (610, "ff0123456789"),
            (612, "x123456789"),
        ])
        #expect(result.tape == "abcdefgh" + filler + "0123456789[conflict]")
    }

    @Test func `leaves out what lies half of all sequence numbers away`() {
        let far = UInt32(100) &+ 1 << 31
        let result = run([(100, "a"), (far &+ 1, "x"), (101, "b")])
        #expect(result.tape == "ab")
        #expect(result.limits == ["window"])
    }

    @Test func `holds no more than its bounds`() {
        var limits = Limits()
        limits.heldBytes = 10
        let far = run([(102, "cdefghij"), (120, "0123456789"), (100, "ab")], limits: limits)
        #expect(far.limits == ["heldBytes"])
        #expect(far.tape == "[gap]cdefghij[gap]0123456789")
        limits.heldSegments = 1
        #expect(run([(102, "c"), (104, "e")], limits: limits).limits == ["heldSegments"])
        limits.window = 16
        #expect(run([(100, "a"), (500, "x")], limits: limits).limits == ["window"])
    }

    @Test(arguments: [UInt64(1), 20_261_120])
    func `delivers what was sent in any order`(_ seed: UInt64) {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        let text = String((0..<200).map { Character(Unicode.Scalar(UInt8(65 + $0 % 26))) })
        for _ in 0..<200 {
            let start = UInt32.random(in: .min ... .max, using: &dice)
            var segments: [(UInt32, String)] = []
            for _ in 0..<60 {
                let from = Int.random(in: 0..<200, using: &dice)
                let to = min(200, from + Int.random(in: 1..<20, using: &dice))
                segments.append((start &+ UInt32(from), String(Array(text)[from..<to])))
            }
            for from in stride(from: 0, to: 200, by: 10) {
                segments.append((start &+ UInt32(from), String(Array(text)[from..<from + 10])))
            }
            #expect(run(segments.shuffled(using: &dice), start: start).tape == text)
        }
    }
}
