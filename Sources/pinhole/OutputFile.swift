import Foundation

/// Files written whole or not at all.
enum OutputFile {
    /// Writes to a temporary file beside the target, then renames.
    static func write(_ text: String, to url: URL) throws(Failure) {
        do {
            try Data(text.utf8).write(to: url, options: .atomic)
        } catch {
            throw .unusable(
                "\(url.path(percentEncoded: false)): cannot be written: \(Cause.of(error))")
        }
    }

    /// The folder, made where it isn't there.
    static func folder(_ path: String) throws(Failure) -> URL {
        let url = URL(filePath: path, directoryHint: .isDirectory)
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw .unusable("\(path): cannot be made a folder: \(Cause.of(error))")
        }
        return url
    }
}
