import Capture
import Net

// What a packet changes in its flow.
extension Flow {
    /// The next sequence number that an end is expected to send, where it is known.
    @inline(__always)
    func next(_ end: Int) -> SequenceNumber? {
        state.contains(.knownLow.of(end)) ? SequenceNumber(ends[end].next) : nil
    }

    /// A SYN that begins another connection between the same two endpoints.
    func isReused(by packet: borrowing Packet) -> Bool {
        guard packet.flags.contains(.syn), !packet.flags.contains(.ack) else { return false }
        if state.contains(.syn) || state.contains(.synAck) { return packet.sequence != initial }
        // A SYN that was captured just after the packets that followed it.
        let isLate = packet.mark.nanoseconds &- first.nanoseconds > 1_000_000_000
        return isLate || isOver ? true : !precedes(packet)
    }

    /// Whether a SYN may be the one before what is known of the bytes of its end.
    private func precedes(_ packet: borrowing Packet) -> Bool {
        let begin = SequenceNumber(packet.sequence).advanced(by: 1)
        let isLow = packet.isFromLow
        let known = next(Flow.end(low: isLow)) ?? acknowledged(byLow: !isLow)
        return known.map { (0...Self.window).contains($0.distance(from: begin)) } ?? true
    }

    /// Whether somebody looks at a packet.
    @inline(__always)
    func isWanted(_ packet: borrowing Packet) -> Bool {
        role == .control ? isTold(of: packet) : isSought(in: packet)
    }

    /// Whether the owner of a control connection wants to see a packet: what it says beside its
    /// acknowledgement stands here.
    @inline(__always)
    private func isTold(of packet: borrowing Packet) -> Bool {
        let (length, lost, isCut) = (packet.payloadLength, packet.payloadLost, packet.isTruncated)
        let (flags, capture) = (packet.flags, packet.mark.capture)
        return length + lost > 0 || !flags.isDisjoint(with: [.syn, .fin, .rst]) || isCut
            || state.contains(.watched) || capture != last.capture
    }

    /// Whether who looks for control connections wants to see a packet.
    @inline(__always)
    private func isSought(in packet: borrowing Packet) -> Bool {
        guard packet.payloadLength > 0 else { return false }
        return role != .data && !state.contains(.dismissed)
    }

    /// Notes a packet.
    ///
    /// - Returns: What it was to the flow, which stands at that index, and whether somebody looks
    ///   at it.
    @inline(__always)
    mutating func take(
        _ packet: borrowing Packet, at index: Int, isNew: Bool
    ) -> (FlowTable.Tracked, isWanted: Bool) {
        let end = Self.end(low: packet.isFromLow)
        let isWanted = isWanted(packet)
        let tracked = FlowTable.Tracked(
            index: index, isNew: isNew, fromLow: packet.isFromLow, expected: next(end))
        note(packet, of: end)
        return (tracked, isWanted)
    }

    /// Notes a packet of an end.
    @inline(__always)
    mutating func note(_ packet: borrowing Packet, of end: Int) {
        last = packet.mark
        hops[end] = packet.hopLimit
        let flags = packet.flags
        state.formUnion(.packetLow.of(end))
        if flags.contains(.ack) {
            ends[end].acknowledged = packet.acknowledgement
            state.formUnion(.ackLow.of(end))
        }
        if !flags.isDisjoint(with: [.syn, .rst, .fin]), takesFlags(packet, of: end) { return }
        let length = packet.payloadLength + packet.payloadLost
        guard length > 0 else {
            if flags.contains(.ack), isOpener(end) { state.insert(.used) }
            if !state.contains(.knownLow.of(end)) { set(SequenceNumber(packet.sequence), end) }
            return
        }
        if flags.contains(.ack) { state.insert(.used) }
        advance(to: packet.sequence, length: length, end)
        if !state.contains(.payloadLow.of(end)) { noteFirstPayload(packet, of: end) }
    }

    private mutating func noteFirstPayload(_ packet: borrowing Packet, of end: Int) {
        state.formUnion(.payloadLow.of(end))
        if packet.payloadLength > 0, (20...23).contains(packet.firstByte) {
            state.formUnion(.tlsLow.of(end))
        }
    }

    /// Takes the flags of a packet that opens or ends the connection; true where nothing else of it
    /// counts.
    @inline(never)
    private mutating func takesFlags(_ packet: borrowing Packet, of end: Int) -> Bool {
        let flags = packet.flags
        if isStray(packet, of: end) { return true }
        if flags.contains(.rst) {
            noteReset(packet, of: end)
            return true
        }
        if flags.contains(.syn) {
            noteSynchronize(packet, of: end)
            return true
        }
        state.formUnion(.finLow.of(end))
        return false
    }

    /// Whether an end of a control connection lies so far from its bytes that its receiver takes
    /// no notice (RFC 9293 section 3.10.7.4): it hides nothing of what follows.
    private func isStray(_ packet: borrowing Packet, of end: Int) -> Bool {
        guard role == .control, !packet.flags.contains(.syn), let next = next(end) else {
            return false
        }
        return SequenceNumber(packet.sequence).distance(from: next).magnitude > Self.window
    }

    /// Bytes that may be under way on a control connection.
    private static let window = 1 << 20

    @inline(__always)
    private func isOpener(_ end: Int) -> Bool { state.contains(.openedByLow.of(end)) }

    @inline(__always)
    private mutating func advance(to sequence: UInt32, length: Int, _ end: Int) {
        let after = SequenceNumber(sequence).advanced(by: length)
        guard let next = next(end) else {
            set(after, end)
            bytes[end] &+= UInt64(length)
            return
        }
        let more = after.distance(from: next)
        guard more > 0 else { return }
        // A leap beyond any window is another connection's packet, not data of this one.
        bytes[end] &+= UInt64(more < 1 << 30 ? more : length)
        ends[end].next = after.value
    }

    private mutating func set(_ next: SequenceNumber, _ end: Int) {
        ends[end].next = next.value
        state.formUnion(.knownLow.of(end))
    }

    private mutating func noteSynchronize(_ packet: borrowing Packet, of end: Int) {
        let mark = packet.mark
        let begin = SequenceNumber(packet.sequence).advanced(by: 1)
        if packet.flags.contains(.ack) {
            if opener == nil { state.formUnion(.openedByLow.of(1 - end)) }
            guard !isOpener(end) else { return }
            if !state.contains(.synAck) {
                if !state.contains(.syn) { initial = packet.acknowledgement &- 1 }
                state.insert(.synAck)
                setAnswer(mark, hopLimit: packet.hopLimit, replaces: true)
                state.remove([.refused, .prohibited, .rstLow, .rstHigh])
            }
        } else {
            if opener == nil { state.formUnion(.openedByLow.of(end)) }
            guard isOpener(end) else { return }
            if !state.contains(.syn) { initial = packet.sequence }
            state.insert(.syn)
            // The same SYN seen twice by a mirror port comes at once; a real retry takes longer.
            if lastSYN == .min || mark.nanoseconds &- lastSYN > 100_000_000 {
                attempts = attempts == .max ? .max : attempts + 1
                lastSYN = mark.nanoseconds
            }
        }
        if !state.contains(.knownLow.of(end)) { set(begin, end) }
    }

    private mutating func noteReset(_ packet: borrowing Packet, of end: Int) {
        state.formUnion(.rstLow.of(end))
        guard state.contains(.syn), !isEstablished, !isOpener(end) else { return }
        if !state.contains(.refused) {
            state.insert(.refused)
            setAnswer(packet.mark, hopLimit: packet.hopLimit)
        }
    }

    mutating func noteUnreachable(_ packet: borrowing Packet) {
        guard !state.contains(.prohibited) else { return }
        state.insert(.prohibited)
        icmpType = packet.icmpType
        icmpCode = packet.icmpCode
        setAnswer(packet.mark, hopLimit: packet.hopLimit)
    }
}
