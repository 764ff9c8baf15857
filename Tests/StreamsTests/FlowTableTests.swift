import Dice
import Capture
import Net
import Testing

@testable import Streams

@Suite struct FlowTableTests {
    private struct Untracked: Error {}
    private let client = Wire.End(host: 1, port: 50_000)
    private let server = Wire.End(host: 2, port: 5005)
    private var wire = Wire()
    private var table = FlowTable(limit: 100)

    @discardableResult
    private mutating func send(
        _ from: Wire.End, _ to: Wire.End, _ flags: TCPFlags, _ sequence: UInt32,
        _ acknowledgement: UInt32 = 0, _ payload: String = ""
    ) throws -> FlowTable.Tracked {
        let packet = wire.segment(
            from, to, flags, sequence: sequence, acknowledgement: acknowledgement, payload)
        guard case .packet(let tracked) = table.track(packet, isSettled: true, always: true) else {
            throw Untracked()
        }
        return tracked
    }

    @Test mutating func `follows a connection from its SYN to its end`() throws {
        let first = try send(client, server, .syn, 100)
        #expect(first.isNew)
        try send(server, client, [.syn, .ack], 900, 101)
        try send(client, server, .ack, 101, 901)
        try send(client, server, .ack, 101, 901, "hello")
        try send(client, server, .ack, 101, 901, "hello")
        try send(server, client, .ack, 901, 106, "\u{16}\u{3}")
        try send(client, server, [.fin, .ack], 106, 903)
        let last = try send(server, client, [.fin, .ack], 903, 107)
        let flow = table[last.index]
        #expect(flow.isOver)
        #expect(flow.isEstablished)
        #expect(flow.opener == Endpoint("10.0.0.1:50000"))
        #expect(flow.bytes(from: flow.low) == 5)
        #expect(flow.bytes(from: flow.high) == 2)
        #expect(flow.beginsTLS == true)
        #expect(flow.attempts == 1)
        #expect(flow.answer?.number == 2)
        #expect((flow.first.number, flow.last.number) == (1, 8))
    }

    @Test mutating func `tells refused from unanswered, and a mirrored SYN from a retry`() throws {
        try send(client, server, .syn, 100)
        try send(client, server, .syn, 100)
        wire.time = Timestamp(seconds: 1001)
        let retry = try send(client, server, .syn, 100)
        #expect(table[retry.index].attempts == 2)
        #expect(!table[retry.index].isOver && !table[retry.index].isEstablished)
        try send(server, client, [.rst, .ack], 0, 101)
        #expect(table[retry.index].state.contains(.refused))
        #expect(table[retry.index].answer?.number == 4)
    }

    @Test mutating func `takes a SYN with another sequence number for another connection`() throws {
        let first = try send(client, server, .syn, 100)
        table[first.index].role = .data
        let again = try send(client, server, .syn, 5000)
        #expect(again.isNew)
        #expect(table.takeRetired().map(\.first.number) == [1])
        #expect(table[again.index].first.number == 2)
    }

    /// Of the connection before only the end was captured, just before the port was taken again.
    @Test mutating func `takes a SYN just behind an end for another connection`() throws {
        try send(server, client, .ack, 900, 101, "421 Timeout")
        #expect(!(try send(client, server, .syn, 100).isNew))
        try send(server, client, [.fin, .ack], 911, 101)
        #expect(try send(client, server, .syn, 5_000_000).isNew)
    }

    @Test mutating func `counts bytes over a wrap of the sequence numbers`() throws {
        try send(client, server, .syn, 0xffff_fffe)
        try send(client, server, .ack, 0xffff_ffff, 1, "ab")
        let last = try send(client, server, .ack, 1, 1, "cd")
        #expect(table[last.index].bytes(from: table[last.index].low) == 4)
    }

    @Test mutating func `stays within its bound and keeps what somebody needs`() throws {
        let kept = try send(Wire.End(host: 9, port: 1), server, .syn, 1)
        table[kept.index].role = .control
        let handle = table.handle(kept.index)
        for port in 1000..<3000 { try send(Wire.End(host: 1, port: port), server, .syn, 1) }
        #expect(table.count == 100)
        #expect(table.evicted == 1901)
        #expect(table.index(handle) == kept.index)
        #expect(table.takeRetired().isEmpty)
    }

    @Test mutating func `finds every flow again while others come and go`() throws {
        print("seed 7")
        var dice = Dice(seed: 7)
        var known: [Int: FlowTable.Handle] = [:]
        table = FlowTable(limit: 5000)
        for _ in 0..<20_000 {
            let port = Int.random(in: 1...4000, using: &dice)
            let end = Wire.End(host: 3, port: port)
            let tracked = try send(end, server, .ack, 1, 1)
            #expect(tracked.isNew == (known[port] == nil))
            if let handle = known[port] { #expect(table.index(handle) == tracked.index) }
            known[port] = table.handle(tracked.index)
            if Int.random(in: 0..<3, using: &dice) == 0 {
                table.remove(tracked.index)
                #expect(known[port].flatMap { table.index($0) } == nil)
                known[port] = nil
            }
        }
        #expect(table.count == known.count)
    }

    /// How a connection ends, and for how many seconds it is known then.
    static let ends: [(String, Int)] = [("acknowledged", 10), ("reset", 125), ("half", 125)]

    @Test(arguments: ends)
    mutating func `lets go what has ended, and is nobody's, after a while`(
        _ end: String, _ seconds: Int
    ) throws {
        let client = Wire.End(host: 2, port: 4000)
        try send(client, server, .syn, 100)
        try send(server, client, [.syn, .ack], 500, 101)
        let first = try send(client, server, .ack, 101, 501, "QUIT\r\n")
        let handle = table.handle(first.index)
        if end == "reset" {
            try send(server, client, .rst, 501)
        } else {
            try send(client, server, [.fin, .ack], 107, 501)
            try send(server, client, [.fin, .ack], 501, 108, "")
            if end == "acknowledged" { try send(client, server, .ack, 108, 502) }
        }
        let owned = try send(Wire.End(host: 9, port: 1), server, .rst, 1)
        table[owned.index].role = .control
        let open = try send(Wire.End(host: 9, port: 2), server, .ack, 1)
        let kept = [owned.index, open.index].map(table.handle)
        for (later, isKnown) in [(seconds - 2, true), (3, false)] {
            wire.time = Timestamp(
                nanoseconds: wire.time.nanoseconds + Int64(later) * 1_000_000_000)
            for port in 1...(isKnown ? 8 : 40) {
                try send(Wire.End(host: 7, port: port + 9 * later), server, .syn, 1)
            }
            #expect((table.index(handle) != nil) == isKnown)
        }
        #expect(kept.allSatisfy { table.index($0) != nil })
        #expect(table.evicted == 0 && !table.hasRetired)
    }
}
