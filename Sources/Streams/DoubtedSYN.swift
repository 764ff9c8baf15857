import Capture

/// A SYN into a control connection that goes on.
///
/// Its receiver takes no notice, but that it acknowledges once more what it expects (RFC 5961
/// section 4.2), which tells a client that lost the connection to end it and to try again.
struct DoubtedSYN {
    let packet: Packet
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

    /// Takes such a SYN: true where it begins the connection at once, being the second in a row, or
    /// one more than can be kept.
    @inline(never)
    mutating func takeDoubtful(_ packet: borrowing Packet, _ index: Int) -> Bool {
        guard let doubt = doubts[index], doubt.packet.sequence == packet.sequence,
            doubt.last == flows[index].last
        else { return !keepDoubt(packet, index) }
        guard packet.mark.nanoseconds &- doubt.packet.mark.nanoseconds > Self.mirrored else {
            return false
        }
        begin(doubt, index)
        return true
    }

    /// Keeps a SYN until it is answered; where there are too many, those that nobody can answer any
    /// more are let go, else the connection begins.
    private mutating func keepDoubt(_ packet: borrowing Packet, _ index: Int) -> Bool {
        if doubts[index] == nil, doubts.count >= Self.mostDoubts {
            let now = packet.mark.nanoseconds
            for (other, doubt) in doubts
            where flows[other].isOver || now &- doubt.packet.mark.nanoseconds > Self.longest {
                forgetDoubt(other)
            }
            guard doubts.count < Self.mostDoubts else {
                replace(index, packet)
                return false
            }
        }
        doubts[index] = DoubtedSYN(packet: copy packet, last: flows[index].last)
        flows[index].state.insert(.doubted)
        return true
    }

    /// Nothing is doubted of a flow any more.
    mutating func forgetDoubt(_ index: Int) {
        doubts[index] = nil
        flows[index].state.remove(.doubted)
    }

    /// Whether a packet is a doubted SYN: nothing of it is the flow's.
    @inline(never)
    func isDoubted(_ packet: borrowing Packet, _ index: Int) -> Bool {
        guard packet.flags.contains(.syn), !packet.flags.contains(.ack) else { return false }
        return doubts[index]?.packet.sequence == packet.sequence
    }

    /// Whether a packet tells that a doubted SYN of its flow was answered: another begins then, with
    /// the SYN. The listener acknowledges it, or its sender goes on behind it.
    @inline(never)
    mutating func isAnswer(_ packet: borrowing Packet, _ index: Int) -> Bool {
        guard let doubt = doubts[index] else { return false }
        let (next, flags) = (doubt.packet.sequence &+ 1, packet.flags)
        let (sequence, acknowledged) = (packet.sequence, packet.acknowledgement)
        let goesOn = sequence == next && flags.isDisjoint(with: [.syn, .rst])
        let acknowledges = acknowledged == next && flags.contains(.ack)
        let isAnswer = packet.isFromLow == doubt.packet.isFromLow ? goesOn : acknowledges
        if isAnswer { begin(doubt, index) }
        return isAnswer
    }

    private mutating func begin(_ doubt: DoubtedSYN, _ index: Int) {
        replace(index, doubt.packet)
        flows[index].note(doubt.packet, of: Flow.end(low: doubt.packet.isFromLow))
    }
}
