import Dice
import Testing

@testable import FTP

extension ByteBuffer {
    /// A copy of the bytes.
    var array: [UInt8] { withBytes { $0.array } }
}

extension LineReader {
    /// Reads all bytes; calls `body` after each line.
    fileprivate mutating func readAll(_ bytes: [UInt8], _ body: (LineReader) -> Void) {
        var at = 0
        while at < bytes.count {
            let step = read(bytes.span, from: at)
            at = step.next
            if step.ended { body(self) }
        }
    }
}

@Suite struct LineReaderTests {
    private func text(_ reader: LineReader) -> String {
        reader.line.array.map { String(Character(Unicode.Scalar($0))) }.joined()
            + (reader.isCut ? "…" : "")
    }

    /// The lines of pieces that arrive one after the other.
    private func lines(_ pieces: [[UInt8]], limit: Int = 20) -> [String] {
        var reader = LineReader(limit: limit)
        var lines: [String] = []
        for piece in pieces { reader.readAll(piece) { lines.append(text($0)) } }
        return lines
    }

    @Test(
        arguments: [
            ("CR LF", Array("USER a\r\nPASV\r\n".utf8), ["USER a", "PASV"]),
            ("LF alone", Array("USER a\nPASV\n".utf8), ["USER a", "PASV"]),
            ("CR alone ends nothing", Array("USER\ra\r\n".utf8), ["USER\ra"]),
            ("one CR is taken off", Array("PASV\r\r\n".utf8), ["PASV\r"]),
            (
                "an interrupt and a data mark", [0xff, 0xf4, 0xff, 0xf2] + Array("ABOR\r\n".utf8),
                ["ABOR"]
            ),
            ("an option", [0xff, 0xfb, 1] + Array("PASV\r\n".utf8), ["PASV"]),
            (
                "a subnegotiation", [0xff, 0xfa, 24, 0, 65, 0xff, 0xf0] + Array("PASV\n".utf8),
                ["PASV"]
            ),
            ("a doubled 255", [65, 0xff, 0xff, 10], ["A\u{ff}"]),
            ("a lone 255 in a name", [65, 0xff, 66, 10], ["A\u{ff}B"]),
            (
                "a line beyond the limit", Array("0123456789012345678901234\r\nPASV\r\n".utf8),
                ["01234567890123456789…", "PASV"]
            ),
        ] as [(String, [UInt8], [String])])
    func `reads lines`(_ name: String, _ bytes: [UInt8], _ expected: [String]) {
        #expect(lines([bytes]) == expected, "\(name)")
        #expect(lines(bytes.map { [$0] }) == expected, "\(name), byte by byte")
        for cut in bytes.indices {
            let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
            #expect(lines(pieces) == expected, "\(name), cut at \(cut)")
        }
    }

    @Test func `cuts a line at lost bytes`() {
        var reader = LineReader(limit: 20)
        let before = reader.read(Array("227 Ent".utf8).span, from: 0)
        #expect(before == LineReader.Step(next: 7, ended: false))
        let isLine = reader.lose()
        #expect(isLine)
        #expect(reader.isCut)
        reader.resume()
        let after = reader.read(Array("x)\r\n".utf8).span, from: 0)
        #expect(after == LineReader.Step(next: 4, ended: true))
        #expect(reader.followsLoss)
        #expect(!reader.isCut)
    }

    @Test(arguments: [UInt64(1), 20_261_120])
    func `takes any bytes without a trap`(_ seed: UInt64) {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        var reader = LineReader(limit: 8)
        for _ in 0..<100_000 {
            let byte: UInt8 = [10, 13, 255, 250, 240, 65, 251].randomElement(using: &dice) ?? 0
            reader.readAll([byte]) { #expect($0.line.count <= 8) }
            if Int.random(in: 0..<100, using: &dice) == 0, reader.lose() { reader.resume() }
        }
    }
}
