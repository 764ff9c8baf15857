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

    public var bytes: [UInt8] { frames.bytes }
    public var assembledBytes: [UInt8] { assembled }
}

/// Frames to packets: decodes them and counts what could be read.
public struct PacketReader: Sendable {
    private var decoder: Decoder
    private let flowHash = FlowHash()
    /// What was read of each capture, by its index.
    public private(set) var coverage: [Coverage]

    public init(captures: Int, limits: DecoderLimits = DecoderLimits()) {
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
    @inline(__always)
    public mutating func read(_ header: FrameHeader, _ bytes: Span<UInt8>) -> Packet? {
        let decoded = decoder.decode(bytes, header)
        if header.capture < coverage.count {
            coverage[header.capture].count(header, captured: bytes.count, as: decoded)
        }
        var packet = decoder.packet
        switch decoded {
        case .tcp:
            packet.kind = .tcp
            packet.firstByte = packet.payloadLength > 0 ? bytes[packet.payloadStart] : 0
        case .assembledTCP:
            packet.kind = .assembledTCP
            packet.firstByte =
                packet.payloadLength > 0 ? decoder.assembled[packet.payloadStart] : 0
        case .unreachable: packet.kind = .unreachable
        case .fragment, .otherIP, .notIP, .undecodable: return nil
        }
        packet.mark = PacketMark(header)
        flowHash.mark(&packet)
        packet.isTruncated = decoded == .tcp && bytes.count < header.originalLength
        return packet
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
        for frame in placed.frames {
            guard var packet = read(frame.header, bytes.extracting(frame.range)) else { continue }
            if packet.kind == .assembledTCP {
                packet.payloadStart += batch.assembled.count
                batch.assembled += decoder.assembled
            } else {
                packet.payloadStart += frame.start
            }
            batch.packets.append(packet)
        }
    }
}
