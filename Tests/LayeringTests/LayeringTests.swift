import Foundation
import Testing

/// The arrows of the house: which targets of ours each target may import.
@Suite struct LayeringTests {
    static let mayImport: [String: Set<String>] = [
        "CPcap": [],
        "Net": [],
        "Capture": ["Net"],
        "LiveCapture": ["Capture", "CPcap", "Net"],
        "Streams": ["Capture", "Net"],
        "FTP": ["Streams", "Capture", "Net"],
        "Policy": ["Net"],
        "PolicyText": ["Policy", "Net"],
        "HostFormats": ["PolicyText", "Policy", "Net"],
        "NetworkFormats": ["PolicyText", "Policy", "Net"],
        "ServerFormats": ["PolicyText", "Policy", "Net"],
        "WindowsFormats": ["PolicyText", "Policy", "Net"],
        "PolicyFormats": [
            "HostFormats", "NetworkFormats", "ServerFormats", "WindowsFormats", "PolicyText",
            "Policy",
        ],
        "SiteFile": ["Policy", "Net"],
        "Analyzer": ["FTP", "Policy", "Net"],
        "Reporter": ["Analyzer", "FTP", "Policy", "Net"],
        "Monitor": [
            "LiveCapture", "Capture", "Streams", "FTP", "Policy", "Analyzer", "Reporter", "Net",
        ],
        "pinhole": [
            "LiveCapture", "Capture", "Streams", "FTP", "Policy", "PolicyFormats", "SiteFile",
            "Analyzer", "Reporter", "Monitor", "Net",
        ],
    ]

    /// Targets whose duty needs unsafe constructs, and the files that hold them.
    static let mayBeUnsafe = ["LiveCapture/LiveInterfaces.swift", "Capture/Descriptor.swift"]

    static let sources = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")

    static func files() throws -> [(target: String, path: String, lines: [Substring])] {
        let manager = FileManager.default
        return try (manager.enumerator(atPath: sources.path)?.allObjects ?? [])
            .compactMap { $0 as? String }
            .filter { $0.hasSuffix(".swift") }
            .sorted()
            .map { path in
                let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
                let target = path.split(separator: "/").first.map(String.init) ?? ""
                return (target, path, text.split(separator: "\n"))
            }
    }

    @Test func `every import follows an arrow`() throws {
        let files = try Self.files()
        #expect(Set(files.map(\.target)) == Set(Self.mayImport.keys).subtracting(["CPcap"]))
        for file in files {
            for line in file.lines {
                guard let match = line.wholeMatch(of: /\s*(?:@?\w+ )*import (?:\w+ )?(\w+).*/)
                else { continue }
                let name = String(match.1)
                guard Self.mayImport[name] != nil else { continue }
                #expect(
                    Self.mayImport[file.target]?.contains(name) == true,
                    "\(file.path) imports \(name)")
            }
        }
    }

    @Test func `unsafe stays in its two corners`() throws {
        for file in try Self.files() where !Self.mayBeUnsafe.contains(file.path) {
            for line in file.lines {
                let isUnsafe = line.contains(/(?:^|[ (=])(?:@?unsafe\b|Unsafe\w+)/)
                #expect(!isUnsafe, "\(file.path): \(line)")
            }
        }
    }

    @Test func `no file has grown past one duty`() throws {
        for file in try Self.files() {
            #expect(file.lines.count <= 400, "\(file.path) has \(file.lines.count) lines")
        }
    }

    /// A format that no registry names is never asked.
    @Test(arguments: ["ConfigFormat": "Formats", "JointFormat": "JointFormats"])
    func `every format stands in its registry`(_ kind: String, _ registry: String) throws {
        let files = try Self.files()
        let path = "PolicyFormats/\(registry).swift"
        let named = try #require(files.first { $0.path == path }?.lines.joined(separator: "\n"))
        let made = try Regex(
            "(?:enum|struct|extension) (\\w+): \(kind) \\{", as: (Substring, Substring).self)
        let formats = files.flatMap(\.lines).compactMap {
            $0.firstMatch(of: made).map { $0.output.1 }
        }
        #expect(formats.count >= 8)
        for format in formats {
            #expect(named.contains(try Regex("\\b\(format)\\.self")), "\(format) is not in \(path)")
        }
    }
}
