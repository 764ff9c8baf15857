import Capture
import Net

// What a packet changes in its flow.
extension Flow {
    /// The next sequence number that an end is expected to send, where it is known.
    func next(low: Bool) -> SequenceNumber? {
        guard state.contains(low ? .knownLow : .knownHigh) else { return nil }
        return SequenceNumber(low ? nextLow : nextHigh)
    }

    /// A SYN that begins another connection between the same two endpoints.
    func isReused(by packet: borrowing Packet) -> Bool {
        guard packet.flags.contains(.syn), !packet.flags.contains(.ack) else { return false }
        if state.contains(.syn) || state.contains(.synAck) { return packet.sequence != initial }
        // A SYN that was captured just after the packets that followed it.
        return packet.mark.nanoseconds &- first.nanoseconds > 1_000_000_000 || isOver
    }

    /// Notes a packet and says what its flow was before; nil where nobody looks at it, unless
    /// `always`.
    @inline(__always)
    mutating func take(
        _ packet: borrowing Packet, index: Int, fromLow: Bool, isNew: Bool, always: Bool
    ) -> FlowTable.Tracked? {
        let isWanted = role == .control ? isTold(of: packet) : isSought(in: packet)
        guard always || isWanted else {
            note(packet, fromLow: fromLow)
            return nil
        }
        let expected = next(low: fromLow)
        note(packet, fromLow: fromLow)
        return FlowTable.Tracked(
            index: index, fromLow: fromLow, isNew: isNew, role: role, owner: owner,
            isOver: isOver, isDismissed: state.contains(.dismissed), isWatched: isWatched,
            expected: expected)
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

    private mutating func note(_ packet: borrowing Packet, fromLow: Bool) {
        last = packet.mark
        state.insert(fromLow ? .packetLow : .packetHigh)
        let flags = packet.flags
        if fromLow {
            hopsOfLow = packet.hopLimit
            if flags.contains(.ack) { acknowledgedByLow = packet.acknowledgement }
        } else {
            hopsOfHigh = packet.hopLimit
            if flags.contains(.ack) { acknowledgedByHigh = packet.acknowledgement }
        }
        if flags.contains(.ack) { state.insert(fromLow ? .ackLow : .ackHigh) }
        if !flags.isDisjoint(with: [.syn, .rst, .fin]) {
            if isStray(packet, fromLow: fromLow) { return }
            if flags.contains(.rst) {
                noteReset(packet, fromLow: fromLow)
                return
            }
            if flags.contains(.syn) {
                noteSynchronize(packet, fromLow: fromLow)
                return
            }
            state.insert(fromLow ? .finLow : .finHigh)
        }
        let length = packet.payloadLength + packet.payloadLost
        if flags.contains(.ack), length > 0 || isOpener(low: fromLow) { state.insert(.used) }
        advance(to: packet.sequence, length: length, fromLow: fromLow)
        if length > 0, !state.contains(fromLow ? .payloadLow : .payloadHigh) {
            state.insert(fromLow ? .payloadLow : .payloadHigh)
            if packet.payloadLength > 0, (20...23).contains(packet.firstByte) {
                state.insert(fromLow ? .tlsLow : .tlsHigh)
            }
        }
    }

    /// Whether an end of a control connection lies so far from its bytes that its receiver takes
    /// no notice (RFC 9293 section 3.10.7.4): it hides nothing of what follows.
    private func isStray(_ packet: borrowing Packet, fromLow: Bool) -> Bool {
        guard role == .control, !packet.flags.contains(.syn), let next = next(low: fromLow) else {
            return false
        }
        return SequenceNumber(packet.sequence).distance(from: next).magnitude > Self.window
    }

    /// Bytes that may be under way on a control connection.
    private static let window = 1 << 20

    private func isOpener(low: Bool) -> Bool {
        state.contains(low ? .openedByLow : .openedByHigh)
    }

    private mutating func advance(to sequence: UInt32, length: Int, fromLow: Bool) {
        let end = SequenceNumber(sequence).advanced(by: length)
        guard let next = next(low: fromLow) else {
            set(end, low: fromLow)
            if fromLow { bytesLow &+= UInt64(length) } else { bytesHigh &+= UInt64(length) }
            return
        }
        let more = end.distance(from: next)
        guard more > 0, length > 0 else { return }
        // A leap beyond any window is another connection's packet, not data of this one.
        let counted = more < 1 << 30 ? more : length
        if fromLow { bytesLow &+= UInt64(counted) } else { bytesHigh &+= UInt64(counted) }
        set(end, low: fromLow)
    }

    private mutating func set(_ next: SequenceNumber, low: Bool) {
        if low { nextLow = next.value } else { nextHigh = next.value }
        state.insert(low ? .knownLow : .knownHigh)
    }

    private mutating func noteSynchronize(_ packet: borrowing Packet, fromLow: Bool) {
        let mark = packet.mark
        let begin = SequenceNumber(packet.sequence).advanced(by: 1)
        if packet.flags.contains(.ack) {
            if opener == nil { state.insert(fromLow ? .openedByHigh : .openedByLow) }
            guard !isOpener(low: fromLow) else { return }
            if !state.contains(.synAck) {
                if !state.contains(.syn) { initial = packet.acknowledgement &- 1 }
                state.insert(.synAck)
                setAnswer(mark, hopLimit: packet.hopLimit, replaces: true)
                state.remove([.refused, .prohibited, .rstLow, .rstHigh])
            }
        } else {
            if opener == nil { state.insert(fromLow ? .openedByLow : .openedByHigh) }
            guard isOpener(low: fromLow) else { return }
            if !state.contains(.syn) { initial = packet.sequence }
            state.insert(.syn)
            // The same SYN seen twice by a mirror port comes at once; a real retry takes longer.
            if lastSYN == .min || mark.nanoseconds &- lastSYN > 100_000_000 {
                attempts = attempts == .max ? .max : attempts + 1
                lastSYN = mark.nanoseconds
            }
        }
        if !state.contains(fromLow ? .knownLow : .knownHigh) { set(begin, low: fromLow) }
    }

    private mutating func noteReset(_ packet: borrowing Packet, fromLow: Bool) {
        state.insert(fromLow ? .rstLow : .rstHigh)
        guard state.contains(.syn), !isEstablished, !isOpener(low: fromLow) else { return }
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
