import Foundation
import Testing

@testable import Capture

@Suite struct MergedCapturesTests {
    private func withFolder<R>(_ files: [String: [UInt8]], _ body: (String) throws -> R) throws -> R
    {
        let folder = NSTemporaryDirectory() + "captures-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, bytes) in files {
            let path = URL(fileURLWithPath: folder + "/" + name)
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: path)
        }
        return try body(folder)
    }

    @Test func `merges by time, and by the order of files at the same time`() throws {
        let files = [
            "a.pcap": pcap([[1], [2], [3]], start: 10), "b.pcap": pcap([[4], [5]], start: 11),
        ]
        try withFolder(files) { folder in
            var set = CaptureSet([folder])
            let found = readAll(set.open())
            #expect(found.map(\.bytes) == [[1], [2], [4], [3], [5]])
            #expect(found.map(\.capture) == [0, 0, 1, 0, 1])
            #expect(found.map(\.number) == [1, 2, 1, 3, 2])
        }
    }

    @Test func `takes a folder's captures sorted by path and passes other files`() throws {
        let files = [
            "z.pcap": pcap([[1]]), "inner/a.cap": pcap([[2]]),
            "capture-without-suffix": pcap([[3]]),
            "notes.txt": Array("text".utf8), "broken.pcap": Array("no".utf8),
        ]
        try withFolder(files) { folder in
            var set = CaptureSet([folder])
            let names = set.paths.map { String($0.dropFirst(folder.count + 1)) }
            #expect(names == ["broken.pcap", "capture-without-suffix", "inner/a.cap", "z.pcap"])
            #expect(readAll(set.open()).count == 3)
            #expect(set.problems.map(\.path) == [folder + "/broken.pcap"])
        }
    }

    @Test func `meets what links lead to once`() throws {
        let files = ["a.pcap": pcap([[1]])]
        try withFolder(files) { folder in
            for (link, end) in [("again", "."), ("b.pcap", "a.pcap"), ("loop", "loop")] {
                try FileManager.default.createSymbolicLink(
                    atPath: folder + "/" + link, withDestinationPath: end)
            }
            #expect(CaptureSet([folder]).paths == [folder + "/a.pcap"])
        }
    }

    @Test func `reads more files than it keeps open`() throws {
        let numbers = 0..<40
        let files = Dictionary(
            uniqueKeysWithValues: numbers.map { index in
                (
                    "\(index + 100).pcap",
                    pcap(
                        [[UInt8(index)], [UInt8(index), 1], [UInt8(index), 2]],
                        start: 1000 - 3 * index)
                )
            })
        try withFolder(files) { folder in
            var set = CaptureSet([folder])
            let found = readAll(set.open())
            #expect(found.count == 120)
            #expect(found.map(\.time) == found.map(\.time).sorted())
            #expect(
                found.map { $0.bytes[0] }
                    == numbers.reversed().flatMap { index in
                        [UInt8](repeating: UInt8(index), count: 3)
                    })
            #expect(set.problems.isEmpty)
        }
    }
}
