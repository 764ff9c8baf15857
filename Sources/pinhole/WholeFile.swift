import Capture
import Foundation

/// A file that is written piece by piece and appears only once it is whole; `-` is standard output.
/// A pipe or a device is written at once: nothing may take its place.
final class WholeFile {
    private let target: URL?
    private let temporary: URL?
    private let handle: FileHandle
    private var waiting = Data()
    private let path: String
    private var hasAppeared = false
    private var isNew = true

    private static let most = 1 << 20

    /// As complaints name it.
    private var name: String { path == "-" ? "standard output" : path }

    init(_ path: String) throws(Failure) {
        self.path = path
        guard path != "-" else {
            (target, temporary, handle) = (nil, nil, .standardOutput)
            return
        }
        guard !FileIdentity.isStream(path) else {
            (target, temporary) = (nil, nil)
            do {
                handle = try FileHandle(forWritingTo: URL(filePath: path))
            } catch {
                throw .unusable("\(path): cannot be written: \(Cause.of(error))")
            }
            return
        }
        // What a link leads to is written, not the link.
        let target = URL(filePath: path, directoryHint: .notDirectory).resolvingSymlinksInPath()
        let folder = target.deletingLastPathComponent()
        let temporary = folder.appending(
            path: ".\(target.lastPathComponent).\(UUID().uuidString).part")
        let isFolder =
            (try? target.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
        guard !isFolder else {
            throw .unusable("\(path): is a folder; a file is to be written there")
        }
        do {
            try Data().write(to: temporary)
            handle = try FileHandle(forWritingTo: temporary)
        } catch {
            throw .unusable("\(path): cannot be written: \(Cause.of(error))")
        }
        (self.target, self.temporary) = (target, temporary)
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        waiting.append(contentsOf: bytes)
        if waiting.count >= Self.most { try flush() }
    }

    private func flush() throws(Failure) {
        do {
            try handle.write(contentsOf: waiting)
        } catch {
            throw .unusable("\(name): cannot be written: \(Cause.of(error))")
        }
        waiting.removeAll(keepingCapacity: true)
    }

    /// All is written: the file takes its name.
    func finish() throws(Failure) {
        try settle()
        try appear()
        forgetFormer()
    }

    /// Writes what still waits; the file is whole, and has not appeared yet.
    func settle() throws(Failure) {
        try flush()
        guard temporary != nil else { return }
        do {
            try handle.close()
        } catch {
            throw .unusable("\(name): cannot be written: \(Cause.of(error))")
        }
    }

    /// The file takes its name; what had that is kept until `forgetFormer`, where the file system
    /// has links.
    func appear() throws(Failure) {
        guard let target, let temporary else { return }
        isNew = !FileManager.default.fileExists(atPath: target.path(percentEncoded: false))
        if let former, !isNew { try? FileManager.default.linkItem(at: target, to: former) }
        if let problem = Self.move(temporary, to: target) {
            throw .unusable("\(path): cannot be written: \(problem)")
        }
        hasAppeared = true
    }

    /// Where the file has appeared for good.
    func forgetFormer() {
        if let former { try? FileManager.default.removeItem(at: former) }
    }

    /// Leaves nothing behind, and what was there before where it was.
    func abandon() {
        guard let target, let temporary, let former else { return }
        try? handle.close()
        guard hasAppeared else {
            try? FileManager.default.removeItem(at: temporary)
            return forgetFormer()
        }
        if isNew {
            try? FileManager.default.removeItem(at: target)
        } else {
            _ = Self.move(former, to: target)
        }
    }

    /// What had the file's name.
    private var former: URL? { temporary?.appendingPathExtension("former") }

    private static func move(_ file: URL, to name: URL) -> String? {
        PcapngWriter.move(
            file.path(percentEncoded: false), to: name.path(percentEncoded: false))
    }
}
