public import Capture
public import Net

/// What every packet passes: the flow table. Almost all end here.
///
/// Kept in one value, so that a packet costs one access to its owner.
public struct PacketPath {
    public var table: FlowTable
    /// The latest time seen.
    public private(set) var now = Timestamp.distantPast
    private var nextSweep: Int64 = .min
    private var packetsSinceSweep = 0
    /// Packets in a row that are far from what time it is.
    private var leaps = 0
    private static let longestStep: UInt64 = 3_600_000_000_000
    private static let confirmed = 16
    /// A sweep is due after this many packets at the earliest, so that its cost is shared.
    public var sweepInterval = 0

    /// What is to be done about a packet.
    public enum Seen {
        case nothing
        /// TCP that its flow's owner, or who looks for one, wants to see.
        case packet(FlowTable.Tracked)
        /// An ICMP unreachable about the SYN of the flow at this index.
        case unreachable(Int)
        /// A packet of the flow at this index, which has ended or was silent: its owner may have
        /// done with it, and is asked before `retake`.
        case due(Int)
    }

    public init(limits: Limits) {
        // An announcement may come after the connection that it is about.
        table = FlowTable(
            limit: limits.flows, keptAfterEnd: max(FlowTable.usuallyKept, limits.recentAge),
            silence: min(limits.linger, limits.dataIdle))
    }

    /// Takes packets from `index` on, up to one that somebody is to look at, or that makes a sweep
    /// due; `index` is then that packet's, else their count.
    public mutating func take(_ packets: Span<Packet>, from index: inout Int) -> Seen {
        while index < packets.count {
            let seen = take(packets[index])
            if case .nothing = seen, !isSweepDue {
                index += 1
                continue
            }
            return seen
        }
        return .nothing
    }

    @inline(__always)
    public mutating func take(_ packet: borrowing Packet) -> Seen {
        packetsSinceSweep += 1
        advance(to: packet.mark.time)
        return packet.kind == .unreachable ? table.noteUnreachable(packet) : table.track(packet)
    }

    /// Follows the packets' time; where one leaps by more than an hour only once others confirm
    /// it, so that a frame with a wrong time stops no clock.
    @inline(__always)
    private mutating func advance(to time: Timestamp) {
        let (ahead, isFar) = time.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
        guard !isFar, ahead.magnitude <= Self.longestStep else {
            leap(to: time)
            return
        }
        leaps = 0
        if ahead > 0 { now = time }
    }

    @inline(never)
    private mutating func leap(to time: Timestamp) {
        leaps += 1
        guard leaps == Self.confirmed || now.nanoseconds == .min else { return }
        now = time
        nextSweep = .min
        leaps = 0
    }

    /// Takes a packet whose flow was due, and is settled.
    public mutating func retake(_ packet: borrowing Packet) -> Seen {
        packet.kind == .unreachable
            ? table.noteUnreachable(packet, isSettled: true)
            : table.track(packet, isSettled: true)
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
