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
    /// Frames that the source has lost since its begin, as far as it knows.
    public var dropped: UInt64 = 0

    public init() {}

    public mutating func removeAll() {
        frames.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    public mutating func append(_ header: FrameHeader, _ captured: Span<UInt8>) {
        let start = bytes.count
        frames.append(PlacedFrame(header, start: start, length: captured.count))
        bytes.append(contentsOf: repeatElement(0, count: captured.count))
        var room = bytes.mutableSpan
        for index in 0..<captured.count { room[start + index] = captured[index] }
    }

    mutating func append(_ header: FrameHeader, _ captured: ArraySlice<UInt8>) {
        frames.append(PlacedFrame(header, start: bytes.count, length: captured.count))
        bytes.append(contentsOf: captured)
    }
}
