import Foundation

/// Files written whole or not at all.
enum OutputFile {
    /// Writes all of the files; where one can't be written none appears, and those that they would
    /// have replaced stay.
    static func write(_ texts: some Sequence<(file: URL, text: String)>) throws(Failure) {
        var files: [WholeFile] = []
        do throws(Failure) {
            for (url, text) in texts {
                files.append(try WholeFile(url.path(percentEncoded: false)))
                try files.last?.write(Array(text.utf8))
                try files.last?.settle()
            }
            for file in files { try file.appear() }
            for file in files { file.forgetFormer() }
        } catch {
            for file in files { file.abandon() }
            throw error
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
