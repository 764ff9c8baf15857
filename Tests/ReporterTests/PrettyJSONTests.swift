import Foundation
import Testing

@testable import Reporter

@Suite struct PrettyJSONTests {
    private struct Leaf: Encodable {
        let name: String
        let lists: [[Int]]
        let none: String?
    }

    private struct Whole: Encodable {
        let title: String
        let empty: [Leaf]
        let leaves: [Leaf]
        let absent: Leaf?
    }

    private static func leaf(_ number: Int) -> Leaf {
        Leaf(
            name: "a \"name\"/\\\n\(number)", lists: number % 3 == 0 ? [] : [[number], []],
            none: nil)
    }

    /// Lists of none, of one, and of more than are encoded together.
    @Test(arguments: [0, 1, 255, 256, 257, 1000])
    func `is what an encoder makes of the whole`(_ count: Int) throws {
        let whole = Whole(
            title: "Ä title", empty: [], leaves: (0..<count).map(Self.leaf), absent: nil)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let wanted = String(decoding: try encoder.encode(whole), as: UTF8.self) + "\n"
        let made = PrettyJSON.object([
            "title": PrettyJSON.value(whole.title),
            "leaves": PrettyJSON.list(Array(0..<count)) { Self.leaf($0) },
            "empty": PrettyJSON.list(whole.empty.map(\.name)) { $0 },
            "absent": nil,
        ])
        #expect(made == wanted)
    }
}
