import Capture
import Foundation

/// Standard output: results, and nothing else.
final class Results {
    private var waiting = ""

    private static let most = 1 << 16

    /// Writes a line, at once or with those that follow.
    func line(_ text: String) throws(Failure) { try add(text + "\n") }

    /// Writes text, at once or with what follows.
    func add(_ text: String) throws(Failure) {
        waiting += text
        if waiting.utf8.count >= Self.most { try finish() }
    }

    /// Writes what still waits.
    func finish() throws(Failure) {
        guard !waiting.isEmpty else { return }
        defer { waiting.removeAll(keepingCapacity: true) }
        try Self.write(waiting)
    }

    /// Writes text at once.
    ///
    /// - Throws: `Failure` with the system's reason where it can't be written. Where nobody reads any
    ///   more, the system ends the program in silence.
    static func write(_ text: String) throws(Failure) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            throw .unusable("standard output: cannot be written: \(Cause.of(error))")
        }
    }
}

/// Why the system refused something.
enum Cause {
    /// What the system says: `No space left on device`.
    static func of(_ error: any Error) -> String {
        if let error = error as? POSIXError { return words(error.code) }
        if let inner = (error as? CocoaError)?.underlying { return of(inner) }
        if let inner = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error {
            return of(inner)
        }
        let own = error as NSError
        if own.domain == NSPOSIXErrorDomain, let code = POSIXErrorCode(rawValue: Int32(own.code)) {
            return words(code)
        }
        switch (error as? CocoaError)?.code {
        case .fileWriteOutOfSpace: return words(.ENOSPC)
        case .fileWriteNoPermission: return words(.EACCES)
        case .fileWriteVolumeReadOnly: return words(.EROFS)
        case .fileNoSuchFile, .fileReadNoSuchFile: return words(.ENOENT)
        case .fileWriteFileExists: return words(.EEXIST)
        default: return "the system gives no reason"
        }
    }

    private static func words(_ code: POSIXErrorCode) -> String {
        SystemMessage.of(code.rawValue)
    }
}
