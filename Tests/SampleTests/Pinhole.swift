import Foundation

/// The built program, run as a user runs it, from the repository's root.
enum Pinhole {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Beside the test bundle, or where PINHOLE says.
    static let binary: URL = {
        if let path = ProcessInfo.processInfo.environment["PINHOLE"] { return URL(filePath: path) }
        let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let beside = bundle.appending(path: "pinhole")
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
        return root.appending(path: ".build/debug/pinhole")
    }()

    struct Result {
        var code: Int32
        var output: String
        var complaints: String
    }

    /// Runs a program to its end; its output goes through files, so that none can block it.
    ///
    /// `site` is the text of a site file, given to it by `--site`; `input` a file that it has as
    /// its standard input.
    static func run(
        _ arguments: [String], site: String? = nil, input: String? = nil, program: URL = binary,
        environment: [String: String] = [:]
    ) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (out, err) = (folder.appending(path: "out"), folder.appending(path: "err"))
        for file in [out, err] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        if let site {
            let file = folder.appending(path: "pinhole.yml")
            try Data(site.utf8).write(to: file)
            process.arguments = arguments + ["--site", file.path]
        }
        process.currentDirectoryURL = root
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let input {
            process.standardInput = try FileHandle(forReadingFrom: root.appending(path: input))
        }
        process.standardOutput = try FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: err)
        try process.run()
        process.waitUntilExit()
        return Result(
            code: process.terminationStatus,
            output: String(decoding: try Data(contentsOf: out), as: UTF8.self),
            complaints: String(decoding: try Data(contentsOf: err), as: UTF8.self))
    }

    /// Whether a program is on the path.
    static func has(_ name: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }
}
