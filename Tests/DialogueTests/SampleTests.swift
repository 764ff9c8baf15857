import Dialogue
import Dice
import Foundation
import Testing

/// The dialogues of `captures/` and the captures beside them.
@Suite struct SampleTests {
    static let captures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("captures")

    /// `bounce/bounce` for `captures/bounce/bounce.dialogue` and its `.pcap`.
    static let samples: [String] = {
        guard let walk = FileManager.default.enumerator(atPath: captures.path) else { return [] }
        return walk.compactMap { $0 as? String }.filter { $0.hasSuffix(".dialogue") }
            .map { String($0.dropLast(".dialogue".count)) }.sorted()
    }()

    @Test func `there are samples`() {
        #expect(Self.samples.count >= 8)
    }

    @Test(arguments: samples)
    func `renders byte for byte to the capture beside it`(_ sample: String) throws {
        let file = Self.captures.appendingPathComponent(sample)
        let text = try String(contentsOf: file.appendingPathExtension("dialogue"), encoding: .utf8)
        let capture = try Data(contentsOf: file.appendingPathExtension("pcap"))
        let rendered = Data(try Dialogue.render(text, name: sample))
        #expect(
            rendered == capture,
            "swift run render-dialogue captures/\(sample).dialogue captures/\(sample).pcap")
    }

    @Test(arguments: samples)
    func `carries no password but the sample one`(_ sample: String) throws {
        let file = Self.captures.appendingPathComponent(sample)
        let text = try String(contentsOf: file.appendingPathExtension("dialogue"), encoding: .utf8)
        for line in text.split(separator: "\n") where line.contains("PASS ") {
            #expect(line == "C: PASS hunter-sample")
        }
    }

    @Test(arguments: samples)
    func `renders or refuses whatever becomes of the text`(_ sample: String) throws {
        let file = Self.captures.appendingPathComponent(sample)
        let text = try Data(contentsOf: file.appendingPathExtension("dialogue"))
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed) for \(sample)")
        var random = Dice(seed: seed)
        for _ in 0..<20 {
            var bytes = Array(text)
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            do throws(DialogueError) {
                _ = try Dialogue.render(String(decoding: bytes, as: UTF8.self))
            } catch {
                #expect(error.line > 0, "seed \(seed)")
            }
        }
    }
}
