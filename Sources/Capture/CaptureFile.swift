/// A pcap or pcapng file, plain or packed with gzip, zstd or xz; `-` is standard input.
///
/// What follows a break in the file is not guessed at: frames before it count, and `problems`
/// says where it broke.
public final class CaptureFile: PacketSource {
    private var cursor: FrameCursor

    /// A frame longer than this is a sign of a broken file.
    static let longestFrame = 16 << 20

    /// Opens the file and reads its first bytes.
    ///
    /// - Parameters:
    ///   - path: The file, or `-` for standard input.
    ///   - capture: Index of this file in the list of captures, copied into each frame.
    /// - Throws: `CaptureProblem` where it cannot be opened or is no capture.
    public init(path: String, capture: Int) throws(CaptureProblem) {
        cursor = try FrameCursor(path: path, capture: capture)
    }

    public var path: String { cursor.path }

    public var problems: [CaptureProblem] { cursor.problems }

    public func advance() -> Step { cursor.advance() }

    public func next(_ body: (FrameHeader, Span<UInt8>) -> Void) -> Step { cursor.next(body) }

    public func withBytes(_ body: (Span<UInt8>) -> Void) { cursor.withBytes(body) }
}
