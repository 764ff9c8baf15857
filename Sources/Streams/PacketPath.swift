public import Capture
public import Net

/// What every packet passes: decoding, counting, the flow table. Almost all end here.
///
/// Kept in one value, so that a packet costs one access to its owner.
public struct PacketPath {
    public private(set) var decoder = Decoder()
    /// What was read of each capture, by its index.
    public private(set) var coverage: [Coverage]
    public var table: FlowTable
    /// The latest time seen.
    public private(set) var now = Timestamp(nanoseconds: .min)
    private var nextSweep: Int64 = .min
    private var packetsSinceSweep = 0
    /// A sweep is due after this many packets at the earliest, so that its cost is shared.
    public var sweepInterval = 0

    /// What is to be done about a frame.
    public enum Seen {
        case nothing
        /// TCP that its flow's owner, or who looks for one, wants to see.
        case packet(FlowTable.Tracked)
        /// The same, with its payload in `decoder.assembled`.
        case assembledPacket(FlowTable.Tracked)
        /// An ICMP unreachable about the SYN of the flow at this index.
        case unreachable(Int)
    }

    public init(captures: Int, limits: Limits) {
        coverage = [Coverage](repeating: Coverage(), count: max(captures, 1))
        table = FlowTable(limit: limits.flows)
    }

    /// Takes frames from `index` on, up to one that somebody is to look at, or that makes a sweep
    /// due; `index` is then that frame's, else their count.
    public mutating func take(
        _ frames: Span<PlacedFrame>, _ bytes: Span<UInt8>, from index: inout Int
    ) -> Seen {
        while index < frames.count {
            let frame = frames[index]
            let seen = take(frame.header, bytes.extracting(frame.range))
            if case .nothing = seen, !isSweepDue {
                index += 1
                continue
            }
            return seen
        }
        return .nothing
    }

    /// Takes a frame. Where the answer is not `nothing`, `decoder.packet` describes it.
    @inline(__always)
    public mutating func take(_ header: FrameHeader, _ bytes: Span<UInt8>) -> Seen {
        packetsSinceSweep += 1
        if header.time > now { now = header.time }
        let decoded = decoder.decode(bytes, header)
        if header.capture < coverage.count {
            coverage[header.capture].count(header, captured: bytes.count, as: decoded)
        }
        switch decoded {
        case .tcp:
            let tracked = table.track(
                decoder.packet, PacketMark(header),
                firstByte: decoder.packet.payloadLength > 0
                    ? bytes[decoder.packet.payloadStart] : nil)
            return tracked.map(Seen.packet) ?? .nothing
        case .assembledTCP:
            let tracked = table.track(
                decoder.packet, PacketMark(header),
                firstByte: decoder.packet.payloadLength > 0
                    ? decoder.assembled[decoder.packet.payloadStart] : nil)
            return tracked.map(Seen.assembledPacket) ?? .nothing
        case .unreachable:
            return table.noteUnreachable(decoder.packet, PacketMark(header)).map(Seen.unreachable)
                ?? .nothing
        case .fragment, .otherIP, .notIP, .undecodable: return .nothing
        }
    }

    /// Whether enough time and packets have passed for a look at everything that waits.
    public var isSweepDue: Bool {
        packetsSinceSweep >= sweepInterval && now.nanoseconds >= nextSweep
    }

    /// Lets time pass without a packet.
    public mutating func pass(to time: Timestamp) {
        if time > now { now = time }
        packetsSinceSweep = max(packetsSinceSweep, sweepInterval)
    }

    /// A sweep was made; the next is due a second later.
    public mutating func noteSweep() {
        nextSweep = now.nanoseconds.addingReportingOverflow(1_000_000_000).partialValue
        packetsSinceSweep = 0
    }
}
