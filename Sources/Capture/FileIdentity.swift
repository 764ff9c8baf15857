/// Which file it is, by whatever name: two paths with the same identity lead to the same bytes.
public struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let number: UInt64

    init(device: UInt64, number: UInt64) {
        self.device = device
        self.number = number
    }

    /// Follows symbolic links; `-` is what standard input reads. Nil where there is no such file, and
    /// for pipes, devices and folders.
    public init?(path: String) {
        guard let identity = Descriptor.identity(path) else { return nil }
        self = identity
    }

    /// That of a folder; nil where there is none.
    init?(folder: String) {
        guard let identity = Descriptor.identity(folder, of: .folder) else { return nil }
        self = identity
    }

    /// Whether the path leads to a pipe or device, which nothing can stand in for.
    public static func isStream(_ path: String) -> Bool {
        Descriptor.identity(path, of: .stream) != nil
    }
}
