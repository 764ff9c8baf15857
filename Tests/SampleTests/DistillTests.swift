import Dialogue
import Foundation
import Testing

/// `pinhole distill` over the sample captures: an audit of what it writes says the same.
@Suite struct DistillTests {
    static let samples: [String] = {
        let manager = FileManager.default
        let folder = Pinhole.root.appending(path: "captures")
        let captures = (manager.enumerator(atPath: folder.path)?.allObjects ?? [])
            .compactMap { $0 as? String }.filter { $0.hasSuffix(".pcap") }.sorted()
        return captures.map { "captures/\($0)" } + ["captures"]
    }()

    static func inFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-distill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// The JSON report of a capture, byte for byte.
    static func report(
        _ capture: String, _ folder: URL, site: String = "captures/pinhole.yml"
    ) throws -> String {
        let run = try Pinhole.run(
            [
                "audit", capture, "--site", site, "-o", folder.path, "--format", "json", "--quiet",
            ], environment: ["SOURCE_DATE_EPOCH": "1795000000"])
        #expect(run.code == 0, "\(run.complaints)")
        let file = folder.appending(path: "pinhole-report.json")
        return String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }

    @Test(arguments: samples)
    func `the report is the same, and so is what is distilled again`(_ capture: String) throws {
        try Self.inFolder { folder in
            let (small, again) = (
                folder.appending(path: "small.pcapng"), folder.appending(path: "again.pcapng")
            )
            let run = try Pinhole.run(["distill", capture, "-o", small.path])
            #expect(run.code == 0, "\(run.complaints)")
            #expect(try Self.report(small.path, folder) == Self.report(capture, folder))
            _ = try Pinhole.run(["distill", small.path, "-o", again.path])
            #expect(try Data(contentsOf: again) == Data(contentsOf: small))
            #expect(try Data(contentsOf: small).range(of: Data("hunter-sample".utf8)) == nil)
        }
    }

    @Test func `reads a pipe, and writes to one`() throws {
        try Self.inFolder { folder in
            let small = folder.appending(path: "small.pcapng")
            let script = folder.appending(path: "pipe.sh")
            let text = """
                "$1" distill - -o - < "$2" > "$3" && "$1" sessions --format ndjson - < "$3"
                """
            try Data(text.utf8).write(to: script)
            let run = try Pinhole.run(
                [script.path, Pinhole.binary.path, CommandTests.first, small.path],
                program: URL(filePath: "/bin/sh"))
            #expect(run.code == 0, "\(run.complaints)")
            #expect(run.output.contains(/"captures" ?: ?\["-"\]/), "\(run.output)")
        }
    }

    @Test func `writes nothing where nothing can be read`() throws {
        try Self.inFolder { folder in
            let small = folder.appending(path: "small.pcapng")
            for input in ["no-such.pcap", "README.md"] {
                let run = try Pinhole.run(["distill", input, "-o", small.path])
                #expect(run.code == 2)
                #expect(!run.complaints.isEmpty)
            }
            #expect(try Pinhole.run(["distill", CommandTests.first]).code == 2)
            let run = try Pinhole.run(["distill", CommandTests.first, "-o", folder.path])
            #expect(run.code == 2)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func `says what it could not read, and keeps what precedes`() throws {
        try Self.inFolder { folder in
            let whole = try Data(contentsOf: Pinhole.root.appending(path: CommandTests.first))
            let cut = folder.appending(path: "cut.pcap")
            try whole.prefix(whole.count - 7).write(to: cut)
            let small = folder.appending(path: "small.pcapng")
            try Data("old".utf8).write(to: small)
            let run = try Pinhole.run(["distill", cut.path, "-o", small.path])
            #expect(run.code == 3)
            #expect(run.complaints.contains("byte"))
            #expect(try Self.report(small.path, folder).contains("cut inside"))
        }
    }

    @Test func `keeps attempts at a port that a site names, within its bounds`() throws {
        try Self.inFolder { folder in
            let (all, small) = (
                folder.appending(path: "all.pcap"), folder.appending(path: "small.pcapng")
            )
            let dialogue = """
                server 203.0.113.10:2100
                client 198.51.100.7
                connect refused
                wait 5
                connect unanswered 3
                server 203.0.113.10:80
                connect refused
                """
            try Data(Dialogue.render(dialogue)).write(to: all)
            for (bound, kept) in [("2", 5), ("1", 2)] {
                let site = """
                    pinhole: 1
                    servers:
                      - {name: files, address: 203.0.113.10, control: [21, 2100]}
                    capture: {limits: {controlAttempts: \(bound)}}
                    """
                let file = folder.appending(path: "pinhole.yml").path
                try Data(site.utf8).write(to: URL(filePath: file))
                let run = try Pinhole.run([
                    "distill", all.path, "-o", small.path, "--site", file,
                ])
                #expect(run.code == 0, "\(run.complaints)")
                #expect(run.complaints.contains("\(kept) of 7 frames"), "\(run.complaints)")
                let whole = try Self.report(all.path, folder, site: file)
                #expect(try Self.report(small.path, folder, site: file) == whole)
            }
            let none = try Pinhole.run(["distill", all.path, "-o", small.path])
            #expect(none.complaints.contains("0 of 7 frames"), "\(none.complaints)")
            let missing = ["distill", all.path, "-o", small.path, "--site", "no-such.yml"]
            #expect(try Pinhole.run(missing).code == 2)
        }
    }
}
