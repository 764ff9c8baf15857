import Capture

/// A SYN into a control connection that goes on.
///
/// Its receiver takes no notice, but that it acknowledges once more what it expects (RFC 5961
/// section 4.2), which tells a client that lost the connection to end it and to try again.
struct DoubtedSYN {
    let packet: Packet
    let generation: UInt32
    /// The last packet of the connection before it.
    let last: PacketMark
}

extension FlowTable {
    static let mostDoubts = 64
    /// A SYN that comes again so soon is the same one, seen twice.
    private static let mirrored: Int64 = 100_000_000

    /// Whether a SYN that would begin another connection in place of a flow is to be answered
    /// first: of a control connection that neither end has ended both were seen.
    func isDoubtful(_ index: Int) -> Bool {
        flows[index].role == .control && flows[index].isEstablished && !flows[index].isOver
            && flows[index].state.isSuperset(of: [.packetLow, .packetHigh])
    }

    /// Takes such a SYN: true where it is the second in a row, and begins the connection at once.
    @inline(never)
    mutating func takeDoubtful(_ packet: borrowing Packet, _ index: Int) -> Bool {
        guard let doubt = doubt(of: index), doubt.packet.sequence == packet.sequence,
            doubt.last == flows[index].last
        else {
            if doubts.count >= Self.mostDoubts { doubts.removeAll() }
            doubts[index] = DoubtedSYN(
                packet: copy packet, generation: flows[index].generation, last: flows[index].last)
            return false
        }
        guard packet.mark.nanoseconds &- doubt.packet.mark.nanoseconds > Self.mirrored else {
            return false
        }
        begin(doubt, index)
        return true
    }

    /// Whether a packet is a doubted SYN: nothing of it is the flow's.
    @inline(never)
    func isDoubted(_ packet: borrowing Packet, _ index: Int) -> Bool {
        guard packet.flags.contains(.syn), !packet.flags.contains(.ack) else { return false }
        return doubt(of: index)?.packet.sequence == packet.sequence
    }

    /// Whether a packet acknowledges a doubted SYN of its flow: another begins then, with the SYN.
    @inline(never)
    mutating func isAnswer(_ packet: borrowing Packet, _ index: Int) -> Bool {
        guard let doubt = doubt(of: index), packet.isFromLow != doubt.packet.isFromLow,
            packet.flags.contains(.ack),
            packet.acknowledgement == doubt.packet.sequence &+ 1
        else { return false }
        begin(doubt, index)
        return true
    }

    private func doubt(of index: Int) -> DoubtedSYN? {
        guard let doubt = doubts[index], doubt.generation == flows[index].generation else {
            return nil
        }
        return doubt
    }

    private mutating func begin(_ doubt: DoubtedSYN, _ index: Int) {
        doubts[index] = nil
        replace(index, doubt.packet)
        flows[index].note(doubt.packet, of: Flow.end(low: doubt.packet.isFromLow))
    }
}
