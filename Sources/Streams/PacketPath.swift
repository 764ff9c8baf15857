public import Capture

/// What every packet passes: the flow table. Almost all end here.
///
/// Kept in one value, so that a packet costs one access to its owner.
public struct PacketPath {
    public var table: FlowTable
    /// What time it is, and when a sweep is due.
    public var clock = PacketClock()

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
            if let seen = table.takeUsual(packets, from: &index, &clock) { return seen }
            guard index < packets.count else { break }
            let seen = take(packets[index])
            if case .nothing = seen, !clock.isSweepDue {
                index += 1
                continue
            }
            return seen
        }
        return .nothing
    }

    public mutating func take(_ packet: borrowing Packet) -> Seen {
        clock.count(packet.mark.time)
        return packet.kind == .unreachable ? table.noteUnreachable(packet) : table.track(packet)
    }

    /// Takes a packet whose flow was due, and is settled.
    public mutating func retake(_ packet: borrowing Packet) -> Seen {
        packet.kind == .unreachable
            ? table.noteUnreachable(packet, isSettled: true)
            : table.track(packet, isSettled: true)
    }
}
