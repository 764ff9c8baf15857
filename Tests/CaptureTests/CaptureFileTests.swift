import Dice
import Foundation
import Net
import Testing

@testable import Capture

@Suite struct CaptureFileTests {
    private let frames: [[UInt8]] = [[1, 2, 3], [], [4, 5]]

    private func read(_ bytes: [UInt8]) throws -> (frames: [Read], problems: [CaptureProblem]) {
        try withFile(bytes) { path in
            let file = try CaptureFile(path: path, capture: 0)
            let frames = readAll(file)
            let again = try CaptureFile(path: path, capture: 0)
            #expect(readEach(again) == frames)
            #expect(again.problems == file.problems)
            return (frames, file.problems)
        }
    }

    @Test(
        arguments: Order.both,
        [(0xa1b2_c3d4, 0, 7000), (0xa1b2_3c4d, 0, 7), (0xa1b2_cd34, 8, 7000)])
    func `reads pcap`(_ order: Order, _ kind: (magic: Int, extra: Int, fraction: Int64)) throws {
        let (found, problems) = try read(
            pcap(frames, order: order, magic: kind.magic, link: 101, extra: kind.extra))
        #expect(problems.isEmpty)
        #expect(found.map(\.bytes) == frames)
        #expect(found.map(\.number) == [1, 2, 3])
        #expect(found.map(\.time) == (0..<3).map { (1000 + $0) * 1_000_000_000 + kind.fraction })
        #expect(found.allSatisfy { $0.link == 101 })
    }

    @Test(arguments: Order.both)
    func `reads the packet blocks of pcapng and passes the others`(_ order: Order) throws {
        let ng = Blocks(order: order)
        let file =
            ng.section() + ng.block(0x0bad, [1, 2, 3]) + ng.interface(link: 1)
            + ng.interface(link: 113)
            + ng.packet([1], units: 5_000_007) + ng.obsolete([2, 3], units: 6_000_000)
            + ng.simple([4, 5, 6]) + ng.packet([7], units: 7_000_000, interface: 1)
        let (found, problems) = try read(file)
        #expect(problems.isEmpty)
        #expect(found.map(\.bytes) == [[1], [2, 3], [4, 5, 6], [7]])
        #expect(found.map(\.link) == [1, 1, 1, 113])
        #expect(found.map { $0.time / 1000 } == [5_000_007, 6_000_000, 6_000_000, 7_000_000])
    }

    @Test func `begins anew at each section, in either byte order`() throws {
        let (big, little) = (Blocks(order: Order(isBig: true)), Blocks(order: Order(isBig: false)))
        let (found, problems) = try read(
            big.section() + big.interface(link: 1) + big.packet([1], units: 1)
                + little.section() + little.interface(link: 101) + little.packet([2], units: 2))
        #expect(problems.isEmpty)
        #expect(found.map(\.link) == [1, 101])
        #expect(found.map(\.number) == [1, 2])
    }

    @Test(
        arguments: [
            (UInt8(9), 1_500_000_001, Int64(1_500_000_001)), (6, 1_500_000, 1_500_000_000),
            (0, 3, 3_000_000_000), (0x80 | 20, 1 << 19, 500_000_000), (12, 1_000_000, 1000),
        ] as [(UInt8, Int, Int64)])
    func `reads the resolution of time stamps`(
        _ resolution: UInt8, _ units: Int, _ nanoseconds: Int64
    ) throws {
        let ng = Blocks(order: Order(isBig: false))
        let (found, _) = try read(
            ng.section() + ng.interface(link: 1, options: ng.option(9, [resolution]))
                + ng.packet([1], units: units))
        #expect(found.map(\.time) == [nanoseconds])
    }

    @Test func `takes any resolution and offset without a trap`() {
        for resolution in UInt8.min...UInt8.max {
            for offset in [Int64.min, -1, 0, .max] {
                let clock = CaptureClock(resolution: resolution, offset: offset)
                _ = clock.time(.max)
                _ = clock.time(1)
            }
        }
    }

    @Test func `gives a frame of an undescribed interface no link type`() throws {
        let ng = Blocks(order: Order(isBig: false))
        let (found, _) = try read(ng.section() + ng.packet([1], units: 1, interface: 3))
        #expect(found.map(\.link) == [LinkType.unknown.rawValue])
    }

    @Test(arguments: [
        (
            "a captured length of 2 GB",
            pcap([[1]]).prefix(24) + [UInt8](repeating: 0x7f, count: 16), 24
        ),
        (
            "a block shorter than its header",
            Blocks(order: Order(isBig: true)).section() + big32(6) + big32(8) + big32(8), 28
        ),
        (
            "a block whose lengths differ",
            Blocks(order: Order(isBig: true)).section() + big32(5) + big32(16) + big32(0)
                + big32(20), 28
        ),
        (
            "a packet longer than its block",
            Blocks(order: Order(isBig: true)).section()
                + Blocks(order: Order(isBig: true)).block(
                    6, big32(0) + big32(0) + big32(0) + big32(99) + big32(99)), 28
        ),
    ])
    func `says where a file breaks`(_ name: String, _ bytes: [UInt8], _ offset: Int) throws {
        let (found, problems) = try read(bytes)
        #expect(found.isEmpty)
        #expect(problems.map(\.offset) == [offset])
        guard case .impossible = problems.first?.reason else {
            Issue.record("\(name): \(problems)")
            return
        }
    }

    @Test func `keeps the frames before a cut and names the place`() throws {
        let whole = pcap([[1, 2, 3], [4, 5, 6]])
        let (found, problems) = try read(Array(whole.dropLast()))
        #expect(found.map(\.bytes) == [[1, 2, 3]])
        #expect(problems.map(\.reason) == [.cut(what: "a record", expected: 19, found: 18)])
        #expect(problems.map(\.offset) == [24 + 19])
    }

    @Test func `is cut at every byte without a trap`() throws {
        let ng = Blocks(order: Order(isBig: false))
        let packets = ng.packet([1, 2, 3], units: 1) + ng.simple([4]) + ng.obsolete([5], units: 2)
        for whole in [pcap([[1, 2, 3], [4]]), ng.section() + ng.interface(link: 1) + packets] {
            for length in 0..<whole.count {
                let frames = try? read(Array(whole.prefix(length))).frames
                #expect((frames?.count ?? 0) <= 3)
            }
        }
    }

    @Test(arguments: [UInt64(1), 20_261_120])
    func `takes any bytes without a trap`(_ seed: UInt64) throws {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        let ng = Blocks(order: Order(isBig: true))
        let samples = [
            pcap([[1, 2, 3], [4]]),
            ng.section() + ng.interface(link: 1, options: ng.option(9, [9]))
                + ng.packet([1, 2, 3], units: 1) + ng.simple([4]) + ng.obsolete([5], units: 2),
        ]
        for _ in 0..<400 {
            _ = try? read(dice.broken(samples[Int.random(in: 0..<2, using: &dice)]))
        }
    }

    @Test func `refuses what is no capture`() throws {
        #expect(throws: CaptureProblem.self) { try read(Array("#!/bin/sh\n".utf8)) }
        #expect(throws: CaptureProblem.self) { try read([]) }
        #expect(throws: CaptureProblem.self) { try CaptureFile(path: "/no/such/file", capture: 0) }
    }

    @Test(arguments: ["gzip", "zstd", "xz"])
    func `unpacks by the program at hand`(_ program: String) throws {
        let packed = try withFile(pcap([[1, 2]])) { path -> Data? in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [program, "-c", path]
            let output = Pipe()
            process.standardOutput = output
            process.standardError = Pipe()
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return process.terminationStatus == 0 ? data : nil
        }
        // Without the program there is nothing to test here.
        guard let packed else { return }
        let (found, problems) = try read([UInt8](packed))
        #expect(found.map(\.bytes) == [[1, 2]])
        #expect(problems.isEmpty)
        let cut = try? read([UInt8](packed.dropLast(5)))
        #expect(cut == nil || cut?.problems.isEmpty == false)
    }
}
