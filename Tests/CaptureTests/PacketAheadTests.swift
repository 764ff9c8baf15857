import Dice
import Foundation
import Net
import Testing

@testable import Capture

@Suite struct PacketAheadTests {
    /// What the upper layers see of a packet.
    private struct Seen: Equatable {
        var mark: PacketMark
        var payload: [UInt8]
        /// The remark is what it is to be.
        var isRemarked: Bool

        init(_ packet: Packet, _ bytes: [UInt8]) {
            mark = packet.mark
            let payload = Array(bytes[packet.payloadRange])
            self.payload = payload
            let remark = payload.count > 1280 ? 0 : PacketAheadTests.remark(payload.span)
            isRemarked = packet.remark == remark
        }
    }

    /// Tells payloads apart by their lengths and first bytes.
    private static func remark(_ payload: Span<UInt8>) -> UInt32 {
        payload.isEmpty ? 0 : UInt32(payload.count) << 8 | UInt32(payload[0])
    }

    /// A raw IPv4 packet with TCP, `id` in its sequence number.
    private static func tcp(_ id: Int, _ payload: [UInt8]) -> [UInt8] {
        let segment =
            big16(1024 + id % 7) + big16(21) + big32(id) + big32(0) + [0x50, 0x18]
            + big16(0) + big32(0) + payload
        return ip(id, 0, segment)
    }

    private static func ip(_ id: Int, _ flags: Int, _ rest: [UInt8]) -> [UInt8] {
        [0x45, 0] + big16(20 + rest.count) + big16(id & 0xffff) + big16(flags) + [64, 6, 0, 0]
            + [10, 0, 0, 1, 10, 0, 0, 2] + rest
    }

    /// The packet in two fragments.
    private static func fragments(_ id: Int, _ payload: [UInt8]) -> [[UInt8]] {
        let segment = Array(tcp(id, payload)[20...])
        return [ip(id, 0x2000, Array(segment[..<24])), ip(id, 3, Array(segment[24...]))]
    }

    private static func frames(_ count: Int, _ dice: inout Dice) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        for id in 0..<count {
            let size = Int.random(in: 8..<1400, using: &dice)
            let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &+ id) }
            switch Int.random(in: 0..<10, using: &dice) {
            case 0: frames += fragments(id, payload)
            case 1: frames.append([0x45])
            default: frames.append(tcp(id, payload))
            }
        }
        return frames
    }

    private func oneByOne(_ paths: [String]) -> (seen: [Seen], coverage: [Coverage]) {
        var set = CaptureSet(paths)
        let source = set.open()
        var reader = PacketReader(captures: paths.count, remark: { Self.remark($0) })
        var seen: [Seen] = []
        while case .frame(let header) = source.advance() {
            source.withBytes { bytes in
                guard let packet = reader.read(header, bytes) else { return }
                let whole = packet.kind == .assembledTCP ? reader.assembled : bytes.array
                seen.append(Seen(packet, whole))
            }
        }
        return (seen, reader.coverage)
    }

    private func ahead(
        _ paths: [String], pause: TimeInterval
    ) -> (seen: [Seen], summary: PacketAhead.Summary) {
        var seen: [Seen] = []
        let summary = PacketAhead(CaptureSet(paths), remark: { Self.remark($0) }).forEach { batch in
            if pause > 0 { Thread.sleep(forTimeInterval: pause) }
            for packet in batch.packets {
                let memory = packet.kind == .assembledTCP ? batch.assembledBytes : batch.bytes
                seen.append(Seen(packet, memory))
            }
        }
        return (seen, summary)
    }

    @Test(arguments: [0, 0.002] as [TimeInterval], [UInt64(1), 20_261_121])
    func `brings what one by one brings, whoever waits for whom`(
        _ pause: TimeInterval, _ seed: UInt64
    ) throws {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        let first = pcap(Self.frames(3000, &dice), link: 101)
        let second = pcap(Self.frames(2000, &dice), link: 101, start: 2500)
        try withFile(first) { one in
            let alone = ahead([one], pause: pause)
            let expected = oneByOne([one])
            #expect(alone.seen == expected.seen)
            let remarks = alone.seen.map(\.isRemarked)
            #expect(!remarks.contains(false))
            let sizes = Set(alone.seen.map { $0.payload.count > 1280 })
            #expect(sizes.count == 2)
            #expect(alone.summary.coverage == expected.coverage)
            #expect(alone.summary.problems.isEmpty)
            try withFile(second) { two in
                let both = ahead([one, two], pause: pause)
                let expected = oneByOne([one, two])
                #expect(both.seen == expected.seen)
                #expect(both.summary.coverage == expected.coverage)
            }
        }
    }

    @Test func `waits for a slow pipe`() throws {
        var dice = Dice(seed: 5)
        let file = pcap(Self.frames(4000, &dice), link: 101)
        let expected = try withFile(file) { oneByOne([$0]) }
        let path = NSTemporaryDirectory() + "pipe-" + UUID().uuidString
        try Process.run(URL(filePath: "/usr/bin/mkfifo"), arguments: [path]).waitUntilExit()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let writer = Thread {
            let pipe = FileHandle(forWritingAtPath: path)
            for start in stride(from: 0, to: file.count, by: 40_000) {
                try? pipe?.write(contentsOf: file[start..<min(start + 40_000, file.count)])
                Thread.sleep(forTimeInterval: 0.001)
            }
            try? pipe?.close()
        }
        writer.start()
        let read = ahead([path], pause: 0)
        #expect(read.seen == expected.seen)
        #expect(read.summary.coverage == expected.coverage)
        #expect(read.summary.problems.isEmpty)
    }

    @Test func `ends where nothing can be read`() throws {
        #expect(ahead([], pause: 0).seen.isEmpty)
        let missing = ahead(["/nowhere/a.pcap"], pause: 0)
        #expect(missing.seen.isEmpty && missing.summary.problems.count == 1)
        try withFile(pcap([])) { path in
            #expect(ahead([path], pause: 0).seen.isEmpty)
        }
    }

    @Test func `says where a file breaks, after what precedes`() throws {
        var dice = Dice(seed: 3)
        let file = pcap(Self.frames(1000, &dice), link: 101)
        try withFile(Array(file.dropLast(10))) { path in
            let cut = ahead([path], pause: 0)
            #expect(cut.seen == oneByOne([path]).seen)
            #expect(cut.summary.problems.count == 1)
        }
    }
}

extension Span where Element == UInt8 {
    fileprivate var array: [UInt8] { (0..<count).map { self[$0] } }
}
