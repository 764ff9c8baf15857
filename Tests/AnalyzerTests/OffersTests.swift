import Dice
import FTP
import Net
import Testing

@testable import Analyzer

@Suite struct OffersTests {
    private static func view(_ sessions: [[DataChannel]], _ addresses: [IPAddress]) -> ServerView {
        let records = sessions.enumerated().map { index, channels in
            Made.session(channels) { $0.first = Made.frame(sessions.count - index) }
        }
        let rows = records.indices.map { UInt32($0) }
        return ServerView(
            nil, seenAt: Endpoint(addresses[0], 21),
            sessions: ServerSessions(Traffic(records), rows: rows))
    }

    @Test func `finds offers by their numbers, and those of the server's own`() {
        let foreign = IPAddress(v4: 0xc000_0263)
        var moved = Made.channel(5003, .established, address: foreign)
        var active = Made.channel(4000, .established)
        active.announcedBy = .port
        var unread = Made.channel(5004, .unused)
        unread.advertised = nil
        // The second offer names another address, and the client looked for it there.
        moved.server = Endpoint(foreign, 5003)
        let view = Self.view(
            [
                [Made.channel(5001, .refused), active, unread],
                [Made.channel(5002, .established, address: foreign), moved],
            ], [Made.server])
        // The later session began first.
        #expect(view.offers.map { $0.port } == [5002, 5003, 5001, 4000, nil])
        #expect(view.passiveOffers.map { $0.port } == [5002, 5003, 5001])
        #expect(view.ownOffers.map { $0.port } == [5002, 5001])
        #expect(view.offered == PortSet(ports: [5001, 5002, 5003]))
        for offer in view.offers {
            let found = view.offers[offer.id]
            #expect(found.id == offer.id && found.channel.frame == offer.channel.frame)
            #expect(found.port == offer.port)
        }
        #expect(view.ownOffers.map(\.id) == [view.offers[0].id, view.offers[2].id])
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `counts what is held at one time, moment by moment`(_ seed: UInt64) {
        var dice = Dice(seed: seed)
        for _ in 0..<100 {
            let channels = (0..<Int.random(in: 0...12, using: &dice)).map { _ in
                var channel = Made.channel(5001, .unused, at: Int.random(in: 1...9, using: &dice))
                let last = Int.random(in: 0...12, using: &dice)
                if last > 0 { channel.lastDataFrame = Made.frame(last) }
                return channel
            }
            let view = Self.view([channels], [Made.server])
            // At a moment at which one ends and another begins the port is handed on.
            let most = (1...12).map { moment in
                let time = Made.frame(moment).time
                return view.offers.count {
                    $0.held.lowerBound <= time && time < $0.held.upperBound
                }
            }.max()
            #expect(view.mostOpenAtOnce == most, "seed \(seed)")
        }
    }
}
