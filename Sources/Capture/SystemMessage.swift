/// What the system calls its errors.
public enum SystemMessage {
    /// `No space left on device`.
    public static func of(_ errno: Int32) -> String { Descriptor.message(errno) }
}
