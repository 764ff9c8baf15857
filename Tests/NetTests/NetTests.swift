import Dice
import Net
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("203.0.113.10", "203.0.113.10"), ("::", "::"), ("2001:DB8::1", "2001:db8::1"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("fe80:0:0:1::", "fe80:0:0:1::"),
    ])
    func `reads and writes`(_ text: String, _ canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.a", ":::", "1::2::3", "12345::",
        "1:2:3:4:5:6:7:8:9", "::1.2.3", "g::", "1:2:3:4:5:6:7::8:9",
    ])
    func `finds none`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }
}

@Suite struct PortSetTests {
    @Test func `keeps the algebra of sets over random ranges`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Dice(seed: seed)
        for _ in 0..<200 {
            let a = random.portSet()
            let b = random.portSet()
            for port in UInt16(0)...200 {
                #expect(
                    a.union(b).contains(port) == (a.contains(port) || b.contains(port)),
                    "seed \(seed)")
                #expect(
                    a.intersection(b).contains(port) == (a.contains(port) && b.contains(port)),
                    "seed \(seed)")
                #expect(
                    a.subtracting(b).contains(port) == (a.contains(port) && !b.contains(port)),
                    "seed \(seed)")
            }
            #expect(PortSet(a.description) == a || a.isEmpty, "seed \(seed)")
            #expect(a.count == Array(a.ports).count)
            #expect(a.complement == PortSet.all.subtracting(a))
            #expect(a.complement.complement == a, "seed \(seed)")
        }
    }

    @Test func `takes many ranges in, and few, alike`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Dice(seed: seed)
        for _ in 0..<200 {
            let many = (0..<30).map { _ in UInt16.random(in: 0...99, using: &random) }
            let all = many.map { $0...min(100, $0 + UInt16.random(in: 0...2, using: &random)) }
            let one = all.reduce(into: PortSet()) { $0.formUnion(PortSet($1)) }
            #expect(one == PortSet(all), "seed \(seed)")
            #expect(one.union(PortSet(all)) == one, "seed \(seed)")
        }
        let ends = [PortSet(0...0), PortSet(65535...65535), PortSet(1...65534)]
        #expect(ends.reduce(PortSet()) { $0.union($1) } == .all)
        // The last address of IPv4 isn't next to the first of IPv6.
        #expect(AddressSet.allV6.union(.allV4) == .all)
    }

    @Test func `joins single ports, in any order and twice`() {
        #expect(PortSet(ports: [7, 5, 65535, 6, 5, 9]) == PortSet("5-7,9,65535"))
        #expect(PortSet(ports: [UInt16]()).isEmpty)
    }

    @Test func `writes ranges`() {
        #expect(PortSet("21, 5001-5201,5202")?.description == "21,5001-5202")
        #expect(PortSet("5-3") == nil)
        #expect(PortSet("70000") == nil)
        #expect(PortSet.all.complement.isEmpty)
    }
}

extension Dice {
    mutating func portSet() -> PortSet {
        PortSet(
            (0..<Int.random(in: 0...5, using: &self)).map { _ in
                let low = UInt16.random(in: 0...200, using: &self)
                return low...(low + UInt16.random(in: 0...30, using: &self))
            })
    }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        ("2026-11-20T10:00:00.000001Z", 1_795_168_800_000_001_000),
        ("1970-01-01T00:00:00.000000Z", 0), ("1969-12-31T23:59:59.500000Z", -500_000_000),
        ("2000-02-29T23:59:59.999999Z", 951_868_799_999_999_000),
    ])
    func `writes and reads`(_ text: String, _ nanoseconds: Int64) {
        #expect(Timestamp(nanoseconds: nanoseconds).description == text)
        #expect(Timestamp(text)?.nanoseconds == nanoseconds)
    }

    @Test func `reads dates and offsets`() {
        #expect(Timestamp("2026-11-01")?.description == "2026-11-01T00:00:00.000000Z")
        #expect(Timestamp("2026-11-01T01:00:00+01:00") == Timestamp("2026-11-01"))
        #expect(Timestamp("2026-02-30") == nil)
    }

    @Test func `adds and subtracts, and stops at the ends of time`() {
        let (first, last) = (Timestamp(nanoseconds: .min), Timestamp(nanoseconds: .max))
        let moment = Timestamp(nanoseconds: 5)
        #expect(moment.after(7).since(moment) == 7)
        #expect(last.after(1) == last && first.after(-1) == first)
        #expect(last.since(first) == .max && first.since(last) == .min)
    }
}

@Suite struct EndpointAndPrefixTests {
    @Test(arguments: ["203.0.113.10:21", "[2001:db8::1]:990"])
    func `endpoint round trip`(_ text: String) {
        #expect(Endpoint(text)?.description == text)
    }

    @Test func `prefix holds its addresses`() throws {
        let prefix = try #require(Prefix("10.1.2.3/8"))
        #expect(prefix.description == "10.0.0.0/8")
        #expect(prefix.last.description == "10.255.255.255")
        #expect(Prefix("::/0")?.last.bits == .max)
        #expect(Prefix("1.2.3.4/33") == nil)
    }

    @Test func `documentation addresses are public`() throws {
        #expect(!Prefix.isPrivate(try #require(IPAddress("203.0.113.1"))))
        #expect(Prefix.isPrivate(try #require(IPAddress("172.31.0.1"))))
        #expect(Prefix.isUnusable(try #require(IPAddress("127.0.0.1"))))
    }
}

@Suite struct AddressSetTests {
    @Test func `writes prefixes and ranges`() throws {
        #expect(AddressSet.all.description == "0.0.0.0/0,::/0")
        let ten = try #require(Prefix("10.0.0.0/8"))
        #expect(
            AddressSet.allV4.subtracting(AddressSet(ten)).description
                == "0.0.0.0-9.255.255.255,11.0.0.0-255.255.255.255")
        #expect(AddressSet(ten).complement.complement == AddressSet(ten))
    }

    @Test func `reads scattered wildcards`() throws {
        let set = try #require(AddressSet(v4: 0x0a00_0a00, wildcard: 0x00ff_00ff))
        #expect(set.contains(try #require(IPAddress("10.77.10.3"))))
        #expect(!set.contains(try #require(IPAddress("10.77.11.3"))))
        #expect(set.ranges.count == 256)
        #expect(AddressSet(v4: 1, wildcard: 0xffff_ff00) == nil)
        #expect(AddressSet(v4: 7, wildcard: .max) == .allV4)
        #expect(AddressSet(v4: 0xcb00_710a, wildcard: 0)?.description == "203.0.113.10")
    }
}

@Suite struct EndpointTests {
    /// Who chooses addresses and ports does not choose hashes, whatever bits of both go together.
    @Test(arguments: [0, 16, 32, 48, 64, 80, 96, 112])
    func `tells endpoints apart whose bits go together`(_ shift: Int) {
        let base = UInt128(0x2001_0db8) << 96
        let endpoints = (1...4000).map { port in
            Endpoint(IPAddress(v6: base ^ UInt128(port) << UInt128(shift)), UInt16(port))
        }
        #expect(Set(endpoints).count == 4000)
        #expect(Set(endpoints.map(\.hashValue)).count > 3990)
    }
}
