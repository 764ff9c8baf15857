import Crypto
import Dispatch
import Foundation
import Synchronization

/// SHA-256 of files, made on a thread of its own while the captures are read.
final class FileDigests: Sendable {
    private let digests = Mutex<[String: String]>([:])
    private let group = DispatchGroup()

    /// Begins with the files.
    init(_ paths: [String]) {
        DispatchQueue(label: "pinhole.digests").async(group: group) {
            for path in paths {
                guard let digest = Self.digest(path) else { continue }
                self.digests.withLock { $0[path] = digest }
            }
        }
    }

    /// The digests by path, once all are made.
    func wait() -> [String: String] {
        group.wait()
        return digests.withLock { $0 }
    }

    /// Of a regular file; nil for anything else and for what cannot be read.
    static func digest(_ path: String) -> String? {
        // A pipe would be read empty, or waited for.
        let own = URL(filePath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: own)
        guard attributes?[.type] as? FileAttributeType == .typeRegular,
            let handle = FileHandle(forReadingAtPath: path)
        else { return nil }
        defer { try? handle.close() }
        var hash = SHA256()
        while let data = try? handle.read(upToCount: 1 << 20), !data.isEmpty {
            hash.update(data: data)
        }
        return hex(hash.finalize())
    }

    static func digest(of bytes: [UInt8]) -> String { hex(SHA256.hash(data: bytes)) }

    /// 64 lower-case hexadecimal digits.
    private static func hex(_ digest: SHA256.Digest) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
