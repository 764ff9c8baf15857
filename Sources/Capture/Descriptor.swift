#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// An open file, pipe or unpacking program. The calls of the C library, and with them all code
/// that the compiler cannot check, are in this file.
final class Descriptor {
    private var number: Int32
    /// Programs at whose output this reads, the one that unpacks last.
    private var children: [pid_t]
    private let program: String?

    private init(number: Int32, children: [pid_t] = [], program: String? = nil) {
        self.number = number
        self.children = children
        self.program = program
    }

    deinit { close() }

    /// No file at all.
    static var none: Descriptor { Descriptor(number: -1) }

    static func open(_ path: String) throws(CaptureProblem) -> Descriptor {
        guard path != "-" else { return Descriptor(number: dup(0)) }
        let number = Self.opened(path)
        guard number >= 0 else {
            throw CaptureProblem(path: path, offset: 0, reason: .cannotOpen(errno: errno))
        }
        return Descriptor(number: number)
    }

    private static func opened(_ path: String) -> Int32 {
        #if canImport(Glibc)
            unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        #else
            unsafe Musl.open(path, O_RDONLY | O_CLOEXEC)
        #endif
    }

    /// Reads into `buffer` from `start` on; 0 at the end, nil on an error.
    func read(into buffer: inout [UInt8], from start: Int) -> Int? {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
                #if canImport(Glibc)
                    return unsafe Glibc.read(number, rest.baseAddress, rest.count)
                #else
                    return unsafe Musl.read(number, rest.baseAddress, rest.count)
                #endif
            }
            if count >= 0 { return count }
            if errno != EINTR { return nil }
        }
    }

    var lastError: Int32 { errno }

    /// The program that failed and its status, once everything was read.
    func failure() -> (program: String, status: Int32)? {
        guard let program, let child = children.last else { return nil }
        children.removeLast()
        var status: Int32 = 0
        guard unsafe waitpid(child, &status, 0) == child, status != 0 else { return nil }
        return (program, status >> 8 & 0xff)
    }

    func close() {
        if number >= 0 {
            #if canImport(Glibc)
                _ = Glibc.close(number)
            #else
                _ = Musl.close(number)
            #endif
        }
        number = -1
        for child in children {
            var status: Int32 = 0
            _ = unsafe waitpid(child, &status, 0)
        }
        children = []
    }

    /// What `program -dc` makes of the bytes already read, followed by the rest of this.
    func unpacked(
        by program: String, path: String, after head: [UInt8]
    ) throws(CaptureProblem) -> Descriptor {
        do {
            let (input, feed) = try Self.pipe()
            // The head is a few bytes, so that the empty pipe takes it at once.
            _ = unsafe head.withUnsafeBytes { unsafe write(feed, $0.baseAddress, $0.count) }
            let feeder = try Self.spawn(["cat"], input: number, output: feed)
            _ = Self.closed(feed)
            let (output, sink) = try Self.pipe()
            let unpacker = try Self.spawn([program, "-dc"], input: input, output: sink)
            _ = Self.closed(input)
            _ = Self.closed(sink)
            return Descriptor(number: output, children: [feeder, unpacker], program: program)
        } catch {
            throw CaptureProblem(
                path: path, offset: 0,
                reason: .noDecompressor(program: program, errno: error.number))
        }
    }

    private struct SystemError: Error { var number: Int32 }

    private static func closed(_ number: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.close(number)
        #else
            Musl.close(number)
        #endif
    }

    private static func pipe() throws(SystemError) -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        guard Self.made(&ends) == 0 else { throw SystemError(number: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func made(_ ends: inout [Int32]) -> Int32 {
        #if canImport(Glibc)
            unsafe Glibc.pipe(&ends)
        #else
            unsafe Musl.pipe(&ends)
        #endif
    }

    private static func spawn(
        _ words: [String], input: Int32, output: Int32
    ) throws(SystemError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe "/dev/null".withCString { null in
            _ = unsafe posix_spawn_file_actions_addopen(&actions, 2, null, O_WRONLY, 0)
        }
        var arguments = unsafe words.map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        var child: pid_t = 0
        let status = unsafe posix_spawnp(&child, words[0], &actions, nil, arguments, environ)
        for index in unsafe arguments.indices { unsafe free(arguments[index]) }
        unsafe posix_spawn_file_actions_destroy(&actions)
        guard status == 0 else { throw SystemError(number: status) }
        return child
    }

    /// Whether the path leads to a file, not to a pipe or device on which opening may wait.
    static func isFile(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// What a path may lead to; a stream is all that is neither file nor folder.
    enum Kind { case file, folder, stream }

    /// Which file the path leads to; nil where it is another kind, or none can be had.
    static func identity(_ path: String, of kind: Kind = .file) -> FileIdentity? {
        var status = stat()
        let found = unsafe path == "-" ? fstat(0, &status) : stat(path, &status)
        let type = status.st_mode & S_IFMT
        let own: Kind = type == S_IFREG ? .file : type == S_IFDIR ? .folder : .stream
        guard found == 0, own == kind else { return nil }
        return FileIdentity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    }

    /// The names in a folder, sorted by their bytes; nil where it is none.
    static func names(in folder: String) -> [String]? {
        guard let handle = unsafe opendir(folder) else { return nil }
        defer { unsafe closedir(handle) }
        var names: [String] = []
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Gives a file another name, in place of what had it; the error's number where that failed.
    static func rename(_ path: String, to name: String) -> Int32? {
        #if canImport(Glibc)
            unsafe Glibc.rename(path, name) == 0 ? nil : errno
        #else
            unsafe Musl.rename(path, name) == 0 ? nil : errno
        #endif
    }

    static func message(_ number: Int32) -> String {
        guard let text = unsafe strerror(number) else { return "error \(number)" }
        return unsafe String(cString: text)
    }
}
