import FTP
import Net

extension ServerView {
    /// The most passive data connections of the server that were open at one time, or offered and
    /// not yet taken.
    var mostOpenAtOnce: Int { peak(of: passiveOffers.compactMap(\.held)) }

    /// How many passive offers of the server held ports of `ports` at a moment, other than `id`.
    func held(in ports: PortSet, at moment: Timestamp, except id: Offer.ID) -> Set<UInt16> {
        Set(
            passiveOffers.filter { offer in
                offer.id != id && (offer.held?.contains(moment) ?? false)
            }
            .compactMap(\.port).filter(ports.contains))
    }

    private func peak(of spans: [ClosedRange<Timestamp>]) -> Int {
        var edges = spans.flatMap { [($0.lowerBound, 1), ($0.upperBound, -1)] }
        // At the same moment an end comes first: a port that is handed on counts once.
        edges.sort { ($0.0, $0.1) < ($1.0, $1.1) }
        var (open, most) = (0, 0)
        for edge in edges {
            open += edge.1
            most = max(most, open)
        }
        return most
    }
}

extension Offer {
    /// From the announcement to the last packet of its data connection, its reply, or its own frame.
    var held: ClosedRange<Timestamp>? {
        let ends = [channel.lastDataFrame?.time, channel.answer?.time, channel.frame.time]
        guard let end = ends.compactMap(\.self).max(), end >= channel.frame.time else { return nil }
        return channel.frame.time...end
    }
}

extension ServerView {
    /// Whether every port of the range was held by other offers when this one was made.
    func isFull(_ range: PortSet, at offer: Offer) -> Bool {
        range.count <= offers.count
            && held(in: range, at: offer.channel.frame.time, except: offer.id).count >= range.count
    }
}
