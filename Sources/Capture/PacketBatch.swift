public import Net

/// Packets, and the memory in which their payloads stand.
public struct PacketBatch: Sendable {
    public internal(set) var packets: [Packet] = []
    fileprivate var frames = FrameBatch()
    /// Payloads of packets that came in IP fragments.
    fileprivate var assembled: [UInt8] = []

    public init() {}

    /// Takes the next frames of a source, to be decoded.
    ///
    /// - Returns: False where the source has ended.
    public mutating func fill(from source: some PacketSource) -> Bool { source.fill(&frames) }

    /// Bytes that its frames take where they stand.
    public var size: Int {
        guard let first = frames.frames.first, let last = frames.frames.last else { return 0 }
        return last.start + last.length - first.start
    }

    public var frameCount: Int { frames.frames.count }
    /// When its last frame was captured; nil where it has none.
    public var last: Timestamp? { frames.frames.last?.header.time }
    /// See `FrameBatch.dropped`.
    public var dropped: UInt64 { frames.dropped }

    public var bytes: [UInt8] { frames.bytes }
    public var assembledBytes: [UInt8] { assembled }
}

/// Frames to packets: decodes them and counts what could be read.
public struct PacketReader: Sendable {
    /// Looks at a TCP payload and makes of it what who takes the packet wants to know of it: a
    /// number that depends on nothing but the bytes.
    public typealias Remark = @Sendable (Span<UInt8>) -> UInt32
    /// Bytes of a payload that is looked at; of a longer one the remark is zero: a full segment is
    /// almost always one of many.
    private static let mostRemarked = 1280

    private var decoder: Decoder
    private let flowHash = FlowHash()
    private let remark: Remark?
    /// What was read of each capture, by its index.
    public private(set) var coverage: [Coverage]

    public init(
        captures: Int, limits: DecoderLimits = DecoderLimits(), remark: Remark? = nil
    ) {
        self.remark = remark
        decoder = Decoder(limits: limits)
        coverage = [Coverage](repeating: Coverage(), count: max(captures, 1))
    }

    /// Fragment trains given up because a bound was reached.
    public var fragmentsDropped: Int { decoder.fragmentsDropped }

    /// The payload of the packet that was read last, where it came in fragments.
    public var assembled: [UInt8] { decoder.assembled }

    /// Reads a frame.
    ///
    /// - Returns: What the upper layers want of it, with its payload placed in `bytes`, or in
    ///   `assembled`; nil where they want nothing.
    public mutating func read(_ header: FrameHeader, _ bytes: Span<UInt8>) -> Packet? {
        reads(header, bytes) ? decoder.packet : nil
    }

    /// Reads a frame into the decoder's packet; false where the upper layers want nothing of it.
    @inline(__always)
    private mutating func reads(_ header: FrameHeader, _ bytes: Span<UInt8>) -> Bool {
        let decoded = decoder.decode(bytes, header)
        if header.capture < coverage.count {
            coverage[header.capture].count(header, captured: bytes.count, as: decoded)
        }
        let start = decoder.packet.payloadStart
        let hasPayload = decoder.packet.payloadLength > 0
        switch decoded {
        case .tcp:
            decoder.packet.kind = .tcp
            decoder.packet.firstByte = hasPayload ? bytes[start] : 0
            decoder.packet.remark = remarked(bytes)
        case .assembledTCP:
            decoder.packet.kind = .assembledTCP
            decoder.packet.firstByte = hasPayload ? decoder.assembled[start] : 0
            decoder.packet.remark = remarked(assembled.span)
        case .unreachable: decoder.packet.kind = .unreachable
        case .fragment, .otherIP, .notIP, .undecodable: return false
        }
        decoder.packet.mark = PacketMark(header)
        decoder.packet.isTruncated = decoded == .tcp && bytes.count < header.originalLength
        flowHash.mark(&decoder.packet)
        return true
    }

    @inline(__always)
    private func remarked(_ bytes: Span<UInt8>) -> UInt32 {
        guard (1...Self.mostRemarked).contains(decoder.packet.payloadLength), let remark else {
            return 0
        }
        return remark(bytes.extracting(decoder.packet.payloadRange))
    }

    /// Decodes the frames of a batch.
    public mutating func decode(_ batch: inout PacketBatch) {
        batch.packets.removeAll(keepingCapacity: true)
        batch.assembled.removeAll(keepingCapacity: true)
        // Taken out while they are read, so that the rest of the batch can be written.
        var placed = FrameBatch()
        swap(&placed, &batch.frames)
        defer { swap(&placed, &batch.frames) }
        let bytes = placed.bytes.span
        batch.packets.append(addingCapacity: placed.frames.count) { packets in
            for frame in placed.frames {
                guard reads(frame.header, bytes.extracting(frame.range)) else { continue }
                if decoder.packet.kind == .assembledTCP {
                    decoder.packet.payloadStart += batch.assembled.count
                    batch.assembled += decoder.assembled
                } else {
                    decoder.packet.payloadStart += frame.start
                }
                packets.append(decoder.packet)
            }
        }
    }
}
