/// A pcap or pcapng file, plain or packed with gzip, zstd or xz; `-` is standard input.
///
/// What follows a break in the file is not guessed at: frames before it count, and `problems`
/// says where it broke.
public final class CaptureFile: PacketSource {
    private var cursor: FrameCursor
    private(set) var isParked = false
    /// The first frame, where the file was parked.
    private(set) var current: FrameHeader?

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

    /// Of a distilled capture: the comments that name what it was made from. Its frames count as
    /// theirs: their `capture` is this file's plus the index here.
    public var origins: [String] { cursor.origins }

    /// Closes the file until `resume()`: of many files only those stay open that are being read.
    ///
    /// Standard input cannot be read twice and stays as it is. To be called before the second
    /// frame.
    func park() {
        guard path != "-", !isParked else { return }
        isParked = true
        cursor.close()
    }

    /// Opens a parked file again at its first frame.
    func resume() {
        guard isParked else { return }
        isParked = false
        do {
            cursor = try FrameCursor(path: path, capture: cursor.capture)
            if case .frame(let header) = cursor.advance() { current = header }
        } catch {
            cursor.note(error)
        }
    }

    public var problems: [CaptureProblem] { cursor.problems }

    public var lost: [Int: UInt64] { cursor.lost > 0 ? [cursor.capture: cursor.lost] : [:] }

    public func advance() -> Step { cursor.advance() }

    public func fill(_ batch: inout FrameBatch) -> Bool { cursor.fill(&batch) }

    /// Copies the frame that `advance()` moved to.
    func copy(_ header: FrameHeader, into batch: inout FrameBatch) {
        batch.append(header, cursor.frameBytes)
    }

    public func withBytes(_ body: (Span<UInt8>) -> Void) { cursor.withBytes(body) }
}
