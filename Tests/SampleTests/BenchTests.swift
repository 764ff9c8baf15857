import Foundation
import Testing

/// The captures that benchmarks are taken on: what was generated is what is reported.
@Suite struct BenchTests {
    struct Session: Decodable, Hashable {
        struct Channel: Decodable, Hashable {
            var announced_by: String
            var advertised: String?
            var client: String?
            var server: String?
            var transfer: String?
            var bytes_to_client: Int?
            var bytes_to_server: Int?
            var outcome: String?
        }
        struct Oddity: Decodable, Hashable { var name: String }
        var client: String
        var server: String
        var channels: [Channel]
        var oddities: [Oddity]?

        /// Of a session as generated: what a report must say of it.
        var expected: Session {
            var copy = self
            for index in copy.channels.indices { copy.channels[index].outcome = "established" }
            copy.oddities = []
            return copy
        }
    }

    static let shapes: [[String]] = [
        ["--gigabytes", "0.01"],
        ["--sessions", "150", "--mix", "control"],
        ["--gigabytes", "0.01", "--format", "pcapng", "--vlan", "17", "--payload", "mixed"],
        ["--sessions", "100", "--ftp", "1/1", "--concurrent", "1000", "--seed", "7"],
    ]

    /// Generates in the folder; nil, and the reason told, where no C compiler is.
    static func generate(_ options: [String], in folder: URL) throws -> Data? {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let capture = folder.appending(path: "capture")
        let run = try Pinhole.run(
            [capture.path, "--truth", folder.appending(path: "truth").path] + options,
            program: Pinhole.root.appending(path: "bench/generate"))
        if run.code == 77 {
            print("skipped: \(run.complaints)")
            return nil
        }
        #expect(run.code == 0, "\(run.complaints)")
        return try Data(contentsOf: capture)
    }

    static func sessions(_ lines: Data) throws -> [Session] {
        try lines.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Session.self, from: $0)
        }
    }

    @Test(arguments: shapes)
    func `every generated session is reported, whole`(_ options: [String]) throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        guard try Self.generate(options, in: folder) != nil else { return }
        let truth = try Self.sessions(Data(contentsOf: folder.appending(path: "truth")))
        let run = try Pinhole.run([
            "sessions", "--format", "ndjson", folder.appending(path: "capture").path,
        ])
        #expect(run.code == 0, "\(run.complaints)")
        let reported = try Self.sessions(Data(run.output.utf8))
        #expect(!truth.isEmpty)
        #expect(reported.count == truth.count)
        for difference in Set(truth.map(\.expected)).symmetricDifference(reported).prefix(4) {
            Issue.record("not on both sides: \(difference)")
        }
    }

    @Test func `the same seed gives the same bytes`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let captures = try ["3", "3", "4"].map {
            try Self.generate(
                ["--gigabytes", "0.002", "--seed", $0], in: folder.appending(path: $0))
        }
        guard captures.allSatisfy({ $0 != nil }) else { return }
        #expect(captures[0] == captures[1])
        #expect(captures[0] != captures[2])
    }
}
