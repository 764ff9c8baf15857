public import Net

/// What is known of a frame beside its bytes.
public struct FrameHeader: Hashable, Sendable {
    /// Index into the list of captures of this run.
    public var capture: Int
    /// From 1, in the order of the file, as Wireshark numbers it.
    public var number: Int
    public var time: Timestamp
    /// Bytes on the wire; more than were lent where the snap length cut the frame.
    public var originalLength: Int
    public var linkType: LinkType

    @inlinable
    public init(
        capture: Int, number: Int, time: Timestamp, originalLength: Int, linkType: LinkType
    ) {
        self.capture = capture
        self.number = number
        self.time = time
        self.originalLength = originalLength
        self.linkType = linkType
    }
}

/// Frames, one after the other: a file, several files merged by time, an interface.
///
/// Call `advance()`; after `.frame`, `withBytes` lends the bytes of that frame until the next
/// `advance()`. Or call `fill`, which hands over many at once.
public protocol PacketSource: AnyObject {
    /// Moves to the next frame.
    func advance() -> Step

    /// Lends the captured bytes of the frame that `advance()` moved to.
    func withBytes(_ body: (Span<UInt8>) -> Void)

    /// Moves over the next frames, as many as lie ready, and hands them over with their memory:
    /// what a loop over all wants.
    ///
    /// - Parameter batch: Takes them; its memory is used again.
    /// - Returns: False where no frame follows.
    func fill(_ batch: inout FrameBatch) -> Bool

    /// What kept the source from being read to its end: empty where nothing did.
    var problems: [CaptureProblem] { get }

    /// Frames that whoever took a capture says it lost, by the capture's index, once all was read.
    var lost: [Int: UInt64] { get }
}

extension PacketSource {
    public var lost: [Int: UInt64] { [:] }

    public func fill(_ batch: inout FrameBatch) -> Bool {
        batch.removeAll()
        while true {
            switch advance() {
            case .idle: continue
            case .end: return false
            case .frame(let header):
                withBytes { batch.append(header, $0) }
                return true
            }
        }
    }
}

/// What `PacketSource.advance()` found.
public enum Step: Hashable, Sendable {
    case frame(FrameHeader)
    /// Nothing for now; time may pass on. Only interfaces say so.
    case idle
    /// No frame will follow; `problems` tells whether that was the true end.
    case end
}
