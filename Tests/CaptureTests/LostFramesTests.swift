import Testing

@testable import Capture

/// What the statistics of interfaces say was lost while a capture was taken.
@Suite struct LostFramesTests {
    private static func lost(_ files: [[UInt8]]) throws -> [UInt64] {
        func next(_ rest: ArraySlice<[UInt8]>, _ paths: [String]) throws -> [UInt64] {
            guard let file = rest.first else {
                return PacketAhead(CaptureSet(paths)).forEach { _ in }.coverage.map(\.lost)
            }
            return try withFile(file, suffix: ".pcapng") {
                try next(rest.dropFirst(), paths + [$0])
            }
        }
        return try next(files[...], [])
    }

    /// An interface statistics block with the counts of the interface (5) and of the system (7).
    private static func statistics(
        _ ng: Blocks, _ interface: Int, _ counts: [Int: [UInt8]]
    ) -> [UInt8] {
        let options = counts.sorted { $0.key < $1.key }.flatMap { ng.option($0, $1) }
        return ng.block(5, ng.order.n32(interface) + ng.order.n32(0) + ng.order.n32(0) + options)
    }

    private static func eight(_ ng: Blocks, _ count: Int) -> [UInt8] {
        let (low, high) = (ng.order.n32(count), ng.order.n32(0))
        return ng.order.isBig ? high + low : low + high
    }

    /// The last ones of an interface hold for all of the section; sections follow one another.
    @Test(arguments: Order.both)
    func `are summed over interfaces and sections`(_ order: Order) throws {
        let ng = Blocks(order: order)
        func count(_ count: Int) -> [UInt8] { Self.eight(ng, count) }
        let first =
            ng.section() + ng.interface(link: 1) + ng.interface(link: 1)
            + Self.statistics(ng, 0, [5: count(1), 7: count(2)])
            + ng.packet([1], units: 5_000_000)
            + Self.statistics(ng, 0, [4: count(900), 5: count(10), 7: count(20)])
            + Self.statistics(ng, 1, [7: count(5)])
        let second = ng.section() + ng.interface(link: 1) + Self.statistics(ng, 0, [5: count(7)])
        #expect(try Self.lost([first]) == [35])
        #expect(try Self.lost([first + second]) == [42])
        #expect(try Self.lost([first, second]) == [35, 7])
    }

    @Test func `are none where a block says none, or nothing that holds`() throws {
        let ng = Blocks(order: Order(isBig: false))
        let head = ng.section() + ng.interface(link: 1)
        let odd = [
            Self.statistics(ng, 9, [5: Self.eight(ng, 3)]), Self.statistics(ng, 0, [5: [1, 2]]),
            Self.statistics(ng, 0, [4: Self.eight(ng, 3)]), ng.block(5, [1, 2, 3, 4]),
            ng.block(5, ng.order.n32(0) + [0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 200, 0, 1]),
        ]
        for block in odd {
            #expect(try Self.lost([head + block + ng.packet([1], units: 1)]) == [0])
        }
        let most = [UInt8](repeating: 255, count: 8)
        #expect(try Self.lost([head + Self.statistics(ng, 0, [5: most, 7: most])]) == [1 << 40])
    }
}
