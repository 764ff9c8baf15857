import Foundation
import Testing

/// Reports that are written beside one another.
@Suite struct ReportFilesTests {
    private static let first = "captures/first-article/first-article.pcap"

    @Test func `of several reports all are written, or none`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let taken = folder.appending(path: "pinhole-report.json")
        try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
        let run = try Pinhole.run(["audit", Self.first, "-o", folder.path])
        #expect(run.code == 2)
        #expect(run.complaints.contains("pinhole-report.json: is a folder"), "\(run.complaints)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
    }

    /// Whether this process may mount.
    private static let mounts =
        (try? Pinhole.run(["-m", "true"], program: URL(filePath: "/usr/bin/unshare")))?.code == 0

    @Test(.enabled(if: mounts, "needs the right to mount"))
    func `where one of several reports can't be replaced, the others stay as they were`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let (first, last) = ("pinhole-report.md", "pinhole-report.json")
        for name in [first, last] { try Data("old".utf8).write(to: folder.appending(path: name)) }
        // Nothing takes the place of what is mounted: EBUSY, rename(2).
        let script = """
            mount --bind "$1/\(last)" "$1/\(last)" && exec "$0" audit \(Self.first) -o "$1"
            """
        let run = try Pinhole.run(
            ["-m", "sh", "-c", script, Pinhole.binary.path, folder.path],
            program: URL(filePath: "/usr/bin/unshare"))
        #expect(run.code == 2)
        #expect(run.complaints.contains("\(last): cannot be written"), "\(run.complaints)")
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(left == [last, first])
        #expect(try Data(contentsOf: folder.appending(path: first)) == Data("old".utf8))
    }
}
