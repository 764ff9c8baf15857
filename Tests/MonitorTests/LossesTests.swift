import FTP
import Net
import Testing

@testable import Monitor

@Suite struct LossesTests {
    private static func time(_ seconds: Double) -> Timestamp {
        Timestamp(nanoseconds: 1_000_000_000_000 + Int64(seconds * 1e9))
    }

    private static func frame(_ seconds: Double) -> FrameReference {
        FrameReference(capture: 0, number: 1, time: time(seconds))
    }

    /// Announced at 9, with SYNs at 10 and 16; a session up to 20.
    private static func record(
        _ outcome: DataChannel.Outcome, syns: (Double, Double) = (10, 16)
    ) -> SessionRecord {
        var record = SessionRecord(
            client: Endpoint(IPAddress(v4: 1), 40000), server: Endpoint(IPAddress(v4: 2), 21),
            first: frame(0))
        record.last = frame(20)
        var channel = DataChannel(announcedBy: .passive, frame: frame(9))
        channel.outcome = outcome
        if outcome != .unused {
            channel.dataFrame = frame(syns.0)
            channel.lastDataFrame = frame(syns.1)
        }
        record.channels = [channel]
        return record
    }

    private static func losses(_ times: [(Double, Double)]) -> Losses {
        var losses = Losses()
        for (first, last) in times { losses.note(time(first)...time(last)) }
        return losses
    }

    /// Of two SYNs one is enough whose answer would have been seen.
    @Test(
        arguments: [
            ([], .unanswered, .unanswered), ([(12, 13)], .unanswered, .unanswered),
            ([(10.5, 10.6)], .unanswered, .unanswered),
            ([(10.5, 10.6), (16.2, 16.3)], .unanswered, .unseen),
            ([(5, 30)], .unanswered, .unseen), ([(1, 8), (18, 30)], .unanswered, .unanswered),
            ([(5, 30)], .refused, .refused), ([(5, 30)], .established, .established),
            ([(12, 13)], .unused, .unseen), ([(1, 8), (21, 22)], .unused, .unused),
        ] as [([(Double, Double)], DataChannel.Outcome, DataChannel.Outcome)])
    func `what was not seen while frames were lost is not told`(
        _ times: [(Double, Double)], _ outcome: DataChannel.Outcome, _ told: DataChannel.Outcome
    ) {
        let record = Self.losses(times).doubted(Self.record(outcome))
        #expect(record.channels[0].outcome == told)
    }

    /// Of very many losses the oldest count as one.
    @Test func `is bounded, and errs for the doubt`() {
        let first = -3.0 * Double(2 * Losses.kept)
        let times = (0..<2 * Losses.kept).map { (first + 3 * Double($0), first + 3 * Double($0)) }
        let losses = Self.losses(times)
        func hides(_ seconds: Double) -> Bool {
            let record = Self.record(.unanswered, syns: (seconds, seconds))
            return losses.doubted(record).channels[0].outcome == .unseen
        }
        #expect(hides(first + 1.2))
        #expect(!hides(-1.8))
        #expect(hides(-3))
    }
}
