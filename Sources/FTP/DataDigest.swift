import Capture
import Streams

/// Which packets of a data connection tell what became of it: those that open and end it, the
/// first and last payload of each end, one now and then, and those around a silence.
///
/// A `Flow` that sees only these comes to the same state, bytes counted included.
struct DataDigest {
    /// A packet: its frame, and those of its fragments.
    struct Place {
        var frame: Int
        var fragments: [Int] = []
        var time: Int64
    }

    private var ends = [End(), End()]
    private var last: Place?
    private var lastKept: Int64 = .min

    /// Nanoseconds without a packet that is kept, or without any, that are shown as they were.
    static let longestUntold: Int64 = 30_000_000_000
    static let silence: Int64 = 10_000_000_000
    /// Bytes that are left out between two packets; a flow takes 2^30 for another connection's.
    static let mostSkipped = 1 << 29

    private struct End {
        var isSeen = false
        var hasAcknowledged = false
        var hasPayload = false
        var next: SequenceNumber?
        var told: SequenceNumber?
        var furthest: Place?
    }

    /// Takes a packet, and says which packets are to be kept because of it.
    mutating func take(
        _ packet: borrowing Packet, fromLow: Bool, _ place: Place
    ) -> [Place] {
        var kept: [Place] = []
        let way = fromLow ? 0 : 1
        let flags = packet.flags
        var isKept = !ends[way].isSeen || !flags.isDisjoint(with: [.syn, .fin, .rst])
        ends[way].isSeen = true
        if let last, place.time &- last.time > Self.silence {
            kept.append(last)
            isKept = true
        }
        if lastKept == .min || place.time &- lastKept > Self.longestUntold { isKept = true }
        if flags.isDisjoint(with: [.syn, .rst]) {
            if flags.contains(.ack), !ends[way].hasAcknowledged {
                ends[way].hasAcknowledged = true
                isKept = true
            }
            let length = packet.payloadLength + packet.payloadLost
            if length > 0, !ends[way].hasPayload {
                ends[way].hasPayload = true
                isKept = true
            }
            advance(way, packet, length, place, &isKept, &kept)
        }
        if isKept {
            kept.append(place)
            lastKept = place.time
        }
        last = place
        return kept
    }

    private mutating func advance(
        _ way: Int, _ packet: borrowing Packet, _ length: Int, _ place: Place,
        _ isKept: inout Bool, _ kept: inout [Place]
    ) {
        let end = SequenceNumber(packet.sequence).advanced(by: length)
        guard let next = ends[way].next else {
            ends[way].next = end
            ends[way].told = end
            isKept = true
            return
        }
        let more = end.distance(from: next)
        guard more > 0, length > 0 else { return }
        if more >= Self.mostSkipped, let furthest = ends[way].furthest {
            kept.append(furthest)
            isKept = true
        }
        if let told = ends[way].told {
            let untold = end.distance(from: told)
            if untold < 0 || untold >= Self.mostSkipped { isKept = true }
        }
        ends[way].next = end
        ends[way].furthest = place
        if isKept { ends[way].told = end }
    }

    /// What is kept at the end: the last packet, and the one that brought each end furthest.
    func finish() -> [Place] { ends.compactMap(\.furthest) + [last].compactMap { $0 } }
}
