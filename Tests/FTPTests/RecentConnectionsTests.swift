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

    @Test(arguments: [1, 5, 100, 5000], [UInt64(1), 2])
    func `finds what a plain list finds`(_ limit: Int, _ seed: UInt64) throws {
        var dice = Dice(seed: seed)
        let ports = (0..<2000).map { _ in UInt16.random(in: 5000..<5040, using: &dice) }
        let (table, handles) = try Self.table(ports)
        let address = try #require(IPAddress(Self.server))
        var recent = RecentConnections(limit: limit, age: Self.age)
        var list: [(handle: FlowTable.Handle, port: UInt16, time: Timestamp)] = []
        var (now, evicted, found) = (Int64(1_000_000_000_000), 0, 0)
        for (handle, port) in zip(handles, ports) {
            // Now and then a pause, and a time that goes back.
            now += Int64.random(in: 0..<20_000_000, using: &dice)
            if Int.random(in: 0..<100, using: &dice) == 0 { now += Self.age }
            let back = Int.random(in: 0..<20, using: &dice) == 0 ? Self.age / 2 : 0
            let time = Timestamp(nanoseconds: now - back)
            recent.add(handle, to: Endpoint(address, port), at: time)
            for _ in 0..<2 {
                if let first = list.first, time.since(first.time) > Self.age { list.removeFirst() }
            }
            if list.count == limit {
                list.removeFirst()
                evicted += 1
            }
            list.append((handle, port, time))
            let asked = [UInt16.random(in: 5000..<5040, using: &dice), 5001]
            let (said, isAll) = recent.connections(
                to: asked.map { Endpoint(address, $0) }, in: table)
            let expected = list.filter { asked.contains($0.port) }
            guard asked[0] != asked[1] else { continue }
            #expect(said.map(\.handle) == expected.map(\.handle))
            #expect(said.map(\.time) == expected.map(\.time))
            #expect(isAll)
            found += said.count
        }
        #expect(recent.evicted == evicted)
        #expect((evicted > 0) == (limit <= 100))
        #expect(found > 0)
    }

    @Test func `looks at a bounded number of those that lead to one endpoint`() throws {
        let most = RecentConnections.mostLookedAt
        let (table, handles) = try Self.table([UInt16](repeating: 5005, count: most + 1))
        let endpoint = Endpoint(try #require(IPAddress(Self.server)), 5005)
        var recent = RecentConnections(limit: 1 << 16, age: Self.age)
        for handle in handles {
            #expect(recent.connections(to: [endpoint], in: table).isAll)
            recent.add(handle, to: endpoint, at: Timestamp(nanoseconds: 0))
        }
        let (found, isAll) = recent.connections(to: [endpoint], in: table)
        #expect(found.map(\.handle) == Array(handles.prefix(most)))
        #expect(!isAll)
    }
}
