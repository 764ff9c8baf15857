import FTP
import Net

/// When frames were lost on their way here: what was not seen then may have been there.
struct Losses {
    /// Times that are told apart; of more the two oldest become one.
    static let kept = 1024
    /// An answer comes within so many nanoseconds, or is waited for in vain.
    private static let patience: Int64 = 1_000_000_000

    /// Ascending, and further apart than that.
    private var times: [ClosedRange<Timestamp>] = []

    mutating func note(_ time: ClosedRange<Timestamp>) {
        if let last = times.last, time.lowerBound <= last.upperBound.after(Self.patience) {
            let first = min(last.lowerBound, time.lowerBound)
            times[times.count - 1] = first...max(last.upperBound, time.upperBound)
        } else {
            times.append(time)
        }
        if times.count > Self.kept {
            times[1] = times[0].lowerBound...times[1].upperBound
            times.removeFirst()
        }
    }

    /// The record without what may only seem so: for want of an answer, or of an attempt.
    func doubted(_ record: SessionRecord) -> SessionRecord {
        guard !times.isEmpty else { return record }
        var record = record
        for index in record.channels.indices {
            let channel = record.channels[index]
            let isDoubtful =
                switch channel.outcome {
                case .unanswered:
                    hidesAnswer(
                        to: channel.dataFrame ?? channel.frame,
                        channel.lastDataFrame ?? channel.frame)
                case .unused: hides(channel.frame.time...max(channel.frame, record.last).time)
                default: false
                }
            if isDoubtful { record.channels[index].outcome = .unseen }
        }
        for index in record.hiddenData.indices
        where record.hiddenData[index].outcome == .unanswered {
            let hidden = record.hiddenData[index]
            if hidesAnswer(to: hidden.first, hidden.last) {
                record.hiddenData[index].outcome = .unseen
            }
        }
        return record
    }

    /// Whether an attempt only seems to be one that nobody answered.
    func doubts(_ attempt: ControlAttempt) -> Bool {
        attempt.outcome == .unanswered && hidesAnswer(to: attempt.first, attempt.last)
    }

    /// Whether the answers to both, the first SYN and the last, may have been lost.
    private func hidesAnswer(to first: FrameReference, _ last: FrameReference) -> Bool {
        [first, last].allSatisfy { hides($0.time...$0.time.after(Self.patience)) }
    }

    private func hides(_ time: ClosedRange<Timestamp>) -> Bool {
        for lost in times.reversed() {
            if lost.overlaps(time) { return true }
            if lost.upperBound < time.lowerBound { return false }
        }
        return false
    }
}
