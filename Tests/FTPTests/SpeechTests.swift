import Dice
import Net
import Streams
import Testing

@testable import FTP

/// What a payload is told to be, held against those who read its lines.
@Suite struct SpeechTests {
    @Test(arguments: [
        ("RETR a b\r\n", "RETR 0..<4 5..<8"), ("pasv\n", "PASV 0..<4 4..<4"),
        ("CWD   x\r\n", "CWD 0..<3 6..<7"), ("NOOP \r\n", "NOOP 0..<4 5..<5"),
        ("226 Done\r\n", "226"), ("230\r\n", "230"), ("227 (1,2,3,4,5,6)\r\n", "227"),
        ("211-Features:\r\n EPSV\r\n211 End\r\n", "211- 0..<13"),
        ("211-a\n212 b\n211-c\n211\n", "211- 0..<5"),
    ])
    func `tells one command or one reply`(_ text: String, _ expected: String) {
        #expect(Self.told(Array(text.utf8)) == expected)
    }

    @Test(arguments: [
        "", "PWD", "NOOP\r\nPWD\r\n", " NOOP\r\n", "NOOPS\r\n", "PW\r\n", "NOOP\rx\r\n", "99 x\r\n",
        "799 x\r\n", "220x\r\n", "220 a\r\n220 b\r\n", "220 a", "227-a\r\n227 (1,2,3,4,5,6)\r\n",
        "211-a\r\n211 b\r\nx\r\n", "211-a\r\nb\r\n", "211-a\r\n\u{16}b\r\n211 c\r\n",
    ])
    func `tells nothing of what is more, less or another thing`(_ text: String) {
        #expect(Self.told(Array(text.utf8)) == nil)
    }

    @Test func `tells nothing of what does not fit its numbers`() {
        func told(_ text: String) -> String? { Self.told(Array(text.utf8)) }
        let line = String(repeating: "a", count: 251)
        #expect(told("211-\(line)\r\n211 b\r\n") == "211- 0..<255")
        #expect(told("211-\(line)a\r\n211 b\r\n") == nil)
        let spaces = String(repeating: " ", count: 252)
        #expect(told("CWD\(spaces)x\r\n") == "CWD 0..<3 255..<256")
        #expect(told("CWD\(spaces) x\r\n") == nil)
        #expect(Speech(packed: 0)?.kind == nil)
    }

    @Test(arguments: [UInt64(1), 20_261_122])
    func `tells what the readers of lines find`(_ seed: UInt64) {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        let pieces =
            [
                "211", "211-a\r\n", "211 b\r\n", "227", "700", "-", " ", "a", "LIST", "list",
                "PORT", "XYZ", "\r", "\n",
                "\r\n",
                "\r\n", "\u{16}", "\t", "\0",
            ].map { Array($0.utf8) } + [[255], [255, 241]]
        var seen: [String: Int] = [:]
        for _ in 0..<40_000 {
            var payload: [UInt8] = []
            for _ in 0..<Int.random(in: 1...9, using: &dice) {
                payload += pieces.randomElement(using: &dice) ?? []
            }
            let told = Self.told(payload)
            #expect(told == Self.read(payload), "\(payload)")
            seen[told.map { String($0.prefix(4)) } ?? "nothing", default: 0] += 1
        }
        for kind in ["nothing", "LIST", "PORT", "211", "227", "211-"] {
            #expect(seen[kind, default: 0] > 20, "\(kind) \(seen)")
        }
    }

    private static func told(_ payload: [UInt8]) -> String? {
        guard let speech = Speech(payload.span) else { return nil }
        let again = Speech(packed: speech.packed)
        #expect(again?.kind == speech.kind)
        let end = Speech.textEnd(payload.span)
        switch speech.kind {
        case .command:
            return Self.text(speech.command(end))
        case .reply: return String(speech.code)
        case .longReply: return "\(speech.code)- \(speech.firstLine(end))"
        }
    }

    private static func text(_ command: Command) -> String {
        "\(command.verb.rawValue) \(command.word) \(command.argument)"
    }

    /// The same by the readers of lines: all bytes must be lines as they stand.
    private static func read(_ payload: [UInt8]) -> String? {
        var lines: [[UInt8]] = []
        var reader = LineReader(limit: 4096)
        var at = 0
        while at < payload.count {
            if reader.isAtStart, (20...23).contains(payload[at]) { return nil }
            let step = reader.read(payload.span, from: at)
            at = step.next
            if step.ended { lines.append(reader.line.array) }
        }
        guard payload.last == 0x0a, !payload.contains(255), let first = lines.first,
            let begin = first.first
        else { return nil }
        guard (0x30...0x39).contains(begin) else {
            guard lines.count == 1, let command = Command(first.span), command.verb != .other,
                command.word.lowerBound == 0
            else { return nil }
            return text(command)
        }
        let frame = FrameReference(capture: 0, number: 1, time: Timestamp(nanoseconds: 0))
        var replies = ReplyReader()
        let found = lines.map { replies.read($0.span, frame, isCut: false, followsLoss: false) }
        if case .single(let code) = found[0] { return lines.count == 1 ? String(code) : nil }
        guard found.dropLast().allSatisfy({ $0 == .partial }), found.last == .long,
            !ReplyReader.announces(replies.long.code)
        else { return nil }
        return "\(replies.long.code)- 0..<\(first.count)"
    }
}
