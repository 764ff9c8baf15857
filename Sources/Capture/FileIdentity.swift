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
}
