import FTP
import Net

extension ServerView {
    /// Those of `outside`, offers of ports outside the range, that were made while others held
    /// all of it.
    func madeWhileFull(_ outside: [Offer], _ range: PortSet) -> [Offer] {
        guard !outside.isEmpty, range.count <= offers.count else { return [] }
        var holders = PortHolders(
            passiveOffers.compactMap { offer in
                guard let port = offer.port, range.contains(port) else { return nil }
                return (port, offer.held)
            })
        let moments = outside.map(\.channel.frame.time)
        var full: Set<Int> = []
        for index in outside.indices.sorted(by: { moments[$0] < moments[$1] }) {
            holders.pass(to: moments[index])
            if holders.count >= range.count { full.insert(index) }
        }
        return outside.indices.filter(full.contains).map { outside[$0] }
    }

    /// The most offers that were held at one time.
    static func peak(of offers: Offers) -> Int {
        var begins: [Int64] = []
        var ends: [Int64] = []
        for offer in offers {
            let held = offer.held
            begins.append(held.lowerBound.nanoseconds)
            ends.append(held.upperBound.nanoseconds)
        }
        begins.sort()
        ends.sort()
        var (ended, most) = (0, 0)
        for (begun, begin) in begins.enumerated() {
            // At the same moment an end comes first: a port that is handed on counts once.
            while ended < ends.count, ends[ended] <= begin { ended += 1 }
            most = max(most, begun + 1 - ended)
        }
        return most
    }
}

extension Offer {
    /// From the announcement to the last packet of its data connection, its reply, or its own frame.
    var held: ClosedRange<Timestamp> {
        let begin = channel.frame.time
        return
            begin...max(
                begin, channel.lastDataFrame?.time ?? begin, channel.answer?.time ?? begin)
    }
}

/// Which ports are held while time passes.
private struct PortHolders {
    typealias Span = (port: UInt16, held: ClosedRange<Timestamp>)

    private var begins: ArraySlice<Span>
    private var ends: ArraySlice<Span>
    private var holders: [UInt16: Int] = [:]

    init(_ spans: [Span]) {
        begins = spans.sorted { $0.held.lowerBound < $1.held.lowerBound }[...]
        ends = spans.sorted { $0.held.upperBound < $1.held.upperBound }[...]
    }

    /// Ports that are held.
    var count: Int { holders.count }

    /// Moments do not go back; a port is held at both ends of its span.
    mutating func pass(to moment: Timestamp) {
        while let next = begins.first, next.held.lowerBound <= moment {
            holders[next.port, default: 0] += 1
            begins.removeFirst()
        }
        while let next = ends.first, next.held.upperBound < moment {
            let left = (holders[next.port] ?? 1) - 1
            holders[next.port] = left > 0 ? left : nil
            ends.removeFirst()
        }
    }
}
