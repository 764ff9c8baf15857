import Capture
import Dice
import FTP
import Foundation
import Net
import Streams
import Testing

/// vsftpd and its clients, with a network between that loses, doubles, delays and splits packets:
/// what a capture at either end, or both together, tells is what the clients did.
@Suite(.enabled(if: HostileNetwork.missing == nil, "\(HostileNetwork.missing ?? "")"))
struct HostileNetworkTests {
    /// How many networks are tried.
    private static let rounds =
        ProcessInfo.processInfo.environment["PINHOLE_NETWORK_ROUNDS"].flatMap(Int.init) ?? 2

    @Test(arguments: 1...max(1, rounds))
    func `tells what the clients did`(seed: Int) throws {
        let network = try HostileNetwork(seed: seed)
        defer { network.remove() }
        let told = network.sessions.filter(\.isWhole)
        try #require(told.count >= 10)
        for ends in [["client"], ["server"], ["client", "server"]] {
            let records = network.records(of: ends)
            #expect(records.count == network.sessions.count)
            for session in told {
                let record = try #require(records[session.port], "\(ends), port \(session.port)")
                let place: Comment = "\(ends), port \(session.port)"
                #expect(record.login == .accepted, place)
                #expect(record.user == "anonymous", place)
                #expect(record.oddities.isEmpty, place)
                #expect(record.visibility.gaps == 0, place)
                #expect(record.channels.map(HostileNetwork.Channel.init) == session.channels, place)
            }
        }
    }

    /// A capture that lacks packets says less, and nothing else.
    @Test func `makes up nothing where packets are missing`() throws {
        let network = try HostileNetwork(seed: 0)
        defer { network.remove() }
        for (round, share) in [0.01, 0.03, 0.1, 0.3].enumerated() {
            var dice = Dice(seed: UInt64(round))
            let records = network.records(of: ["client"]) {
                Double.random(in: 0..<1, using: &dice) < share
            }
            for session in network.sessions {
                guard let record = records[session.port] else { continue }
                for channel in record.channels.map(HostileNetwork.Channel.init)
                where channel.port != nil {
                    #expect(
                        session.channels.contains {
                            $0.announcedBy == channel.announcedBy && $0.port == channel.port
                        }, "\(share), port \(session.port): \(channel)")
                }
            }
        }
    }
}
