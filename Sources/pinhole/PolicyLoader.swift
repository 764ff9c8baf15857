import Analyzer
import Capture
import Foundation
import Policy
import PolicyFormats
import SiteFile

/// Reads configuration files and keeps, for the report, what became of each.
final class PolicyLoader {
    /// More than any firewall's export; a file beyond it is refused.
    static let largestFile = 64 << 20

    /// Files of one folder.
    static let mostFiles = 1000

    private(set) var inputs: [AuditReport.Input] = []
    private let folder: URL?

    /// - Parameter folder: what relative paths are relative to; nil: the working directory.
    init(relativeTo folder: URL? = nil) { self.folder = folder }

    /// Reads a file as the format named, or as the one that recognises it; of a folder all files,
    /// which are one server or device together.
    func load(_ path: String, as format: String?) throws(SiteFile.LoadFailure) -> Configuration {
        if let files = try files(in: path) {
            return try load(together: files, as: format, named: path)
        }
        var input = AuditReport.Input(file: path, kind: .configuration)
        defer {
            if !inputs.contains(where: { $0.file == path && $0.kind == .configuration }) {
                inputs.append(input)
            }
        }
        do {
            let place = URL(filePath: path, relativeTo: folder).path(percentEncoded: false)
            if format == nil, CaptureSet.isCapture(place) {
                throw SiteFile.LoadFailure("\(path): a capture, not a configuration")
            }
            let bytes = try read(path)
            if format == nil, bytes.isEmpty {
                throw SiteFile.LoadFailure("\(path): the file is empty")
            }
            input.bytes = UInt64(bytes.count)
            input.sha256 = FileDigests.digest(of: bytes)
            let configuration = try Formats.read(file: path, bytes: bytes, as: format)
            input.format = configuration.format
            for note in configuration.notes { input.lines[note.state, default: 0] += 1 }
            input.notes = configuration.notes.filter {
                $0.state != .used && $0.state != .irrelevant
            }
            return configuration
        } catch {
            let failure =
                (error as? SiteFile.LoadFailure) ?? SiteFile.LoadFailure(Self.sentence(error, path))
            input.state = .unreadable
            input.problem = failure.reason
            throw failure
        }
    }

    /// Reads several files that are one device together.
    func load(
        together paths: [String], as format: String?, named name: String? = nil
    ) throws(SiteFile.LoadFailure) -> Configuration {
        if paths.count == 1 { return try load(paths[0], as: format) }
        var files: [(file: String, bytes: [UInt8])] = []
        for path in paths {
            let bytes = try read(path)
            files.append((path, bytes))
            var input = AuditReport.Input(file: path, kind: .configuration)
            input.bytes = UInt64(bytes.count)
            input.sha256 = FileDigests.digest(of: bytes)
            inputs.append(input)
        }
        do {
            let configuration = try Formats.read(together: files, as: format)
            for index in inputs.indices where configuration.unused.contains(inputs[index].file) {
                inputs[index].state = .unused
                inputs[index].problem = "not used: no other file names it"
            }
            return configuration
        } catch {
            let name = name ?? paths.joined(separator: ", ")
            throw SiteFile.LoadFailure(Self.sentence(error, name))
        }
    }

    /// The files of a folder, and of those in it, by name; nil where the path is none.
    private func files(in path: String) throws(SiteFile.LoadFailure) -> [String]? {
        let url = URL(filePath: path, relativeTo: folder)
        let keys: [URLResourceKey] = [.isDirectoryKey, .isRegularFileKey]
        guard (try? url.resourceValues(forKeys: Set(keys)).isDirectory) == true else { return nil }
        var found: [String] = []
        let all = FileManager.default.enumerator(
            at: url, includingPropertiesForKeys: keys)
        let base = url.standardizedFileURL.path(percentEncoded: false)
        while let file = all?.nextObject() as? URL {
            guard (try? file.resourceValues(forKeys: Set(keys)).isRegularFile) == true else {
                continue
            }
            guard found.count < Self.mostFiles else {
                throw SiteFile.LoadFailure("\(path): more than \(Self.mostFiles) files")
            }
            let place = file.standardizedFileURL.path(percentEncoded: false).dropFirst(base.count)
            found.append(path + (path.hasSuffix("/") || place.hasPrefix("/") ? "" : "/") + place)
        }
        guard !found.isEmpty else { throw SiteFile.LoadFailure("\(path): no file in it") }
        return found.sorted()
    }

    /// The bytes of a file, or of standard input where the user, not a site file, says `-`; a
    /// sentence where they can't be had.
    func read(_ path: String) throws(SiteFile.LoadFailure) -> [UInt8] {
        let url = URL(filePath: path, relativeTo: folder)
        do {
            let handle =
                path == "-" && folder == nil
                ? FileHandle.standardInput : try FileHandle(forReadingFrom: url)
            let data = try handle.read(upToCount: Self.largestFile + 1) ?? Data()
            guard data.count <= Self.largestFile else {
                throw SiteFile.LoadFailure("\(path): larger than \(Self.largestFile >> 20) MiB")
            }
            return [UInt8](data)
        } catch let failure as SiteFile.LoadFailure {
            throw failure
        } catch {
            let isFolder = (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true
            let reason = isFolder ? "a folder, not a file" : Self.reason(error)
            throw SiteFile.LoadFailure("\(path): \(reason)")
        }
    }

    /// What the system says, without the path in quotes that Foundation adds.
    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile, .fileNoSuchFile: "no such file"
        case .fileReadNoPermission: "permission denied"
        default: "cannot be read"
        }
    }

    /// A sentence on a name that no format has: those that hold it, else all.
    static func unknown(format name: String) -> String {
        let names = Formats.all.map { $0.name }.sorted()
        let alike = names.filter { !name.isEmpty && $0.contains(name.lowercased()) }
        return "no format is named '\(name)'; expected "
            + (alike.isEmpty ? names : alike).joined(separator: ", ")
    }

    private static var known: String { Formats.all.map { $0.name }.joined(separator: ", ") }

    static func sentence(_ error: any Error, _ path: String) -> String {
        switch error as? Formats.Refusal {
        case .unknownName(let name, _): unknown(format: name)
        case .notRecognised:
            "\(path): no format recognises it; name one with `as` or --as: \(known)"
        case .ambiguous(_, let formats):
            "\(path): several formats recognise it (\(formats.joined(separator: ", "))); name one with `as` or --as"
        case .notUnderstood(_, let format):
            "\(path): no line of it was understood as \(format)"
        case .notTogether(let file, let format):
            "\(path): not one device or server: \(file) is one of its own (\(format))"
        case nil: "\(path): cannot be read"
        }
    }
}
