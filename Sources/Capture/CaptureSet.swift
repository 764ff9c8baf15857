/// The captures of one run: files, folders and standard input, as a user named them.
public struct CaptureSet: Sendable {
    /// Files in the order of the arguments, each folder sorted by path; `-` is standard input.
    public private(set) var paths: [String] = []
    /// What could not be used at all.
    public private(set) var problems: [CaptureProblem] = []

    /// The captures that frames name by their index, once `open()` was called: each path, or what a
    /// distilled capture was made from.
    public private(set) var captures: [Source] = []

    /// A capture as frames name it.
    public struct Source: Hashable, Sendable {
        public var path: String
        /// The comment of a distilled capture that names the one it was made from.
        public var origin: String?
    }

    /// Folders are followed to this depth and to this many files.
    public static let deepestFolder = 32
    public static let mostFiles = 65_535

    /// With more files than this, those that are not being read are closed.
    static let mostOpen = 16

    /// Suffixes by which a file in a folder claims to be a capture.
    static let suffixes = [".pcap", ".pcapng", ".cap", ".ntar", ".dmp"]
    static let packedSuffixes = ["", ".gz", ".zst", ".xz"]

    /// Lists what the arguments name.
    ///
    /// - Parameters:
    ///   - arguments: Files, folders, or `-`.
    ///   - leavesOut: Whether a file that was found in a folder is none of its captures.
    public init(_ arguments: [String], leavingOut leavesOut: (String) -> Bool = { _ in false }) {
        for argument in arguments {
            guard argument != "-", let names = Descriptor.names(in: argument) else {
                paths.append(argument)
                continue
            }
            let before = paths.count
            var met: Set<FileIdentity> = []
            add(names, of: argument, depth: 0, &met, leavesOut)
            if paths.count == before {
                problems.append(
                    CaptureProblem(path: argument, offset: 0, reason: .emptyFolder))
            }
        }
    }

    /// What links lead to is met once, by the first of its names.
    private mutating func add(
        _ names: [String], of folder: String, depth: Int, _ met: inout Set<FileIdentity>,
        _ leavesOut: (String) -> Bool
    ) {
        if let own = FileIdentity(folder: folder), !met.insert(own).inserted { return }
        for name in names {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            if let inner = Descriptor.names(in: path) {
                if depth < Self.deepestFolder {
                    add(inner, of: path, depth: depth + 1, &met, leavesOut)
                }
            } else if paths.count >= Self.mostFiles {
                let problem = CaptureProblem(
                    path: folder, offset: 0, reason: .tooManyFiles(count: Self.mostFiles))
                if problems.last?.reason != problem.reason { problems.append(problem) }
                return
            } else if !Descriptor.isFile(path) || leavesOut(path) {
                continue
            } else if Self.claims(name) || Self.isCapture(path) {
                if let own = FileIdentity(path: path), !met.insert(own).inserted { continue }
                paths.append(path)
            }
        }
    }

    private static func claims(_ name: String) -> Bool {
        let lower = name.lowercased()
        return suffixes.contains { suffix in
            packedSuffixes.contains { lower.hasSuffix(suffix + $0) }
        }
    }

    /// Whether the path leads to a file that begins like a capture, or to a folder.
    public static func isCapture(_ path: String) -> Bool {
        if path == "-" || Descriptor.names(in: path) != nil { return true }
        guard Descriptor.isFile(path) else { return false }
        guard let file = try? CaptureFile(path: path, capture: 0) else { return false }
        return file.problems.isEmpty
    }

    /// Whether the file is a distilled capture, one that says what it was made from.
    public static func isDistilled(_ path: String) -> Bool {
        guard Descriptor.isFile(path), let file = try? CaptureFile(path: path, capture: 0) else {
            return false
        }
        return !file.origins.isEmpty
    }

    /// Opens what can be opened and merges it by time; the rest stands in `problems`.
    public mutating func open() -> any PacketSource {
        var files: [CaptureFile] = []
        captures = []
        for path in paths {
            do {
                let file = try CaptureFile(path: path, capture: captures.count)
                captures += file.origins.map { Source(path: path, origin: $0) }
                if file.origins.isEmpty { captures.append(Source(path: path)) }
                if paths.count > Self.mostOpen { file.park() }
                files.append(file)
            } catch {
                captures.append(Source(path: path))
                problems.append(error)
            }
        }
        return files.count == 1 && !files[0].isParked ? files[0] : MergedCaptures(files)
    }
}
