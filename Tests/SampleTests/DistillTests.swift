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
        let run = try audit([capture], folder, site: site)
        #expect(run.code == 0, "\(run.complaints)")
        return run.output
    }

    /// A report as if the originals had been read: without the distilled capture that stands for
    /// them, and without the word that it does, or more fields of an input.
    static func judged(_ report: String, without fields: Set<String> = []) throws -> String {
        var object = try #require(
            try JSONSerialization.jsonObject(with: Data(report.utf8)) as? [String: Any])
        let inputs = try #require(object["inputs"] as? [[String: Any]])
        object["inputs"] = inputs.filter { $0["distilled"] == nil }.map { input in
            input.filter { $0.key != "stated_by" && !fields.contains($0.key) }
        }
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }

    /// An audit whose output is the JSON report.
    static func audit(
        _ captures: [String], _ folder: URL, site: String = "captures/pinhole.yml"
    ) throws -> Pinhole.Result {
        let file = folder.appending(path: "pinhole-report.json")
        var run = try Pinhole.run(
            ["audit"] + captures + [
                "--site", site, "-o", folder.path, "--format", "json", "--quiet",
            ], environment: ["SOURCE_DATE_EPOCH": "1795000000"])
        run.output = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        return run
    }

    @Test(arguments: samples)
    func `the report is the same, and so is what is distilled again`(_ capture: String) throws {
        try Self.inFolder { folder in
            let (small, again) = (
                folder.appending(path: "small.pcapng"), folder.appending(path: "again.pcapng")
            )
            let run = try Pinhole.run(["distill", capture, "-o", small.path])
            #expect(run.code == 0, "\(run.complaints)")
            #expect(
                try Self.judged(Self.report(small.path, folder))
                    == Self.judged(Self.report(capture, folder)))
            _ = try Pinhole.run(["distill", small.path, "-o", again.path])
            #expect(try Data(contentsOf: again) == Data(contentsOf: small))
            #expect(try Data(contentsOf: small).range(of: Data("hunter-sample".utf8)) == nil)
        }
    }

    @Test func `names the file that was read, and the originals that it states`() throws {
        struct Report: Decodable {
            struct Input: Decodable {
                var file: String
                var kind: String
                var sha256: String?
                var distilled: Bool?
                var stated_by: String?
            }
            var inputs: [Input]
        }
        try Self.inFolder { folder in
            let small = folder.appending(path: "small.pcapng").path
            _ = try Pinhole.run(["distill", CommandTests.first, "-o", small])
            let text = try Self.report(small, folder)
            let report = try JSONDecoder().decode(Report.self, from: Data(text.utf8))
            let captures = report.inputs.filter { $0.kind == "capture" }
            try #require(captures.count == 2)
            #expect(captures[0].file == small && captures[0].distilled == true)
            #expect(captures[1].file == CommandTests.first && captures[1].stated_by == small)
            #expect(captures.allSatisfy { $0.sha256?.count == 64 })
            #expect(captures[0].sha256 != captures[1].sha256)
            let page = try Pinhole.run(["audit", small, "--format", "markdown"]).output
            #expect(page.contains("read, distilled"), "\(page)")
            #expect(
                page.contains(
                    "original, as stated by \(small.replacing("_", with: "\\_")); not read"))
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

    @Test func `what it writes takes the place of no pipe and no link`() throws {
        try Self.inFolder { folder in
            let link = folder.appending(path: "link.pcapng").path
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: "small.pcapng")
            try Data("old".utf8).write(to: folder.appending(path: "small.pcapng"))
            let script = """
                cd '\(folder.path)' && mkfifo pipe && (cat pipe > piped &)
                '\(Pinhole.binary.path)' distill "$1" --quiet -o pipe || exit 1
                '\(Pinhole.binary.path)' distill "$1" --quiet -o link.pcapng || exit 1
                test -p pipe && test -L link.pcapng && cmp piped small.pcapng
                """
            let capture = Pinhole.root.appending(path: CommandTests.first).path
            let run = try Pinhole.run(
                ["-c", script, "sh", capture], program: URL(filePath: "/bin/sh"))
            #expect(run.code == 0, "\(run.complaints)")
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

    @Test(arguments: ["whole.pcap", "symbolic.pcap", "hard.pcap"])
    func `never overwrites what it reads, by whatever name`(_ output: String) throws {
        try Self.inFolder { folder in
            let whole = folder.appending(path: "whole.pcap")
            let manager = FileManager.default
            try manager.copyItem(at: Pinhole.root.appending(path: CommandTests.first), to: whole)
            try manager.createSymbolicLink(
                at: folder.appending(path: "symbolic.pcap"), withDestinationURL: whole)
            try manager.linkItem(at: whole, to: folder.appending(path: "hard.pcap"))
            let content = try Data(contentsOf: whole)
            for input in [whole.path, folder.path] {
                let run = try Pinhole.run([
                    "distill", input, "-o", folder.appending(path: output).path,
                ])
                #expect(run.code == 2)
                #expect(run.complaints.contains("never overwritten"), "\(run.complaints)")
                #expect(try Data(contentsOf: whole) == content)
            }
            #expect(try manager.contentsOfDirectory(atPath: folder.path).count == 3)
        }
    }

    @Test func `writes again into the folder that it reads`() throws {
        try Self.inFolder { folder in
            let small = folder.appending(path: "small.pcapng")
            try FileManager.default.copyItem(
                at: Pinhole.root.appending(path: CommandTests.first),
                to: folder.appending(path: "whole.pcap"))
            var contents: [Data] = []
            for _ in 0..<2 {
                let run = try Pinhole.run(["distill", folder.path, "-o", small.path])
                #expect(run.code == 0, "\(run.complaints)")
                #expect(run.complaints.contains("5 FTP sessions"), "\(run.complaints)")
                contents.append(try Data(contentsOf: small))
            }
            #expect(contents[0] == contents[1])
        }
    }

    /// Names in the folder that the test makes.
    static let partial = [
        ["cut.pcap"], ["cut.pcap", "whole.pcap"], ["whole.pcap", "text.pcap"],
        ["nothing", "whole.pcap"], ["whole.pcap", "no-such.pcap", "broken.pcap"], ["."],
    ]

    @Test(arguments: partial)
    func `an audit tells of what the originals lacked as one of them does`(
        _ names: [String]
    ) throws {
        try Self.inFolder { folder in
            let whole = try Data(contentsOf: Pinhole.root.appending(path: CommandTests.first))
            let inputs = folder.appending(path: "inputs")
            try FileManager.default.createDirectory(
                at: inputs.appending(path: "nothing"), withIntermediateDirectories: true)
            let broken = whole.prefix(whole.count / 2) + Data(repeating: 0xff, count: 99)
            for (name, content) in [
                ("whole.pcap", whole), ("cut.pcap", whole.prefix(whole.count - 7)),
                ("broken.pcap", broken), ("text.pcap", Data("no capture".utf8)),
            ] {
                try content.write(to: inputs.appending(path: name))
            }
            let captures = names.map { inputs.appending(path: $0).path }
            let small = folder.appending(path: "small.pcapng").path
            let again = folder.appending(path: "again.pcapng").path
            let run = try Pinhole.run(["distill"] + captures + ["-o", small, "--quiet"])
            let second = try Pinhole.run(["distill", small, "-o", again, "--quiet"])
            let wanted = try Self.audit(captures, folder)
            let found = try Self.audit([small], folder)
            #expect(wanted.code == 3)
            #expect([run, second, found].map(\.code) == [3, 3, 3], "\(found.complaints)")
            #expect(try Self.judged(found.output) == Self.judged(wanted.output))
            #expect(run.complaints == wanted.complaints)
            #expect(Self.lines(found.complaints) == Self.lines(wanted.complaints))
            #expect(Self.lines(second.complaints) == Self.lines(wanted.complaints))
            let files = try [small, again].map { try Data(contentsOf: URL(filePath: $0)) }
            #expect(files[0] == files[1])
        }
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n").sorted()
    }

    @Test func `tells of what a distilled capture itself lacks, and of what its original did`()
        throws
    {
        try Self.inFolder { folder in
            let whole = try Data(contentsOf: Pinhole.root.appending(path: CommandTests.first))
            let (cut, small) = (
                folder.appending(path: "cut.pcap"), folder.appending(path: "small.pcapng")
            )
            try whole.prefix(whole.count - 7).write(to: cut)
            _ = try Pinhole.run(["distill", cut.path, "-o", small.path])
            let content = try Data(contentsOf: small)
            try content.prefix(content.count - 5).write(to: small)
            let wanted = try Self.audit([small.path], folder)
            #expect(wanted.code == 3)
            for name in ["cut.pcap: byte", "small.pcapng: byte"] {
                #expect(wanted.complaints.contains(name), "\(wanted.complaints)")
            }
            let again = folder.appending(path: "again.pcapng").path
            #expect(try Pinhole.run(["distill", small.path, "-o", again]).code == 3)
            let found = try Self.audit([again], folder)
            #expect(found.code == 3)
            // Of the capture between, which is read no more, the original's entry tells.
            #expect(
                try Self.judged(found.output, without: ["problem"])
                    == Self.judged(wanted.output, without: ["problem"]))
            let complaints = Self.lines(found.complaints)
            #expect(complaints.count == 1)
            for name in ["cut.pcap: byte", "small.pcapng: byte"] {
                #expect(complaints.first?.contains(name) == true, "\(found.complaints)")
                #expect(found.output.contains(name))
            }
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
                let distilled = try Self.report(small.path, folder, site: file)
                #expect(try Self.judged(distilled) == Self.judged(whole))
            }
            let none = try Pinhole.run(["distill", all.path, "-o", small.path])
            #expect(none.complaints.contains("0 of 7 frames"), "\(none.complaints)")
            let missing = ["distill", all.path, "-o", small.path, "--site", "no-such.yml"]
            #expect(try Pinhole.run(missing).code == 2)
        }
    }

    /// The frames of a capture as pcapng, with the statistics of their interface behind them.
    private static func losing(_ lost: UInt8, _ capture: [UInt8]) -> [UInt8] {
        func word(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(number >> ($0 * 8) & 0xff) } }
        func block(_ type: Int, _ body: [UInt8]) -> [UInt8] {
            let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
            return word(type) + word(padded.count + 12) + padded + word(padded.count + 12)
        }
        let section = word(0x1a2b_3c4d) + word(1) + [UInt8](repeating: 255, count: 8)
        var file = block(0x0a0d_0d0a, section) + block(1, word(1) + word(0))
        var at = 24
        while at + 16 <= capture.count {
            let length = (0..<4).reduce(0) { $0 | Int(capture[at + 8 + $1]) << ($1 * 8) }
            file += block(3, word(length) + capture[at + 16..<at + 16 + length])
            at += 16 + length
        }
        let count = word(7 | 8 << 16) + word(Int(lost)) + word(0)
        return file + block(5, word(0) + word(0) + word(0) + count)
    }

    @Test func `frames that were lost while it was captured are told of, distilled too`() throws {
        try Self.inFolder { folder in
            let (all, small) = (
                folder.appending(path: "all.pcapng"), folder.appending(path: "small.pcapng")
            )
            let dialogue = """
                server 203.0.113.10:21
                client 198.51.100.7
                connect
                S: 220 ready
                """
            try Data(Self.losing(42, Dialogue.render(dialogue))).write(to: all)
            let whole = try Self.report(all.path, folder)
            #expect(whole.contains("\"lost_frames\" : 42"))
            let run = try Pinhole.run(["distill", all.path, "-o", small.path])
            #expect(run.code == 0, "\(run.complaints)")
            #expect(try Self.judged(Self.report(small.path, folder)) == Self.judged(whole))
            let page = try Pinhole.run(["audit", all.path])
            #expect(page.output.contains("42 packets were lost while it was captured"))
        }
    }
}
