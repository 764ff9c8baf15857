import Capture
import Dialogue
import Dice
import Net
import Testing

@testable import FTP
@testable import Streams

@Suite struct RecentConnectionsTests {
    private static let age: Int64 = 3_000_000_000
    private static let server = "203.0.113.10"

    /// One connection to each of these ports of a server.
    private static func table(_ ports: [UInt16]) throws -> (FlowTable, [FlowTable.Handle]) {
        let script = ports.enumerated().reduce("") { script, next in
            script + "server \(server):\(next.element)\n"
                + "client 198.51.\(next.offset / 250).\(next.offset % 250 + 1)\n"
                + "connect unanswered 1\n"
        }
        var table = FlowTable(limit: 4096)
        var reader = PacketReader(captures: 1)
        var handles: [FlowTable.Handle] = []
        for (index, frame) in try Dialogue.frames(script).enumerated() {
            let header = FrameHeader(
                capture: 0, number: index + 1, time: frame.time,
                originalLength: frame.originalLength, linkType: .ethernet)
            guard let packet = reader.read(header, frame.bytes.span),
                case .packet(let tracked) = table.track(packet, isSettled: true, always: true)
            else { continue }
            handles.append(table.handle(tracked.index))
        }
        #expect(handles.count == ports.count)
        return (table, handles)
    }

    @Test(arguments: [1, 5, 300, 5000], [UInt64(1), 2])
    func `finds what a plain list finds`(_ limit: Int, _ seed: UInt64) throws {
        var dice = Dice(seed: seed)
        let ports = (0..<2000).map { _ in UInt16.random(in: 5000..<5040, using: &dice) }
        let (table, handles) = try Self.table(ports)
        let address = try #require(IPAddress(Self.server))
        var recent = RecentConnections(limit: limit, age: Self.age)
        var list: [(handle: FlowTable.Handle, port: UInt16, time: Timestamp)] = []
        var (now, evicted, found) = (Int64(1_000_000_000_000), 0, 0)
        for (handle, port) in zip(handles, ports) {
            // Now and then a pause, a time that goes back, and one far ahead.
            now += Int64.random(in: 0..<10_000_000, using: &dice)
            if Int.random(in: 0..<100, using: &dice) == 0 { now += Self.age }
            let wrong = [0: -Self.age / 2, 1: 86_400_000_000_000]
            let shift = wrong[Int.random(in: 0..<40, using: &dice), default: 0]
            let time = Timestamp(nanoseconds: now + shift)
            recent.add(handle, to: Endpoint(address, port), at: time)
            if list.count == limit, time.since(list.removeFirst().time) <= Self.age { evicted += 1 }
            list.append((handle, port, time))
            let other = UInt16.random(in: 5000..<5040, using: &dice)
            let asked: Set = [other, 5001]
            let (said, isAll) = recent.connections(
                to: Endpoint(address, 5001),
                or: other == 5001 ? nil : Endpoint(address, other), at: time, in: table)
            let young = list.filter { time.since($0.time) <= Self.age }
            let expected = young.filter { asked.contains($0.port) }
            #expect(said.map(\.handle) == expected.map(\.handle))
            #expect(said.map(\.time) == expected.map(\.time))
            #expect(isAll)
            found += said.count
        }
        #expect(recent.evicted == evicted)
        #expect((evicted > 0) == (limit <= 300))
        #expect(found > 0)
    }

    @Test func `looks at a bounded number of those to one endpoint, the newest`() throws {
        let most = RecentConnections.mostLookedAt
        let (table, handles) = try Self.table([UInt16](repeating: 5005, count: most + 1))
        let endpoint = Endpoint(try #require(IPAddress(Self.server)), 5005)
        var recent = RecentConnections(limit: 1 << 16, age: Self.age)
        let time = Timestamp(nanoseconds: 0)
        for handle in handles {
            #expect(recent.connections(to: endpoint, or: nil, at: time, in: table).isAll)
            recent.add(handle, to: endpoint, at: time)
        }
        let (found, isAll) = recent.connections(to: endpoint, or: nil, at: time, in: table)
        #expect(found.map(\.handle) == Array(handles.suffix(most)))
        #expect(!isAll)
        // Those that are too old to be asked for are no loss.
        let later = Timestamp(nanoseconds: Self.age + 1)
        let none = recent.connections(to: endpoint, or: nil, at: later, in: table)
        #expect(none.found.isEmpty && none.isAll)
    }
}
