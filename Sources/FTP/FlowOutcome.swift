import Capture
import Net
import Streams

extension Flow {
    /// What became of a connection, as far as its packets tell.
    ///
    /// `isOneSided`: of the traffic around it only one direction was captured, so that a missing
    /// answer says nothing.
    func outcome(isOneSided: Bool) -> DataChannel.Outcome {
        if isEstablished { return .established }
        if state.contains(.prohibited) { return .prohibited }
        if state.contains(.refused) { return .refused }
        guard state.contains(.syn) else { return .unseen }
        return isOneSided ? .unseen : .unanswered
    }

    /// Whether it lacks nothing but an answer to its one SYN, and that is not due yet.
    func mayBeAnswered(at now: Timestamp, _ limits: Limits) -> Bool {
        attempts == 1 && !isOver && outcome(isOneSided: false) == .unanswered
            && now.since(first.time) <= limits.linger
    }

    var icmp: DataChannel.ICMP? {
        state.contains(.prohibited) ? DataChannel.ICMP(type: icmpType, code: icmpCode) : nil
    }

    var answerFrame: FrameReference? { answer.map { FrameReference($0) } }

    var answerTTL: UInt8? { answer == nil ? nil : answerHopLimit }
}
