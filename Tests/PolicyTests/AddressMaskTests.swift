import Dice
import Net
import Testing

@testable import Policy

@Suite struct AddressMaskTests {
    @Test func `few ranges need no mask`() {
        #expect(AddressMask(value: 0x0a00_0a00, wildcard: 0x00ff_00ff) == nil)
        #expect(AddressMask(value: 0, wildcard: .max) == nil)
        #expect(AddressMask(value: 0, wildcard: 0xffff) == nil)
        #expect(AddressMask(value: 0, wildcard: 0x00ff_8000) != nil)
    }

    @Test func `its ranges within bounds are those of the whole`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var dice = Dice(seed: seed)
        for _ in 0..<200 {
            var wildcard: UInt32 = 0
            for _ in 0..<12 { wildcard |= 1 << UInt32.random(in: 0...31, using: &dice) }
            let value = UInt32.random(in: 0 ... .max, using: &dice)
            guard let mask = AddressMask(value: value, wildcard: wildcard) else { continue }
            let all = try #require(AddressSet(v4: value, wildcard: wildcard))
            let ends = [0, 1].map { _ in UInt32.random(in: 0 ... .max, using: &dice) }.sorted()
            let bounds = IPAddress(v4: ends[0])...IPAddress(v4: ends[1])
            #expect(
                mask.ranges(within: bounds) == all.intersection(AddressSet(bounds)), "seed \(seed)")
            #expect(mask.ranges(within: IPAddress(v4: 0)...IPAddress(v4: .max)) == all)
            #expect(all.isSubset(of: mask.hull))
            for _ in 0..<20 {
                let address = IPAddress(v4: UInt32.random(in: 0 ... .max, using: &dice))
                #expect(mask.contains(address) == all.contains(address), "seed \(seed)")
            }
        }
    }

    @Test func `of IPv6 it holds nothing, and too many ranges are none`() throws {
        let mask = try #require(AddressMask(value: 0, wildcard: 0x5555_5554))
        #expect(mask.ranges(within: IPAddress(v6: 0)...IPAddress(v6: .max)) == AddressSet())
        #expect(mask.ranges(within: IPAddress(v4: 0)...IPAddress(v4: .max))?.ranges.count == 32768)
        let more = try #require(AddressMask(value: 0, wildcard: 0xaaaa_aaaa | 0x5500))
        #expect(more.ranges(within: IPAddress(v4: 0)...IPAddress(v4: .max)) == nil)
        #expect(more.ranges(within: IPAddress(v4: 0)...IPAddress(v4: 0xffff)) != nil)
    }
}
