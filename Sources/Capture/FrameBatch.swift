import Net

/// A frame, and where its bytes stand in the memory that is lent with it.
public struct PlacedFrame: Hashable, Sendable {
    public var header: FrameHeader
    /// Index of its first byte.
    public var start: Int
    /// Bytes that were captured.
    public var length: Int

    @inlinable
    public init(_ header: FrameHeader, start: Int, length: Int) {
        self.header = header
        self.start = start
        self.length = length
    }

    @inlinable public var range: Range<Int> { start..<start + length }
}

/// Frames, and the memory that holds their bytes.
public struct FrameBatch: Sendable {
    public internal(set) var frames: [PlacedFrame] = []
    public internal(set) var bytes: [UInt8] = []

    public init() {}

    mutating func removeAll() {
        frames.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func append(_ header: FrameHeader, _ captured: Span<UInt8>) {
        frames.append(PlacedFrame(header, start: bytes.count, length: captured.count))
        for index in 0..<captured.count { bytes.append(captured[index]) }
    }

    mutating func append(_ header: FrameHeader, _ captured: ArraySlice<UInt8>) {
        frames.append(PlacedFrame(header, start: bytes.count, length: captured.count))
        bytes.append(contentsOf: captured)
    }
}
